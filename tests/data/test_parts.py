"""The parts of a unit of work: kept under all that decides them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from socsafe.data.parts import Parts
from socsafe.facts.ability import ReplyLoss
from socsafe.manifest import Step

LOSS = ReplyLoss("c", "s", "1", 5, 1.5, "")


@pytest.fixture
def step(tmp_path: Path) -> Step:
    (tmp_path / "model").write_text("m")
    return Step(
        "ability",
        tmp_path / "out.manifest.json",
        tmp_path,
        inputs=(tmp_path / "model",),
        outputs=(tmp_path / "out.jsonl",),
        if_here=(tmp_path / "mixture",),
        parameters={"chunk": 64},
    )


def test_what_was_written_is_read_back_and_another_content_under_its_name_is_not(step: Step) -> None:
    parts = Parts.of(step)
    assert parts.read(0, ReplyLoss, expected=1) is None
    parts.write(0, [LOSS])
    assert Parts.of(step).read(0, ReplyLoss, expected=1) == [LOSS]
    (path,) = parts.folder.iterdir()
    path.write_text(path.read_text().replace("1.5", "2.5"))
    assert parts.read(0, ReplyLoss, expected=1) is None
    assert not path.exists()


def test_parts_are_kept_under_the_inputs_those_that_are_here_and_the_parameters(step: Step) -> None:
    folders = [Parts.of(step).folder, Parts.of(replace(step, parameters={"chunk": 32})).folder]
    (step.root / "mixture").write_text("x")
    folders.append(Parts.of(step).folder)
    step.inputs[0].write_text("another")
    folders.append(Parts.of(step).folder)
    assert len(set(folders)) == 4
    assert all(folder.name.startswith("out.parts-") for folder in folders)


def test_parts_of_earlier_inputs_are_removed_with_the_others_when_the_output_is_written(step: Step) -> None:
    old = Parts.of(step)
    old.write(0, [LOSS])
    step.inputs[0].write_text("another")
    new = Parts.of(step)
    assert new.read(0, ReplyLoss, expected=1) is None
    new.write(0, [LOSS])
    new.done()
    assert not old.folder.exists()
    assert not new.folder.exists()
