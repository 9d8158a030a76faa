"""Rates and means pooled over seeds, as the report shows them: rows of arms.csv."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArmRow:
    """One metric of one arm on one suite by one judge, all seeds together."""

    base: str
    setting: str
    style: str
    count: int
    form: str
    """Form of the safety prompts in training; empty for a control."""
    suite: str
    judge: str
    metric: str
    value: float | None
    """A share from 0 to 1, or a mean in the judge's own units; None where nothing was judged."""
    low: float | None
    """Lower end of the 95 % interval, clustered by prompt."""
    high: float | None
    n: int
    """Judged replies."""
    n_unjudged: int
    corrected: float | None
    """The rate with the judge's known mistakes taken out (Rogan and Gladen 1978); None where they are not known.

    Replies judged to be no reply are neither complied nor refused: it leaves them out."""
    corrected_low: float | None
    corrected_high: float | None
    n_no_reply: int | None = None
    """Judged replies that `corrected` leaves out; None where there is none."""
