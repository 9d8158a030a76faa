"""Two arms held against each other on the same prompts: the record, and what may be said of it in words.

>>> one.words
'lower'

A row of comparisons.csv is one metric of one arm against its control, or against another style at the same count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

ALL_SUITES = "all suites"
"""What stands for the suite where the prompts of all suites are taken together."""
SHOWN = 0.05
"""A difference is shown where its p value, corrected by Holm's procedure, is this or less."""
FLIPS = 9999
"""Sign flips drawn for a p value."""
NOT_SHOWN = "no difference could be shown"

Direction = Literal["", "lower", "higher"]
Method = Literal["exact McNemar", "sign flips", "seeds and prompts", "none"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of one arm against another arm of the same base, setting and form, prompt by prompt and seed by seed."""

    base: str
    setting: str
    form: str
    style: str
    count: int
    """Harmful prompts refused in training, of the arm that is compared."""
    against: str
    """The style it is held against; the control's where that is the control."""
    against_count: int
    """The same count, or 0 for the control."""
    suite: str
    """A suite, or `ALL_SUITES`."""
    judge: str
    metric: str
    mean: bool
    """Whether the metric is a mean in the judge's own units; else it is a share from 0 to 1."""
    declared: bool
    """Whether the study declared it before the figures were known."""
    direction: Direction
    """`lower` or `higher` where the study declared which way it must go to count; empty for either way."""
    value: float | None
    """The arm's own figure over the pairs; None where there are none."""
    against_value: float | None
    difference: float | None
    """`value - against_value`."""
    low: float | None
    """Lower end of the 95 % interval of the difference."""
    high: float | None
    n_prompts: int
    """Prompts with a verdict on both sides in every seed."""
    n_seeds: int
    """Seeds that both sides have."""
    n_pairs: int
    """Pairs of the same prompt and seed that were compared."""
    n_unjudged: int
    """Replies without a verdict on either side; their prompts are left out."""
    method: Method
    """How it was tested; `none` where there was nothing to compare."""
    p: float | None
    p_holm: float | None
    """`p` after Holm's correction within its family: the declared ones, or the others of the same kind, suite and metric."""
    family: int
    """Comparisons in that family."""
    se_prompts: float | None
    """Standard error of the difference, the part that comes from the choice of prompts; None where it cannot be told."""
    se_seeds: float | None
    """Standard error of the difference, the part that comes from the seeds, told from all arms together; None with one seed."""
    sd_seeds: float | None
    """Standard deviation, no standard error: how far the seeds' own differences lie apart; None with one seed."""
    detectable: float | None
    """Smallest true difference that would be shown with a probability of 80 %; only for those declared or on all suites."""

    @property
    def shown(self) -> bool:
        """Whether a difference is shown."""
        return self.p_holm is not None and self.p_holm <= SHOWN

    @property
    def of_models(self) -> bool:
        """Whether it speaks of two models only: with one seed a side nothing can be said of styles."""
        return self.n_seeds == 1

    @property
    def words(self) -> str:
        """The verdict."""
        if self.difference is None:
            return "nothing to compare"
        if not self.shown:
            return NOT_SHOWN
        way = "lower" if self.difference < 0 else "higher"
        return f"{way}: these two models differ (one seed a side)" if self.of_models else way

    @property
    def lower(self) -> bool:
        """Whether the arm is shown to lie below the other."""
        return self.shown and (self.difference or 0.0) < 0

    @property
    def higher(self) -> bool:
        """Whether the arm is shown to lie above the other."""
        return self.shown and (self.difference or 0.0) > 0

    @property
    def excludes_zero(self) -> bool:
        """Whether its own interval, which knows of no other comparison, leaves no room for no difference."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high

    def turned(self) -> Comparison:
        """The same comparison seen from the other side."""
        ways: dict[Direction, Direction] = {"": "", "lower": "higher", "higher": "lower"}
        return replace(
            self,
            style=self.against,
            count=self.against_count,
            against=self.style,
            against_count=self.count,
            direction=ways[self.direction],
            value=self.against_value,
            against_value=self.value,
            difference=None if self.difference is None else -self.difference,
            low=None if self.high is None else -self.high,
            high=None if self.low is None else -self.low,
        )
