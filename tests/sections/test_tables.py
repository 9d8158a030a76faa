"""What the main table and the tables of comparisons say of the numbers of prompts and replies behind them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from socsafe.report_data import ReportData
from socsafe.sections import comparisons, results
from tests.synthetic import report_data


@pytest.fixture(scope="module")
def data() -> ReportData:
    return report_data()


def test_what_could_be_seen_is_told_of_styles_where_any_has_several_seeds(data: ReportData) -> None:
    told = comparisons.render(data)
    assert "could not have seen less than 14 points (`reasons-long`, 10)" in told
    assert "Left out here: 1 comparison with one seed a side" in told
    alone = replace(data, comparisons=[replace(one, n_seeds=1) for one in data.comparisons])
    assert "could not have seen less than 10 points (`reasons-long`, 160)" in comparisons.render(alone)


def test_a_table_of_all_suites_says_how_many_prompts_of_which_and_how_many_pairs_are_left_out(data: ReportData) -> None:
    told = comparisons.render(data)
    assert "`harmful_rate`, all suites (60 of `boundary-pairs`, 40 of `boundary-targets` and 40 of `boundary-actions`):" in told
    two_replies = [replace(one, n_unjudged=2 * one.n_unjudged) for one in data.comparisons]
    assert comparisons.render(replace(data, comparisons=two_replies)) == told


def test_the_main_table_says_how_many_replies_were_judged_once_and_where_there_are_fewer(data: ReportData) -> None:
    told = results.render(data)
    assert "| `boundary-pairs`: harmful (n 120) |" in told
    assert "| `socratic` | 160 | 2.6 (1–10) of 116 + 4 |" in told
    assert "| `refusal` | 160 | 10.0 (5–20) |" in told


def test_only_what_the_study_declared_stands_under_declared(data: ReportData) -> None:
    assert "### Compared by default" in comparisons.render(data)
    assert "### Declared" not in comparisons.render(data)
    assert "### Declared" in comparisons.render(replace(data, declared_by_default=False))
