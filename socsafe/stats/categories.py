"""Every metric in each category of a suite: of each arm, its seeds together, and of each seed where there are several.

>>> category_rows(grids, conditions)[0].category
'disinformation'

Where a prompt has several replies, the interval is clustered by prompt (`socsafe.stats.clustered`); a mean has a bootstrap over prompts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from socsafe.facts.breakdown import CategoryRow
from socsafe.records import Estimate
from socsafe.report_data import Arm, Cell
from socsafe.stats.clustered import estimates, members, summed
from socsafe.stats.grids import Grid


def category_rows(grids: Iterable[Grid], conditions: Sequence[Cell]) -> list[CategoryRow]:
    """By judge and metric, suite by name, the study's order of arms (each followed by its seeds), and category by name.

    Only suites with two categories or more; prompts without a category are a category with an empty name there.
    """
    listed = list(grids)
    several = _with_several(listed)
    return [
        row
        for grid in listed
        for suite in dict.fromkeys(grid.suites)
        if suite in several
        for row in _rows(grid.of(suite), suite, conditions)
    ]


def _with_several(grids: Iterable[Grid]) -> set[str]:
    """The suites with more than one category."""
    found: dict[str, set[str]] = {}
    for grid in grids:
        for asked in grid.asked:
            found.setdefault(asked.suite, set()).add(asked.category)
    return {suite for suite, categories in found.items() if len(categories) > 1}


def _rows(grid: Grid, suite: str, conditions: Sequence[Cell]) -> Iterator[CategoryRow]:
    import numpy as np

    groups = list(arms_and_seeds(conditions))
    of_column = np.array([asked.category for asked in grid.asked])
    names = sorted(set(of_column.tolist()))
    found = [figures(grid.where(of_column == name), [own for *_, own in groups]) for name in names]
    for place, (arm, seed, _) in enumerate(groups):
        for name, own in zip(names, found, strict=True):
            one = own[place]
            if one.n or one.n_unjudged:
                named = (arm.base, arm.setting, arm.style, arm.count, arm.form, seed, suite, grid.judge, grid.metric.name, name)
                yield CategoryRow(*named, grid.metric.score is not None, one.value, one.low, one.high, one.n, one.n_unjudged)


def arms_and_seeds(conditions: Sequence[Cell]) -> Iterator[tuple[Arm, int | None, list[int]]]:
    """Every arm with the places of its conditions, and after it each of its seeds where there are several."""
    for arm, rows in members(conditions).items():
        yield arm, None, rows
        for row in rows if len(rows) > 1 else ():
            yield arm, conditions[row].seed, [row]


def figures(grid: Grid, groups: Sequence[Sequence[int]]) -> list[Estimate]:
    """The grid's metric over all its columns, for each group of conditions."""
    totals, judged, unjudged = summed(grid, groups)
    return estimates(grid.metric, totals, judged, unjudged)
