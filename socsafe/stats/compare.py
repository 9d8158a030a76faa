"""Every arm against its control and the styles against each other at equal count, on the same prompts, seed by seed.

>>> comparisons = compare(grids, conditions, declare(study.hypotheses, judges))
>>> [one.words for one in comparisons if one.declared]
['lower', 'no difference could be shown']

The declared comparisons are corrected together (Holm 1979). All others are corrected within their own kind: one metric of one judge on one
suite, against the control or between styles. A prompt without a verdict on either side in any seed is left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from socsafe.facts.comparison import ALL_SUITES, FLIPS, SHOWN, Comparison, Direction
from socsafe.report_data import CONTROL, Arm, Cell
from socsafe.stats.grids import Grid
from socsafe.stats.holm import holm
from socsafe.stats.paired import Difference, one_reply_rates, one_seed, several_seeds
from socsafe.stats.power import detectable_mean, detectable_rate, detectable_shift
from socsafe.stats.seeds import Dispersion, rate_dispersion, score_dispersion
from socsafe.study.hypotheses import DEFAULT, Hypothesis, judge_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ENOUGH_FLIPS = 5
"""Drawn sign flips that alpha has to allow for, or only Hoeffding's bound reliably gives so small a p value."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A hypothesis with its judge found."""

    judge: str
    metric: str
    suite: str
    """A suite, or `ALL_SUITES`."""
    style: str | None
    count: int | None
    against: str
    direction: Direction

    def speaks_of(self, scope: _Scope) -> bool:
        """Whether it is about this metric on this suite."""
        return (self.judge, self.metric) == (scope.grid.judge, scope.grid.metric.name) and self.suite in scope.names

    def holds(self, arm: Arm, against: Arm) -> bool:
        """Whether the comparison of these two arms is part of it."""
        return self.style in (None, arm.style) and self.count in (None, arm.count) and self.against == against.style


@dataclass(frozen=True)
class _Scope:
    """One metric on one suite, or on all."""

    grid: Grid
    suite: str
    names: tuple[str, ...]
    """What a hypothesis may call the suite."""
    members: Mapping[Arm, Mapping[int, int]]
    """Arm -> seed -> row of the grid, of the seeds that were judged."""
    means: NDArray[np.float64]
    replies: int
    """The most that a prompt has in a condition."""


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Two arms on the same prompts: arrays are (seeds, prompts), of complete pairs."""

    record: Comparison
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    kept: NDArray[np.bool_]
    """Which of the grid's prompts these are."""


def declare(hypotheses: Sequence[Hypothesis], judges: Sequence[str]) -> list[Declared]:
    """The study's hypotheses, or where it has none, that every arm's harmful rate differs from its control's."""
    return [
        Declared(judge, one.metric, one.suite or ALL_SUITES, one.style, one.count, one.against, one.direction or "")
        for one in hypotheses or DEFAULT
        if (judge := judge_of(one, judges)) is not None
    ]


def compare(grids: Iterable[Grid], conditions: Sequence[Cell], declared: Sequence[Declared]) -> list[Comparison]:
    """All comparisons: the declared ones first, then the others; each by judge and metric, suite, and the study's order of arms.

    `grids` have a row for each of `conditions`, in that order.
    """
    pairs = list(_arm_pairs(dict.fromkeys(Arm.of(condition) for condition in conditions)))
    found: list[tuple[Comparison, Difference | None]] = []
    for grid in grids:
        for scope in _scopes(grid, conditions):
            found += _compared(scope, pairs, [one for one in declared if one.speaks_of(scope)])
    return _corrected(sorted(found, key=lambda one: not one[0].declared))


def _arm_pairs(arms: Iterable[Arm]) -> Iterator[tuple[Arm, Arm]]:
    """Every arm with its control, then the styles with each other at equal count: the later in the study against the earlier."""
    treated = [arm for arm in arms if arm.style != CONTROL]
    for arm in treated:
        yield arm, Arm.control(arm.base, arm.setting)
    for earlier, later in combinations(treated, 2):
        if replace(earlier, style=later.style) == later:
            yield later, earlier


def _scopes(grid: Grid, conditions: Sequence[Cell]) -> Iterator[_Scope]:
    """All suites together, then each; the one suite alone where there is but one."""
    suites = list(dict.fromkeys(grid.suites))
    if len(suites) > 1:
        yield _scope(grid, ALL_SUITES, (ALL_SUITES,), conditions)
    for suite in suites:
        names = (suite,) if len(suites) > 1 else (suite, ALL_SUITES)
        yield _scope(grid.of(suite), suite, names, conditions)


def _scope(grid: Grid, suite: str, names: tuple[str, ...], conditions: Sequence[Cell]) -> _Scope:
    members: dict[Arm, dict[int, int]] = {}
    some = (grid.judged > 0).sum(axis=1) > 0
    for row, condition in enumerate(conditions):
        own = members.setdefault(Arm.of(condition), {})
        if some[row]:
            own[condition.seed] = row
    return _Scope(grid, suite, names, members, grid.means(), int((grid.judged + grid.unjudged).max()))


def _compared(scope: _Scope, pairs: Sequence[tuple[Arm, Arm]], declared: Sequence[Declared]) -> list[tuple[Comparison, Difference | None]]:
    """The comparisons of one metric on one suite, not yet corrected, each with what its detectable difference is made from."""
    found: list[_Pairs] = []
    for arm, against in pairs:
        here = next((one for one in declared if one.holds(arm, against)), None)
        turned = None if here else next((one for one in declared if one.holds(against, arm)), None)
        # What was declared is told of, though nothing came of it; so it is only where the study has both arms.
        there = [scope.members.get(one) for one in (arm, against)]
        if not all(there) and (None in there or not (here or turned)):
            continue
        first, second = (against, arm) if turned else (arm, against)
        found.append(_paired(scope, first, second, here or turned))
    differences = _tested(scope, found)
    return [(_filled(pair, difference), difference) for pair, difference in zip(found, differences, strict=True)]


def _paired(scope: _Scope, arm: Arm, against: Arm, declared: Declared | None) -> _Pairs:
    """The complete pairs of two arms, and the record as far as they fill it."""
    import numpy as np

    mine, others = scope.members[arm], scope.members[against]
    seeds = [seed for seed in mine if seed in others]
    rows, other_rows = [mine[seed] for seed in seeds], [others[seed] for seed in seeds]
    first, second = scope.means[rows], scope.means[other_rows]
    complete = np.isfinite(first + second).all(axis=0) if seeds else np.zeros(len(scope.grid.suites))
    kept = np.asarray(complete, dtype=bool)
    first, second = first[:, kept], second[:, kept]
    record = Comparison(
        base=arm.base,
        setting=arm.setting,
        form=arm.form,
        style=arm.style,
        count=arm.count,
        against=against.style,
        against_count=against.count,
        suite=scope.suite,
        judge=scope.grid.judge,
        metric=scope.grid.metric.name,
        mean=scope.grid.metric.score is not None,
        declared=declared is not None,
        direction=declared.direction if declared else "",
        value=float(first.mean()) if first.size else None,
        against_value=float(second.mean()) if second.size else None,
        difference=None,
        low=None,
        high=None,
        n_prompts=int(kept.sum()),
        n_seeds=len(seeds),
        n_pairs=first.size,
        n_unjudged=int(scope.grid.unjudged[rows].sum() + scope.grid.unjudged[other_rows].sum()),
        method="none",
        p=None,
        p_holm=None,
        family=0,
        se_prompts=None,
        se_seeds=None,
        sd_seeds=None,
        detectable=None,
    )
    return _Pairs(record, first, second, kept)


def _tested(scope: _Scope, pairs: Sequence[_Pairs]) -> list[Difference | None]:
    """Each pair of arms by the method that fits it; None where there are fewer than two prompts to go by."""
    found: list[Difference | None] = [None] * len(pairs)
    waiting: dict[Direction, list[int]] = {}
    dispersions: dict[tuple[str, str], Dispersion] = {}
    mean = scope.grid.metric.score is not None
    for number, pair in enumerate(pairs):
        record = pair.record
        if record.n_prompts < 2:
            continue
        if record.n_seeds > 1:
            place = (record.base, record.setting)
            if place not in dispersions:
                dispersions[place] = _dispersion(scope, place)
            of_seeds, df = dispersions[place].of_difference(float(pair.first.mean()), float(pair.second.mean()), record.n_seeds)
            found[number] = several_seeds(pair.first - pair.second, mean, of_seeds, df, record.direction)
        elif not mean and scope.replies < 2:
            found[number] = one_reply_rates(pair.first[0], pair.second[0], record.direction)
        else:
            waiting.setdefault(record.direction, []).append(number)
    for direction, numbers in waiting.items():
        together = one_seed(_on_all_prompts([pairs[number] for number in numbers]), mean, direction, max(scope.replies, 1))
        for number, difference in zip(numbers, together, strict=True):
            found[number] = difference
    return found


def _on_all_prompts(pairs: Sequence[_Pairs]) -> NDArray[np.float64]:
    """One seed's differences, a row a comparison and a column for each of the grid's prompts; NaN where a pair is missing."""
    import numpy as np

    table = np.full((len(pairs), pairs[0].kept.size), np.nan)
    for row, pair in zip(table, pairs, strict=True):
        row[pair.kept] = pair.first[0] - pair.second[0]
    return table


def _dispersion(scope: _Scope, place: tuple[str, str]) -> Dispersion:
    """How far seeds move the metric, over all arms of one base and setting that have several."""
    import numpy as np

    arms = []
    for arm, rows in scope.members.items():
        if (arm.base, arm.setting) == place and len(rows) > 1:
            table = scope.means[list(rows.values())]
            complete = table[:, ~np.isnan(table).any(axis=0)]
            if complete.size:
                arms.append([float(mean) for mean in complete.mean(axis=1)])
    if scope.grid.metric.score is None:
        return rate_dispersion(arms)
    known = scope.means[np.isfinite(scope.means)]
    return score_dispersion(arms, (float(known.min()), float(known.max())) if known.size else None)


def _filled(pair: _Pairs, found: Difference | None) -> Comparison:
    """The record with what was found."""
    if found is None:
        return pair.record
    return replace(
        pair.record,
        difference=found.value,
        low=found.low,
        high=found.high,
        method=found.method,
        p=found.p,
        se_prompts=found.spread.prompts**0.5,
        se_seeds=None if found.seed_sd is None else found.spread.seeds**0.5,
        sd_seeds=found.seed_sd,
    )


def _corrected(found: Sequence[tuple[Comparison, Difference | None]]) -> list[Comparison]:
    """With p values corrected by Holm's procedure, each within its family, and what those declared or on all suites could have shown."""
    families: dict[tuple[object, ...], list[int]] = {}
    for number, (one, _) in enumerate(found):
        if one.p is not None:
            kind = (one.judge, one.metric, one.suite, one.against == CONTROL)
            families.setdefault(("declared",) if one.declared else kind, []).append(number)
    records = [one for one, _ in found]
    for numbers in families.values():
        for number, p_holm in zip(numbers, holm([records[number].p or 0.0 for number in numbers]), strict=True):
            one = replace(records[number], p_holm=p_holm, family=len(numbers))
            told = one.declared or one.suite == ALL_SUITES
            records[number] = replace(one, detectable=_detectable(one, found[number][1])) if told else one
    return records


def _detectable(one: Comparison, found: Difference | None) -> float | None:
    """The smallest difference that the test at Holm's first step shows with a probability of 80 %."""
    if found is None:
        return None
    alpha = SHOWN / one.family * (2 if one.direction else 1)
    if found.swaps is not None:
        # Half a prompt more that goes the other way: none seen in few prompts does not mean that there are none.
        return detectable_rate(one.n_prompts, min(found.swaps + 0.5 / one.n_prompts, 0.5), alpha)
    bounded = found.method == "sign flips" and SHOWN / one.family < _ENOUGH_FLIPS / (FLIPS + 1)
    if one.mean:
        return detectable_mean(found.spread, alpha, bounded)
    rates = (one.value or 0.0, one.against_value or 0.0)
    return detectable_shift(found, one.n_prompts, one.n_seeds, rates, alpha, bounded)
