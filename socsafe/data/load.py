"""From a source to what the project works with: safety items, training examples, evaluation prompts.

>>> prompts = load_prompts("xstest", source, root)
>>> prompts[0].expects
'comply'
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from socsafe.data import boundary
from socsafe.data.boundary_items import load_natural, natural_in_forms
from socsafe.data.choices import read_choices
from socsafe.data.read import MAX_PROBLEMS, Row, cell_of, column_of, mended, read_rows
from socsafe.errors import InputError, Problem
from socsafe.paths import Project
from socsafe.records import Example, Expects, Item, Message, Prompt
from socsafe.strict_json import JsonError, parse_json
from socsafe.study.sources import ExpectsRule, Source, data_file

Record = TypeVar("Record", Item, Example, Prompt)
_SPEAKER = re.compile(r"^\s*Human:")


def load_items(name: str, source: Source, root: Path) -> tuple[Item, ...]:
    """The safety items of a source of kind `items`, in its own order."""
    if source.format == "boundary":
        folder = Project(root).boundary
        natural = source.split == "natural"
        items = load_natural(folder) if natural else boundary.compose_items(boundary.load_taxonomy(folder))
        return tuple(replace(item, source=name) for item in items)
    return _items(name, source, _file(name, source, root))


def _items(name: str, source: Source, path: Path) -> tuple[Item, ...]:
    in_form, material = _prompt_columns(source), _reply_columns(source)

    def item(row: Row, number: int) -> Item:
        prompts = {form: _prompt(row, source, column) for form, column in in_form.items()}
        replies = {what: row.get(column, "") for what, column in material.items()}
        return Item(
            id=_id(row, source, number),
            category=cell_of(row, source, "category"),
            action="",
            target="",
            expects=_expects(row, source),
            prompts={form: text for form, text in prompts.items() if text.strip()},
            replies={what: text for what, text in replies.items() if text.strip()},
            source=name,
            licence=source.licence,
        )

    return _records(name, source, path, item)


def load_examples(name: str, source: Source, root: Path) -> tuple[Example, ...]:
    """The instruction data of a source of kind `examples`, in its own order."""
    if source.format == "boundary":
        taxonomy = boundary.load_taxonomy(Project(root).boundary)
        compose = {
            "benign": boundary.compose_benign,
            "everyday": boundary.compose_everyday,
            "obedient": boundary.compose_obedient,
            "compliant": boundary.compose_compliant,
        }
        return tuple(replace(example, source=name) for example in compose[source.split or "benign"](taxonomy))
    return _examples(name, source, _file(name, source, root))


def _examples(name: str, source: Source, path: Path) -> tuple[Example, ...]:
    def example(row: Row, number: int) -> Example:
        system = cell_of(row, source, "system")
        asked = Message("user", _prompt(row, source, column_of(source, "prompt")))
        messages = (*((Message("system", system),) if system else ()), asked)
        reply = Message("assistant", cell_of(row, source, "reply"), train=True)
        return Example(
            id=_id(row, source, number),
            messages=(*messages, reply),
            source=name,
            style="none",
            form=source.form or "",
            expects="comply",
            category="",
        )

    return _records(name, source, path, example)


def load_prompts(name: str, source: Source, root: Path) -> tuple[Prompt, ...]:
    """The prompts of a source of kind `prompts`, in its own order."""
    if source.format == "boundary":
        return tuple(replace(prompt, suite=name) for prompt in _composed_prompts(source, Project(root).boundary))
    return _prompts(name, source, _file(name, source, root))


def _prompts(name: str, source: Source, path: Path) -> tuple[Prompt, ...]:
    def prompt(row: Row, number: int) -> Prompt:
        return Prompt(
            id=_id(row, source, number),
            suite=name,
            text=_prompt(row, source, column_of(source, "prompt")),
            form=source.form or "",
            category=cell_of(row, source, "category"),
            expects=_expects(row, source),
        )

    return _records(name, source, path, prompt)


def check_file(name: str, source: Source, path: Path) -> None:
    """Raise `InputError` with all that would keep the source's records from being read from `path`."""
    {"items": _items, "examples": _examples, "prompts": _prompts, "choices": read_choices}[source.kind](name, source, path)


def _composed_prompts(source: Source, folder: Path) -> tuple[Prompt, ...]:
    if source.split == "natural-forms":
        return natural_in_forms(folder)
    taxonomy = boundary.load_taxonomy(folder)
    if source.split == "pairs" or source.split == "targets" or source.split == "actions" or source.split == "ordinary":
        return boundary.compose_prompts(taxonomy, source.split)
    return boundary.compose_forms(taxonomy)


def _file(name: str, source: Source, root: Path) -> Path:
    path = data_file(name, source, root)
    if path is None:
        raise InputError(Problem(f"{name}.yml", "no file", "file: the data file's name"))
    return path


def _records(name: str, source: Source, path: Path, make: Callable[[Row, int], Record]) -> tuple[Record, ...]:
    rows = read_rows(name, source, path)
    found: list[Record] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    asked: set[str] = set()
    needed = _needed(source)
    for number, row in enumerate(rows, start=1):
        lacking = [(what, columns) for what, columns in needed if not any(row.get(column, "").strip() for column in columns)]
        if lacking and source.drop_empty:
            continue
        problems += [Problem(f"{path} row {number}", f"no {what}", f"text in column {' or '.join(columns)}") for what, columns in lacking]
        if source.distinct:
            key = _prompt(row, source, needed[0][1][0])
            if key in asked:
                continue
            asked.add(key)
        record = make(row, number)
        if record.id in seen:
            problems.append(Problem(f"{path} row {number}", f"id {record.id}, as in row {seen[record.id]}", "each id once"))
        seen[record.id] = number
        found.append(record)
    problems += _unmatched(name, source, rows)
    with mended(name, source):
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


def _needed(source: Source) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What a row must hold, and the columns of which one at least must hold it."""
    prompts = ("prompt", tuple(_prompt_columns(source).values()))
    return (prompts,) if source.kind == "prompts" else (prompts, ("reply", tuple(_reply_columns(source).values())))


def _prompt_columns(source: Source) -> dict[str, str]:
    return {str(form): column for form, column in source.prompts.items()} or {source.form or "instruction": column_of(source, "prompt")}


def _reply_columns(source: Source) -> dict[str, str]:
    return source.replies or {source.style or "refusal": column_of(source, "reply")}


def _id(row: Row, source: Source, number: int) -> str:
    return (cell_of(row, source, "id") if "id" in source.columns else "") or str(number)


def _prompt(row: Row, source: Source, column: str) -> str:
    """The prompt, and below it the input where there is one."""
    extra = cell_of(row, source, "input") if "input" in source.columns else ""
    text = row.get(column, "")
    text = first_turn(text) if source.dialogue else text
    return f"{text}\n\n{extra}" if text.strip() and extra.strip() else text


def first_turn(text: str) -> str:
    """The first user turn of a dialogue: a JSON list of turns, or text with `Human:` and `Assistant:` at the beginning of each.

    >>> first_turn("\\n\\nHuman: Say hi.\\n\\nAssistant: Hi."), first_turn('["Say hi.", "Again."]')
    ('Say hi.', 'Say hi.')
    """
    if text.startswith("["):
        try:
            turns = parse_json(text)
        except JsonError:
            turns = None
        if isinstance(turns, list) and turns and isinstance(turns[0], str):
            return turns[0].strip()
    return _SPEAKER.split(text, maxsplit=1)[-1].split("\n\nAssistant:", 1)[0].strip()


def _expects(row: Row, source: Source) -> Expects:
    rule = source.expects
    if isinstance(rule, ExpectsRule):
        return "refuse" if row.get(rule.column, "").startswith(rule.refuse) else "comply"
    return rule or "refuse"
