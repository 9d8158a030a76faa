"""The journal keeps every reply, survives a crash in the middle of a line, and guesses at nothing."""

from __future__ import annotations

import json

import pytest

from socsafe.data.making.journal import Journal
from socsafe.data.making.planning import drafts
from socsafe.errors import InputError
from tests.data.making.conftest import SUBJECT, reply


def test_what_is_written_is_read_again_word_for_word(journal: Journal) -> None:
    odd = reply(SUBJECT, "refusal", {"refusal": "Nein – \u2028 \x1b[2J {\n}"}, status="failed", problems=("odd",), raw="\x00\udc80")
    journal.add(odd)
    again = Journal(journal.path)
    assert again.subjects == journal.subjects
    assert again.replies["item1", "reasons"] == journal.replies["item1", "reasons"]
    assert again.replies["item1", "refusal"][1].raw == "\x00?"
    assert len(journal.path.read_text().split("\n")) == 5


@pytest.mark.parametrize("kept", [1, 20, -2, -1])
def test_a_torn_last_line_is_dropped_and_what_follows_is_kept(journal: Journal, kept: int) -> None:
    whole = journal.path.read_bytes()
    start = whole.rstrip(b"\n").rfind(b"\n") + 1
    journal.path.write_bytes(whole[:start] + whole[start:][:kept])
    torn = Journal(journal.path)
    # Only the line end is lost with -1: then the line itself is whole.
    assert [draft.waiting for draft in drafts(torn)] == [() if kept == -1 else ("refusal",)]
    torn.add(reply(SUBJECT, "refusal", {"refusal": "No, I won't."}))
    assert [draft.texts["refusal"] for draft in drafts(Journal(journal.path))] == ["No, I won't."]


@pytest.mark.parametrize(
    ("line", "got"),
    [
        ("{", "no record: expecting property name enclosed in double quotes (column 2)"),
        ("[]", "no record"),
        ('{"record": "thing"}', "no record"),
        ('{"record": "subject", "id": 3}', "id: input should be a valid string"),
    ],
)
def test_a_wrong_line_that_is_not_the_last_is_an_error_with_its_number(journal: Journal, line: str, got: str) -> None:
    first, rest = journal.path.read_text().split("\n", 1)
    journal.path.write_text(f"{first}\n{line}\n{rest}")
    with pytest.raises(InputError) as raised:
        Journal(journal.path)
    assert [(problem.where, problem.got) for problem in raised.value.problems] == [(f"{journal.path}:2", got)]


def test_a_line_of_which_a_byte_has_changed_is_an_error_with_its_number(journal: Journal) -> None:
    whole = journal.path.read_bytes()
    line = whole.split(b"\n")[1]
    content = len(line) - len(', "sum": ""}') - 64
    for at in range(0, content, 13):
        journal.path.write_bytes(whole.replace(line, line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]))
        with pytest.raises(InputError, match=rf"{journal.path}:2: "):
            Journal(journal.path)


def test_a_line_put_right_by_hand_goes_without_its_sum(journal: Journal) -> None:
    lines = journal.path.read_text().splitlines()
    content = json.loads(lines[-1])
    del content["sum"]
    journal.path.write_text("\n".join([*lines[:-1], json.dumps(content | {"answered_by": "a person"})]) + "\n")
    assert any(one.answered_by == "a person" for own in Journal(journal.path).replies.values() for one in own)


def test_a_subject_that_is_there_already_is_not_written_again(journal: Journal) -> None:
    before = journal.path.read_bytes()
    journal.add(SUBJECT)
    assert journal.path.read_bytes() == before
