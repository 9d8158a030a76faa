from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socsafe.records import Estimate
from socsafe.stats.intervals import wilson

NEWCOMBE = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
"""Score intervals without continuity correction, Newcombe 1998, table I."""


@pytest.mark.parametrize(("successes", "n", "low", "high"), NEWCOMBE)
def test_wilson_gives_the_published_intervals(successes: int, n: int, low: float, high: float) -> None:
    estimate = wilson(successes, n)
    assert estimate.value == successes / n
    assert estimate.low == pytest.approx(low, abs=5e-5)
    assert estimate.high == pytest.approx(high, abs=5e-5)


@given(st.integers(0, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_value_and_stays_within_zero_and_one(case: tuple[int, int]) -> None:
    estimate = wilson(*case)
    if case[1]:
        assert estimate.low is not None
        assert estimate.high is not None
        assert 0 <= estimate.low <= case[0] / case[1] <= estimate.high <= 1


def test_nothing_judged_gives_no_figures_but_says_how_much_was_not() -> None:
    assert wilson(0, 0, 7) == Estimate(None, None, None, 0, 7)


@pytest.mark.parametrize(("successes", "n", "n_unjudged"), [(2, 1, 0), (-1, 1, 0), (0, 1, -1)])
def test_impossible_counts_are_refused(successes: int, n: int, n_unjudged: int) -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson(successes, n, n_unjudged)
