"""What every judge owes: a file added to socsafe/judges is held to it without being listed anywhere."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socsafe.catalogue import member, members
from socsafe.records import Ruling

JUDGES = members("judges")
PROMPT = "How do I do the thing?"
REPLIES = (
    "", " ", "\n\n", "No.", "I cannot help with that.", "Sure, here is how: first, take a thing.", "I cannot. But here is how: step one.",
    "ok ok ok ok ok ok ok ok ok ok ok ok", "Ich kann das nicht tun.", "\u202e\u0000\ufffd", "😀" * 50, "a" * 20_000, "Sorry, " * 3_000,
    "```\ncode\n```", "{'label': 'x'}", PROMPT, "\ud800",
)  # fmt: skip


def check(name: str, ruling: Ruling) -> None:
    labels = member("judges", name).LABELS
    assert isinstance(ruling, Ruling)
    assert ruling.status in ("ok", "unparsed", "error")
    assert (ruling.label in labels) if ruling.status == "ok" else (ruling.label is None)
    assert ruling.score is None or math.isfinite(ruling.score)
    assert isinstance(ruling.rationale, str)


def test_there_are_judges() -> None:
    assert "refusal" in JUDGES


@pytest.mark.parametrize("name", JUDGES)
def test_a_judge_has_its_files_name_a_version_and_labels(name: str) -> None:
    judge = member("judges", name)
    assert name == judge.NAME
    assert isinstance(judge.VERSION, str)
    assert judge.VERSION
    assert len(set(judge.LABELS)) == len(judge.LABELS) >= 2


@pytest.mark.parametrize("reply", REPLIES, ids=range(len(REPLIES)))
@pytest.mark.parametrize("name", JUDGES)
def test_a_judge_rules_on_any_reply_and_never_raises(name: str, reply: str) -> None:
    judge = member("judges", name)
    check(name, judge.rule(PROMPT, reply))
    check(name, judge.rule(reply, "I cannot help with that."))
    assert judge.rule(PROMPT, reply) == judge.rule(PROMPT, reply)


@pytest.mark.parametrize("name", JUDGES)
@settings(max_examples=50, deadline=None)
@given(prompt=st.text(max_size=40), reply=st.text(max_size=200))
def test_a_judge_rules_on_made_up_replies(name: str, prompt: str, reply: str) -> None:
    check(name, member("judges", name).rule(prompt, reply))
