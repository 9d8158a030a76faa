"""What a comparison could have shown: the smallest true difference that its test finds with a probability of 80 %.

>>> round(detectable_rate(n=120, swaps=0.03, alpha=0.05 / 12), 3)
0.16...

For the exact McNemar test it is that test's own unconditional power, summed over the number of prompts on which the sides disagree
(Duffy 1984, Biometrics 40:1005; the asymptotic formula of Connor 1987, Biometrics 43:207, would promise too much of an exact test). The
share of prompts that swap *against* the difference is taken from the study's own pairs; the difference comes on top. For the others it is
the power of the test with the study's own variances of seeds and prompts, averaged over how far the estimated variance of few seeds
strays from the true one. Alpha is that of Holm's first step, .05 / comparisons: the bar that at least one of them has to clear.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from socsafe.stats.paired import Difference, Spread

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

POWER = 0.8
_PRECISION = 1e-9
"""Of the difference that is looked for, as a share of the largest there can be."""
_STRAYS = 400
"""Points at which the estimated variance's distribution is looked at."""
_FAR = 1e4
"""Standard errors beyond which no difference is looked for."""


@cache
def detectable_rate(n: int, swaps: float, alpha: float) -> float | None:
    """Smallest difference of two rates on `n` prompts that the exact McNemar test shows with a probability of `POWER`.

    `swaps`, 0..0.5, is the share of prompts that go the other way. None where not even the largest difference would be shown.
    """
    return _least(lambda difference: mcnemar_power(n, swaps, difference, alpha), 1 - 2 * swaps)


def mcnemar_power(n: int, swaps: float, difference: float, alpha: float) -> float:
    """Probability that the two-sided exact McNemar test of `n` pairs rejects at `alpha`.

    `swaps + difference` of the prompts disagree one way and `swaps` the other; both with what they leave make up 1.
    """
    import numpy as np
    from scipy.stats import binom

    disagree = min(2 * swaps + difference, 1.0)
    if disagree <= 0:
        return 0.0
    # More than 9 standard deviations out lies nothing that matters.
    reach = 9 * math.sqrt(n * disagree * (1 - disagree)) + 9
    counts = np.arange(max(int(n * disagree - reach), 0), min(int(n * disagree + reach), n) + 1)
    least = _rejected_up_to(counts, alpha)
    share = (swaps + difference) / disagree
    rejected = np.where(least >= 0, binom.cdf(least, counts, share) + binom.sf(counts - least - 1, counts, share), 0.0)
    return float((binom.pmf(counts, n, disagree) * rejected).sum())


def _rejected_up_to(counts: NDArray[np.int64], alpha: float) -> NDArray[np.int64]:
    """For each number of disagreeing prompts, the most that may go the rarer way for the test to reject; -1 for none."""
    import numpy as np
    from scipy.stats import binom

    most = binom.ppf(alpha / 2, counts, 0.5).astype(np.int64)
    least: NDArray[np.int64] = np.where(binom.cdf(most, counts, 0.5) <= alpha / 2, most, most - 1)
    return least


def detectable_mean(spread: Spread, alpha: float, bounded: bool = False) -> float | None:
    """Smallest difference of two means that a test with this spread shows with a probability of `POWER`.

    `bounded` says that the drawn sign flips are too few for `alpha`, so that Hoeffding's bound has to show it. None where there is no
    spread to go by, or too few prompts for the bound.
    """
    spread = _unbiased(spread)
    deviation = math.sqrt(spread.prompts + spread.seeds)
    if deviation == 0:
        return None
    n = spread.prompts_df + 1 if bounded else None
    return _least(lambda difference: _power(spread, difference, alpha, n), _FAR * deviation)


def detectable_shift(
    found: Difference, n: int, seeds: int, rates: tuple[float, float], alpha: float, bounded: bool = False
) -> float | None:
    """Smallest difference of two rates on `n` prompts that the test of `found` shows with a probability of `POWER`.

    `rates` are those that were found. Another difference brings other variances: as the first rate moves away from the second one, so do
    the seeds (rate * (1 - rate)); and prompts change sides, which adds at most difference * (1 - difference) / n, less where seeds or
    replies do not agree on which. `bounded` is as for `detectable_mean`. None where not even the largest difference would be shown.
    """
    spread, second = _unbiased(found.spread), rates[1]
    agreed = max(found.shared, 1 / seeds) if seeds > 1 else found.shared
    base = max(spread.prompts - agreed * _own(abs(found.value)) / n, 1 / n**2)
    seen = _own(rates[0]) + _own(second)

    def power(difference: float) -> float:
        # Which way it goes is not known: the way that has room, and there the more variable rate.
        moved = [rate for rate in (second - difference, second + difference) if 0 <= rate <= 1] or [0.5]
        of_seeds = spread.seeds * (_own(second) + max(map(_own, moved))) / seen if seen else spread.seeds
        moved_spread = Spread(base + agreed * _own(difference) / n, spread.prompts_df, of_seeds, spread.seeds_df)
        return _power(moved_spread, difference, alpha, n if bounded else None)

    return _least(power, max(second, 1 - second))


def _unbiased(spread: Spread) -> Spread:
    """The root of a variance that was estimated with few degrees of freedom is too small on average, by 1 / (4 df) of it."""
    return replace(spread, seeds=spread.seeds * (1 + 1 / (4 * spread.seeds_df)) ** 2) if spread.seeds else spread


def _own(difference: float) -> float:
    """The variance of one that is 1 with this probability, else 0."""
    return difference * (1 - difference)


def _power(spread: Spread, difference: float, alpha: float, flipped: int | None) -> float:
    """Probability that the two-sided test rejects, over how far the seeds' estimated variance strays from the true one.

    `flipped` is the number of prompts where Hoeffding's bound has to reject, too; else None.
    """
    import numpy as np
    from scipy.special import chdtri, ndtr, ndtri, stdtrit

    strays = np.ones(1)
    if spread.seeds:
        strays = chdtri(spread.seeds_df, 1 - (np.arange(_STRAYS) + 0.5) / _STRAYS) / spread.seeds_df
    estimated = spread.seeds * strays
    if spread.seeds:
        halves = -spread.prompts * stdtrit(spread.prompts_df, alpha / 2) - estimated * stdtrit(spread.seeds_df, alpha / 2)
        halves = halves / np.sqrt(spread.prompts + estimated)
    else:
        # Flipped signs are held against the sum of squares, which the difference itself is part of.
        halves = -ndtri(alpha / 2) * math.sqrt(spread.prompts + difference**2 / (spread.prompts_df + 1))
    power = float(ndtr((difference - halves) / math.sqrt(spread.prompts + spread.seeds)).mean())
    return power if flipped is None else min(power, _bounded_power(spread.prompts, flipped, difference, alpha))


def _bounded_power(prompts: float, n: int, difference: float, alpha: float) -> float:
    """Probability that 2 exp(-sum^2 / (2 sum of squares)) of `n` prompts is at most `alpha`; `prompts` is the variance of their mean."""
    from scipy.special import ndtr

    doubled = 2 * math.log(2 / alpha)
    if n <= doubled:
        return 0.0
    # The sum of squares is n (n * prompts + difference^2): solved for the difference at which the bound is alpha.
    least = math.sqrt(doubled * n * prompts / (n - doubled))
    return float(ndtr((difference - least) / math.sqrt(prompts)))


def _least(power: Callable[[float], float], most: float) -> float | None:
    """The smallest difference up to `most` with enough power; None where there is none."""
    from scipy.optimize import brentq

    if power(most) < POWER:
        return None
    return float(brentq(lambda difference: power(difference) - POWER, 0.0, most, xtol=most * _PRECISION))
