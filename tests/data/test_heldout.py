from __future__ import annotations

import csv
import io

import pytest

from socsafe.data.heldout import held_out_rows
from socsafe.data.leakage import normalised
from socsafe.errors import InputError, RunError
from socsafe.progress import SilentProgress
from socsafe.records import Example
from socsafe.stages.mix import build_mixtures
from socsafe.study.ability_block import HeldOut
from socsafe.study.checked import Plan
from socsafe.study.mixtures import trained_on, validation_file
from socsafe.tables import read_rows, records
from tests.conftest import ROWS, Folder

BENIGN = 10


def built(folder: Folder, **changes: object) -> Plan:
    plan = folder.plan(**changes)
    build_mixtures(plan, SilentProgress())
    return plan


def drawn(plan: Plan, rows: int) -> list[Example]:
    return list(held_out_rows(plan, HeldOut(source="tiny-chat", rows=rows)))


def test_held_out_rows_share_no_row_prompt_or_reply_with_any_training_file(folder: Folder) -> None:
    plan = built(folder)
    mine = drawn(plan, ROWS - BENIGN)
    trained = [row for path in trained_on(plan) for row in records(read_rows(path, Example), Example)]
    assert len(trained) > BENIGN
    assert not {row.id for row in mine} & {row.id for row in trained if row.source == "tiny-chat"}
    texts = {normalised(message.content) for row in trained for message in row.messages}
    assert not texts & {normalised(message.content) for row in mine for message in row.messages}
    assert len({row.id for row in mine}) == ROWS - BENIGN


def test_fewer_rows_are_the_beginning_of_more_and_the_seed_decides_which(folder: Folder) -> None:
    plan = built(folder)
    assert drawn(plan, 5) == drawn(plan, 12)[:5]
    other = built(folder, data_seed=3)
    assert drawn(other, 5) != drawn(plan, 5)


def test_the_rows_stay_the_same_when_a_setting_takes_more(folder: Folder) -> None:
    few = drawn(built(folder), 8)
    assert drawn(built(folder, settings={"benign": {"source": "tiny-chat", "rows": 20}}), 8) == few


def test_a_row_that_says_the_same_as_a_trained_one_is_left_out(folder: Folder) -> None:
    before = built(folder)
    trained = {row.id for row in records(read_rows(trained_on(before)[0], Example), Example)}
    text = io.StringIO()
    rows = [(f"Say {n}", "", f"It is {n}.") for n in range(ROWS)]
    known = int(sorted(trained, key=int)[0])
    repeats = [row for row in range(1, ROWS + 1) if str(row) not in trained][:2]
    rows[repeats[0] - 1] = (f"say  {known - 1}!", "", "Something else.")
    rows[repeats[1] - 1] = ("Something else", "", f"it is {known - 1}")
    csv.writer(text).writerows([("question", "about", "answer"), *rows])
    folder.data("tiny-chat", "chat.csv", text.getvalue())
    plan = built(folder)
    assert not {str(row) for row in repeats} & {row.id for row in drawn(plan, ROWS - BENIGN - 2)}
    with pytest.raises(InputError, match=f"at most {ROWS - BENIGN - 2}, which is all that no condition is trained on"):
        drawn(plan, ROWS - BENIGN - 1)


def test_the_validation_split_is_taken_last(folder: Folder) -> None:
    plan = built(folder, training={"validation": {"source": "tiny-chat", "rows": 6}})
    split = validation_file(plan)
    assert split is not None
    chose = {row.id for row in records(read_rows(split, Example), Example)}
    ids = [row.id for row in drawn(plan, ROWS - BENIGN)]
    assert len(chose) == 6
    assert set(ids[-6:]) == chose
    assert [row.id for row in drawn(plan, ROWS - BENIGN - 6)] == ids[:-6]


def test_without_mixtures_the_command_that_builds_them_is_told(folder: Folder) -> None:
    with pytest.raises(RunError, match=r"socsafe train recipes/tiny/study\.yml"):
        drawn(folder.plan(), 3)
