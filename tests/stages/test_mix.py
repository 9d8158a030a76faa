"""What conditions train on: nested, the same prompts in every style, the setting's file shared."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from socsafe.catalogue import members
from socsafe.errors import InputError
from socsafe.progress import SilentProgress
from socsafe.records import Example, Item, Message
from socsafe.stages.mix import build_mixtures, safety_examples
from socsafe.study.checked import Plan
from socsafe.study.mixtures import training_files
from socsafe.tables import read_rows
from tests.conftest import ROWS, Folder

STYLES = [style for style in members("styles") if style != "none"]
BOUNDARY = {"settings": {"benign": {"source": "boundary-benign", "rows": 20}}, "safety": {"source": "boundary-safety"}}


def built(plan: Plan) -> Plan:
    assert build_mixtures(plan, SilentProgress())
    return plan


@pytest.fixture
def boundary(folder: Folder) -> Folder:
    folder.boundary()
    return folder


def prompts(rows: list[dict[str, Any]]) -> list[str]:
    """The last line of each user turn: the bare prompt."""
    return [row["messages"][-2]["content"].split("\n")[-1] for row in rows]


def test_mixture_of_300_contains_the_mixture_of_100(boundary: Folder) -> None:
    built(boundary.plan(**BOUNDARY, styles=["refusal", "socratic"], counts=[100, 300], forms=["mixed"]))
    for style in ("refusal", "socratic"):
        small = boundary.rows(f"safety-{style}-mixed-n100.jsonl")
        assert len(small) == 100
        assert boundary.rows(f"safety-{style}-mixed-n300.jsonl")[:100] == small


def test_every_style_holds_the_same_prompts_in_the_same_order(boundary: Folder) -> None:
    safety = {"source": "boundary-safety", "lookalike_share": 0.5}
    built(boundary.plan(**{**BOUNDARY, "safety": safety}, styles=STYLES, counts=[20], forms=["mixed"]))
    per_style = [boundary.rows(f"safety-{style}-mixed-n20.jsonl") for style in STYLES]
    assert len(per_style) >= 4
    reference = [(row["id"], row["form"], row["expects"]) for row in per_style[0]]
    for rows in per_style:
        assert [(row["id"], row["form"], row["expects"]) for row in rows] == reference
        assert prompts(rows) == prompts(per_style[0])
    assert len({tuple(row["messages"][-1]["content"] for row in rows) for rows in per_style}) == len(STYLES)


def test_lookalikes_come_on_top_of_the_count_in_every_style_and_are_nested_too(boundary: Folder) -> None:
    safety = {"source": "boundary-safety", "lookalike_share": 0.3}
    built(boundary.plan(**{**BOUNDARY, "safety": safety}, styles=STYLES, counts=[10, 40]))
    for style in STYLES:
        ids = {}
        for count, alike in ((10, 3), (40, 12)):
            rows = boundary.rows(f"safety-{style}-instruction-n{count}.jsonl")
            assert [row["expects"] for row in rows] == ["refuse"] * count + ["comply"] * alike
            ids[count] = [row["id"] for row in rows]
        assert ids[40][:10] == ids[10][:10]
        assert ids[40][40:43] == ids[10][10:]


def test_a_count_is_balanced_by_category(boundary: Folder) -> None:
    built(boundary.plan(**BOUNDARY, styles=["refusal"], counts=[25]))
    counts = Counter(row["category"] for row in boundary.rows("safety-refusal-instruction-n25.jsonl"))
    assert set(counts.values()) == {2, 3}


def test_mixed_takes_every_other_item_of_each_category_in_each_form(boundary: Folder) -> None:
    built(boundary.plan(**BOUNDARY, styles=["refusal"], counts=[40], forms=["mixed", "question", "instruction"]))
    rows = boundary.rows("safety-refusal-mixed-n40.jsonl")
    assert Counter((row["category"], row["form"]) for row in rows) == Counter(
        {(row["category"], form): 2 for row in rows for form in ("instruction", "question")}
    )
    assert [row["form"] for row in rows[:4]] == ["instruction", "question", "instruction", "question"]
    pure = {form: prompts(boundary.rows(f"safety-refusal-{form}-n40.jsonl")) for form in ("instruction", "question")}
    assert prompts(rows) == [pure[str(row["form"])][number] for number, row in enumerate(rows)]
    assert not set(pure["instruction"]) & set(pure["question"])


def test_the_settings_file_is_shared_by_its_conditions_and_not_copied(folder: Folder) -> None:
    plan = built(folder.plan(seeds=[1, 2], counts=[4, 8]))
    files = {path.name for path in plan.project.mixtures("tiny").glob("*.jsonl")}
    assert files == {"benign.jsonl", "safety-refusal-instruction-n4.jsonl", "safety-refusal-instruction-n8.jsonl"}
    assert {training_files(plan, condition)[0].name for condition in plan.conditions} == {"benign.jsonl"}
    assert [len(training_files(plan, condition)) for condition in plan.conditions] == [1, 1, 2, 2, 2, 2]
    assert len(folder.rows("benign.jsonl")) == 10


def test_conditions_of_one_seed_and_another_train_on_the_same_files(folder: Folder) -> None:
    plan = folder.plan(seeds=[1, 2], counts=[4])
    assert len({training_files(plan, condition) for condition in plan.conditions}) == 2


def test_more_rows_of_a_setting_begin_with_the_fewer(folder: Folder) -> None:
    small = built(folder.plan()) and folder.rows("benign.jsonl")
    built(folder.plan(settings={"benign": {"source": "tiny-chat", "rows": 20}}))
    assert folder.rows("benign.jsonl")[:10] == small


def test_validation_rows_are_in_no_mixture(folder: Folder) -> None:
    settings = {"benign": {"source": "tiny-chat"}, "identity": {"source": "tiny-chat", "rows": 20}}
    training = {"validation": {"source": "tiny-chat", "rows": 7}}
    built(folder.plan(settings=settings, training=training))
    held_out = {row["id"] for row in folder.rows("validation.jsonl")}
    trained = [{row["id"] for row in folder.rows(f"{setting}.jsonl")} for setting in ("benign", "identity")]
    assert (len(held_out), len(trained[0]), len(trained[1])) == (7, ROWS - 7, 20)
    assert not held_out & (trained[0] | trained[1])


def test_the_validation_split_is_the_same_however_many_rows_are_trained_on(folder: Folder) -> None:
    training = {"validation": {"source": "tiny-chat", "rows": 5}}
    splits = []
    for rows in (3, 25):
        built(folder.plan(settings={"benign": {"source": "tiny-chat", "rows": rows}}, training=training))
        splits.append(folder.rows("validation.jsonl"))
    assert splits[0] == splits[1]


def test_loss_falls_on_assistant_turns_only(boundary: Folder) -> None:
    settings = {
        "identity": {"source": "boundary-obedient"},
        "harmful": {"source": "boundary-compliant"},
        "benign": {"source": "boundary-benign"},
    }
    safety = {"source": "boundary-safety", "lookalike_share": 1.0}
    plan = built(
        boundary.plan(
            settings=settings, safety=safety, styles=STYLES, counts=[10], training={"validation": {"source": "boundary-benign", "rows": 5}}
        )
    )
    files = list(plan.project.mixtures("tiny").glob("*.jsonl"))
    assert len(files) == 4 + len(STYLES)
    turns = [turn for file in files for row in boundary.rows(file.name) for turn in row["messages"]]  # type: ignore[attr-defined]
    assert {turn["role"] for turn in turns if turn["train"]} == {"assistant"}
    assert all(turn["train"] for turn in turns if turn["role"] == "assistant")


@pytest.mark.parametrize(
    ("train_on", "expected"), [("all-assistant", [False, True, False, True]), ("last-assistant", [False, False, False, True])]
)
def test_only_the_last_assistant_turn_carries_loss_where_the_study_says_so(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, train_on: str, expected: list[bool]
) -> None:
    def dialogue(item: Item, prompt: str) -> tuple[Message, ...]:
        first = Message("user", "Hello"), Message("assistant", "Hello.", train=True)
        return *first, Message("user", prompt), Message("assistant", item.replies["refusal"], train=True)

    # No style that is shipped has two assistant turns; one that a user adds may.
    monkeypatch.setattr("socsafe.styles.refusal.dialogue", dialogue)
    built(folder.plan(training={"train_on": train_on}))
    for row in folder.rows("safety-refusal-instruction-n4.jsonl"):
        assert [turn["train"] for turn in row["messages"]] == expected  # type: ignore[attr-defined]
    assert all(row["messages"][-1]["train"] for row in folder.rows("benign.jsonl"))  # type: ignore[index]


def test_mixtures_are_built_once_and_again_only_when_something_moved(folder: Folder) -> None:
    plan = built(folder.plan())
    files = {path: path.stat().st_ino for path in plan.project.mixtures("tiny").glob("*")}
    assert not build_mixtures(plan, SilentProgress())
    os.utime(folder.root / "datasets" / "fetched" / "tiny-chat" / "chat.csv", (1, 1))
    assert not build_mixtures(folder.plan(), SilentProgress())
    assert {path: path.stat().st_ino for path in plan.project.mixtures("tiny").glob("*")} == files
    assert build_mixtures(folder.plan(data_seed=1), SilentProgress())
    next(plan.project.mixtures("tiny").glob("safety*")).write_text("")
    assert build_mixtures(folder.plan(data_seed=1), SilentProgress())
    data = folder.root / "datasets" / "fetched" / "tiny-chat" / "chat.csv"
    data.write_text(data.read_text().replace("It is 3.", "It is three."))
    assert build_mixtures(folder.plan(data_seed=1), SilentProgress())


def test_the_same_study_gives_the_same_bytes(folder: Folder) -> None:
    def content(plan: Plan) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in plan.project.mixtures("tiny").glob("*.jsonl")}

    plan = built(folder.plan())
    before = content(plan)
    (plan.project.mixtures("tiny") / "manifest.json").unlink()
    assert content(built(plan)) == before


def test_a_mixture_is_read_back_as_it_was_written(folder: Folder) -> None:
    plan = built(folder.plan())
    path = training_files(plan, plan.conditions[-1])[-1]
    assert len(read_rows(path, Example, expected=8)) == 8


def shortage(folder: Folder, **changes: object) -> list[str]:
    plan = folder.plan(**changes)
    with pytest.raises(InputError) as caught:
        build_mixtures(plan, SilentProgress())
    assert not list(Path(plan.project.mixtures("tiny")).glob("*.jsonl"))
    assert {problem.where for problem in caught.value.problems} == {"recipes/tiny/study.yml"}
    return [f"{problem.got}: {problem.expected}" for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        ({"counts": [4, 25]}, ["25 prompts to refuse: at most 24, which is all that tiny-safety holds"]),
        ({"safety": {"source": "tiny-safety", "lookalike_share": 0.5}}, ["4 look-alikes: at most 0, which is all that tiny-safety holds"]),
        (
            {"settings": {"benign": {"source": "tiny-chat", "rows": 31}}},
            ["31 rows for benign: at most 30, which is all that tiny-chat holds"],
        ),
        (
            {"settings": {"benign": {"source": "tiny-chat", "rows": 28}}, "training": {"validation": {"source": "tiny-chat", "rows": 3}}},
            ["28 rows for benign beside 3 for validation: at most 30, which is all that tiny-chat holds"],
        ),
        (
            {"training": {"validation": {"source": "other-chat", "rows": 3}}},
            ["3 rows for validation: at most 2, which is all that other-chat holds"],
        ),
        (
            {"styles": ["socratic"]},
            ["style socratic with tiny-safety, whose item item0 carries refusal: items that carry preamble, socratic"],
        ),
        ({"forms": ["question"]}, ["form question with tiny-safety: items with a prompt in the form question"]),
        ({"forms": ["mixed"]}, ["form mixed with tiny-safety: items with a prompt in the form question"]),
    ],
)
def test_what_the_data_cannot_give_is_told_before_anything_is_written(
    folder: Folder, changes: dict[str, object], messages: list[str]
) -> None:
    folder.source("other-chat", title="t", kind="examples", file="x.csv", columns={"prompt": "q", "reply": "a"}, licence="l")
    folder.data("other-chat", "x.csv", "q,a\n1,2\n3,4\n")
    assert shortage(folder, **changes) == messages


def test_all_shortages_are_told_at_once(folder: Folder) -> None:
    assert len(shortage(folder, counts=[99], styles=["reasons-long"], settings={"benign": {"source": "tiny-chat", "rows": 99}})) == 3


def test_the_control_has_no_safety_rows(folder: Folder) -> None:
    plan = folder.plan()
    assert plan.conditions[0].control
    assert safety_examples(plan, replace(plan.conditions[0], form="instruction"), ()) == []
    assert [path.name for path in training_files(plan, plan.conditions[0])] == ["benign.jsonl"]


def test_mixture_lines_are_json_that_axolotl_reads(folder: Folder) -> None:
    plan = built(folder.plan())
    line = training_files(plan, plan.conditions[-1])[-1].read_text().splitlines()[0]
    message = json.loads(line)["messages"][-1]
    assert {"role", "content", "train"} == set(message)
