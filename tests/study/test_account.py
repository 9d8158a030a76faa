"""What is known of an adapter: its account, and where it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from socsafe.errors import RunError
from socsafe.manifest import sealed
from socsafe.study.account import MANIFEST, MARK, noted, origin, read_account


def account(**changes: object) -> dict[str, Any]:
    turns = [{"role": "user", "content": "Hi", "train": False}, {"role": "assistant", "content": "Ho", "train": True}]
    told = {"base_model": "b", "seed": 1, "steps": 7, "train_loss": 1.5, "eval_loss": None}
    files = [{"file": "x.jsonl", "rows": 4, "loss_tokens": 9}]
    return {**told, "files": files, "sample": [{"messages": turns, "input_ids": [1, 2], "labels": [-100, 2]}], **changes}


def test_an_account_is_read_whole_with_its_sample(tmp_path: Path) -> None:
    path = tmp_path / "training.json"
    assert read_account(path) is None
    path.write_text(json.dumps(account()))
    found = read_account(path)
    assert found is not None
    (row,) = found.sample
    assert (found.steps, row.input_ids, row.labels, row.messages[1].content) == (7, (1, 2), (-100, 2), "Ho")


@pytest.mark.parametrize(
    ("sample", "told"),
    [
        ([{"messages": [], "input_ids": [1, 2], "labels": [1]}], "sample.0: Value error, 2 input_ids with 1 labels"),
        ([{"messages": [], "input_ids": [1.5], "labels": [1]}], "sample.0.input_ids.0: "),
        ([{"messages": [], "input_ids": [True], "labels": [1]}], "sample.0.input_ids.0: "),
        (
            [{"messages": [{"role": "user", "content": None, "train": True}], "input_ids": [], "labels": []}],
            "sample.0.messages.0.content: ",
        ),
        (3, "sample: "),
    ],
)
def test_a_sample_that_is_none_is_named_by_its_place(tmp_path: Path, sample: object, told: str) -> None:
    path = tmp_path / "training.json"
    path.write_text(json.dumps(account(sample=sample)))
    with pytest.raises(RunError) as raised:
        read_account(path)
    (problem,) = raised.value.problems
    assert (problem.where, problem.got.startswith(told)) == (str(path), True), problem.got


def test_an_account_that_cannot_be_read_is_an_error_with_the_disks_reason(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be read: Is a directory"):
        read_account(tmp_path)


@pytest.mark.parametrize("found", ["trained", "adopted"])
def test_an_adapters_origin_is_what_was_noted(tmp_path: Path, found: str) -> None:
    (tmp_path / MANIFEST).write_text(sealed({"parameters": {"origin": found, "recipe": "0"}}))
    assert origin(tmp_path) == found
    assert noted(tmp_path)["recipe"] == "0"


def test_with_a_damaged_manifest_the_mark_tells_and_with_none_the_adapter_was_not_adopted(tmp_path: Path) -> None:
    (tmp_path / MARK).write_text("")
    assert origin(tmp_path) == "trained"
    (tmp_path / MANIFEST).write_text(sealed({"parameters": {"origin": "trained"}}))
    assert origin(tmp_path) == "trained"
    (tmp_path / MANIFEST).write_text("{")
    assert origin(tmp_path) == "adopted"
    assert noted(tmp_path) == {}
    (tmp_path / MARK).unlink()
    assert origin(tmp_path) == "trained"


@pytest.mark.parametrize("parameters", [None, 3, [], {}])
def test_a_manifest_that_notes_nothing_is_no_adoption(tmp_path: Path, parameters: object) -> None:
    (tmp_path / MANIFEST).write_text(sealed({"parameters": parameters}))
    assert (origin(tmp_path), noted(tmp_path)) == ("trained", {})
