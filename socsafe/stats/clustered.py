"""Rates and means of arms with several seeds or several replies a prompt: replies to one prompt are alike, so prompts are the unit.

>>> clustered_rate(hits=[2, 0, 1, 2], n=[2, 2, 2, 2])
Estimate(value=0.625, low=0.18..., high=0.93..., n=8, n_unjudged=0)

A mean has the percentile bootstrap over prompts. A rate has Wilson's interval with the number of replies that as many independent ones
would be worth (Korn and Graubard 1998, Survey Methodology 24:193; recommended by Franco et al. 2019, Journal of Survey Statistics and
Methodology 7:334), because a bootstrap has no width where all or none succeed, which is where a good adapter ends up, and covers
too rarely near there: see `docs/decisions/0011-intervals-that-cover.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from socsafe.records import Estimate, Metric
from socsafe.report_data import Arm, Cell, PooledRow
from socsafe.stats.bootstrap import bootstrap_ends
from socsafe.stats.grids import Grid
from socsafe.stats.intervals import ALPHA

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def clustered_rate(hits: ArrayLike, n: ArrayLike, n_unjudged: int = 0) -> Estimate:
    """A rate with its 95 % interval from, for each prompt, the replies that count and the replies judged; n counts replies.

    The effective number of replies is p (1 - p) over the variance of p clustered by prompt (Taylor series), never more than the
    replies there are, and the number of prompts where p is 0 or 1: all replies to one prompt may then be one and the same.
    """
    import numpy as np

    return _rates(np.asarray(hits, dtype=float)[None], np.asarray(n, dtype=float)[None], [n_unjudged], np.ones(1, dtype=bool))[0]


def estimates(metric: Metric, totals: Floats, judged: Floats, n_unjudged: Sequence[int]) -> list[Estimate]:
    """The metric of several arms on the same prompts. Arrays are (arms, prompts): what the metric takes of the replies, and those judged.

    A rate has Wilson's interval, clustered by prompt where some prompt has several replies; a mean has a bootstrap over prompts.
    """
    if metric.score is not None:
        return _means(totals, judged, n_unjudged)
    return _rates(totals, judged, n_unjudged, judged.max(axis=1, initial=0) > 1)


def _rates(hits: Floats, n: Floats, n_unjudged: Sequence[int], clustered: NDArray[np.bool_]) -> list[Estimate]:
    """A rate a row; `clustered` says of which rows replies to one prompt are to be taken as alike."""
    import numpy as np
    from scipy.special import ndtri, stdtrit
    from statsmodels.stats.proportion import proportion_confint

    replies, prompts = n.sum(axis=1), (n > 0).sum(axis=1)
    safe, others = np.maximum(replies, 1), np.maximum(prompts - 1, 1)
    p = hits.sum(axis=1) / safe
    variance = prompts / others * ((hits - p[:, None] * n) ** 2).sum(axis=1) / safe**2
    spread = (p > 0) & (p < 1) & (prompts > 1)
    effective = np.where(spread & (variance == 0), replies, prompts).astype(float)
    np.divide(p * (1 - p), variance, out=effective, where=spread & (variance > 0))
    # The variance is itself estimated from so many prompts.
    effective *= np.where(spread, ndtri(1 - ALPHA / 2) / stdtrit(others, 1 - ALPHA / 2), 1.0) ** 2
    effective = np.where(clustered, np.minimum(effective, replies), replies)
    low, high = proportion_confint(p * effective, np.maximum(effective, 1e-9), alpha=ALPHA, method="wilson")
    low, high = np.minimum(np.maximum(low, 0.0), p), np.maximum(np.minimum(high, 1.0), p)
    return [
        Estimate(value, least, most, int(size), unjudged) if size else Estimate(None, None, None, 0, unjudged)
        for value, least, most, size, unjudged in zip(p.tolist(), low.tolist(), high.tolist(), replies.tolist(), n_unjudged, strict=True)
    ]


def _means(totals: Floats, n: Floats, n_unjudged: Sequence[int]) -> list[Estimate]:
    """A mean a row. All rows have the same draws of prompts."""
    import numpy as np

    found = [Estimate(None, None, None, 0, unjudged) for unjudged in n_unjudged]
    (some,) = np.nonzero(n.sum(axis=1) > 0)
    lows, highs = bootstrap_ends(totals[some], n[some]) if some.size else (totals[:0], totals[:0])
    for row, low, high in zip(some, lows, highs, strict=True):
        value = float(totals[row].sum() / n[row].sum())
        found[row] = Estimate(value, min(float(low), value), max(float(high), value), int(n[row].sum()), n_unjudged[row])
    return found


def mean_by_prompt(totals: ArrayLike, n: ArrayLike, n_unjudged: int = 0) -> Estimate:
    """The mean score with its 95 % interval from, for each prompt, the sum of its scores and how many were judged; n counts scores."""
    import numpy as np

    sums, sizes = np.asarray(totals, dtype=float), np.asarray(n, dtype=float)
    asked = sizes > 0
    (found,) = _means(sums[None, asked], sizes[None, asked], [n_unjudged])
    return found


def cluster_pooled(pooled: Iterable[PooledRow], conditions: Sequence[Cell], grids: Iterable[Grid]) -> list[PooledRow]:
    """The pooled rows, with intervals clustered by prompt where a prompt has more than one reply in its arm."""
    by_arm = {
        (grid.judge, grid.metric.name, suite): _several(grid.of(suite), conditions)
        for grid in grids
        for suite in dict.fromkeys(grid.suites)
    }
    return [
        replace(row, estimate=found) if (found := by_arm.get((row.judge, row.metric, row.suite), {}).get(row.arm)) else row
        for row in pooled
    ]


def members(conditions: Sequence[Cell]) -> dict[Arm, list[int]]:
    """Arm -> the places of its conditions, one a seed, in the study's order."""
    found: dict[Arm, list[int]] = {}
    for number, condition in enumerate(conditions):
        found.setdefault(Arm.of(condition), []).append(number)
    return found


def summed(grid: Grid, groups: Iterable[Sequence[int]]) -> tuple[Floats, Floats, list[int]]:
    """Groups of conditions each taken together: (groups, prompts) of what the metric takes and of replies judged, and those unjudged."""
    import numpy as np

    listed = list(groups)
    totals = np.array([grid.total[own].sum(axis=0) for own in listed], dtype=float)
    judged = np.array([grid.judged[own].sum(axis=0) for own in listed], dtype=float)
    return totals, judged, [int(grid.unjudged[own].sum()) for own in listed]


def _several(grid: Grid, conditions: Sequence[Cell]) -> dict[Arm, Estimate]:
    """The arms in which some prompt has several replies, with what is made of them."""
    arms = members(conditions)
    totals, judged, unjudged = summed(grid, arms.values())
    again = judged.max(axis=1, initial=0) > 1
    own = [arm for arm, several in zip(arms, again, strict=True) if several]
    left_out = [count for count, several in zip(unjudged, again, strict=True) if several]
    return dict(zip(own, estimates(grid.metric, totals[again], judged[again], left_out), strict=True))
