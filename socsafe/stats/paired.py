"""Differences between two arms on the same prompts: estimate, 95 % interval and p value.

>>> rates(first=[[1, 1, 0, 0]], second=[[1, 0, 0, 0]])          # one seed, four prompts, one reply each
Difference(value=0.25, low=-0.27..., high=0.65..., p=1.0, ...)

Arrays are (seeds, prompts) of complete pairs. What is random decides the method:

- One seed a side, one reply a prompt: the prompts are random, the two models are not. Exact McNemar test (McNemar 1947), and the interval
  that Newcombe (1998, Statistics in Medicine 17:2635) builds from two Wilson intervals, his method 10.
- One seed a side, scores or several replies a prompt: sign flips of the prompts' differences for the p value (with an exact bound where
  no draw goes as far), a bootstrap that draws prompts for the interval.
- Several seeds: seeds and prompts are both random and cross each other, as readers and cases do in radiology (Dorfman, Berbaum and Metz
  1992): the prompts' part of the variance comes from a two-way analysis of the differences, the seeds' part from how far the seeds of an
  arm lie apart, pooled over the arms of the study (`socsafe.stats.seeds`). The t quantiles of both parts are weighed by their
  variances (Cochran and Cox 1957, 4.14). A two-level bootstrap covers too rarely where few seeds matter: see
  `docs/decisions/0011-intervals-that-cover.md`, which holds the figures.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socsafe.facts.comparison import FLIPS, Direction, Method
from socsafe.stats.bootstrap import bootstrap_ends
from socsafe.stats.intervals import ALPHA

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

_LEAST_P = 1e-60
"""Smaller p values are not told apart."""
_SEED = 20_231_107
_CHUNK = 4_000_000
"""Draws held in memory at a time."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The variance of a mean difference, by where it comes from."""

    prompts: float
    """From the prompts, and what the seeds cannot take away from it."""
    prompts_df: int
    seeds: float
    """From the seeds, their interaction with the prompts included; 0 with one seed."""
    seeds_df: float
    """Degrees of freedom that the seeds' part was estimated with; 0 where it is no part."""

    def half_width(self, alpha: float) -> float:
        """Half the width of the two-sided interval with coverage 1 - alpha (Cochran and Cox 1957)."""
        from scipy.special import stdtrit

        total = self.prompts + self.seeds
        if total <= 0:
            return 0.0
        # The lower tail: in the upper one a small alpha is lost beside the 1.
        quantile = -self.prompts * float(stdtrit(self.prompts_df, alpha / 2)) if self.prompts else 0.0
        if self.seeds:
            quantile -= self.seeds * float(stdtrit(self.seeds_df, alpha / 2))
        return quantile / math.sqrt(total)


@dataclass(frozen=True, slots=True)
class Difference:
    """First minus second, with what it rests on."""

    value: float
    low: float
    high: float
    p: float
    """Two-sided, or one-sided where a direction was asked for."""
    method: Method
    spread: Spread
    seed_sd: float | None
    """Standard deviation of the seeds' own differences; None with one seed."""
    shared: float
    """Share of the variance between prompts' differences that all seeds have in common, 0..1; with one seed that of its replies if each
    went its own way, 1 / replies a prompt."""
    swaps: float | None
    """For the exact McNemar test: the smaller of the two shares of prompts on which the two sides disagree."""


def one_reply_rates(first: ArrayLike, second: ArrayLike, direction: Direction = "") -> Difference:
    """Two rates on the same prompts, one seed and one reply each: arrays of 0 and 1, a value a prompt."""
    import numpy as np
    from scipy.stats import binomtest

    a, b = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    n, only_a, only_b = a.size, int((a & ~b).sum()), int((b & ~a).sum())
    low, high = _newcombe(int((a & b).sum()), only_a, only_b, n)
    alternative = {"": "two-sided", "lower": "less", "higher": "greater"}[direction]
    # The exact McNemar test is a sign test of the prompts on which the sides disagree.
    p = float(binomtest(only_a, only_a + only_b, alternative=alternative).pvalue) if only_a + only_b else 1.0
    value = (only_a - only_b) / n
    return Difference(value, low, high, p, "exact McNemar", _one_seed(a.astype(float) - b), None, 1.0, min(only_a, only_b) / n)


def _newcombe(both: int, only_a: int, only_b: int, n: int) -> tuple[float, float]:
    """Newcombe's method 10 for the difference of two paired rates."""
    from statsmodels.stats.proportion import proportion_confint

    neither = n - both - only_a - only_b
    (p, q), (x, y) = ((both + only_a) / n, (both + only_b) / n), (both + only_a, both + only_b)
    (p_low, p_high), (q_low, q_high) = (proportion_confint(count, n, alpha=ALPHA, method="wilson") for count in (x, y))
    product = float(x * (n - x)) * float(y * (n - y))
    agreeing = both * neither - only_a * only_b
    # Newcombe's continuity correction of the correlation; it is 0 where it would change its sign.
    shared = max(agreeing - n / 2, 0.0) if agreeing > 0 else float(agreeing)
    phi = shared / product**0.5 if product else 0.0

    def reach(one: float, other: float) -> float:
        return math.sqrt(max(one * one - 2 * phi * one * other + other * other, 0.0))

    return max(p - q - reach(p - p_low, q_high - q), -1.0), min(p - q + reach(p_high - p, q - q_low), 1.0)


def one_seed(differences: ArrayLike, mean: bool, direction: Direction = "", replies: int = 1) -> list[Difference]:
    """Scores, or rates over several replies a prompt, with one seed a side: (comparisons, prompts) of differences, NaN where a pair
    is missing, all at once because the draws are the same for all.

    `mean` says that they are differences of scores; those of rates get the variance that two more prompts would add, one of them
    disagreeing (Agresti and Min 2005), so that an interval never shrinks to nothing. `replies` is how many a prompt has on each side.
    """
    import numpy as np

    found = np.asarray(differences, dtype=float)
    known = ~np.isnan(found)
    filled = np.where(known, found, 0.0)
    p = _flipped(filled, direction)
    lows, highs = bootstrap_ends(filled, known.astype(float)) if mean else (None, None)
    results = []
    for number, row in enumerate(found):
        own = row[known[number]]
        spread = _one_seed(own, added=0 if mean else 1)
        value = float(own.mean())
        if lows is not None and highs is not None:
            low, high = min(float(lows[number]), value), max(float(highs[number]), value)
        else:
            low, high = _around(value, spread)
        results.append(Difference(value, low, high, float(p[number]), "sign flips", spread, None, 1 / replies, None))
    return results


def _one_seed(differences: Floats, added: int = 0) -> Spread:
    """The variance of the mean of independent prompts."""
    n = differences.size + 2 * added
    squares = float(((differences - differences.sum() / n) ** 2).sum()) + added
    return Spread(squares / max(n - 1, 1) / n, max(n - 1, 1), 0.0, 0)


def _around(value: float, spread: Spread) -> tuple[float, float]:
    """The interval of a difference of rates."""
    half = spread.half_width(ALPHA)
    return max(value - half, -1.0), min(value + half, 1.0)


def _flipped(differences: Floats, direction: Direction) -> Floats:
    """Under no difference every prompt's difference is as likely to have the other sign (Fisher 1935).

    The draws alone could give no p value below 1 / (FLIPS + 1), which in a family of 500 no correction lets pass. Where none went as far as
    the data, p is the smaller of 1 / (FLIPS + 1) and Hoeffding's bound (1963, JASA 58:13) on what all flips
    together would give: exp(-sum^2 / (2 sum of squares)), twice that for two sides. The exact p value is never above it.
    """
    import numpy as np

    comparisons, n = differences.shape
    sums = differences.sum(axis=1)
    random = np.random.default_rng([_SEED, n])
    extreme = np.zeros(comparisons)
    rows = max(1, _CHUNK // max(n, 1))
    slack = 1e-9 * (1 + np.abs(differences).sum(axis=1))
    for start in range(0, FLIPS, rows):
        signs = random.integers(0, 2, size=(min(rows, FLIPS - start), n)) * 2.0 - 1.0
        drawn = signs @ differences.T
        if direction:
            way = 1.0 if direction == "higher" else -1.0
            extreme += (way * drawn >= way * sums - slack).sum(axis=0)
        else:
            extreme += (np.abs(drawn) >= np.abs(sums) - slack).sum(axis=0)
    squares = (differences**2).sum(axis=1)
    far = {"": np.abs(sums), "higher": np.maximum(sums, 0.0), "lower": np.maximum(-sums, 0.0)}[direction]
    with np.errstate(invalid="ignore", divide="ignore"):
        bound = np.where(squares > 0, np.exp(-(far**2) / (2 * squares)) * (1 if direction else 2), 1.0)
    drawn_p = (extreme + 1) / (FLIPS + 1)
    return np.where(extreme == 0, np.minimum(drawn_p, bound), drawn_p)


def several_seeds(differences: ArrayLike, mean: bool, seeds: float, seeds_df: float, direction: Direction = "") -> Difference:
    """A claim about styles: (seeds, prompts) of differences, at least two of each; seeds are as random as prompts.

    `seeds` is the variance of the mean difference that comes from the seeds, estimated with `seeds_df` degrees of freedom
    (`socsafe.stats.seeds`); `mean` is as for `one_seed`.
    """
    import numpy as np

    found = np.asarray(differences, dtype=float)
    prompts, df = _of_prompts(found, added=0 if mean else 1)
    spread = Spread(prompts, df, seeds, seeds_df)
    value = float(found.mean())
    half = spread.half_width(ALPHA)
    low, high = (value - half, value + half) if mean else _around(value, spread)
    seed_sd = float(found.mean(axis=1).std(ddof=1))
    whole = float(found.var(axis=1, ddof=1).mean())
    shared = min(prompts * found.shape[1] / whole, 1.0) if whole else 1.0
    return Difference(value, low, high, _p(value, spread, direction), "seeds and prompts", spread, seed_sd, shared, None)


def _of_prompts(differences: Floats, added: int) -> tuple[float, int]:
    """The part of the mean's variance that comes from the prompts, and its degrees of freedom: seeds are rows, prompts columns.

    Prompts' mean square less that of the interaction, which the seeds' part holds already. `added` more prompts with +1 in every seed
    and as many with -1, at half weight each, keep the variance of rates from being 0.
    """
    import numpy as np

    seeds, prompts = differences.shape
    n = prompts + 2 * added
    by_seed, by_prompt = differences.sum(axis=1) / n, differences.mean(axis=0)
    mean = differences.sum() / (n * seeds)
    rest = differences - by_prompt - (by_seed - mean)[:, None]
    of_prompts = seeds * (float(np.vdot(by_prompt - mean, by_prompt - mean)) + added) / (n - 1)
    interaction = float(np.vdot(rest, rest)) / ((seeds - 1) * (n - 1))
    return max(of_prompts - interaction, 0.0) / (n * seeds), n - 1


def _p(value: float, spread: Spread, direction: Direction) -> float:
    """The level at which the interval just excludes 0, halved or turned round where a direction was asked for."""
    two_sided = _level(abs(value), spread)
    if not direction:
        return two_sided
    return two_sided / 2 if (value < 0) == (direction == "lower") and value else 1 - two_sided / 2


def _level(distance: float, spread: Spread) -> float:
    """The alpha whose half width is `distance`, not below `_LEAST_P`."""
    from scipy.optimize import brentq

    if distance == 0 or spread.prompts + spread.seeds == 0:
        return 1.0 if distance == 0 else 0.0

    def beyond(exponent: float) -> float:
        return spread.half_width(10.0**exponent) - distance

    lowest = math.log10(_LEAST_P)
    return float(10.0 ** brentq(beyond, lowest, 0.0, xtol=1e-11)) if beyond(lowest) > 0 else _LEAST_P
