"""What quantization changed, counted from replies made up for the purpose."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from socsafe.facts.drift import DriftReply
from socsafe.records import FULL_COMPLIANCE, FULL_REFUSAL, PARTIAL_REFUSAL
from socsafe.stats.drift import drift_rows
from socsafe.stats.intervals import wilson

LABELS = {"c": FULL_COMPLIANCE, "r": FULL_REFUSAL, "p": PARTIAL_REFUSAL, "-": None}


def replies(condition: str, f16: str, now: str, changed: int = 0) -> list[DriftReply]:
    """One prompt a letter; so many replies changed, the first ones."""
    return [
        DriftReply(condition, "suite", f"p{n}", "refuse", "refusal", "1", n < changed, LABELS[one], LABELS[two], "", "")
        for n, (one, two) in enumerate(zip(f16, now, strict=True))
    ]


def test_one_condition_has_wilson_intervals_and_the_exact_mcnemar_test() -> None:
    (row,) = drift_rows(replies("a", "rrrrrrcccccc", "rrrcccccccp-", changed=5), "q4_k_m")
    assert (row.condition, row.weights, row.prompts) == ("a", "q4_k_m", 12)
    assert (row.replies, row.replies_low) == (wilson(5, 12).value, wilson(5, 12).low)
    assert (row.value, row.n, row.n_unjudged) == (pytest.approx(4 / 11), 11, 1)
    assert (row.f16_refused, row.refused) == (pytest.approx(6 / 11), pytest.approx(4 / 11))
    assert row.difference == pytest.approx(-2 / 11)
    assert row.p == pytest.approx(binomtest(1, 4).pvalue) == row.p_holm


def test_a_partial_refusal_that_becomes_a_full_one_changes_the_verdict_and_not_the_refusals() -> None:
    (row,) = drift_rows(replies("a", "pppp", "rrrr"), "q8_0")
    assert (row.value, row.difference, row.p) == (1.0, 0.0, 1.0)


def test_all_conditions_together_come_first_with_prompts_as_the_unit() -> None:
    same = "rrrrrccccc"
    together, first, second = drift_rows([*replies("a", same, same), *replies("b", same, "c" * 10, changed=5)], "q8_0")
    assert (together.condition, first.condition, second.condition) == ("", "a", "b")
    assert (together.prompts, together.n, together.value, together.replies) == (20, 20, 0.25, 0.25)
    assert together.difference == pytest.approx(-0.25)
    assert first.p_holm == 1.0
    assert second.p_holm == pytest.approx(2 * binomtest(0, 5).pvalue)
    wide = wilson(5, 20)
    assert together.low is not None
    assert wide.low is not None
    assert together.low <= wide.low, "replies of several conditions to one prompt are alike"


def test_nothing_judged_and_nothing_asked_give_no_figures() -> None:
    (row,) = drift_rows(replies("a", "rr", "--"), "q8_0")
    assert (row.value, row.n, row.n_unjudged, row.p, row.p_holm) == (None, 0, 2, None, None)
    assert drift_rows([], "q8_0") == []
