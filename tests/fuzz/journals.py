"""Journals of drafts that a model wrote, and of what a person said of them."""

from __future__ import annotations

from typing import Any

from socsafe.data.making.draft import Subject
from socsafe.data.making.session import Session
from tests.fuzz.area import Area, Bench, Call, horror
from tests.fuzz.data_rows import jsonl
from tests.fuzz.mutate import documents

SUBJECTS: list[Any] = [
    {
        "record": "subject",
        "id": "item1",
        "expects": "refuse",
        "texts": {"instruction": "Fake it.", "category": "fraud"},
        "tasks": ["reasons", "refusal"],
        "source": "tiny-safety",
        "licence": "CC0-1.0",
        "kind": "",
        "pair": "",
    },
    {
        "record": "subject",
        "id": "item2",
        "expects": "comply",
        "texts": {"instruction": "Draw it."},
        "tasks": ["answer"],
        "source": "tiny-safety",
        "licence": "CC0-1.0",
        "kind": "definitions",
        "pair": "item1",
    },
]


def _about(number: int) -> str:
    return Subject(**{key: value for key, value in SUBJECTS[number].items() if key != "record"}).about


def _reply(number: int, task: str, texts: dict[str, str]) -> dict[str, Any]:
    return {
        "record": "reply",
        "id": SUBJECTS[number]["id"],
        "task": task,
        "prompt_version": f"{task}-1",
        "about": _about(number),
        "attempt": 0,
        "model": "m",
        "answered_by": "m-1",
        "seed": 1,
        "temperature": 0.7,
        "prompt_tokens": 5,
        "completion_tokens": 6,
        "finish_reason": "stop",
        "status": "ok",
        "problems": [],
        "texts": texts,
        "raw": "",
    }


JOURNAL: list[Any] = [
    *SUBJECTS,
    _reply(0, "refusal", {"refusal": "I cannot help with that."}),
    _reply(0, "reasons", {"reasons-short": "No. It harms people.", "reasons-more": "It would cost them."}),
    _reply(1, "answer", {"answer": "Sure. Do [step one]."}),
]
REVIEWS: list[Any] = [
    {"record": "decision", "id": "item1", "text": "0" * 64, "decision": "accept"},
    {"record": "edit", "id": "item2", "draft": "0" * 64, "texts": {"instruction": "Draw it now.", "answer": "Sure."}},
]


def _drafts(bench: Bench, content: bytes) -> Call:
    return _reviewed(bench, content, b"")


def _reviewed(bench: Bench, drafts: bytes, reviews: bytes) -> Call:
    bench.file("datasets/drafts/mine.jsonl", drafts)
    bench.file("datasets/drafts/mine.reviews.jsonl", reviews)
    _ = bench.boundary

    def review() -> None:
        session = Session.open("mine", bench.root)
        session.counts()
        for draft in session.open_drafts():
            session.notes(draft)
            session.reviews.decide(draft, "accept")
        session.publish()

    return review


def journal_corpus() -> list[Any]:
    """Horrors of journals of drafts."""
    good = jsonl(JOURNAL)
    return [
        horror("a torn last line", good + b'{"record": "reply", "id": "it', None),
        horror("a torn line in the middle", good[:100] + b"\n" + good, "mine.jsonl:1: no record"),
        horror("a record of an unknown kind", jsonl([{"record": ["subject"]}, *JOURNAL]), "mine.jsonl:1: no record"),
        horror("NaN", jsonl([*SUBJECTS, {**JOURNAL[2], "temperature": float("nan")}]) + b"\n", "mine.jsonl:3: no record"),
        horror("one key twice", good.replace(b'"seed": 1,', b'"seed": 1, "seed": 2,', 1), 'mine.jsonl:3: no record: key "seed" twice'),
        horror("half a surrogate pair", jsonl([{**SUBJECTS[0], "texts": {"instruction": "\ud800"}}]) + b"\n", "mine.jsonl:1: "),
        horror("an unknown task", jsonl([{**SUBJECTS[0], "tasks": ["nonsense"]}]) + b"\n", None),
        horror("UTF-16", good.decode().encode("utf-16"), "byte 0xff is not UTF-8"),
        horror("nested a thousand levels deep", b'{"record": ' + b"[" * 1000 + b"]" * 1000 + b"}\n" + good, "mine.jsonl:1: no record"),
        horror("a reply without what was asked for", good.replace(b'{"refusal": "I cannot help with that."}', b"{}"), None),
        horror("a draft without a prompt", jsonl([{**SUBJECTS[0], "texts": {}, "tasks": []}]), None),
        horror("an empty file", b"", None),
    ]


AREAS = (
    Area("drafts", ("mine",), _drafts, journal_corpus, lambda: documents([JOURNAL], jsonl), 1.0, lambda: jsonl(JOURNAL)),
    Area(
        "reviews",
        ("mine",),
        lambda bench, content: _reviewed(bench, jsonl(JOURNAL), content),
        list,
        lambda: documents([REVIEWS], jsonl),
        0.7,
        lambda: jsonl(REVIEWS),
    ),
)
