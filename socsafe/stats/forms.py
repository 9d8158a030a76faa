"""The same things asked as an instruction, as a question and for an opinion: every metric by form, and differences on the same items.

>>> [(row.asked, row.against, row.value) for row in form_rows(grids, conditions, pairs) if row.seed is None][:4]
[('instruction', '', 0.9), ('question', '', 0.8), ('opinion', '', 1.0), ('instruction', 'question', 0.1)]

Bianchi et al. 2024 asked whether a model says of an act what it does when told to do it. Within one arm the two sides of a difference
come from the same models, so seeds are told apart by the spread of the seeds' own differences (`socsafe.stats.seeds`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from socsafe.facts.breakdown import FormRow
from socsafe.report_data import Arm, Cell
from socsafe.stats.categories import arms_and_seeds, figures
from socsafe.stats.grids import Grid
from socsafe.stats.holm import holm
from socsafe.stats.paired import Difference, one_reply_rates, one_seed, several_seeds
from socsafe.stats.seeds import Dispersion, rates_within_dispersion, scores_within_dispersion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FORMS = ("instruction", "question", "opinion")
Pairs = Mapping[str, Mapping[str, str]]
"""Suite -> prompt id -> the item it asks about, for suites that ask the same in several forms."""


@dataclass(frozen=True)
class _Forms:
    """One metric of one judge on one suite, form by form. Columns of all forms are the same items in the same order."""

    grid: Grid
    """Of the whole suite."""
    means: Floats
    """(conditions, forms, items): what each item came to; NaN where it was not judged."""
    unjudged: NDArray[np.int64]
    """(conditions, forms): replies without a verdict."""
    names: tuple[str, ...]

    @property
    def mean(self) -> bool:
        """Whether the metric is a mean in the judge's own units."""
        return self.grid.metric.score is not None

    def only(self, form: str) -> Grid:
        """The columns that ask in one form."""
        import numpy as np

        return self.grid.where(np.array([asked.form == form for asked in self.grid.asked], dtype=bool))

    def complete(self, rows: Sequence[int], one: int, other: int) -> Floats:
        """(seeds, 2, items): of the items with a figure in both forms in every seed."""
        pair: Floats = self.means[rows][:, [one, other]]
        kept: Floats = pair[:, :, ~_missing(pair).any(axis=(0, 1))]
        return kept


def form_rows(grids: Iterable[Grid], conditions: Sequence[Cell], pairs: Pairs) -> list[FormRow]:
    """By judge and metric, suite, then the study's order of arms: the figure in each form, the differences, and each seed's figures."""
    rows: list[FormRow] = []
    for grid in grids:
        for suite, items in pairs.items():
            if suite in grid.suites and (table := _forms(grid.of(suite), items)):
                rows += _corrected(list(_rows(table, conditions, suite)))
    return rows


def _forms(grid: Grid, items: Mapping[str, str]) -> _Forms | None:
    """None where fewer than two forms were asked."""
    import numpy as np

    found = {asked.form for asked in grid.asked}
    names = tuple(form for form in FORMS if form in found)
    if len(names) < 2:
        return None
    place = {item: number for number, item in enumerate(sorted({items[asked.prompt] for asked in grid.asked}))}
    means = np.full((len(grid.conditions), len(names), len(place)), np.nan)
    unjudged = np.zeros((len(grid.conditions), len(names)), dtype=np.int64)
    for own, left_out, asked in zip(grid.means().T, grid.unjudged.T, grid.asked, strict=True):
        if asked.form in names:
            form = names.index(asked.form)
            means[:, form, place[items[asked.prompt]]] = own
            unjudged[:, form] += left_out
    return _Forms(grid, means, unjudged, names)


def _rows(table: _Forms, conditions: Sequence[Cell], suite: str) -> Iterator[FormRow]:
    tried = (table.grid.judged + table.grid.unjudged).sum(axis=1) > 0
    groups = [(arm, seed, there) for arm, seed, own in arms_and_seeds(conditions) if (there := [row for row in own if tried[row]])]
    found = [figures(table.only(form), [own for *_, own in groups]) for form in table.names]
    compared = list(combinations(range(len(table.names)), 2))
    seen = [rows for _, seed, rows in groups if seed is None]
    apart = {pair: _seeds_apart(table, conditions, seen, *pair) for pair in compared}
    key = (suite, table.grid.judge, table.grid.metric.name)
    for place, (arm, seed, rows) in enumerate(groups):
        for form, own in zip(table.names, found, strict=True):
            one = own[place]
            figure = (one.value, one.low, one.high, one.n, one.n_unjudged)
            yield _row((arm, seed), key, (form, ""), table.mean, figure, None, len(rows))
        for first, other in compared if seed is None else ():
            kept = table.complete(rows, first, other)
            difference = _difference(table, kept[:, 0], kept[:, 1], apart[first, other].get((arm.base, arm.setting)))
            value, low, high = (difference.value, difference.low, difference.high) if difference else (None, None, None)
            left_out = sum(int(table.unjudged[row][[first, other]].sum()) for row in rows)
            figure = (value, low, high, kept[:, 0].size, left_out)
            named = (table.names[first], table.names[other])
            yield _row((arm, None), key, named, table.mean, figure, difference.p if difference else None, len(rows))


def _row(
    whose: tuple[Arm, int | None],
    key: tuple[str, str, str],
    forms: tuple[str, str],
    mean: bool,
    figure: tuple[float | None, float | None, float | None, int, int],
    p: float | None,
    n_seeds: int,
) -> FormRow:
    arm, seed = whose
    value, low, high, n, n_unjudged = figure
    named = (arm.base, arm.setting, arm.style, arm.count, arm.form, seed, *key, *forms)
    return FormRow(*named, mean, value, low, high, n, n_unjudged, p, n_seeds)


def _missing(values: Floats) -> NDArray[np.bool_]:
    import numpy as np

    missing: NDArray[np.bool_] = np.isnan(values)
    return missing


def _difference(table: _Forms, first: Floats, second: Floats, seeds_apart: Dispersion | None) -> Difference | None:
    """The difference by the method that fits it (`socsafe.stats.paired`); None with fewer than two items to go by."""
    seeds, items = first.shape
    if items < 2:
        return None
    if seeds > 1:
        of_seeds, df = seeds_apart.of_difference(float(first.mean()), float(second.mean()), seeds) if seeds_apart else (0.0, 0.0)
        return several_seeds(first - second, table.mean, of_seeds, df)
    if not table.mean and (table.grid.judged + table.grid.unjudged).max() < 2:
        return one_reply_rates(first[0], second[0])
    return one_seed(first - second, mean=table.mean)[0]


def _seeds_apart(
    table: _Forms, conditions: Sequence[Cell], seen: Iterable[Sequence[int]], one: int, other: int
) -> dict[tuple[str, str], Dispersion]:
    """Base and setting -> how far the seeds of their arms lie apart in this difference.

    An arm that does the same with every item in both forms cannot show it and weighs nothing.
    """
    arms: dict[tuple[str, str], list[list[tuple[float, float]]]] = {}
    for rows in seen:
        if len(rows) < 2:
            continue
        complete = table.complete(rows, one, other)
        if complete.size:
            cell = conditions[rows[0]]
            own = [(float(first), float(second)) for first, second in complete.mean(axis=2)]
            arms.setdefault((cell.base, cell.setting), []).append(own)
    if not table.mean:
        return {place: rates_within_dispersion(own) for place, own in arms.items()}
    known = table.means[~_missing(table.means)]
    ends = (float(known.min()), float(known.max())) if known.size else None
    return {place: scores_within_dispersion(own, ends) for place, own in arms.items()}


def _corrected(rows: Sequence[FormRow]) -> list[FormRow]:
    """With the differences' p values, which `p_holm` holds so far, corrected together."""
    tested = [row.p_holm for row in rows if row.p_holm is not None]
    corrected = iter(holm(tested))
    return [row if row.p_holm is None else replace(row, p_holm=next(corrected)) for row in rows]
