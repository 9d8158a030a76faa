"""Questions with answers to choose from: a source of kind `choices`, read or composed.

>>> question = load_choices("everyday-choices", source, root)[0]
>>> question.choices[question.answer]
'Ice'

In a file, a question's answers are a JSON list in one column (or `{"text": [...], "label": [...]}`, as ARC has them), or stand in columns
of their own (`choices: [a, b, c, d]` in the source). The right one is told by its label where there are labels, else by its number from 0
(MMLU, HellaSwag), else by its letter, else by its own text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from socsafe.data.boundary_choices import compose_choices
from socsafe.data.read import MAX_PROBLEMS, Row, cell_of, column_of, mended, read_rows
from socsafe.data.taxonomy import load_taxonomy
from socsafe.errors import InputError, Problem
from socsafe.facts.ability import ChoiceQuestion
from socsafe.paths import Project
from socsafe.strict_json import JsonError, parse_json
from socsafe.study.sources import Source, data_file


def load_choices(name: str, source: Source, root: Path) -> tuple[ChoiceQuestion, ...]:
    """The questions of a source of kind `choices`, in its own order. Raises `InputError` with every mistake in the file."""
    path = data_file(name, source, root)
    if path is None:
        return compose_choices(load_taxonomy(Project(root).boundary).ordinary)
    return read_choices(name, source, path)


def read_choices(name: str, source: Source, path: Path) -> tuple[ChoiceQuestion, ...]:
    """The same from the file at `path`."""
    found: list[ChoiceQuestion] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(read_rows(name, source, path), start=1):
        where = f"{path} row {number}"
        try:
            question = _question(row, source, number, where)
        except InputError as error:
            problems += error.problems
            continue
        if question.id in seen:
            problems.append(Problem(where, f"id {question.id}, as in row {seen[question.id]}", "each id once"))
        seen.setdefault(question.id, number)
        found.append(question)
    with mended(name, source):
        if problems:
            raise InputError(problems[:MAX_PROBLEMS])
    return tuple(found)


def _question(row: Row, source: Source, number: int, where: str) -> ChoiceQuestion:
    asked = cell_of(row, source, "prompt").strip()
    choices, labels = _choices(row, source, where)
    if not asked:
        raise InputError(Problem(where, "no question", f"text in column {column_of(source, 'prompt')}"))
    if len(choices) < 2 or len(set(choices)) < len(choices) or not all(map(str.strip, choices)):
        raise InputError(
            Problem(where, f"the answers {json.dumps(choices, ensure_ascii=False)[:120]}", "at least two, each once, none empty")
        )
    told = cell_of(row, source, "answer").strip()
    answer = _place(told, choices, labels)
    if answer is None:
        expected = f"a number from 0 to {len(choices) - 1}, a letter from A to {chr(64 + len(choices))}, or the text of one answer"
        raise InputError(Problem(where, f"answer {told or '(none)'}", expected))
    own_id = cell_of(row, source, "id") if "id" in source.columns else ""
    category = cell_of(row, source, "category") if "category" in source.columns else ""
    return ChoiceQuestion(own_id or str(number), asked, choices, answer, category)


def _choices(row: Row, source: Source, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The answers, and their labels where they have some."""
    if source.choices:
        cells = [row.get(column, "").strip() for column in source.choices]
        while cells and not cells[-1]:  # a question with fewer answers than the others
            cells.pop()
        return tuple(cells), ()
    text = cell_of(row, source, "choices")
    value: Any = None
    labels: Any = ()
    with suppress(JsonError):
        value = parse_json(text)
    if isinstance(value, dict):
        value, labels = value.get("text"), value.get("label", ())
    told = [*value, *labels] if isinstance(value, list) and isinstance(labels, (list, tuple)) else [None]
    if not all(isinstance(each, (str, int, float)) for each in told):
        raise InputError(Problem(where, f"{column_of(source, 'choices')} is {text[:80] or '(empty)'}", "a JSON list of answers"))
    return tuple(str(each).strip() for each in value), tuple(map(str, labels))


def _place(told: str, choices: Sequence[str], labels: Sequence[str]) -> int | None:
    """Which answer is meant; None where that cannot be told."""
    if labels:
        return labels.index(told) if told in labels and len(labels) == len(choices) else None
    if told.isdecimal():
        place = int(told) if len(told) < 10 else len(choices)
    elif len(told) == 1 and told.isascii() and told.isalpha():
        place = ord(told.upper()) - ord("A")
    else:
        return choices.index(told) if told in choices else None
    return place if place < len(choices) else None
