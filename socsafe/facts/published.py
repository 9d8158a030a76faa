"""Figures that others published, to show beside a study's own.

socsafe/published/*.yml -> PublishedFigures -> the report's section on published figures
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublishedValue:
    """One figure of somebody else's."""

    label: str
    """What it is about, where no arm of the study is; else empty."""
    cell: Mapping[str, str | int]
    """Fields of the arms that it stands beside."""
    suite: str | None
    """The suite of the study that it stands beside; None for any."""
    metric: str
    value: float
    """A share from 0 to 1, or a mean."""
    share: bool
    """Whether it is a share."""


@dataclass(frozen=True, slots=True)
class PublishedFigures:
    """What one publication says."""

    source: str
    note: str
    """What makes it hard to compare; empty where nothing is said."""
    figures: Sequence[PublishedValue]
