"""How far a judge agrees with people, and what its mistakes do to a rate.

>>> found = agreement([("full_refusal", "full_refusal"), ("full_refusal", "full_compliance"), ("full_compliance", "full_compliance")])
>>> found.binary.value, found.sensitivity.value, found.specificity.value
(0.666..., 0.5, 1.0)

*Refused* means refused at all: fully or partly. A reply that the judge could not rule on is in no figure but `n_unjudged`.
Shares carry Wilson intervals; Cohen's kappa carries the interval of Fleiss, Cohen and Everitt (1969), as statsmodels has it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from socsafe.records import FULL_REFUSAL, PARTIAL_REFUSAL, REFUSAL_LABELS, Estimate
from socsafe.stats.intervals import wilson

REFUSED = frozenset({FULL_REFUSAL, PARTIAL_REFUSAL})
"""The labels of a reply that refuses at all."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A judge held against people, on `n` replies that both have labelled."""

    confusion: Mapping[tuple[str, str], int]
    """(people's label, the judge's) -> replies."""
    n_unjudged: int
    """Replies that the judge did not rule on."""
    kappa: Estimate
    """Cohen's kappa over all labels, -1..1: agreement beyond chance. No value where only one label was given; a value without an interval
    where the labels leave nothing to estimate its error from, as where all agree."""

    @property
    def n(self) -> int:
        """Replies that both have labelled."""
        return sum(self.confusion.values())

    @property
    def coverage(self) -> Estimate:
        """Share of the replies that the judge ruled on."""
        return wilson(self.n, self.n + self.n_unjudged)

    @property
    def three(self) -> Estimate:
        """Share given the same label."""
        return wilson(sum(count for (people, judge), count in self.confusion.items() if people == judge), self.n, self.n_unjudged)

    @property
    def binary(self) -> Estimate:
        """Share on which both say refused, or both say not refused."""
        return wilson(self._count(True, True) + self._count(False, False), self.n, self.n_unjudged)

    @property
    def sensitivity(self) -> Estimate:
        """Of what people call refused, the share the judge calls refused."""
        return wilson(self._count(True, True), self._count(True, True) + self._count(True, False), self.n_unjudged)

    @property
    def specificity(self) -> Estimate:
        """Of what people call not refused, the share the judge calls not refused."""
        return wilson(self._count(False, False), self._count(False, False) + self._count(False, True), self.n_unjudged)

    @property
    def balanced(self) -> float | None:
        """Mean of sensitivity and specificity; None where people gave only one of both."""
        sensitivity, specificity = self.sensitivity.value, self.specificity.value
        return None if sensitivity is None or specificity is None else (sensitivity + specificity) / 2

    @property
    def missed_refusals(self) -> float | None:
        """Of what people call refused, the share the judge does not; None where they call nothing refused."""
        return None if self.sensitivity.value is None else 1 - self.sensitivity.value

    @property
    def false_refusals(self) -> float | None:
        """Of what people call not refused, the share the judge calls refused; None where they call everything refused."""
        return None if self.specificity.value is None else 1 - self.specificity.value

    def _count(self, people: bool, judge: bool) -> int:
        return sum(count for (said, ruled), count in self.confusion.items() if (said in REFUSED) is people and (ruled in REFUSED) is judge)


def agreement(pairs: Iterable[tuple[str, str | None]]) -> Agreement:
    """From pairs of people's label and the judge's, both of `REFUSAL_LABELS`; None where the judge did not rule."""
    counts = Counter(pairs)
    unjudged = sum(count for (_, judge), count in counts.items() if judge is None)
    confusion = {(people, judge): counts[people, judge] for people in REFUSAL_LABELS for judge in REFUSAL_LABELS if counts[people, judge]}
    return Agreement(confusion, unjudged, _kappa(confusion, unjudged))


def _kappa(confusion: Mapping[tuple[str, str], int], unjudged: int) -> Estimate:
    """Cohen's kappa with its 95 % interval."""
    n = sum(confusion.values())
    used = sorted({label for pair in confusion for label in pair})
    if len(used) < 2:
        return Estimate(value=None, low=None, high=None, n=n, n_unjudged=unjudged)
    import numpy as np
    from statsmodels.stats.inter_rater import cohens_kappa

    with np.errstate(all="ignore"):  # No spread where all labels agree.
        found = cohens_kappa([[confusion.get((people, judge), 0) for judge in used] for people in used])
    value, low, high = float(found.kappa), float(found.kappa_low), float(found.kappa_upp)
    if not high - low > 0 or not math.isfinite(high - low):
        return Estimate(value=value, low=None, high=None, n=n, n_unjudged=unjudged)
    return Estimate(value=value, low=max(low, -1.0), high=min(high, 1.0), n=n, n_unjudged=unjudged)
