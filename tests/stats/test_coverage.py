"""Simulations: intervals that cover what they promise, tests that cry wolf no more often than they may, power as reported.

Every simulated study is made from a seed, so that a run is the same every time. With R studies a coverage of 95 % is seen as 95 % give or
take `1.96 * sqrt(.95 * .05 / R)`: 0.8 points at 3,000. The bounds, 93-97 % and 5 %, are those the report promises; for the 5 % the Monte
Carlo error (one standard error at R studies) is granted on top, which is stated at each.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.special import expit

from socsafe.stats.bootstrap import bootstrap_mean
from socsafe.stats.clustered import clustered_rate
from socsafe.stats.intervals import wilson
from socsafe.stats.paired import Difference, one_reply_rates, one_seed, several_seeds
from socsafe.stats.power import detectable_mean, detectable_rate, detectable_shift, mcnemar_power
from socsafe.stats.seeds import rate_dispersion, rates_within_dispersion, score_dispersion

LOW, HIGH = 0.93, 0.97
PROMPT_SD = 2.0
"""How far prompts differ in difficulty, on the logit scale."""
_NORMAL = np.random.default_rng(0).standard_normal(200_000)


def _error(studies: int) -> float:
    """One standard error of a rejection rate of 5 % seen in so many studies."""
    return float((0.05 * 0.95 / studies) ** 0.5)


@pytest.mark.parametrize(("rate", "n"), [(0.05, 120), (0.3, 60), (0.5, 320), (0.97, 320)])
def test_wilson_intervals_cover(rate: float, n: int) -> None:
    hits = np.random.default_rng(11).binomial(n, rate, size=1500)
    found = {int(hit): wilson(int(hit), n) for hit in np.unique(hits)}
    assert LOW <= np.mean([found[hit].low <= rate <= found[hit].high for hit in hits]) <= HIGH


@pytest.mark.parametrize(("middle", "seeds", "prompts"), [(-4.0, 2, 60), (-2.0, 3, 60), (0.0, 2, 200), (3.0, 3, 120)])
def test_clustered_intervals_of_rates_cover(middle: float, seeds: int, prompts: int) -> None:
    random = np.random.default_rng(12)
    truth = expit(middle + PROMPT_SD * _NORMAL).mean()
    covered = 0
    for _ in range(studies := 2000):
        hits = random.binomial(seeds, expit(middle + PROMPT_SD * random.standard_normal(prompts)))
        estimate = clustered_rate(hits, np.full(prompts, seeds))
        covered += estimate.low <= truth <= estimate.high
    assert LOW <= covered / studies <= HIGH


def test_clustered_bootstrap_intervals_of_mean_scores_cover() -> None:
    random = np.random.default_rng(13)
    cuts = np.array([0.5, 1.0, 1.5, 2.5])
    truth = 1 + (np.hypot(1, 1) * _NORMAL[:, None] > cuts).sum(axis=1).mean()
    covered = 0
    for _ in range(studies := 1000):
        latent = random.standard_normal((120, 1)) + random.standard_normal((120, 3))
        scores = 1.0 + (latent[..., None] > cuts).sum(axis=-1)
        estimate = bootstrap_mean({f"{number:03}": row.tolist() for number, row in enumerate(scores)})
        covered += estimate.low <= truth <= estimate.high
    assert LOW <= covered / studies <= HIGH


@pytest.mark.parametrize(
    ("shares", "n"), [((0.5, 0.1, 0.1), 120), ((0.5, 0.2, 0.05), 60), ((0.02, 0.9, 0.01), 120), ((0.1, 0.05, 0.02), 320)]
)
def test_intervals_of_paired_rates_cover(shares: tuple[float, float, float], n: int) -> None:
    both, first, second = shares
    tables = np.random.default_rng(14).multinomial(n, [both, first, second, 1 - sum(shares)], size=800)
    covered = 0
    for table in tables:
        found = one_reply_rates(np.repeat([1, 1, 0, 0], table), np.repeat([1, 0, 1, 0], table))
        covered += found.low <= first - second <= found.high
    assert LOW <= covered / len(tables) <= HIGH


@pytest.mark.parametrize("n", [60, 320])
def test_under_no_difference_the_exact_mcnemar_test_rejects_at_most_one_time_in_twenty(n: int) -> None:
    # The exact power of the test at no difference is its size: no Monte Carlo error.
    assert 0 < max(mcnemar_power(n, swaps, 0.0, 0.05) for swaps in (0.01, 0.05, 0.1, 0.25, 0.45)) <= 0.05


@pytest.mark.parametrize("mean", [True, False], ids=["scores", "rates of several replies"])
def test_differences_of_one_seed_cover_and_sign_flips_reject_at_most_one_time_in_twenty(mean: bool) -> None:
    random = np.random.default_rng(15)
    prompts, studies, replies = 100, 1500, 4
    if mean:
        tables = random.choice([-4, -2, -1, 0, 0, 0, 1, 2, 4], size=(studies, prompts)).astype(float)
    else:
        rates = expit(PROMPT_SD * random.standard_normal((studies, prompts)))
        tables = (random.binomial(replies, rates) - random.binomial(replies, rates)) / replies
    found = one_seed(tables, mean=mean)
    assert LOW <= np.mean([one.low <= 0 <= one.high for one in found]) <= HIGH
    assert np.mean([one.p <= 0.05 for one in found]) <= 0.05 + _error(studies)


def _study(
    random: np.random.Generator, seeds: int, prompts: int, middles: Sequence[float], seed_sd: float
) -> tuple[Difference, tuple[float, float]]:
    """A study of several arms on the same prompts: the second arm against the first, and the rates of both."""
    difficulty = PROMPT_SD * random.standard_normal(prompts)
    arms = []
    for middle in middles:
        moved = middle + difficulty + seed_sd * random.standard_normal((seeds, 1)) + random.standard_normal((seeds, prompts))
        arms.append((random.random((seeds, prompts)) < expit(moved)).astype(float))
    dispersion = rate_dispersion(arm.mean(axis=1).tolist() for arm in arms)
    rates = (float(arms[1].mean()), float(arms[0].mean()))
    return several_seeds(arms[1] - arms[0], False, *dispersion.of_difference(*rates, seeds)), rates


def _crossed(random: np.random.Generator, seeds: int, prompts: int, middles: Sequence[float], seed_sd: float) -> Difference:
    return _study(random, seeds, prompts, middles, seed_sd)[0]


def _true_rate(middle: float, seed_sd: float) -> float:
    return float(expit(middle + np.sqrt(PROMPT_SD**2 + seed_sd**2 + 1) * _NORMAL).mean())


@pytest.mark.parametrize(
    ("seeds", "prompts", "middles", "seed_sd"),
    [
        (2, 120, (1.0, 1.0), 0.5),
        (2, 120, (3.0, -1.0, 0.0, 1.0, -2.0), 0.3),
        (3, 200, (1.0, 1.0, 0.0, 0.0), 0.0),
        (5, 120, (0.0, -1.0), 1.0),
    ],
)
def test_intervals_over_seeds_and_prompts_cover(seeds: int, prompts: int, middles: tuple[float, ...], seed_sd: float) -> None:
    random = np.random.default_rng(16)
    truth = _true_rate(middles[1], seed_sd) - _true_rate(middles[0], seed_sd)
    found = [_crossed(random, seeds, prompts, middles, seed_sd) for _ in range(2000)]
    assert LOW <= np.mean([one.low <= truth <= one.high for one in found]) <= HIGH


@pytest.mark.parametrize(("seeds", "seed_sd"), [(2, 0.5), (3, 0.0), (3, 1.0)])
def test_styles_that_do_not_differ_are_told_apart_at_most_one_time_in_twenty(seeds: int, seed_sd: float) -> None:
    random = np.random.default_rng(17)
    studies = 2000
    rejected = sum(_crossed(random, seeds, 120, (0.0, 0.0, 3.0, 3.0, -3.0), seed_sd).p <= 0.05 for _ in range(studies))
    assert rejected / studies <= 0.05 + _error(studies)


@pytest.mark.parametrize("others", [(0.0, 0.0, 0.0), (5.0,) * 10, (-4.0,) * 6])
def test_forms_that_do_not_differ_are_not_told_apart_because_other_arms_hardly_move(others: tuple[float, ...]) -> None:
    random = np.random.default_rng(21)
    rejected = 0
    for _ in range(studies := 800):
        arms = []
        for middle in (0.0, *others):
            moved = middle + PROMPT_SD * random.standard_normal(60) + 0.7 * random.standard_normal((2, 2, 1))
            arms.append((random.random((2, 2, 60)) < expit(moved)).astype(float))
        dispersion = rates_within_dispersion([(float(a), float(b)) for a, b in arm.mean(axis=2)] for arm in arms)
        first, second = arms[0][:, 0], arms[0][:, 1]
        seeds = dispersion.of_difference(float(first.mean()), float(second.mean()), 2)
        rejected += several_seeds(first - second, False, *seeds).p <= 0.05
    assert rejected / studies <= 0.05 + _error(studies)


@pytest.mark.parametrize("middles", [(1.0, 1.0, *[-2.0] * 8), (1.0, 1.0, 0.5, 0.0, -1.0, -2.0, -2.0)])
def test_mean_scores_of_styles_that_do_not_differ_are_not_told_apart_because_other_arms_lie_at_the_lowest(
    middles: tuple[float, ...],
) -> None:
    random = np.random.default_rng(20)
    cuts = np.array([0.5, 1.0, 1.5, 2.0])
    rejected = 0
    for _ in range(studies := 800):
        prompts = random.standard_normal(120)
        latent = [middle + prompts + 0.4 * random.standard_normal((2, 1)) + 0.7 * random.standard_normal((2, 120)) for middle in middles]
        arms = [1.0 + (one[..., None] > cuts).sum(axis=-1) for one in latent]
        dispersion = score_dispersion([arm.mean(axis=1).tolist() for arm in arms], (1.0, 5.0))
        seeds = dispersion.of_difference(float(arms[1].mean()), float(arms[0].mean()), 2)
        rejected += several_seeds(arms[1] - arms[0], True, *seeds).p <= 0.05
    assert rejected / studies <= 0.05 + _error(studies)


@pytest.mark.parametrize(("n", "swaps", "alpha"), [(120, 0.05, 0.05 / 12), (60, 0.0, 0.05), (320, 0.1, 0.01), (1000, 0.02, 0.05 / 50)])
def test_at_the_detectable_difference_the_exact_mcnemar_test_rejects_four_times_in_five(n: int, swaps: float, alpha: float) -> None:
    reported = detectable_rate(n, swaps, alpha)
    assert reported is not None
    shares = [swaps + reported, swaps, 1 - reported - 2 * swaps]
    tables = np.random.default_rng(18).multinomial(n, shares, size=3000)
    p = {
        (a, b): one_reply_rates(np.repeat([1, 0, 0], (a, b, c)), np.repeat([0, 1, 0], (a, b, c))).p for a, b, c in np.unique(tables, axis=0)
    }
    rejected = np.mean([p[a, b] <= alpha for a, b, _ in tables])
    assert 0.8 - 0.0073 <= rejected <= 0.85, "one standard error of a power of 80 % in 3,000 studies is granted"


@pytest.mark.parametrize(
    ("seeds", "seed_sd", "middle", "alpha"), [(2, 0.3, 0.5, 0.05), (2, 0.1, 3.0, 0.05), (3, 0.3, 3.0, 0.05 / 4), (5, 0.1, 0.5, 0.05 / 12)]
)
def test_at_the_detectable_difference_styles_are_told_apart_four_times_in_five(
    seeds: int, seed_sd: float, middle: float, alpha: float
) -> None:
    random = np.random.default_rng(19)
    others = (0.5, 0.5, 0.5)
    reported = []
    for _ in range(150):
        found, rates = _study(random, seeds, 200, (middle, middle, *others), seed_sd)
        reported.append(detectable_shift(found, 200, seeds, rates, alpha))
    difference = float(np.mean([one for one in reported if one is not None]))
    places = np.linspace(middle - 6, middle, 25)
    moved = float(np.interp(_true_rate(middle, seed_sd) - difference, [_true_rate(place, seed_sd) for place in places], places))
    studies = 1000
    rejected = np.mean([_crossed(random, seeds, 200, (middle, moved, *others), seed_sd).p <= alpha for _ in range(studies)])
    assert rejected >= 0.8 - 0.0127, "one standard error of a power of 80 % in 1,000 studies is granted"


def _plain_rate(middle: float) -> float:
    return float(expit(middle + PROMPT_SD * _NORMAL).mean())


@pytest.mark.parametrize(("middle", "replies", "alpha"), [(0.0, 4, 0.05), (1.5, 8, 0.05 / 12), (0.0, 8, 0.05 / 800)])
def test_at_the_detectable_difference_two_models_with_several_replies_are_told_apart_four_times_in_five(
    middle: float, replies: int, alpha: float
) -> None:
    random = np.random.default_rng(22)
    bounded = alpha < 5e-4

    def tables(studies: int, moved: float) -> tuple[np.ndarray, np.ndarray]:
        difficulty = PROMPT_SD * random.standard_normal((studies, 200))
        return tuple(random.binomial(replies, expit(place + difficulty)) / replies for place in (moved, middle))  # type: ignore[return-value]

    alike = tables(40, middle)
    pairs = zip(one_seed(alike[0] - alike[1], mean=False, replies=replies), *alike, strict=True)
    reported = [detectable_shift(one, 200, 1, (float(a.mean()), float(b.mean())), alpha, bounded) for one, a, b in pairs]
    difference = float(np.mean([one for one in reported if one is not None]))
    places = np.linspace(middle - 6, middle, 25)
    moved = float(np.interp(_plain_rate(middle) - difference, [_plain_rate(place) for place in places], places))
    first, second = tables(500, moved)
    rejected = np.mean([one.p <= alpha for one in one_seed(first - second, mean=False)])
    assert 0.8 - 0.018 <= rejected <= 0.99, "one standard error of a power of 80 % in 500 studies is granted"


@pytest.mark.parametrize(("family", "bounded"), [(1, False), (20, False), (800, True)])
def test_at_the_detectable_difference_mean_scores_of_two_models_are_told_apart_four_times_in_five(family: int, bounded: bool) -> None:
    random = np.random.default_rng(23)
    noise = random.choice([-4, -2, -1, 0, 0, 0, 1, 2, 4], size=(1500, 120)).astype(float)
    reported = [detectable_mean(one.spread, 0.05 / family, bounded) for one in one_seed(noise[:200], mean=True)]
    difference = float(np.mean([one for one in reported if one is not None]))
    rejected = np.mean([one.p <= 0.05 / family for one in one_seed(noise + difference, mean=False)])
    assert 0.8 - 0.0103 <= rejected <= 0.85, "one standard error of a power of 80 % in 1,500 studies is granted"


def test_too_few_prompts_for_hoeffdings_bound_show_no_difference_however_large() -> None:
    (found,) = one_seed([[1.0, 2.0, 3.0] * 6], mean=True)
    assert detectable_mean(found.spread, 0.05 / 800, bounded=True) is None
