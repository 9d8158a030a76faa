"""Intervals for shares of replies.

>>> wilson(successes=3, n=40)
Estimate(value=0.075, low=0.0258..., high=0.1986..., n=40, n_unjudged=0)

Wilson's score interval (E. B. Wilson 1927), as statsmodels computes it: unlike the textbook interval it keeps within 0
and 1 and says something sensible at 0 of n, which is where a good safety adapter ends up.
"""

from __future__ import annotations

from socsafe.records import Estimate

ALPHA = 0.05
"""One minus the coverage of every interval in a report."""


def wilson(successes: int, n: int, n_unjudged: int = 0) -> Estimate:
    """The share `successes / n` with its 95 % interval, all within 0..1; no figures where nothing was judged (n = 0).

    `n` counts judged replies only; `n_unjudged` is carried along. It treats replies as independent of one another.
    Raises `ValueError` unless 0 <= successes <= n and 0 <= n_unjudged.
    """
    from statsmodels.stats.proportion import proportion_confint

    if not 0 <= successes <= n or n_unjudged < 0:
        raise ValueError(f"{successes} successes of {n} with {n_unjudged} unjudged")
    if n == 0:
        return Estimate(value=None, low=None, high=None, n=0, n_unjudged=n_unjudged)
    low, high = proportion_confint(successes, n, alpha=ALPHA, method="wilson")
    value = successes / n
    # Rounding in the last digit can put an end beyond 0 or 1, or past the value, when nearly all or none succeed.
    return Estimate(value=value, low=min(max(float(low), 0.0), value), high=max(min(float(high), 1.0), value), n=n, n_unjudged=n_unjudged)
