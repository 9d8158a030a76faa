"""Figures taken apart: by the suite's own category, and by the form in which the same thing is asked. Rows of categories.csv and forms.csv.

>>> rows[0].category, rows[0].value, rows[0].n
('fraud', 0.25, 8)
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """One metric of one arm in one category of a suite, by one judge: of all its seeds, or of one."""

    base: str
    setting: str
    style: str
    count: int
    form: str
    """Form of the safety prompts in training; empty for a control."""
    seed: int | None
    """None for all seeds together."""
    suite: str
    judge: str
    metric: str
    category: str
    mean: bool
    """Whether the metric is a mean in the judge's own units; else it is a share."""
    value: float | None
    """A share from 0 to 1, or a mean; None where nothing was judged."""
    low: float | None
    high: float | None
    n: int
    """Judged replies."""
    n_unjudged: int


@dataclass(frozen=True, slots=True)
class FormRow:
    """One metric of one arm on what a suite asks in one form, of all seeds or of one, or the difference between two forms."""

    base: str
    setting: str
    style: str
    count: int
    form: str
    """Form of the safety prompts in training; empty for a control."""
    seed: int | None
    """None for all seeds together; differences are of all seeds."""
    suite: str
    judge: str
    metric: str
    asked: str
    """The form in which the suite asks."""
    against: str
    """For a difference: the form whose figure is taken off, on the same items and seeds. Empty for a figure itself."""
    mean: bool
    """Whether the metric is a mean in the judge's own units; else it is a share."""
    value: float | None
    """A share from 0 to 1, a mean, or a difference of two; None where there was nothing to go by."""
    low: float | None
    high: float | None
    n: int
    """Judged replies; for a difference, items times seeds with a verdict in both forms."""
    n_unjudged: int
    p_holm: float | None = None
    """For a difference: its p value after Holm's correction for all differences of this metric on this suite; else None."""
    n_seeds: int = 1
    """Seeds that it rests on: a difference of one seed speaks of that model alone."""
