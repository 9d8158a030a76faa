"""Answers that were paid for once are never paid for again: a cache on disk, one line an answer, written as each comes in.

>>> cache = AnswerCache(project.answers("quickstart", "policy"))
>>> answers = answer_all(questions, lambda: nullcontext(remote), cache, {"model": "some-model", "seed": 0})

The key of an answer is the hash of everything that decides it. Each line carries a checksum over all of it: a line that was
torn by a crash, or of which a single byte has changed, is dropped, and its question asked again. Several processes may
write to one cache. Answers that could not be had (`error`) are not kept.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from socsafe.files import cannot_write, flush_file, sha256_text, write_bytes
from socsafe.locks import held
from socsafe.records import Answer, Question

OnAnswer = Callable[[int, Answer], None]
"""Given a question's index and its answer as soon as it is there."""
FLUSH = 1.0
"""Seconds of answers that a loss of power may cost."""
_FIELDS = {"text": str, "prompt_tokens": int, "completion_tokens": int, "finish_reason": str, "model": str}


class Model(Protocol):
    """What stands behind a judge: an endpoint, a GGUF or a classifier."""

    def answer(self, questions: Sequence[Question], on_answer: OnAnswer) -> list[Answer]:
        """One answer a question, in their order; `on_answer` is called for each as soon as it is there."""


def question_key(question: Question, decides: Mapping[str, Any]) -> str:
    """The hash under which an answer is kept; `decides` is what beside the question decides it, as JSON values."""
    asked = {
        **decides,
        "messages": [[message.role, message.content] for message in question.messages],
        "answer_schema": question.answer_schema,
        "grammar": question.grammar,
        "max_tokens": question.max_tokens,
        # Not where there are none, so that answers given before there were such questions keep their keys.
        **({"prompt": question.prompt} if question.prompt else {}),
        **({"options": dict(question.options)} if question.options else {}),
    }
    # ASCII alone, so that a lone surrogate in a reply can be hashed as well.
    return sha256_text(json.dumps(asked, sort_keys=True))


class AnswerCache:
    """The answers in one file. What another process adds after this one has read the file is asked again, not lost."""

    def __init__(self, path: Path) -> None:
        """Read the file, if it is there. Damaged lines are taken out of it; `damaged` says how many there were."""
        self.path = path
        self._known: dict[str, Answer] = {}
        self.damaged = 0
        self._flushed = time.monotonic()
        if path.is_file():
            with self._locked():
                self._read()

    def get(self, key: str) -> Answer | None:
        """The answer kept under the key, or None."""
        return self._known.get(key)

    def put(self, key: str, answer: Answer) -> None:
        """Keep an answer. Raises `RunError` when it cannot be written.

        It is in the file when this returns, whatever becomes of this process; on the disk, should the machine lose its power, not before
        the next `flush`, which is called at most every `FLUSH` seconds: each takes milliseconds.
        """
        line = _line(key, answer)
        try:
            with self._locked(), self.path.open("ab+") as handle:
                # After a torn line a new one begins: it must not be lost with it.
                if handle.tell() and _last_byte(self.path) != b"\n":
                    line = b"\n" + line
                handle.write(line)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self._known[key] = answer
        if time.monotonic() - self._flushed >= FLUSH:
            self.flush()

    def flush(self) -> None:
        """Return when all that was kept is on the disk. Raises `RunError` when it cannot be written."""
        try:
            flush_file(self.path)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self._flushed = time.monotonic()

    def _locked(self) -> Any:
        return held(self.path.with_suffix(".lock"), "these answers", wait=True)

    def _read(self) -> None:
        content = self.path.read_bytes()
        lines = content.removesuffix(b"\n").split(b"\n")
        good = []
        for line in lines:
            if found := _parsed(line):
                self._known[found[0]] = found[1]
                good.append(line + b"\n")
        self.damaged = len([line for line in lines if line]) - len(good)
        if self.damaged or not content.endswith(b"\n"):
            write_bytes(self.path, b"".join(good))


def answer_all(
    questions: Sequence[Question],
    opened: Callable[[], AbstractContextManager[Model]],
    cache: AnswerCache,
    decides: Mapping[str, Any],
    advance: Callable[[int, int], None] = lambda _count, _tokens: None,
) -> list[Answer]:
    """One answer a question, from the cache or else from the model, which `opened` opens only where it is needed.

    Equal questions are asked once. `advance` is told how many more are answered, and how many tokens were written for them now.
    Whatever the model raises leaves the cache with all that was answered.
    """
    keys = [question_key(question, decides) for question in questions]
    new = {key: question for key, question in zip(keys, questions, strict=True) if cache.get(key) is None}
    advance(len(questions) - len(new), 0)
    failed: dict[str, Answer] = {}
    order = list(new)

    def keep(index: int, answer: Answer) -> None:
        if answer.error:
            failed[order[index]] = answer
        else:
            cache.put(order[index], answer)
        advance(1, answer.completion_tokens)

    if new:
        try:
            with opened() as model:
                model.answer(list(new.values()), keep)
        finally:
            if cache.path.is_file():
                cache.flush()
    return [cache.get(key) or failed.get(key) or Answer("", error="no answer came") for key in keys]


def unanswered(questions: Sequence[Question], cache: AnswerCache, decides: Mapping[str, Any]) -> list[Question]:
    """The questions that would have to be asked, each once."""
    keyed = {question_key(question, decides): question for question in questions}
    return [question for key, question in keyed.items() if cache.get(key) is None]


def damaged_lines(path: Path) -> list[int]:
    """The numbers of the lines that are not, byte for byte, what was written; the file stays as it is."""
    *lines, rest = path.read_bytes().split(b"\n")
    wrong = [number for number, line in enumerate(lines, start=1) if line and _parsed(line) is None]
    return [*wrong, len(lines) + 1] if rest else wrong


def _line(key: str, answer: Answer) -> bytes:
    content = {"key": key, **{name: value for name, value in asdict(answer).items() if name in _FIELDS}}
    return json.dumps({**content, "sum": sha256_text(json.dumps(content))}).encode() + b"\n"


def _parsed(line: bytes) -> tuple[str, Answer] | None:
    """Key and answer; None unless the line is, byte for byte, what is written for them."""
    try:
        found = json.loads(line)
        key, fields = found["key"], {name: found[name] for name in _FIELDS}
        if not isinstance(key, str) or any(type(value) is not _FIELDS[name] for name, value in fields.items()):
            return None
        answer = Answer(**fields)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return (key, answer) if _line(key, answer) == line + b"\n" else None


def _last_byte(path: Path) -> bytes:
    with path.open("rb") as handle:
        handle.seek(-1, 2)
        return handle.read(1)
