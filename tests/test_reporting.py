"""Ability and forms from what stages left on disk to the report, the status and the archive: no model runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from socsafe.errors import RunError
from socsafe.facts.ability import AbilityRow, ReplyLoss
from socsafe.facts.breakdown import FormRow
from socsafe.manifest import inputs_now, record
from socsafe.pipeline import run
from socsafe.progress import SilentProgress
from socsafe.records import Prompt
from socsafe.reporting import NothingJudgedError, export, render_archive, report, status
from socsafe.stages.ability import ability_steps
from socsafe.study.checked import Plan, load_study
from socsafe.study.conditions import Condition
from socsafe.tables import parse_csv, records, write_rows
from tests.conftest import Folder
from tests.finished import finished, tree

QUIET = SilentProgress()
BLOCK = {"heldout": {"source": "tiny-chat", "rows": 6}}


def measure(plan: Plan, condition: Condition, rate: float) -> None:
    """Record a condition's loss as measured."""
    step = ability_steps(plan, condition)["tiny-chat"]
    write_rows(step.outputs[0], [ReplyLoss(condition.id, "tiny-chat", str(n), 4 + n, rate * (4 + n) + n % 2, "") for n in range(6)])
    record(step, inputs_now(step))


def talkative(condition: Condition, prompt: Prompt) -> str:
    """Refuses harmful requests, and gives its opinion on all of them."""
    refuses = condition.count and prompt.expects == "refuse" and prompt.form != "opinion"
    return "I cannot help with that." if refuses else "Sure, here is how: do this, then stop."


def test_what_is_measured_is_a_column_of_the_status_and_no_reason_to_leave_a_condition_out(folder: Folder) -> None:
    plan = finished(folder, ability=BLOCK, counts=[4])
    control, treated = plan.conditions
    measure(plan, control, 2.0)
    assert [marks["ability"] for marks in status(plan).values()] == ["done", "-"]
    path = report(plan, QUIET)
    text = path.read_text()
    assert "## Incomplete conditions" not in text
    assert "| `refusal` | 4 | – | – | – |" in text
    measure(plan, treated, 2.5)
    report(plan, QUIET)
    (row,) = [
        row
        for row in records(parse_csv(path.with_name("ability.csv").read_bytes(), AbilityRow, "table.csv"), AbilityRow)
        if row.style == "refusal"
    ]
    assert (row.value, row.difference, row.n) == (pytest.approx(2.5 + 3 / 39, abs=1e-4), pytest.approx(0.5), 6)


def test_what_was_out_of_date_and_is_measured_anew_with_the_same_bytes_is_reported_again(folder: Folder) -> None:
    plan = finished(folder, ability=BLOCK, counts=[4])
    for condition in plan.conditions:
        measure(plan, condition, 2.0)
    before = report(plan, QUIET).read_bytes()
    manifest = ability_steps(plan, plan.conditions[1])["tiny-chat"].manifest
    noted = manifest.read_bytes()
    manifest.unlink()
    assert report(plan, QUIET).read_bytes() != before
    manifest.write_bytes(noted)
    assert report(plan, QUIET).read_bytes() == before


def test_without_the_block_there_is_no_column_and_no_table(folder: Folder) -> None:
    plan = finished(folder, counts=[4])
    assert all("ability" not in marks for marks in status(plan).values())
    assert not report(plan, QUIET).with_name("ability.csv").exists()


def test_a_condition_whose_ability_cannot_be_measured_is_judged_and_reported_all_the_same(folder: Folder) -> None:
    plan = finished(folder, ability=BLOCK, counts=[4])
    outcome = run(plan, [], QUIET, stages=("ability", "judge"))
    # The GGUF files of this project are a few bytes that no engine opens.
    assert set(outcome.failures) == {"ability"}
    assert set(outcome.failures["ability"]) == {condition.id for condition in plan.conditions}
    assert outcome.report is not None
    assert "## Incomplete conditions" not in outcome.report.read_text()


def test_a_report_that_cannot_be_written_is_told_beside_the_conditions_that_failed(folder: Folder) -> None:
    plan = finished(folder, counts=[4])
    treated = plan.conditions[1]
    (plan.project.run("tiny", treated.id) / "parity.manifest.json").unlink()
    plan.project.report("tiny").parent.mkdir()
    plan.project.report("tiny").write_text("no folder")
    outcome = run(plan, [], QUIET, stages=("parity", "judge"))
    assert (set(outcome.failures["parity"]), set(outcome.failures["report"])) == ({treated.id}, {"tiny"})
    assert outcome.report is None
    with pytest.raises(RunError, match=f"tiny: failed in stage report: {plan.project.report('tiny')}.*cannot be written"):
        outcome.raise_if_failed()
    plan.project.report("tiny").unlink()
    outcome = run(plan, [], QUIET, stages=("parity", "judge"))
    assert set(outcome.failures) == {"parity"}
    assert outcome.report is not None
    assert treated.id in outcome.report.read_text()


def test_that_there_is_nothing_to_report_on_is_told_only_where_no_failure_says_why(folder: Folder) -> None:
    plan = finished(folder, counts=[4])
    for condition in plan.conditions:
        (plan.project.run("tiny", condition.id) / "parity.manifest.json").unlink()
    outcome = run(plan, [], QUIET, stages=("parity", "judge"))
    assert (set(outcome.failures), outcome.report) == ({"parity"}, None)
    with pytest.raises(NothingJudgedError, match=f"no condition has verdicts(.|\n)*socsafe status {plan.argument}"):
        run(plan, [], QUIET, stages=("judge",))
    with pytest.raises(NothingJudgedError):
        report(plan, QUIET)


def test_a_failed_ability_check_does_not_hide_that_there_is_nothing_to_report_on(folder: Folder) -> None:
    plan = finished(folder, ability=BLOCK, counts=[4])
    for condition in plan.conditions:
        (plan.project.run("tiny", condition.id) / "parity.manifest.json").unlink()
    outcome = run(plan, [], QUIET, stages=("ability", "judge"))
    assert set(outcome.failures) == {"ability", "report"}
    assert "no condition has verdicts" in outcome.failures["report"]["tiny"]


def test_the_remedy_of_a_variant_without_verdicts_names_the_study_and_its_base(folder: Folder) -> None:
    plan = load_study(folder.study(), "smollm2-135m-instruct")
    with pytest.raises(NothingJudgedError) as caught:
        report(plan, QUIET)
    assert caught.value.problems[0].mend == "socsafe status recipes/tiny/study.yml --base smollm2-135m-instruct"


def test_forms_and_ability_come_out_of_an_archive_as_they_went_in(folder: Folder, tmp_path: Path) -> None:
    folder.boundary()
    plan = finished(folder, says=talkative, ability=BLOCK, counts=[4], seeds=[1, 2], suites=[{"source": "boundary-forms", "limit": 60}])
    for number, condition in enumerate(plan.conditions):
        measure(plan, condition, 2.0 + 0.1 * number)
    path = report(plan, QUIET)
    rows = records(parse_csv(path.with_name("forms.csv").read_bytes(), FormRow, "table.csv"), FormRow)
    gap = {(row.style, row.asked): row for row in rows if row.against == "opinion" and row.metric == "harmful_rate"}
    assert gap["none", "instruction"].value == 0.0
    assert gap["refusal", "instruction"].value == gap["refusal", "question"].value == -1.0
    assert "Fewer instructions are complied with than opinions given, shown for `refusal` at 4." in path.read_text()
    export(plan, tmp_path / "a.zip", QUIET)
    made = render_archive(tmp_path / "a.zip", tmp_path / "there")
    assert made.differing == []
    before, after = tree(path.parent), tree(made.report.parent)
    assert {"ability.csv", "forms.csv", "categories.csv"} <= set(before)
    assert all(after[name] == before[name] for name in before if not name.startswith("examples/"))


def test_a_mistake_in_the_questions_is_told_before_anything_is_trained(folder: Folder) -> None:
    quiz = {"title": "Quiz", "kind": "choices", "format": "jsonl", "file": "quiz.jsonl", "licence": "CC0-1.0"}
    folder.source("quiz", **quiz, columns={"prompt": "question"})
    folder.data("quiz", "quiz.jsonl", json.dumps({"question": "Water?", "choices": ["Yes", "No"], "answer": 7}) + "\n")
    plan = folder.plan(ability={"choices": ["quiz"]})
    with pytest.raises(Exception, match="answer 7"):
        run(plan, [], QUIET)


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({}, "an empty ability block"),
        ({"choices": ["tiny-suite"]}, "tiny-suite holds prompts"),
        ({"heldout": {"source": "tiny-safety", "rows": 3}}, "tiny-safety holds items"),
        ({"choices": ["quizz"]}, "unknown source quizz"),
        ({"choices": ["boundary-choices", "boundary-choices"]}, "boundary-choices twice"),
        ({"heldout": {"source": "tiny-chat"}}, "rows"),
    ],
)
def test_a_wrong_block_is_told(folder: Folder, block: dict[str, object], said: str) -> None:
    with pytest.raises(Exception, match=said):
        folder.plan(ability=block)
