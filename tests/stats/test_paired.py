"""Paired differences against published or independent figures, and what they must never do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep

from socsafe.stats.holm import holm
from socsafe.stats.paired import Spread, one_reply_rates, one_seed, several_seeds
from socsafe.stats.seeds import rate_dispersion, score_dispersion


def _table(both: int, only_a: int, only_b: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    a = np.repeat([1, 1, 0, 0], [both, only_a, only_b, neither])
    b = np.repeat([1, 0, 1, 0], [both, only_a, only_b, neither])
    return a, b


@pytest.mark.parametrize("table", [(20, 12, 3, 15), (0, 9, 0, 31), (5, 4, 4, 37), (40, 0, 0, 0), (1, 30, 2, 67)])
def test_the_p_value_is_that_of_the_exact_mcnemar_test(table: tuple[int, int, int, int]) -> None:
    both, only_a, only_b, neither = table
    expected = mcnemar([[both, only_a], [only_b, neither]], exact=True).pvalue
    assert one_reply_rates(*_table(*table)).p == pytest.approx(min(expected, 1.0))


def test_a_declared_direction_halves_the_p_value_on_its_side_and_spoils_it_on_the_other() -> None:
    a, b = _table(20, 3, 12, 15)
    assert one_reply_rates(a, b, "lower").p == pytest.approx(one_reply_rates(a, b).p / 2)
    assert one_reply_rates(a, b, "higher").p > 0.99


def test_the_interval_of_unrelated_rates_is_newcombes_for_independent_ones() -> None:
    a, b = _table(12, 28, 18, 42)  # 12 * 42 = 28 * 18: no correlation
    low, high = confint_proportions_2indep(40, 100, 30, 100, method="newcomb", compare="diff")
    found = one_reply_rates(a, b)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_agreement_between_the_sides_narrows_the_interval() -> None:
    alike, unlike = one_reply_rates(*_table(45, 5, 0, 50)), one_reply_rates(*_table(10, 40, 35, 15))
    assert alike.value == unlike.value == 0.05
    assert alike.high - alike.low < (unlike.high - unlike.low) / 2


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=300))
def test_an_interval_holds_its_difference_and_turns_round_with_the_sides(pairs: list[tuple[bool, bool]]) -> None:
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    found, turned = one_reply_rates(a, b), one_reply_rates(b, a)
    assert -1 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1
    assert (turned.low, turned.high, turned.p) == pytest.approx((-found.high, -found.low, found.p))


def test_sign_flips_agree_with_scipys_exact_permutation_test() -> None:
    differences = np.array([0.5, 1.0, -0.25, 0.75, 1.5, 0.25, -0.5, 1.0, 2.0, 0.1])
    exact = permutation_test((differences,), np.mean, permutation_type="samples", vectorized=True, n_resamples=10_000).pvalue
    assert one_seed(differences[None], mean=True)[0].p == pytest.approx(exact, abs=0.005)


def test_missing_pairs_move_nothing_and_many_comparisons_are_each_as_if_alone() -> None:
    random = np.random.default_rng(1)
    table = random.normal(0.2, 1, (3, 80))
    table[1, 10:40] = np.nan
    together = one_seed(table, mean=True)
    assert [one.value for one in together] == [one_seed(row[None], mean=True)[0].value for row in table]
    assert [one.p for one in together] == pytest.approx([one_seed(row[None], mean=True)[0].p for row in table])
    assert together[1].value == pytest.approx(float(np.nanmean(table[1])))


@pytest.mark.parametrize("seeds", [1, 2, 5])
def test_no_difference_anywhere_is_no_certainty(seeds: int) -> None:
    nothing = np.zeros((seeds, 60))
    found = several_seeds(nothing, False, 0.0, 0.0) if seeds > 1 else one_seed(nothing, mean=False)[0]
    assert found.p == 1
    assert found.low < -0.01
    assert found.high > 0.01
    assert one_reply_rates(nothing[0], nothing[0]).low < -0.01


def test_the_p_value_of_seeds_and_prompts_is_where_the_interval_touches_zero() -> None:
    spread = Spread(0.0008, 101, 0.0005, 6.5)
    differences = np.zeros((2, 100))
    differences[:, :20] = 1
    found = several_seeds(differences, True, spread.seeds, spread.seeds_df)
    assert found.spread.half_width(found.p) == pytest.approx(abs(found.value))
    assert several_seeds(differences, True, spread.seeds, spread.seeds_df, "higher").p == pytest.approx(found.p / 2)
    assert several_seeds(differences, True, spread.seeds, spread.seeds_df, "lower").p == pytest.approx(1 - found.p / 2)


def test_seeds_that_lie_far_apart_widen_the_interval() -> None:
    close, far = rate_dispersion([[0.50, 0.52], [0.30, 0.31]]), rate_dispersion([[0.2, 0.8], [0.3, 0.31]])
    differences = np.tile([1.0, 0, 0, 1, 0], (2, 20))
    highs = [several_seeds(differences, False, *one.of_difference(0.4, 0.4, 2)).high for one in (close, far)]
    assert highs[0] < highs[1]


def test_the_seeds_of_scores_are_pooled_as_in_an_analysis_of_variance() -> None:
    variance, df = score_dispersion([[1.0, 2.0, 3.0], [5.0, 5.0, 8.0]]).of_difference(2.0, 6.0, seeds=3)
    assert (variance, df) == pytest.approx((2 * (1.0 + 3.0) / 2 / 3, 4))


def test_rates_near_their_ends_move_less_and_the_larger_of_two_variances_is_taken() -> None:
    found = rate_dispersion([[0.4, 0.6], [0.45, 0.55]])
    assert found.of_difference(0.5, 0.5, 1) == pytest.approx((2 * (0.02 + 0.005) / 2, 2))
    assert found.of_difference(0.02, 0.02, 1)[0] < 0.1 * found.of_difference(0.5, 0.5, 1)[0]
    mixed = rate_dispersion([[0.4, 0.6], [0.98, 0.99], [0.01, 0.02]])
    middle, end = mixed.of_difference(0.5, 0.5, 1)[0], mixed.of_difference(0.02, 0.02, 1)[0]
    assert middle == max(2 * law.of(0.5) for law in mixed.laws) == 2 * mixed.laws[1].of(0.5)
    assert end == 2 * mixed.laws[0].of(0.02)


def test_arms_whose_seeds_cannot_differ_count_for_nothing() -> None:
    assert rate_dispersion([[0.4, 0.6], [1.0, 1.0]]).of_difference(0.5, 0.5, 2)[1] == pytest.approx(1)
    assert rate_dispersion([[1.0, 1.0], [0.0, 0.0]]).of_difference(1.0, 0.0, 2) == (0.0, 0.0)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_is_that_of_statsmodels(p: list[float]) -> None:
    assert holm(p) == pytest.approx(list(multipletests(p, method="holm")[1]))


def test_a_strong_effect_passes_holm_in_a_family_of_thousands_and_the_bound_is_never_below_the_exact_p() -> None:
    strong = one_seed([[1.0] * 60 + [0.5] * 20], mean=True)[0]
    assert strong.p * 5000 < 0.05
    # All flips of twelve prompts: the exact p of a sum that only the data and its mirror image reach is 2 / 2^12.
    differences = np.array([[3.0, 2.5, 2.0, 1.5, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25]])
    assert one_seed(differences, mean=True)[0].p >= 2 / 2**12
    weak = one_seed([[1.0, -1.0] * 30], mean=True)[0]
    assert weak.p > 0.5
