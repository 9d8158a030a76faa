"""Replies that people have labelled, from the files as they are published, or from a table of one's own.

>>> found = read_labels([Path("xstest_v2_completions_llama2orig.csv")])
>>> found.replies[0].label, found.replies[0].model, found.replies[0].type
('full_refusal', 'llama2orig', 'homonyms')

Three kinds of file, told by their columns; CSV with a header line, or JSONL with one object a line:

- your own: `prompt, completion, label` and, if there, `model`, `type`, `id`, `expects` (`refuse` or `comply`);
- XSTest v2 (Röttger et al. 2024, arXiv 2308.01263): `prompt, completion, final_label` and the two `annotation_*`, the model in the
  file's name. Labels that other judges gave, published beside people's (`gpt4_label`, `strmatch_label`), are kept, so that they
  can be graded too. Files of one model are one set of replies: their rows are joined by their `id`;
- Do-Not-Answer's reviews (Wang et al. 2024, arXiv 2308.13387): `question, response, action`. Action 0 (cannot assist) is a full
  refusal; 2 (gives both sides) and 5 (follows the instruction) are full compliance; 1 (refutes the premise), 3 (answers with
  caution) and 4 (does not know) are left out, since each holds replies that refuse and replies that answer.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from socsafe.errors import InputError, Problem
from socsafe.files import decode
from socsafe.records import FULL_COMPLIANCE, FULL_REFUSAL, NO_REPLY, PARTIAL_REFUSAL, REFUSAL_LABELS, Expects
from socsafe.repeated import repeated
from socsafe.strict_json import JsonError, parse_json

_WORDS = {
    FULL_COMPLIANCE: "full_compliance compliance comply complies complied answer answers answered full_answer not_refused no_refusal",
    FULL_REFUSAL: "full_refusal refusal refuse refuses refused decline declines declined cannot_assist",
    PARTIAL_REFUSAL: "partial_refusal partial partially_refused partly_refused partial_compliance mixed",
    NO_REPLY: "no_reply empty",
}
_LABELS = {word: label for label, words in _WORDS.items() for word in words.split()}
ACTIONS = {"0": FULL_REFUSAL, "2": FULL_COMPLIANCE, "5": FULL_COMPLIANCE}
"""Do-Not-Answer's actions that say whether a reply refuses; the others say neither."""
_UNCLEAR = frozenset({"1", "3", "4"})
_PROMPT = ("prompt", "question", "instruction")
_REPLY = ("completion", "response", "reply")
_LABEL = ("label", "final_label", "action")
_PEOPLE = ("annotation_1", "annotation_2")
_NUMBERED = re.compile(r"^\d+[_.):\s-]+")
_NAME = re.compile(r"(?:xstest_v2_completions_|human_labelled_)?(?P<model>.+?)(?:_gpteval|_streval)?")
_PUBLISHED = re.compile(r"xstest_v2_completions_.+")
_MEND = "put the file right, or leave it out; `socsafe judge validate --help` says what it may hold"
MAX_BYTES = 1 << 28
"""Bytes that a file may hold: people have labelled a thousandth of that."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One reply with what people say of it."""

    prompt: str
    completion: str
    label: str
    """One of `REFUSAL_LABELS`."""
    model: str
    """Who replied; the file's name where nothing says."""
    type: str
    """The kind of prompt; empty where the file does not say."""
    id: str
    """As in the file; empty where it has none."""
    expects: Expects | None = None
    """What a good model does with the prompt; None where nothing says. Judges of harm rule on prompts to refuse alone."""
    given: Mapping[str, str | None] = field(default_factory=dict)
    """Column -> the label that another judge gave; None where what stands there is no label."""
    annotations: tuple[str, str] | None = None
    """The labels of two people, before they were made one."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Everything that the files hold."""

    replies: tuple[Labelled, ...]
    unclear: int
    """Rows left out because their label says neither that the reply refuses nor that it answers."""

    def columns(self) -> tuple[str, ...]:
        """The columns that hold another judge's labels."""
        return tuple(dict.fromkeys(column for reply in self.replies for column in reply.given))


def label_of(text: str) -> str | None:
    """One of `REFUSAL_LABELS` for a label as people spell it (`2_full_refusal`, `Partial refusal`); None for what is none.

    >>> label_of("2_full_refusal"), label_of("Compliance"), label_of("maybe")
    ('full_refusal', 'full_compliance', None)
    """
    word = re.sub(r"[\s-]+", "_", _NUMBERED.sub("", text.strip().lower()))
    return _LABELS.get(word)


def read_labels(paths: Iterable[Path]) -> Labels:
    """Every labelled reply of the files, in their order. Raises `InputError` with all mistakes, each by file and row."""
    replies: dict[tuple[str, str, object], Labelled] = {}
    problems: list[Problem] = []
    unclear = 0
    for path in dict.fromkeys(paths):
        try:
            rows = list(_rows(path))
            columns = _columns(path, rows)
        except InputError as error:
            problems += error.problems
            continue
        for line, row in rows:
            where = f"{path}:{line}"
            if columns.label == "action" and row.get("action", "").strip() in _UNCLEAR:
                unclear += 1
                continue
            found = _labelled(path, where, row, columns)
            if isinstance(found, Problem):
                problems.append(found)
                continue
            key = (found.model, found.id, None) if _PUBLISHED.match(path.name) and found.id else (found.model, found.id, where)
            known = replies.get(key)
            if known and (known.prompt, known.completion, known.label) != (found.prompt, found.completion, found.label):
                problems.append(Problem(where, f"another reply or label for {found.model}, {found.id}", "the same as in the other files"))
            replies[key] = replace(known, given={**known.given, **found.given}) if known else found
    if not problems and not replies:
        problems.append(Problem(", ".join(map(str, paths)), "no labelled reply", "at least one row with a label"))
    if problems:
        raise InputError(replace(problem, mend=problem.mend or _MEND) for problem in problems)
    return Labels(tuple(replies.values()), unclear)


@dataclass(frozen=True, slots=True)
class _Columns:
    prompt: str
    completion: str
    label: str
    given: tuple[str, ...]


def _columns(path: Path, rows: list[tuple[int, Mapping[str, str]]]) -> _Columns:
    """Which column holds what, by the first row."""
    have = list(rows[0][1]) if rows else []
    found = [next((name for name in names if name in have), None) for names in (_PROMPT, _REPLY, _LABEL)]
    prompt, completion, label = found
    if not rows or prompt is None or completion is None or label is None:
        got = f"the columns {', '.join(have)}" if rows else "no rows"
        raise InputError(Problem(f"{path}:1", got, "the columns prompt, completion and label, or a file of XSTest or Do-Not-Answer"))
    given = tuple(name for name in have if name.endswith("_label") and name != "final_label")
    return _Columns(prompt, completion, label, given)


def _labelled(path: Path, where: str, row: Mapping[str, str], columns: _Columns) -> Labelled | Problem:
    absent = [name for name in (columns.prompt, columns.completion, columns.label) if name not in row]
    if absent:
        return Problem(where, f"no {' and no '.join(absent)}", "every column in every row")
    spelled = row[columns.label]
    label = ACTIONS.get(spelled.strip()) if columns.label == "action" else label_of(spelled)
    if label is None:
        expected = "an action from 0 to 5" if columns.label == "action" else f"one of: {', '.join(REFUSAL_LABELS)}, or XSTest's"
        return Problem(where, f"{columns.label} is {spelled[:60]!r}", expected)
    if (expects := row.get("expects", "").strip().lower()) not in ("", "refuse", "comply"):
        return Problem(where, f"expects is {expects[:60]!r}", "refuse or comply, or nothing")
    named = _NAME.fullmatch(path.stem)
    people = [label_of(row.get(name, "")) for name in _PEOPLE]
    return Labelled(
        prompt=row[columns.prompt],
        completion=row[columns.completion],
        label=label,
        model=row.get("model", "").strip() or (named["model"] if named else path.stem),
        type=row.get("type", "").strip(),
        id=row.get("id", "").strip(),
        expects=_expects(row, columns),
        given={name: label_of(row[name]) for name in columns.given if row.get(name)},
        annotations=(people[0], people[1]) if people[0] and people[1] else None,
    )


def _expects(row: Mapping[str, str], columns: _Columns) -> Expects | None:
    """What the file says, or what is known of it: Do-Not-Answer's prompts are all to refuse, XSTest's those of a `contrast_` type."""
    said = row.get("expects", "").strip().lower()
    if said == "refuse" or columns.label == "action":
        return "refuse"
    if said == "comply":
        return "comply"
    return ("refuse" if row.get("type", "").startswith("contrast_") else "comply") if columns.label == "final_label" else None


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line number and row, column -> text."""
    kind = path.suffix.lower()
    if kind not in (".csv", ".jsonl"):
        raise InputError(Problem(str(path), f"a {kind or 'nameless'} file", "a .csv or a .jsonl file"))
    try:
        if path.exists() and not path.is_file():
            raise InputError(Problem(str(path), "is no regular file", "a file of labelled replies"))
        if (size := path.stat().st_size) > MAX_BYTES:
            raise InputError(Problem(str(path), f"{size / 1e6:.0f} MB", f"at most {MAX_BYTES / 1e6:.0f} MB"))
        text = decode(path.read_bytes(), path)
    except OSError as error:
        raise InputError(Problem(str(path), error.strerror or str(error), "a file of labelled replies")) from error
    yield from _csv(path, text) if kind == ".csv" else _jsonl(path, text)


def _csv(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    csv.field_size_limit(sys.maxsize)
    # Not io.StringIO, which holds four bytes a character.
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8", newline=""), strict=True)
    header: list[str] = []
    line = 1
    try:
        for cells in reader:
            if cells and not header:
                header = [cell.strip() for cell in cells]
                if twice := repeated(filter(None, header)):
                    raise InputError(Problem(f"{path}:1", f"column {', '.join(sorted(twice))} twice", "each column once"))
            elif cells:
                if len(cells) != len(header):
                    raise InputError(Problem(f"{path}:{line}", f"{len(cells)} cells", f"{len(header)} cells, as in the first line"))
                yield line, dict(zip(header, cells, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(Problem(f"{path}:{reader.line_num}", str(error), "CSV")) from error


def _jsonl(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        try:
            row = parse_json(content)
        except JsonError as error:
            raise InputError(Problem(f"{path}:{line}", f"not JSON: {error.what}", "one JSON object a line")) from error
        if not isinstance(row, dict):
            raise InputError(Problem(f"{path}:{line}", f"a JSON {type(row).__name__}", "one JSON object a line"))
        cells = {key: "" if value is None else str(value) for key, value in row.items() if isinstance(value, str | int | float | None)}
        try:
            "".join(cells.values()).encode()
        except UnicodeEncodeError as error:
            half = f"\\u{ord(error.object[error.start]):04x} alone"
            raise InputError(Problem(f"{path}:{line}", half, "whole characters")) from error
        yield line, cells
