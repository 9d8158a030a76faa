"""Seeds taken together: from one row a condition to one row an arm.

>>> pooled = pool_seeds(score(verdicts, conditions))
"""

from __future__ import annotations

from collections.abc import Iterable

from socsafe.records import Estimate, SummaryRow
from socsafe.report_data import Arm, PooledRow
from socsafe.stats.intervals import wilson


def pool_seeds(rows: Iterable[SummaryRow]) -> list[PooledRow]:
    """One row for each arm, suite, judge and metric, in the order in which they first come.

    The replies of all seeds are counted together. `rows` are those that `score` returned, not ones read back from a
    CSV file: a rounded share no longer says how many replies it stands for, and raises `ValueError`.
    """
    groups: dict[tuple[Arm, str, str, str], list[SummaryRow]] = {}
    for row in rows:
        arm = Arm(row.base, row.setting, row.style, row.count, row.form)
        groups.setdefault((arm, row.suite, row.judge, row.metric), []).append(row)
    return [_pooled(*key, members) for key, members in groups.items()]


def _pooled(arm: Arm, suite: str, judge: str, metric: str, rows: list[SummaryRow]) -> PooledRow:
    estimate = wilson(
        successes=sum(_successes(row) for row in rows),
        n=sum(row.n for row in rows),
        n_unjudged=sum(row.n_unjudged for row in rows),
    )
    seeds = tuple((row.seed, Estimate(row.value, row.low, row.high, row.n, row.n_unjudged)) for row in rows)
    return PooledRow(arm=arm, suite=suite, judge=judge, metric=metric, estimate=estimate, seeds=seeds)


def _successes(row: SummaryRow) -> int:
    """How many replies a share stands for."""
    exact = (row.value or 0.0) * row.n
    if abs(exact - round(exact)) > 1e-6 * max(row.n, 1):
        raise ValueError(f"{row.value} of {row.n} is no whole number of replies")
    return round(exact)
