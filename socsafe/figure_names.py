"""Which figures a report shows, of which arms, and what their files are called: sections link them, statistics draw them; both ask here.

>>> figure_name(data, data.panels()[0], "trade-off")
'trade-off-micro-benign-instruction'
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import NamedTuple, TypeVar

from socsafe.facts.breakdown import CategoryRow
from socsafe.records import ANSWERED_RATE, HARMFUL_RATE, OVER_REFUSAL_RATE
from socsafe.report_data import CONTROL, Arm, Panel, ReportData, by_style

T = TypeVar("T")
_DRAWN = (HARMFUL_RATE, OVER_REFUSAL_RATE, ANSWERED_RATE)
MOST_ARMS = 24
"""Arms whose names, markers and intervals can be told apart in one figure."""


class CategoryMap(NamedTuple):
    """What the map of categories shows: harmful rates on one suite."""

    suite: str
    categories: Sequence[str]
    """By name; an empty one holds the prompts without a category."""
    rows: Mapping[tuple[Arm, str], CategoryRow]
    """Arm and category -> its rate; without those that were never tried."""


def figure_name(data: ReportData, panel: Panel, name: str) -> str:
    """The name, without its ending, of one of the panel's figures, e.g. `dose-response`."""
    if len(data.panels()) == 1:
        return name
    return f"{name}-" + "-".join(re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in astuple(panel) if part)


def rates_judged(data: ReportData, panel: Panel) -> bool:
    """Whether the judge the report goes by gave any rate for the panel: one that only scores gives none, and there is nothing to draw."""
    arms = set(data.arms(panel))
    return any(row.arm in arms and row.judge == data.judge.name and row.metric in _DRAWN and row.estimate.n for row in data.pooled)


def drawn_arms(data: ReportData, panel: Panel) -> list[Arm]:
    """The arms that a figure of the panel shows: all, or of more than `MOST_ARMS` the control and every style at as many counts as fit.

    The counts are evenly spread over the panel's, the lowest and the highest among them; a style that has none of them shows its own.
    """
    arms = data.arms(panel)
    if len(arms) <= MOST_ARMS:
        return arms
    styles = by_style(arms)
    most = max(2, MOST_ARMS // len(styles)) if styles else 0
    counts = _spread(sorted({arm.count for own in styles.values() for arm in own}), most)
    kept = {arm for own in styles.values() for arm in [arm for arm in own if arm.count in counts] or _spread(own, most)}
    return [arm for arm in arms if arm.style == CONTROL or arm in kept]


def _spread(ranked: Sequence[T], most: int) -> list[T]:
    """At most so many, evenly, the first and the last among them."""
    if len(ranked) <= most:
        return list(ranked)
    return [ranked[round(place * (len(ranked) - 1) / (most - 1))] for place in range(most)]


def category_map(data: ReportData, panel: Panel) -> CategoryMap | None:
    """Of the first suite, in the study's order, with harmful rates in two categories or more; None where there is none."""
    arms = set(data.arms(panel))
    for suite in data.suites:
        rows = {
            (arm, row.category): row
            for row in data.categories
            if row.seed is None
            and (row.suite, row.metric, row.judge) == (suite.name, HARMFUL_RATE, data.judge.name)
            and (arm := Arm.of(row)) in arms
        }
        categories = sorted({category for _, category in rows})
        if len(categories) > 1:
            return CategoryMap(suite.name, categories, rows)
    return None
