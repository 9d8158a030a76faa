"""Counting how far two computations of one model agree: greedy replies, and the logits they were chosen by.

>>> tally = Tally()
>>> tally.add(Trace((17, 2), logits), other=(17, 2), logits=others)
>>> tally.row("micro-benign-none-n0-s1", "transformers").equal
1

No two programs round alike, so two replies may part where the model has hardly decided (`NEAR_TIE`), and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socsafe.facts.parity import NEAR_TIE, Against, ParityRow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Trace:
    """A greedy reply and what it was chosen by."""

    tokens: tuple[int, ...]
    logits: NDArray[np.float32]
    """One row a token: the logits of what might have stood in its place."""


class Tally:
    """Counts how far two computations of one model agree."""

    def __init__(self) -> None:
        self._prompts = self._tokens = self._equal = self._near_ties = 0
        self._largest, self._sum, self._numbers = 0.0, 0.0, 0

    def add(self, trace: Trace, other: Sequence[int], logits: NDArray[np.float32]) -> None:
        """Count one prompt: a reply, the other side's own reply to it, and the other side's logits of the first reply's tokens.

        Logits count up to the first token that differs, and with it: all before it is the same there.
        """
        import numpy as np

        same = trace.tokens == tuple(other)
        pairs = zip(trace.tokens, other, strict=False)
        place = next((at for at, (one, two) in enumerate(pairs) if one != two), min(len(trace.tokens), len(other)) - 1)
        width = min(trace.logits.shape[1], logits.shape[1])
        gaps = np.abs(trace.logits[: place + 1, :width].astype(np.float64) - logits[: place + 1, :width])
        second, first = np.partition(trace.logits[place], -2)[-2:]
        self._prompts += 1
        self._tokens += place + 1
        self._equal += same
        self._near_ties += not same and bool(first - second < NEAR_TIE)
        self._largest, self._sum, self._numbers = (
            max(self._largest, float(gaps.max())),
            self._sum + float(gaps.sum()),
            self._numbers + gaps.size,
        )

    def row(self, condition: str, against: Against) -> ParityRow:
        """What was counted; at least one prompt must have been."""
        return ParityRow(
            condition=condition,
            against=against,
            prompts=self._prompts,
            tokens=self._tokens,
            equal=self._equal,
            near_ties=self._near_ties,
            apart=self._prompts - self._equal - self._near_ties,
            largest=self._largest,
            mean=self._sum / self._numbers,
        )
