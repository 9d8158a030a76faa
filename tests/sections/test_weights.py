"""What the report says of quantized weights, and of llama.cpp beside transformers."""

from __future__ import annotations

from dataclasses import replace

from socsafe.facts.parity import ParityRow
from socsafe.report_data import ReportData
from socsafe.sections import judge_validity
from socsafe.stats.drift import drift_rows
from tests.stats.test_drift import replies
from tests.synthetic import report_data


def data(weights: str, **changes: object) -> ReportData:
    return replace(report_data(), sampling={"weights": weights}, **changes)


def test_without_a_check_one_line_says_which_command_makes_it() -> None:
    before = judge_validity.render(report_data()).splitlines()
    after = judge_validity.render(data("q8_0")).splitlines()
    added = [line for line in after if line and line not in before]
    assert added == [
        "Whether q8_0 weights change verdicts was not checked: `socsafe quantize recipes/synthetic/study.yml --check` "
        "holds them against F16 weights."
    ]


def test_weights_that_are_not_quantized_need_no_check() -> None:
    text = judge_validity.render(data("f16"))
    assert "nothing is quantized" in text
    assert "--check" not in text


def test_conditions_whose_verdicts_changed_have_a_line_each_and_the_others_are_counted() -> None:
    rows = drift_rows([*replies("a", "rrcc", "rrcc"), *replies("b", "rrcc", "rccc", changed=2), *replies("c", "cccc", "cccc")], "q4_k_m")
    text = judge_validity.render(data("q4_k_m", drift=rows))
    assert "3 conditions answered 4 prompts" in text
    assert "Of 12 replies 16.7 %" in text
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    assert len(lines) == 1
    assert lines[0].startswith("| `b` | 50.0 | 25.0 (")
    assert "No verdict changed in the other 2." in text


def test_one_condition_alone_is_told_in_words() -> None:
    text = judge_validity.render(data("q8_0", drift=drift_rows(replies("a", "rrcc", "rrc-"), "q8_0")))
    assert "the condition `a` answered 4 prompts" in text
    assert "(1 could not be judged on both sides)" in text


def test_transformers_and_merged_are_shown_where_they_were_compared_with() -> None:
    row = ParityRow("a", "transformers", 64, 883, 62, 2, 0, 0.01268, 0.00093)
    text = judge_validity.render(data("f16", fidelity=(row,)))
    assert "| `a` | transformers | 64 | 62 | 2 | 0 | 883 | 0.01 | 0.001 |" in text
    text = judge_validity.render(data("f16", fidelity=(replace(row, left_out=3),)))
    assert "| `a` | transformers | 64 (3 too long) | 62 |" in text
