"""From a source to what the project works with: safety items, training examples, evaluation prompts.

>>> prompts = load_prompts("xstest", source, root)
>>> prompts[0].expects
'comply'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from socsafe.data import boundary
from socsafe.data.read import MAX_PROBLEMS, Row, read_rows
from socsafe.errors import InputError, Problem
from socsafe.records import Example, Expects, Item, Message, Prompt
from socsafe.study.sources import ExpectsRule, Source, data_file

Record = TypeVar("Record", Item, Example, Prompt)


def load_items(name: str, source: Source, root: Path) -> tuple[Item, ...]:
    """The safety items of a source of kind `items`, in its own order."""
    if source.format == "boundary":
        items = boundary.compose_items(boundary.load_taxonomy(root / "datasets" / "boundary"))
        return tuple(replace(item, source=name) for item in items)

    def item(row: Row, number: int) -> Item:
        return Item(
            id=_id(row, source, number),
            category=_cell(row, source, "category"),
            action="",
            target="",
            expects="refuse",
            prompts={source.form or "instruction": _prompt(row, source)},
            replies={source.style or "refusal": _cell(row, source, "reply")},
            source=name,
            licence=source.licence,
        )

    return _records(name, source, root, item, ("prompt", "reply"))


def load_examples(name: str, source: Source, root: Path) -> tuple[Example, ...]:
    """The instruction data of a source of kind `examples`, in its own order."""
    if source.format == "boundary":
        taxonomy = boundary.load_taxonomy(root / "datasets" / "boundary")
        compose = {"benign": boundary.compose_benign, "obedient": boundary.compose_obedient, "compliant": boundary.compose_compliant}
        return tuple(replace(example, source=name) for example in compose[source.split or "benign"](taxonomy))

    def example(row: Row, number: int) -> Example:
        system = _cell(row, source, "system")
        messages = (*((Message("system", system),) if system else ()), Message("user", _prompt(row, source)))
        reply = Message("assistant", _cell(row, source, "reply"), train=True)
        return Example(
            id=_id(row, source, number),
            messages=(*messages, reply),
            source=name,
            style="none",
            form=source.form or "",
            expects="comply",
            category="",
        )

    return _records(name, source, root, example, ("prompt", "reply"))


def load_prompts(name: str, source: Source, root: Path) -> tuple[Prompt, ...]:
    """The prompts of a source of kind `prompts`, in its own order."""
    if source.split == "pairs" or source.split == "targets" or source.split == "actions" or source.split == "ordinary":
        composed = boundary.compose_prompts(boundary.load_taxonomy(root / "datasets" / "boundary"), source.split)
        return tuple(replace(prompt, suite=name) for prompt in composed)

    def prompt(row: Row, number: int) -> Prompt:
        return Prompt(
            id=_id(row, source, number),
            suite=name,
            text=_prompt(row, source),
            form=source.form or "",
            category=_cell(row, source, "category"),
            expects=_expects(row, source),
        )

    return _records(name, source, root, prompt, ("prompt",))


def _records(name: str, source: Source, root: Path, make: Callable[[Row, int], Record], needed: Sequence[str]) -> tuple[Record, ...]:
    path = data_file(name, source, root)
    if path is None:
        raise InputError(Problem(f"{name}.yml", "no file", "file: the data file's name"))
    rows = read_rows(name, source, path)
    found: list[Record] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        for column in needed:
            if not _cell(row, source, column).strip():
                problems.append(Problem(f"{path} row {number}", f"no {column}", f"text in column {_column(source, column)}"))
        record = make(row, number)
        if record.id in seen:
            problems.append(Problem(f"{path} row {number}", f"id {record.id}, as in row {seen[record.id]}", "each id once"))
        seen[record.id] = number
        found.append(record)
    problems += _unmatched(name, source, rows)
    if problems:
        raise InputError(problems[:MAX_PROBLEMS])
    return tuple(found)


def _unmatched(name: str, source: Source, rows: Sequence[Row]) -> list[Problem]:
    """A beginning that stands for `refuse` and matches no row turns a suite upside down: that is a mistake."""
    rule = source.expects
    if not isinstance(rule, ExpectsRule):
        return []
    values = dict.fromkeys(row.get(rule.column, "") for row in rows)
    return [
        Problem(f"{name}.yml", f"refuse: {start} matches no row", f"a beginning of one of: {', '.join(list(values)[:8])}", "mend expects:")
        for start in rule.refuse
        if not any(value.startswith(start) for value in values)
    ]


def _column(source: Source, name: str) -> str:
    return source.columns.get(name, name)  # type: ignore[call-overload, no-any-return]  # the keys are a Literal


def _cell(row: Row, source: Source, name: str) -> str:
    return row.get(_column(source, name), "")


def _id(row: Row, source: Source, number: int) -> str:
    return (_cell(row, source, "id") if "id" in source.columns else "") or str(number)


def _prompt(row: Row, source: Source) -> str:
    """The prompt, and below it the input where there is one."""
    extra = _cell(row, source, "input") if "input" in source.columns else ""
    text = _cell(row, source, "prompt")
    return f"{text}\n\n{extra}" if extra.strip() else text


def _expects(row: Row, source: Source) -> Expects:
    rule = source.expects
    if isinstance(rule, ExpectsRule):
        return "refuse" if row.get(rule.column, "").startswith(rule.refuse) else "comply"
    return rule or "refuse"
