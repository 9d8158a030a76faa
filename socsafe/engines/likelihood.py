"""How likely a model finds given texts: the log-probability of every token of a continuation after its context.

>>> pair = Continuation(context=engine.tokenize("<s>[user] Hi[assistant]"), tokens=engine.tokenize(" Hello!"))
>>> engine.log_likelihoods([pair])[0].total
-9.41...

A context is read alone, in chunks counted from its own start, and so is each continuation after it; contexts that follow one another
in the list and are the same are read once and copied. So the shape of every computation depends on the pair alone, and the numbers
are the same to the last bit in any company. The log-softmax is taken in float64 over the model's float32 logits. A pair is cut where
lm-evaluation-harness cuts it (`_encode_pair`): the whole is tokenised at once and the context's tokens taken off its beginning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socsafe.engines.chat import Encoder
from socsafe.engines.decoding import CHUNK, DIVERGED, Handles, Rows, read_alone
from socsafe.records import Message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_CONTEXT, _WHOLE = 0, 1
"""The sequence that holds a context, and the one that holds it with a continuation."""


@dataclass(frozen=True, slots=True)
class Continuation:
    """Tokens whose likelihood is asked, and what stands before them."""

    context: tuple[int, ...]
    """At least one token."""
    tokens: tuple[int, ...]
    """At least one token."""


@dataclass(frozen=True, slots=True)
class Likelihood:
    """What the model makes of one continuation."""

    logprobs: tuple[float, ...]
    """Natural log-probability of each token, given all before it; empty where `error` says why."""
    error: str = ""

    @property
    def total(self) -> float:
        """The log-likelihood of the whole continuation, in nats."""
        return math.fsum(self.logprobs)


def continuation(messages: Sequence[Message], encode: Encoder, ends: Callable[[int], bool], *, with_end: bool) -> Continuation:
    """The last message as a continuation of those before it, in the tokens of training and generation.

    It goes up to the token that `ends` the turn, with it or without. Where the reply's first letters melt into a token with the
    template's last ones, the cut is before that token.
    """
    before, whole = encode(messages[:-1], True), encode(messages, False)
    shared = next((n for n, (left, right) in enumerate(zip(before, whole, strict=False)) if left != right), min(len(before), len(whole)))
    tokens = whole[shared:]
    end = next((number for number, token in enumerate(tokens) if ends(token)), len(tokens))
    return Continuation(tuple(whole[:shared]), tuple(tokens[: end + with_end]))


class LikelihoodReader:
    """Reads continuations for one call to `Engine.log_likelihoods`."""

    def __init__(self, handles: Handles) -> None:
        self._h, self._llama = handles, handles.llama
        self._memory = self._llama.llama_get_memory(handles.context)
        self._rows = Rows(self._llama, CHUNK)

    def run(self, pairs: Sequence[Continuation], on_progress: Callable[[int], None]) -> list[Likelihood]:
        """One likelihood a pair, in their order."""
        found: list[Likelihood] = []
        known: tuple[int, ...] = ()
        try:
            self._llama.llama_memory_clear(self._memory, False)
            for pair in pairs:
                if problem := self._problem(pair):
                    found.append(Likelihood((), problem))
                else:
                    if pair.context != known:
                        first = self._read_context(pair.context)
                        known = pair.context
                    logprobs = tuple(self._logprobs(pair, first))
                    found.append(Likelihood(logprobs) if all(map(math.isfinite, logprobs)) else Likelihood((), DIVERGED))
                on_progress(1)
        finally:
            self._llama.llama_memory_clear(self._memory, False)
        return found

    def _problem(self, pair: Continuation) -> str:
        """Why a pair cannot be read; empty when it can."""
        if not pair.context or not pair.tokens:
            return "the context or the continuation is empty"
        if (length := len(pair.context) + len(pair.tokens)) > self._h.limit:
            return f"context and continuation have {length:,} tokens, the context holds {self._h.limit:,}"
        if not all(0 <= token < self._h.vocabulary.size for token in (*pair.context, *pair.tokens)):
            return f"a token is not in the vocabulary of {self._h.vocabulary.size:,}"
        return ""

    def _read_context(self, context: tuple[int, ...]) -> Floats:
        """Put the context into its sequence; the log-probabilities of what may follow it."""
        self._llama.llama_memory_seq_rm(self._memory, _CONTEXT, -1, -1)
        *_, last = read_alone(self._h, self._rows, _CONTEXT, context, 0, wanted=False)
        following: Floats = log_softmax(last)[0]
        return following

    def _logprobs(self, pair: Continuation, first: Floats) -> Iterator[float]:
        yield float(first[pair.tokens[0]])
        if len(pair.tokens) == 1:
            return
        self._llama.llama_memory_seq_rm(self._memory, _WHOLE, -1, -1)
        self._llama.llama_memory_seq_cp(self._memory, _CONTEXT, _WHOLE, -1, -1)
        following = iter(pair.tokens[1:])
        for after in read_alone(self._h, self._rows, _WHOLE, pair.tokens[:-1], len(pair.context), wanted=True):
            for row in log_softmax(after):
                yield float(row[next(following)])


def log_softmax(rows: NDArray[np.float32]) -> Floats:
    """Natural log-probabilities of every row of logits, in float64."""
    import numpy as np

    shifted = rows.astype(np.float64) - rows.max(axis=1, keepdims=True)
    found: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return found
