"""When a step counts as done, and what undoes it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from socsafe.manifest import NOT_DONE, Step, hash_of, inputs_now, is_current, record, why_stale


@pytest.fixture
def step(tmp_path: Path) -> Step:
    for name in ("in.txt", "out.txt", "far.txt"):
        (tmp_path / name).write_text(name)
    made = Step(
        "copy",
        manifest=tmp_path / "manifest.json",
        root=tmp_path,
        inputs=(tmp_path / "in.txt",),
        outputs=(tmp_path / "out.txt",),
        if_here=(tmp_path / "far.txt",),
        parameters={"speed": (1, 2), "name": "é"},
    )
    record(made, inputs_now(made))
    return made


def test_a_recorded_step_is_current(step: Step) -> None:
    assert is_current(step)
    assert why_stale(step) == ""


def test_a_step_without_a_manifest_is_not_done(step: Step) -> None:
    step.manifest.unlink()
    assert why_stale(step) == NOT_DONE


def test_touching_a_file_does_not_make_the_step_stale(step: Step) -> None:
    for path in (*step.inputs, *step.outputs, *step.if_here):
        os.utime(path, (1, 1))
    assert is_current(step)


def test_a_file_written_anew_with_the_same_bytes_does_not_make_the_step_stale(step: Step) -> None:
    text = step.inputs[0].read_text()
    step.inputs[0].unlink()
    step.inputs[0].write_text(text)
    assert is_current(step)


@pytest.mark.parametrize("name", ["in.txt", "out.txt", "far.txt"])
def test_changing_a_byte_makes_the_step_stale_even_under_the_old_time(step: Step, name: str) -> None:
    path = step.root / name
    before = path.stat()
    path.write_text(name[:-1] + "T")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert why_stale(step) == f"{name} changed"


@pytest.mark.parametrize("name", ["in.txt", "out.txt"])
def test_a_missing_input_or_output_makes_the_step_stale(step: Step, name: str) -> None:
    (step.root / name).unlink()
    assert why_stale(step) == f"{name} is gone"


def test_an_input_that_may_be_elsewhere_is_compared_only_where_it_is_here(step: Step) -> None:
    step.if_here[0].unlink()
    assert is_current(step)


def test_an_input_that_turns_up_and_was_not_there_makes_the_step_stale(step: Step) -> None:
    step.if_here[0].unlink()
    record(step, inputs_now(step))
    step.if_here[0].write_text("new")
    assert why_stale(step) == "far.txt changed"


def test_other_parameters_inputs_or_outputs_make_the_step_stale(step: Step) -> None:
    assert why_stale(replace(step, parameters={"speed": (1, 3), "name": "é"})) == "parameters changed"
    assert why_stale(replace(step, stage="other")) == "parameters changed"
    assert why_stale(replace(step, inputs=())) == "inputs changed"
    assert why_stale(replace(step, outputs=(*step.outputs, *step.inputs))) == "outputs changed"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b"null", b"{}", b"[" * 100_000, b'{"stage": "copy"}', b'{"inputs": 3, "outputs": [1]}']
)
def test_a_damaged_manifest_means_that_the_step_is_done_again(step: Step, content: bytes) -> None:
    step.manifest.write_bytes(content)
    assert not is_current(step)


def test_damaged_entries_mean_that_the_step_is_done_again(step: Step) -> None:
    noted = json.loads(step.manifest.read_bytes())
    noted["outputs"]["out.txt"] = "abc"
    step.manifest.write_text(json.dumps(noted))
    assert not is_current(step)


def test_a_project_that_was_copied_elsewhere_stays_current(step: Step, tmp_path: Path) -> None:
    elsewhere = tmp_path / "copy"
    elsewhere.mkdir()
    for path in [*tmp_path.glob("*.txt"), step.manifest]:
        (elsewhere / path.name).write_bytes(path.read_bytes())

    def moved(paths: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(elsewhere / path.name for path in paths)

    there = replace(
        step,
        root=elsewhere,
        manifest=elsewhere / step.manifest.name,
        inputs=moved(step.inputs),
        outputs=moved(step.outputs),
        if_here=moved(step.if_here),
    )
    assert is_current(there)


def test_a_hash_is_remembered_only_for_as_long_as_the_file_does_not_move(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("a")
    first = hash_of(path)
    path.write_text("b")
    assert hash_of(path) != first


def test_an_input_that_changes_during_the_work_makes_the_step_stale(step: Step) -> None:
    inputs = inputs_now(step)
    step.inputs[0].write_text("changed while the work went on")
    record(step, inputs)
    assert why_stale(step).endswith("in.txt changed")
