"""The journal of one set of drafts: what was planned and every reply, a line each, written as it comes in.

>>> journal = Journal(drafts_file(root, "my-set"))
>>> journal.add(reply)
>>> journal.replies["fraud-0001", "refusal"][-1].status
'ok'

A last line that was torn by a crash is dropped, and its question asked again. A line that is wrong elsewhere is an error: a file
that is worth money is not mended by guessing. Every line carries a checksum, so that one that was changed is no less wrong than one that
cannot be read; a line that a person puts right by hand goes without.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from socsafe.data.making.draft import Subject
from socsafe.errors import InputError, Problem
from socsafe.files import cannot_write, decode, sha256_text, write_bytes
from socsafe.strict_json import JsonError, parse_json

Record = TypeVar("Record")
_SUM = ', "sum": '
_adapters: dict[type[Any], Any] = {}
"""What checks a line of each kind; made once, since that takes longer than a thousand lines."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a model, with all that decided it and what was made of it."""

    id: str
    """The subject's."""
    task: str
    """What was asked for."""
    prompt_version: str
    """The task and the version of its words, e.g. `refusal-1`."""
    about: str
    """Hash of what was given of the subject."""
    attempt: int
    """0 for the first time that this was asked."""
    model: str
    """The model, as it was asked for."""
    answered_by: str
    """The model, as the server names it; empty where it does not."""
    seed: int
    """Sent with the question."""
    temperature: float
    """Sent with the question."""
    prompt_tokens: int
    """Tokens read; 0 where the server does not count."""
    completion_tokens: int
    """Tokens written; 0 where the server does not count."""
    finish_reason: str
    """`stop`, `length` or what else the server said."""
    status: Literal["ok", "failed"]
    """`failed`: not of the right shape, or against a rule."""
    problems: tuple[str, ...]
    """What is wrong with it; empty where nothing is."""
    texts: Mapping[str, str]
    """What it says, by name; empty where it failed."""
    raw: str
    """The answer verbatim where it failed; empty where `texts` says it all."""


def drafts_file(root: Path, name: str) -> Path:
    """Where the journal of a set lies."""
    return root / "datasets" / "drafts" / f"{name}.jsonl"


def read_lines(path: Path) -> list[tuple[int, str]]:
    """Every line with its number, but for a last one that was torn: one without its line end that is no JSON."""
    if not path.is_file():
        return []
    lines = decode(path.read_bytes(), path).split("\n")
    if lines[-1] and not _is_json(lines[-1]):
        lines.pop()
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def append_line(path: Path, content: Mapping[str, object]) -> None:
    """Write one line at the end; it is in the file when this returns. A torn line before it is taken out."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _mend_end(path)
        with path.open("ab") as handle:
            handle.write(_summed(json.dumps(content, ensure_ascii=False).encode(errors="replace").decode()).encode() + b"\n")
    except OSError as error:
        raise cannot_write(path, error) from error


def parsed(line: str, kinds: Mapping[str, type[Record]], where: str) -> Record:
    """The record that a line holds. Raises `InputError` where it holds none."""
    from pydantic import ValidationError

    mend = "put the line right, or take it out: what it held is then asked again"
    try:
        content = parse_json(line)
        if "sum" in content and _summed(line[: line.rfind(_SUM)] + "}") != line:
            got, mend = "a line that has changed since it was written: its sum is another", f"{mend}; a line put right by hand has no sum"
            raise InputError(Problem(where, got, "the line as socsafe wrote it", mend))
        content.pop("sum", None)
        found: Record = _adapter(kinds[content.pop("record")]).validate_json(json.dumps(content))
        return found
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        if isinstance(error, ValidationError):
            first = error.errors(include_url=False)[0]
            got = f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
        else:
            got = f"no record: {error.what}" if isinstance(error, JsonError) else "no record"
        raise InputError(Problem(where, got, f"a line as socsafe writes it, with record: {' or '.join(kinds)}", mend)) from error


def take_all(path: Path, kinds: Mapping[str, type[Record]], take: Callable[[Record], None]) -> None:
    """Hand over every record of the file, if it is there, in its order. Raises `InputError` with every line that is wrong."""
    problems: list[Problem] = []
    for number, line in read_lines(path):
        try:
            take(parsed(line, kinds, f"{path}:{number}"))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)


def _adapter(kind: type[Any]) -> Any:
    from pydantic import TypeAdapter

    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def _summed(line: str) -> str:
    """The line with a checksum of all that stands before it."""
    return f'{line[:-1]}{_SUM}"{sha256_text(line)}"}}'


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _mend_end(path: Path) -> None:
    """Let the file end with a line end: after a whole line one is added, a torn line goes."""
    if not path.is_file() or path.stat().st_size == 0:
        return
    with path.open("rb") as handle:
        handle.seek(-1, 2)
        if handle.read(1) == b"\n":
            return
    before, _, last = path.read_bytes().rpartition(b"\n")
    whole = _is_json(last.decode(errors="replace"))
    write_bytes(path, (before + b"\n" if before else b"") + (last + b"\n" if whole else b""))


class Journal:
    """What one file holds. For one writing process at a time."""

    def __init__(self, path: Path) -> None:
        """Read the file, if it is there. Raises `InputError` with every line that is wrong."""
        self.path = path
        self.subjects: dict[str, Subject] = {}
        self.replies: dict[tuple[str, str], list[Reply]] = {}
        kinds: dict[str, type[Subject | Reply]] = {"subject": Subject, "reply": Reply}
        take_all(path, kinds, self._take)

    def add(self, record: Subject | Reply) -> None:
        """Keep a record; a subject that is there already, word for word, is not written again."""
        if isinstance(record, Subject) and self.subjects.get(record.id) == record:
            return
        kind = "subject" if isinstance(record, Subject) else "reply"
        append_line(self.path, {"record": kind, **asdict(record)})
        self._take(record)

    def about(self, subject: Subject, task: str) -> list[Reply]:
        """The replies to a task that are about the subject as it is now, in their order."""
        about = subject.about
        return [reply for reply in self.replies.get((subject.id, task), []) if reply.about == about]

    def _take(self, record: Subject | Reply) -> None:
        if isinstance(record, Subject):
            self.subjects[record.id] = record
        else:
            self.replies.setdefault((record.id, record.task), []).append(record)
