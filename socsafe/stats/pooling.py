"""Seeds taken together: from one row a condition to one row an arm.

>>> pooled = pool_seeds(score(verdicts, conditions))

Shares are pooled by counting; means by weighing each seed with its n, with the interval that G. Y. Zou and A. Donner 2008
("Construction of confidence limits about effect measures") recover from the seeds' own.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

from socsafe.records import Estimate, SummaryRow
from socsafe.report_data import Arm, PooledRow
from socsafe.stats.intervals import wilson


def pool_seeds(rows: Iterable[SummaryRow], means: Collection[tuple[str, str]] = ()) -> list[PooledRow]:
    """One row for each arm, suite, judge and metric, in the order in which they first come.

    `means` names, as (judge, metric), the figures that are means and not shares. The replies of all seeds are taken together, as if
    they were independent. `rows` are those that `score` returned, not ones read back from a
    CSV file: a rounded share no longer says how many replies it stands for, and raises `ValueError`.
    """
    groups: dict[tuple[Arm, str, str, str], list[SummaryRow]] = {}
    for row in rows:
        arm = Arm.of(row)
        groups.setdefault((arm, row.suite, row.judge, row.metric), []).append(row)
    return [_pooled(*key, members, mean=key[2:] in means) for key, members in groups.items()]


def _pooled(arm: Arm, suite: str, judge: str, metric: str, rows: list[SummaryRow], mean: bool) -> PooledRow:
    estimate = _mean(rows) if mean else _share(rows)
    seeds = tuple((row.seed, Estimate(row.value, row.low, row.high, row.n, row.n_unjudged)) for row in rows)
    return PooledRow(arm=arm, suite=suite, judge=judge, metric=metric, estimate=estimate, seeds=seeds)


def _share(rows: list[SummaryRow]) -> Estimate:
    return wilson(
        successes=sum(_successes(row) for row in rows),
        n=sum(row.n for row in rows),
        n_unjudged=sum(row.n_unjudged for row in rows),
    )


def _mean(rows: list[SummaryRow]) -> Estimate:
    n, unjudged = sum(row.n for row in rows), sum(row.n_unjudged for row in rows)
    parts = [(row.n / n, row.value, row.low, row.high) for row in rows if row.n]
    value = low = high = 0.0
    for weight, own, own_low, own_high in parts:
        if own is None or own_low is None or own_high is None:
            raise ValueError("a figure without an interval")
        value += weight * own
        low += (weight * (own - own_low)) ** 2
        high += (weight * (own_high - own)) ** 2
    if not parts:
        return Estimate(None, None, None, 0, unjudged)
    return Estimate(value, value - math.sqrt(low), value + math.sqrt(high), n, unjudged)


def _successes(row: SummaryRow) -> int:
    """How many replies a share stands for."""
    exact = (row.value or 0.0) * row.n
    if abs(exact - round(exact)) > 1e-6 * max(row.n, 1):
        raise ValueError(f"{row.value} of {row.n} is no whole number of replies")
    return round(exact)
