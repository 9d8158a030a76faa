"""Where harm and over-refusal lie, and what scores come to: each figure by the suite's categories, one line an arm.

| style | count | fraud (n 8) | violence (n 8) |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from socsafe.facts.breakdown import CategoryRow
from socsafe.markdown import NOTHING, code, escape, listed, table, with_interval
from socsafe.report_data import Arm, ReportData
from socsafe.sections._broken_down import Shown, shown
from socsafe.sections._category_figure import category_figures
from socsafe.sections._headings import panel_title

TITLE = "Categories"
ORDER = 43

_WIDEST = 12
"""Categories that stand side by side; more of them stand one below the other, arms side by side."""


def render(data: ReportData) -> str:
    """One table a figure, panel and set of categories; left out where no suite has categories."""
    blocks = [block for one in shown(data) for block in _of_metric(data, one)]
    if not blocks:
        return ""
    return "\n".join(
        [
            f"Shares are in per cent by the judge {code(data.judge.name)}, means in their judge's own units, with the 95 % interval, seeds "
            "together. n counts replies judged; a cell with fewer than its category's n says so. A category has few prompts, so intervals "
            "are wide and no differences are claimed. All figures of all judges, each seed's and n_unjudged among them, are in "
            "[categories.csv](categories.csv).\n",
            *category_figures(data),
            *blocks,
        ]
    )


def _of_metric(data: ReportData, one: Shown) -> Iterator[str]:
    """The tables of one rate. Of suites with the same categories the first is shown and the others are named."""
    by_suite: dict[str, list[CategoryRow]] = {}
    for row in data.categories:
        if (row.seed, row.metric, row.judge) == (None, one.metric, one.judge):
            by_suite.setdefault(row.suite, []).append(row)
    alike: dict[frozenset[str], list[str]] = {}
    for suite in (suite.name for suite in data.suites if suite.name in by_suite):
        alike.setdefault(frozenset(row.category for row in by_suite[suite]), []).append(suite)
    for first, *others in alike.values():
        rows = by_suite[first]
        judged = {Arm.of(row) for row in rows}
        for panel in data.panels():
            if arms := [arm for arm in data.arms(panel) if arm in judged]:
                title = f"{panel_title(panel)}: " if len(data.panels()) > 1 else ""
                yield f"**{title}{one.words[0].upper()}{one.words[1:]}, {code(first)}**\n"
                yield _table(arms, rows)
        if others:
            yield f"The same categories of {listed([code(suite) for suite in others])} are in [categories.csv](categories.csv).\n"


def _table(arms: Sequence[Arm], rows: Sequence[CategoryRow]) -> str:
    """Arms down and categories across, or the other way about where there are many."""
    found = {(Arm.of(row), row.category): row for row in rows}
    categories = sorted({category for arm, category in found if arm in arms})
    n = {category: max(row.n for arm in arms if (row := found.get((arm, category)))) for category in categories}
    heads = [f"{_named(category)} (n {n[category]})" for category in categories]
    cells = [[_cell(found.get((arm, category)), n[category]) for category in categories] for arm in arms]
    if len(categories) <= _WIDEST:
        lines = [[code(arm.style), str(arm.count), *own] for arm, own in zip(arms, cells, strict=True)]
        return table(["style", "count", *heads], lines, "lr" + "r" * len(categories))
    turned = [[head, *own] for head, own in zip(heads, zip(*cells, strict=True), strict=True)]
    return table(["category", *(f"{code(arm.style)} {arm.count}" for arm in arms)], turned, "l" + "r" * len(arms))


def _named(category: str) -> str:
    return escape(category) if category else "(none)"


def _cell(row: CategoryRow | None, n: int) -> str:
    """`12.5 (2–47)`; how many replies it rests on where that is fewer than usual."""
    if row is None or row.value is None:
        return NOTHING
    fewer = f" of {row.n}" if row.n != n else ""
    return with_interval(row, decimals=0, mean=row.mean) + fewer
