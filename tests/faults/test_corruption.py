"""Flipped and missing bytes in everything that a study makes: each is found before it is used, by name, whatever the file's times say."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from socsafe import manifest
from socsafe.data.fingerprints import prepared_is_whole
from socsafe.data.parts import is_whole_part
from socsafe.engines.answers import AnswerCache, damaged_lines
from socsafe.errors import InputError, RunError
from socsafe.integrity import artefacts, reread
from socsafe.manifest import is_current, noted_outputs
from socsafe.pipeline import STAGES, verify
from socsafe.progress import SilentProgress
from socsafe.reporting import report
from socsafe.study.checked import Plan
from socsafe.study.dropped import dropped_file, read_dropped
from tests.conftest import new_folder
from tests.faults.whole_study import kind_of, whole_study
from tests.finished import tree
from tests.stages.conftest import Said

SPOILED = int(os.environ.get("SOCSAFE_FLIPS", "200"))
"""Files that are spoiled in all, in each of the two tests that draw them."""
AT_ONCE = 25
MADE = ("runs", "quantized", "recipes", "reports", "datasets/mixtures")
NOT_MADE = ("study.yml", "lock", "policy.lock")


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return whole_study(new_folder(tmp_path_factory.mktemp("corruption") / "project"))


def made(plan: Plan) -> list[Path]:
    """Every file that the study has made, found by looking into its folders and not by asking socsafe."""
    root = plan.project.root
    return [path for part in MADE for path in sorted((root / part).rglob("*")) if path.is_file() and path.name not in NOT_MADE]


def spoil(path: Path, draw: random.Random) -> None:
    """Flip a bit, leave a byte out, or cut the file short."""
    content = path.read_bytes()
    at = draw.randrange(len(content))
    match draw.choice(("flip", "flip", "leave out", "cut")):
        case "flip":
            content = content[:at] + bytes([content[at] ^ (1 << draw.randrange(8))]) + content[at + 1 :]
        case "leave out":
            content = content[:at] + content[at + 1 :]
        case _:
            # A journal that is cut between two lines has lost an answer and holds nothing wrong: that is not what is tried here.
            content = content[: at - content[:at].endswith(b"\n")]
    path.write_bytes(content)


def drawn(plan: Plan, draw: random.Random) -> list[Path]:
    """Files to spoil at once: no manifest together with what it vouches for, since one hides the other."""
    files = draw.sample([path for path in made(plan) if path != dropped_file(plan.project, plan.study.name)], 2 * AT_ONCE)
    hidden = {path for file in files for path in noted_outputs(file, plan.project.root)}
    chosen = [file for file in files if file not in hidden][:AT_ONCE]
    assert len(chosen) == AT_ONCE
    return chosen


@pytest.fixture
def restored(plan: Plan) -> Iterator[None]:
    """The study as it was, once the test is over."""
    before = tree(plan.project.root)
    yield
    for name, content in before.items():
        path = plan.project.root / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    manifest._memory.clear()


@pytest.fixture
def unmoved(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system on which no change of a file shows in its size, inode or times: a disk that rots."""
    still = {path: manifest._stat(path) for path in plan.project.root.rglob("*") if path.is_file()}
    real = manifest._stat
    monkeypatch.setattr(manifest, "_stat", lambda path: still.get(path) or real(path))
    manifest._memory.clear()


def test_the_study_has_every_kind_of_artefact_and_each_is_whole(plan: Plan) -> None:
    kinds = {kind_of(path) for path in made(plan)}
    assert kinds >= {"mixture", "base", "adapter", "GGUF", "completions", "verdicts", "manifest", "answers of a judge", "parity", "ability"}
    assert kinds >= {"part in the making", "prepared data", "rows left out", "recipe", "report", "leakage", "drift"}
    assert {finding.kind for finding in verify(plan, SilentProgress()) if finding.state != "whole"} <= {"drift", "fidelity"}


@pytest.mark.parametrize("seed", range(SPOILED // AT_ONCE))
def test_every_spoiled_file_is_found_and_no_other_is_accused(plan: Plan, restored: None, seed: int) -> None:
    files = drawn(plan, random.Random(seed))
    draw = random.Random(1000 + seed)
    for path in files:
        spoil(path, draw)
    assert {finding.path for finding in verify(plan, SilentProgress()) if finding.wrong} == set(files)


@pytest.mark.parametrize("seed", range(SPOILED // AT_ONCE))
def test_a_run_names_what_it_would_use_and_takes_none_of_it(plan: Plan, restored: None, unmoved: None, seed: int) -> None:
    files = drawn(plan, random.Random(seed))
    draw = random.Random(2000 + seed)
    owners = {path: one for one in artefacts(plan) for path in (*one.step.outputs, one.step.manifest)}
    for path in files:
        spoil(path, draw)
    said = Said()
    reread(plan, plan.conditions, (*STAGES, "drift", "fidelity"), said)
    told = "\n".join(said.lines)
    for path in files:
        name = plan.project.relative(path)
        if path in owners:
            assert f"{name}: " in told
            assert not is_current(owners[path].step)
        elif "/prepared/" in name:
            assert f"{name.split('/prepared/')[0]}/prepared/" in told
            assert not all(prepared_is_whole(plan, condition) for condition in plan.conditions)
        elif ".parts-" in name:
            assert not is_whole_part(path)
        elif "/answers/" in name:
            assert f"{name}: is damaged in line " in told
            assert (AnswerCache(path).damaged, damaged_lines(path)) == (0, []), "the line is taken out"
        else:
            # Written anew from the study and the verdicts, and compared in full, whenever there is a run.
            assert name.startswith(("recipes/", "reports/", "runs/tiny/report.")), name


@pytest.mark.parametrize("seed", range(20))
def test_a_list_of_rows_left_out_is_not_read_with_a_byte_of_it_changed(plan: Plan, restored: None, seed: int) -> None:
    path = dropped_file(plan.project, plan.study.name)
    spoil(path, random.Random(seed))
    assert [finding.path for finding in verify(plan, SilentProgress()) if finding.wrong] == [path]
    with pytest.raises(InputError, match=r"dropped\.yml"):
        read_dropped(plan.project, plan.study.name)


def test_a_file_that_is_gone_is_found(plan: Plan, restored: None) -> None:
    files = drawn(plan, random.Random(3))
    kept = [path for path in files if ".parts-" not in path.name and kind_of(path) not in ("part in the making", "answers of a judge")]
    for path in kept:
        path.unlink()
    wrong = {finding.path for finding in verify(plan, SilentProgress()) if finding.wrong}
    assert {path for path in kept if kind_of(path) != "manifest"} <= wrong


def test_a_stage_by_itself_does_not_use_what_it_cannot_make_anew(plan: Plan, restored: None, unmoved: None) -> None:
    replies = plan.project.completions("tiny", plan.conditions[1].id, "tiny-suite")
    replies.write_text(replies.read_text().replace("Sure", "Well"))
    with pytest.raises(RunError) as raised:
        reread(plan, plan.conditions, ("judge",), SilentProgress())
    (problem,) = raised.value.problems
    assert (problem.where, problem.mend) == (str(replies), f"socsafe run {plan.argument}")
    reread(plan, plan.conditions[:1], ("judge",), SilentProgress())


def test_a_report_leaves_out_what_somebody_has_edited_and_says_so(plan: Plan, restored: None, unmoved: None) -> None:
    condition = plan.conditions[2]
    verdicts = plan.project.verdicts("tiny", condition.id, "tiny-suite", "refusal")
    verdicts.write_text(verdicts.read_text().replace("full_refusal", "full_compliance"))
    said = Said()
    text = report(plan, said).read_text()
    assert f"{plan.project.relative(verdicts)}: is damaged and left out" in said.lines[0]
    assert "made from something that has changed since" in text
    (plan.project.run("tiny", condition.id) / "training.json").write_text("{")
    report(plan, said)
