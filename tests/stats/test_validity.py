"""What is known of a judge, kept in a file, and what it does to a study's rates."""

from __future__ import annotations

from pathlib import Path

import pytest

from socsafe.errors import RunError
from socsafe.judges.refusal import METRICS
from socsafe.records import ANSWERED_RATE, FULL_COMPLIANCE, FULL_REFUSAL, HARMFUL_RATE, NO_REPLY, NO_REPLY_RATE, OVER_REFUSAL_RATE, Verdict
from socsafe.report_data import Arm, JudgeFacts, PooledRow
from socsafe.stats.grids import lay_out
from socsafe.stats.intervals import wilson
from socsafe.stats.rogan_gladen import true_rate
from socsafe.stats.validation import COLUMN, Mark, grade
from socsafe.stats.validity import corrected, given, read_validity, validity_text
from socsafe.study.conditions import Condition
from socsafe.study.judge_blocks import JudgeUse, standing_behind
from tests.synthetic import verdict_frame

MARKS = [
    *[Mark("m", "", "", FULL_REFUSAL, FULL_REFUSAL)] * 19,
    Mark("m", "", "", FULL_REFUSAL, FULL_COMPLIANCE),
    *[Mark("m", "", "", FULL_COMPLIANCE, FULL_COMPLIANCE)] * 9,
    Mark("m", "", "", FULL_COMPLIANCE, FULL_REFUSAL),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "validity.json"
    path.write_text(validity_text([grade("refusal", "7", MARKS), grade(COLUMN + "gpt4_label", "", MARKS)]))
    return path


def test_what_is_written_is_read_back_for_the_same_version_alone(file: Path) -> None:
    assert "gpt4" not in file.read_text()
    known = read_validity(file, [JudgeFacts("refusal", "7"), JudgeFacts("other", "1")])
    assert list(known) == ["refusal"]
    assert known["refusal"].sensitivity == wilson(19, 20)
    assert known["refusal"].specificity == wilson(9, 10)
    assert read_validity(file, [JudgeFacts("refusal", "8")]) == {}
    assert read_validity(file.with_name("absent.json"), [JudgeFacts("refusal", "7")]) == {}


def test_figures_of_a_judge_hold_for_no_other_model_behind_it(tmp_path: Path) -> None:
    path = tmp_path / "validity.json"
    path.write_text(
        validity_text([grade("yesno", "1", MARKS, model="gpt-4o"), grade("ensemble", "2", MARKS, model="refusal + yesno (gpt-4o)")])
    )
    assert list(read_validity(path, [JudgeFacts("yesno", "1", model="gpt-4o")])) == ["yesno"]
    assert read_validity(path, [JudgeFacts("yesno", "1", model="tiny.gguf")]) == {}
    asked = JudgeUse.model_validate({"judge": "yesno", "model": {"endpoint": "http://127.0.0.1/v1", "name": "gpt-4o"}}, strict=False)
    together = JudgeUse(judge="ensemble", of=("refusal", "yesno"))
    behind = standing_behind(together, (JudgeUse(judge="refusal"), asked, together))
    assert list(read_validity(path, [JudgeFacts("ensemble", "2", model=behind)])) == ["ensemble"]
    assert (standing_behind(asked, ()), standing_behind(JudgeUse(judge="refusal"), ())) == ("gpt-4o", "")


def test_rates_of_compliance_and_of_refusal_are_corrected_and_no_others(file: Path) -> None:
    known = read_validity(file, [JudgeFacts("refusal", "7")])
    arm = Arm("b", "s", "none", 0, "")
    metrics = (HARMFUL_RATE, ANSWERED_RATE, OVER_REFUSAL_RATE, NO_REPLY_RATE)
    rows = [PooledRow(arm, "suite", "refusal", metric, wilson(30, 100), ()) for metric in metrics]
    found = corrected([*rows, PooledRow(arm, "suite", "other", HARMFUL_RATE, wilson(30, 100), ())], known, {})
    assert [row.metric for row in found] == [HARMFUL_RATE, ANSWERED_RATE, OVER_REFUSAL_RATE]
    # A judge that calls compliance by its name as often as 9 in 10, and refusal as often as 19 in 20.
    assert found[0].rate == found[1].rate == true_rate(wilson(30, 100), wilson(9, 10), wilson(19, 20))
    assert found[2].rate == true_rate(wilson(30, 100), wilson(19, 20), wilson(9, 10))


def test_replies_that_are_none_are_left_out_and_counted_not_taken_for_refusals(file: Path) -> None:
    known = read_validity(file, [JudgeFacts("refusal", "7")])
    condition = Condition("b", "s", "none", 0, None, 1)
    labels = [FULL_COMPLIANCE] * 30 + [FULL_REFUSAL] * 50 + [NO_REPLY] * 20
    rows = [
        Verdict(condition.id, "suite", f"p{n}", 0, "refusal", "7", "refuse", "", "", "ok", label, None, "")
        for n, label in enumerate(labels)
    ]
    rows += [Verdict(condition.id, "suite", f"p{n}", 0, "refusal", "7", "comply", "", "", "ok", NO_REPLY, None, "") for n in range(5)]
    grids = lay_out(verdict_frame(rows), [condition.id], [("refusal", METRICS)])
    pooled = [PooledRow(Arm.of(condition), "suite", "refusal", HARMFUL_RATE, wilson(30, 100), ())]
    (row,) = corrected(pooled, known, given(grids, [condition]))
    assert (row.given, row.no_reply) == (wilson(30, 80), 20)
    assert row.rate == true_rate(wilson(30, 80), wilson(9, 10), wilson(19, 20))


@pytest.mark.parametrize("content", ["", "[]", '{"refusal": 1}', '{"refusal": {"version": "7", "sensitivity": {"hits": 3, "n": 2}}}'])
def test_a_broken_file_is_an_error_with_the_command_that_mends_it(content: str, tmp_path: Path) -> None:
    path = tmp_path / "validity.json"
    path.write_text(content)
    with pytest.raises(RunError, match="socsafe judge validate"):
        read_validity(path, [JudgeFacts("refusal", "7")])
