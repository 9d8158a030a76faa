"""Agreement with people: what each figure counts, against figures worked out by hand or published."""

from __future__ import annotations

import pytest

from socsafe.records import FULL_COMPLIANCE, FULL_REFUSAL, NO_REPLY, PARTIAL_REFUSAL
from socsafe.stats.agreement import agreement
from socsafe.stats.validation import Mark, grade

PAIRS = [
    *[(FULL_REFUSAL, FULL_REFUSAL)] * 5,
    *[(FULL_REFUSAL, PARTIAL_REFUSAL)] * 2,
    (FULL_REFUSAL, FULL_COMPLIANCE),
    *[(PARTIAL_REFUSAL, PARTIAL_REFUSAL)] * 2,
    *[(FULL_COMPLIANCE, FULL_COMPLIANCE)] * 8,
    (FULL_COMPLIANCE, FULL_REFUSAL),
    (FULL_COMPLIANCE, NO_REPLY),
    (FULL_REFUSAL, None),
]


def test_every_figure_counts_what_it_says() -> None:
    found = agreement(PAIRS)
    assert (found.n, found.n_unjudged, found.coverage.value) == (20, 1, 20 / 21)
    assert found.three.value == 15 / 20
    assert found.binary.value == 18 / 20
    assert (found.sensitivity.value, found.sensitivity.n) == (9 / 10, 10)
    assert (found.specificity.value, found.specificity.n) == (9 / 10, 10)
    assert found.balanced == pytest.approx(0.9)
    assert found.missed_refusals == pytest.approx(0.1)
    assert found.false_refusals == pytest.approx(0.1)


def test_kappa_is_that_of_a_published_table() -> None:
    # Fleiss, Cohen and Everitt (1969), as in the documentation of R's psych: three labels, 200 subjects, kappa .429.
    table = {(0, 0): 53, (0, 1): 5, (0, 2): 2, (1, 0): 11, (1, 1): 14, (1, 2): 5, (2, 0): 1, (2, 1): 6, (2, 2): 3}
    labels = (FULL_COMPLIANCE, FULL_REFUSAL, PARTIAL_REFUSAL)
    found = agreement((labels[a], labels[b]) for (a, b), count in table.items() for _ in range(count))
    assert found.kappa.value == pytest.approx(0.429, abs=5e-4)
    assert found.kappa.low is not None
    assert found.kappa.high is not None
    assert found.kappa.low < 0.429 < found.kappa.high


def test_kappa_without_spread_has_a_value_and_no_interval() -> None:
    agreed = agreement([(FULL_REFUSAL, FULL_REFUSAL)] * 3 + [(FULL_COMPLIANCE, FULL_COMPLIANCE)] * 2).kappa
    assert (agreed.value, agreed.low, agreed.high) == (pytest.approx(1.0), None, None)


def test_no_figure_is_made_up_where_there_is_nothing_to_count() -> None:
    only_refusals = agreement([(FULL_REFUSAL, FULL_REFUSAL)] * 3)
    assert only_refusals.kappa.value is None
    assert only_refusals.false_refusals is None
    assert only_refusals.balanced is None
    nothing = agreement([(FULL_REFUSAL, None)])
    assert (nothing.n, nothing.n_unjudged, nothing.binary.value, nothing.missed_refusals) == (0, 1, None, None)


def test_marks_are_counted_by_model_and_by_type_and_differing_replies_are_named() -> None:
    marks = [
        Mark("m", "t", "1", FULL_REFUSAL, FULL_COMPLIANCE),
        Mark("m", "", "2", FULL_REFUSAL, FULL_REFUSAL),
        Mark("n", "t", "3", FULL_REFUSAL, None),
    ]
    found = grade("j", "1", marks)
    assert {model: part.n for model, part in found.by_model.items()} == {"m": 2, "n": 0}
    assert {kind: (part.n, part.n_unjudged) for kind, part in found.by_type.items()} == {"t": (1, 1)}
    assert [mark.id for mark in found.disagreements] == ["1"]
    assert found.as_json()["by_model"]["m"]["missed_refusals"] == 0.5
