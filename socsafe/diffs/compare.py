"""Two reports held against each other: figures that moved, figures that came or went, and what the reports were made with.

>>> found = compare(read_side("main:reports/quickstart", None), read_side("reports/quickstart", None))
>>> found.moved[0].key.arm.style, found.moved[0].beyond
('refusal', True)

Figures are those of an arm, its seeds pooled, with the intervals that the report itself gives them (clustered by prompt, bootstrapped, of
paired differences). A figure has moved *beyond the intervals* where the two 95 % intervals do not touch, and for the main figures neither
do the seeds' own. That is stricter than a test, and can miss a difference; where they touch, chance may explain it all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from socsafe.diffs.figures import Figure, Key
from socsafe.diffs.sides import Side
from socsafe.metrics import judged_means
from socsafe.provenance import Difference, differences
from socsafe.records import Estimate, SummaryRow
from socsafe.report_data import CONTROL, Arm
from socsafe.stats.pooling import pool_seeds
from socsafe.tables import CSV_DECIMALS


@dataclass(frozen=True, slots=True)
class Moved:
    """One figure that is another in the two reports."""

    key: Key
    mean: bool
    """Whether it is in units of its own; else it is a share from 0 to 1."""
    before: Estimate
    after: Estimate
    verdicts: tuple[str, str]
    """What each report says of a difference; both empty for any other figure."""
    seeds_apart: bool
    """Whether every seed of one side lies above every seed of the other; True where seeds are not told."""
    causes: tuple[str, ...]
    """Kinds of what changed that bear on this figure, as `judges`; empty where nothing recorded does, or nothing is known."""

    @property
    def difference(self) -> float | None:
        """After less before; None where either side has no figure."""
        if self.before.value is None or self.after.value is None:
            return None
        return self.after.value - self.before.value

    @property
    def beyond(self) -> bool:
        """Whether the two intervals do not touch, and neither do the seeds."""
        ends = (self.before.low, self.before.high, self.after.low, self.after.high)
        if any(end is None for end in ends):
            return False
        before_low, before_high, after_low, after_high = (end or 0.0 for end in ends)
        return self.seeds_apart and (after_low > before_high or after_high < before_low)

    @property
    def only_interval(self) -> bool:
        """Whether the figure is the same and rests on as much, and its interval alone is another."""
        same = self.difference is not None and abs(self.difference) < 10**-CSV_DECIMALS / 2
        counted = (self.before.n, self.before.n_unjudged) == (self.after.n, self.after.n_unjudged)
        return same and counted and not self.said_otherwise

    @property
    def said_otherwise(self) -> bool:
        """Whether the later report says something else of the difference."""
        return self.verdicts[0] != self.verdicts[1]


@dataclass(frozen=True, slots=True)
class Compared:
    """All that can be said of two reports side by side."""

    before: str
    after: str
    compared: int
    """Figures that both have."""
    moved: Sequence[Moved]
    """Those beyond the intervals first, then by how far they moved."""
    appeared: Sequence[Key]
    vanished: Sequence[Key]
    conditions_appeared: Sequence[str]
    conditions_vanished: Sequence[str]
    causes: Sequence[Difference] | None
    """What the reports were not both made with; None where either does not say."""
    silent: Sequence[str]
    """Sides without a provenance.json."""
    plain: Sequence[str]
    """Sides without arms.csv: the main figures of both were then pooled anew, with plain Wilson intervals."""


def compare(before: Side, after: Side) -> Compared:
    """Hold the second report against the first."""
    plain = [side.name for side in (before, after) if "arms" not in side.tables]
    old, new = (_figures(side, bool(plain)) for side in (before, after))
    silent = [side.name for side in (before, after) if side.provenance is None]
    causes = None if silent else differences(before.provenance or {}, after.provenance or {})
    arms = {row.condition: Arm.of(row) for side in (before, after) for row in side.rows}
    seeds = [_by_seed(side.rows) for side in (before, after)]
    both = [key for key in new if key in old]
    moved = [
        Moved(
            key,
            new[key].mean,
            old[key].estimate,
            new[key].estimate,
            (old[key].verdict, new[key].verdict),
            key.table != "arms" or _apart(*(side.get(key[1:5], ()) for side in seeds)),
            _bearing_on(key, causes or (), arms),
        )
        for key in both
        if _rounded(old[key]) != _rounded(new[key])
    ]
    own, other = (list(dict.fromkeys(row.condition for row in side.rows)) for side in (before, after))
    return Compared(
        before=before.name,
        after=after.name,
        compared=len(both),
        moved=sorted(moved, key=lambda one: (not one.beyond, one.difference is None, -abs(one.difference or 0.0))),
        appeared=[key for key in new if key not in old],
        vanished=[key for key in old if key not in new],
        conditions_appeared=[name for name in other if name not in set(own)],
        conditions_vanished=[name for name in own if name not in set(other)],
        causes=causes,
        silent=silent,
        plain=plain,
    )


def _figures(side: Side, plain: bool) -> dict[Key, Figure]:
    """By key, in the report's order."""
    listed = [figure for table, figures in side.tables.items() if table != "arms" or not plain for figure in figures]
    return {figure.key: figure for figure in [*(_pooled(side.rows) if plain else ()), *listed]}


def _pooled(rows: Sequence[SummaryRow]) -> list[Figure]:
    """The arms' figures worked out from a report that has no table of them."""
    means = judged_means()
    exact = [row if (row.judge, row.metric) in means else _exact(row) for row in rows]
    return [
        Figure(Key("arms", row.arm, row.suite, row.judge, row.metric, ""), row.estimate, (row.judge, row.metric) in means)
        for row in pool_seeds(exact, means)
    ]


def _exact(row: SummaryRow) -> SummaryRow:
    """The share that was rounded on its way into the file: that of a whole number of replies."""
    return row if row.value is None or not row.n else replace(row, value=round(row.value * row.n) / row.n)


def _by_seed(rows: Sequence[SummaryRow]) -> dict[tuple[object, ...], list[float]]:
    """Arm, suite, judge and metric -> each seed's own figure."""
    found: dict[tuple[object, ...], list[float]] = {}
    for row in rows:
        if row.value is not None:
            found.setdefault((Arm.of(row), row.suite, row.judge, row.metric), []).append(row.value)
    return found


def _apart(before: Sequence[float], after: Sequence[float]) -> bool:
    return bool(before) and bool(after) and (max(before) < min(after) or max(after) < min(before))


def _bearing_on(key: Key, causes: Sequence[Difference], arms: Mapping[str, Arm]) -> tuple[str, ...]:
    """Kinds of changes that can have moved the figure: a recipe moves its own arm, a judge its own verdicts, an engine setting all."""
    control = replace(key.arm, style=CONTROL, count=0, form="")
    own = {key.arm}
    if key.table == "ability":
        own.add(control)
    elif key.table == "comparisons":
        style, count = key.detail.rsplit(" ", 1)
        own.add(control if style == CONTROL else replace(key.arm, style=style, count=int(count)))

    def bears(one: Difference) -> bool:
        first = one.name.partition(".")[0]
        if one.kind in ("recipes", "conditions", "unfinished"):
            return arms.get(one.name) in own
        return {"training": first == key.arm.setting, "judges": first == key.judge, "suites": first == key.suite}.get(
            one.kind, one.kind in ("inputs", "sampling", "versions", "seeds")
        )

    return tuple(dict.fromkeys(one.kind for one in causes if bears(one)))


def _rounded(figure: Figure) -> tuple[float | int | str | None, ...]:
    estimate = figure.estimate
    ends = (estimate.value, estimate.low, estimate.high)
    return (*(None if end is None else round(end, CSV_DECIMALS) for end in ends), estimate.n, estimate.n_unjudged, figure.verdict)
