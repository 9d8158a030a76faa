"""`socsafe verify`: a table, an exit code, and the command that mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from socsafe import integrity
from socsafe.locks import held
from socsafe.manifest import inputs_now, is_whole, noted_outputs, read_manifest, record, sealed
from socsafe.pipeline import verify
from socsafe.progress import Advance, SilentProgress
from socsafe.stages.train import train_step
from socsafe.stages.verify import check_step
from socsafe.study.checked import Plan
from tests.conftest import Folder, Left
from tests.finished import finished, tree

Socsafe = Callable[..., Left]
STUDY = "recipes/tiny/study.yml"


def states(plan: Plan) -> dict[str, set[str]]:
    """Kind of artefact -> the states that it is found in."""
    found: dict[str, set[str]] = {}
    for finding in verify(plan, SilentProgress()):
        found.setdefault(finding.kind, set()).add(finding.state)
    return found


def test_a_study_of_which_nothing_was_made_is_in_order(here: Folder, socsafe: Socsafe) -> None:
    here.study()
    before = tree(here.root)
    left = socsafe("verify", STUDY)
    assert (left.code, left.err) == (0, "")
    assert "not made yet" in left.out
    assert tree(here.root) == before, "looking leaves nothing behind"


def test_a_whole_study_is_told_by_kind(here: Folder, socsafe: Socsafe) -> None:
    finished(here)
    left = socsafe("verify", STUDY)
    assert (left.code, left.err) == (0, "")
    rows = [line.split() for line in left.out.splitlines() if " whole " in line]
    assert ["│", "completions", "│", "whole", "│", "3", "│", "3"] in [row[:8] for row in rows], left.out


def test_what_is_damaged_or_gone_is_named_with_the_command_that_mends_it(here: Folder, socsafe: Socsafe) -> None:
    plan = finished(here)
    replies, other = (plan.project.completions("tiny", condition.id, "tiny-suite") for condition in plan.conditions[:2])
    replies.write_text(replies.read_text().replace("Sure", "sure"))
    other.unlink()
    left = socsafe("verify", STUDY)
    assert left.code == 1
    assert f"error: {replies}: damaged: SHA-256 " in left.err
    assert f"error: {other}: gone" in left.err
    assert left.err.count(f"to mend:  socsafe run {STUDY}") == 2
    assert f"completions: {plan.project.relative(replies)}" in left.out


def test_what_a_change_of_the_study_left_behind_is_stale_and_no_fault(here: Folder, socsafe: Socsafe) -> None:
    finished(here)
    here.study(sampling={"max_tokens": 9})
    left = socsafe("verify", STUDY)
    assert left.code == 0, left.err
    assert "stale" in left.out


def test_recipes_that_a_change_of_the_study_left_behind_are_stale_and_no_fault(here: Folder, socsafe: Socsafe) -> None:
    finished(here)
    here.study(training={"learning_rate": 0.5}, counts=[4, 8, 12])
    left = socsafe("verify", STUDY)
    assert left.code == 0, left.err
    assert states(here.plan(training={"learning_rate": 0.5}, counts=[4, 8, 12]))["recipes"] == {"stale", "not made yet"}


@pytest.mark.parametrize("what", ["what is trained", "a comment", "where files go"])
def test_a_recipe_that_was_edited_differs_and_is_mended_without_training(here: Folder, socsafe: Socsafe, what: str) -> None:
    plan = finished(here)
    recipe = plan.project.recipe("tiny", plan.conditions[0].id)
    line = {"what is trained": "learning_rate: ", "a comment": "# Train it ", "where files go": "output_dir: "}[what]
    before = recipe.read_text()
    recipe.write_text(before.replace(line, f"{line}1"))
    assert recipe.read_text() != before
    left = socsafe("verify", STUDY)
    assert left.code == 1
    assert left.err.splitlines() == [
        f"error: {recipe}: differs: it was edited, or the study or its data were",
        "    expected: what the study renders to",
        f"    to mend:  socsafe recipe render {STUDY}",
    ]
    assert socsafe("recipe", "render", STUDY).code == 0
    assert socsafe("verify", STUDY).code == 0
    assert recipe.read_text() == before


def test_a_recipe_that_was_trained_on_and_is_gone_is_a_fault(here: Folder, socsafe: Socsafe) -> None:
    plan = finished(here)
    recipe = plan.project.recipe("tiny", plan.conditions[0].id)
    recipe.unlink()
    left = socsafe("verify", STUDY)
    assert left.code == 1
    assert f"error: {recipe}: gone\n" in left.err
    assert f"to mend:  socsafe recipe render {STUDY}" in left.err


def test_a_note_beside_the_examples_is_no_part_of_the_report(here: Folder, socsafe: Socsafe) -> None:
    plan = finished(here)
    assert socsafe("report", STUDY).code == 0
    note = plan.project.report("tiny") / "examples" / "README.md"
    note.write_text("mine")
    assert socsafe("report", STUDY).code == 0
    assert note.read_text() == "mine"
    note.write_text("mine, again")
    assert socsafe("verify", STUDY).code == 0
    assert note.read_text() == "mine, again"


class Bar(SilentProgress):
    """Adds up what is done of each task."""

    def __init__(self) -> None:
        self.tasks: dict[str, list[int]] = {}

    @contextmanager
    def task(self, title: str, total: int) -> Iterator[Advance]:
        self.tasks[title] = [0, total]

        def advance(count: int, _tokens: int = 0, /) -> None:
            self.tasks[title][0] += count

        yield advance


def test_reading_much_shows_how_far_it_is_and_many_small_files_reach_the_end(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = finished(folder)
    monkeypatch.setattr(integrity, "_SHOWN", 1_000_000)
    for condition in plan.conditions:
        step = train_step(plan, condition)
        for path in step.outputs:
            path.write_bytes(bytes(700_000))
        record(step, inputs_now(step))
    bar = Bar()
    assert not [finding for finding in verify(plan, bar) if finding.wrong and finding.kind == "adapters"]
    ((done, total),) = bar.tasks.values()
    assert done == total >= 4, "six files of less than a megabyte each"


def test_an_adapter_that_was_copied_here_and_not_adopted_yet_is_no_fault(folder: Folder) -> None:
    plan = finished(folder)
    step = train_step(plan, plan.conditions[0])
    step.manifest.unlink()
    (found,) = check_step("adapters", step)
    assert (found.state, found.wrong) == ("unrecorded", False)
    (elsewhere,) = check_step("completions", step)
    assert (elsewhere.state, elsewhere.path) == ("gone", step.manifest)


@pytest.mark.parametrize("command", ["verify", "report", "export"])
def test_a_study_that_is_being_worked_on_is_not_looked_at(here: Folder, socsafe: Socsafe, command: str) -> None:
    plan = finished(here)
    with held(plan.project.study_run("tiny") / "lock", "study tiny", wait=False):
        left = socsafe(command, STUDY)
    assert left.code == 1
    assert "is working on study tiny" in left.err


@pytest.mark.parametrize(("old", "new"), [("  ", "   "), ('"stage"', '"Stage"'), ("}\n", "}"), ("{", "["), ("\n", "\r\n"), ("2", "3")])
def test_a_manifest_is_read_only_as_it_was_written(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(sealed({"stage": "mix", "parameters": {"count": 22}, "outputs": {"a": {"sha256": "00"}}}))
    assert noted_outputs(path, tmp_path) == {tmp_path / "a": "00"}
    assert not is_whole(tmp_path / "a", path, tmp_path)
    path.write_bytes(path.read_text().replace(old, new, 1).encode())
    assert read_manifest(path) is None
    assert noted_outputs(path, tmp_path) == {}
