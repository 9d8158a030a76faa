"""YAML read strictly, with the line of every value, so that no mistake is taken for something else in silence.

>>> document = load_yaml(Path("recipes/quickstart/study.yml"))
>>> document.data["name"], document.line(("name",))
('quickstart', 3)

PyYAML keeps the last of two equal keys, reads `no:` as False, `1:30` as 90 and `2e-4` as text. Here each of these is
an error that names its line, as are anchors, aliases, tags, tabs, several documents, and files that are no text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from socsafe.errors import InputError, Problem
from socsafe.files import decode

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_DIGITS = 100
"""Digits of a whole number: more than any key of a study, a source or a base takes."""

KeyPath = tuple[str | int, ...]

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\Z")
_AMBIGUOUS = (
    (re.compile(r"(?i)(y|yes|n|no|on|off)\Z"), "true or false, or the word in quotes"),
    (re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+\Z"), "a number with a decimal point, such as 2.0e-4 (without it YAML readers disagree)"),
    (re.compile(r"[-+]?(0[0-9_]+|0[xob][0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_]*)\Z"), "a plain decimal number, or the text in quotes"),
    (re.compile(r"[-+]?[0-9]+(:[0-9]+)+(\.[0-9]*)?\Z"), "a plain decimal number, or the text in quotes"),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?\Z"), "the date in quotes"),
    (re.compile(r"(?i)[-+]?\.(inf|nan)\Z"), "a finite number"),
)
_WORDS: dict[str, bool | None] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document:
    """What a YAML file holds."""

    path: Path
    data: Any
    """Dicts, lists and scalars."""
    lines: dict[KeyPath, int]
    """Path of keys and indices -> 1-based line where that value's key or list item stands."""

    def line(self, at: KeyPath) -> int:
        """The line of `at`, or of its nearest ancestor that has one."""
        while at not in self.lines and at:
            at = at[:-1]
        return self.lines.get(at, 1)

    def where(self, at: KeyPath) -> str:
        """`file:line` of `at`, for a Problem."""
        return f"{self.path}:{self.line(at)}"


def load_yaml(path: Path) -> Document:
    """Read one YAML document. Raises `InputError` with every mistake that can be told at once."""
    return parse_yaml(read_source(path), path)


def read_source(path: Path) -> str:
    """The file's text. Raises `InputError` when it is missing, no file, too large, or not UTF-8 text."""
    try:
        # A pipe would block and a device never end.
        if path.exists() and not path.is_file():
            what = "is a folder" if path.is_dir() else "is no regular file"
            raise InputError(Problem(str(path), what, "a YAML file", f"ls -l {path}"))
        if path.stat().st_size > MAX_BYTES:
            size = path.stat().st_size / 1e6
            raise InputError(Problem(str(path), f"{size:.1f} MB", f"a YAML file of at most {MAX_BYTES / 1e6:.0f} MB", f"ls -l {path}"))
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(Problem(str(path), f"cannot be read: {error.strerror or error}", "a YAML file", f"ls -l {path.parent}")) from error
    return decode(raw, path)


def parse_yaml(text: str, path: Path) -> Document:
    """Parse `text`, naming `path` in errors."""
    builder = _Builder(path)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        got = error.problem or "cannot be parsed"
        tab = "\t" in (text.splitlines()[line - 1 : line] or [""])[0]
        expected = "spaces; YAML forbids tabs for indentation" if tab else "valid YAML"
        builder.problems.append(Problem(f"{path}:{line}", got, expected))
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        builder.problems.append(Problem(f"{path}:{line}", f"the control character U+{error.character:04X}", "text"))
    if builder.problems:
        raise InputError(builder.problems)
    return Document(path, builder.root, builder.lines)


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is being filled."""

    at: KeyPath
    value: dict[str, Any] | list[Any]
    key: str | None = None


@dataclass(slots=True)
class _Builder:
    """Builds the tree from parser events, without recursion, and collects what is wrong."""

    path: Path
    root: Any = None
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    stack: list[_Frame] = field(default_factory=list)
    documents: int = 0

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents == 2:
                self._wrong(line, "a second document (---)", "one document a file")
        elif isinstance(event, yaml.AliasEvent):
            self._wrong(line, f"alias *{event.anchor}", "the value written out: anchors and aliases are not allowed")
            top = self._awaiting_key()
            if top is None:
                self._place(None, line)
            else:
                self._stand_in(top, line)
        elif isinstance(event, yaml.ScalarEvent):
            self._check_node(event, line)
            self._scalar(event, line)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._check_node(event, line)
            self._open({} if isinstance(event, yaml.MappingStartEvent) else [], line)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.stack.pop()

    def _wrong(self, line: int, got: str, expected: str) -> None:
        self.problems.append(Problem(f"{self.path}:{line}", got, expected))

    def _check_node(self, event: Any, line: int) -> None:
        if event.anchor:
            self._wrong(line, f"anchor &{event.anchor}", "the value written out: anchors and aliases are not allowed")
        if event.tag:
            self._wrong(line, f"tag {event.tag}", "a plain value without a tag")

    def _open(self, value: dict[str, Any] | list[Any], line: int) -> None:
        if len(self.stack) >= MAX_DEPTH:
            self._wrong(line, f"nested more than {MAX_DEPTH} levels deep", "a flatter file")
            raise InputError(self.problems)
        top = self._awaiting_key()
        if top is None:
            self.stack.append(_Frame(self._place(value, line), value))
            return
        self._wrong(line, "a mapping or list as a key", "a word as a key")
        self._stand_in(top, line)
        # What the key holds is read on, for its own mistakes, and goes nowhere.
        self.stack.append(_Frame((*top.at, ""), value))

    def _awaiting_key(self) -> _Frame | None:
        """The mapping whose next key comes now; None where a value comes."""
        top = self.stack[-1] if self.stack else None
        return top if top is not None and isinstance(top.value, dict) and top.key is None else None

    def _stand_in(self, top: _Frame, line: int) -> None:
        """Take the empty word for a key that cannot be one, so that its value finds its place."""
        top.key = ""
        self.lines[(*top.at, "")] = line

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        top = self._awaiting_key()
        plain = event.implicit[0]
        if top is not None:
            self._key(top, event.value, plain, line)
        else:
            self._place(self._resolve(event.value, line) if plain else event.value, line)

    def _key(self, top: _Frame, key: str, plain: bool, line: int) -> None:
        if plain and _AMBIGUOUS[0][0].match(key):
            self._wrong(line, f"key {key}", "another word, or the word in quotes: YAML readers take it for true or false")
        if plain and key == "<<":
            self._wrong(line, "merge key <<", "the keys written out")
        if key in top.value:
            self._wrong(line, f"key {key} twice (first on line {self.lines[(*top.at, key)]})", "each key once")
        top.key = key
        self.lines[(*top.at, key)] = line

    def _place(self, value: Any, line: int) -> KeyPath:
        if not self.stack:
            if self.documents == 1:
                self.root = value
            return ()
        top = self.stack[-1]
        if isinstance(top.value, list):
            at: KeyPath = (*top.at, len(top.value))
            top.value.append(value)
            self.lines[at] = line
            return at
        key = top.key or ""
        top.value[key] = value
        top.key = None
        return (*top.at, key)

    def _resolve(self, text: str, line: int) -> str | int | float | bool | None:
        if text in _WORDS:
            return _WORDS[text]
        if _INT.match(text):
            if len(text) > MAX_DIGITS:
                self._wrong(line, f"a number of {len(text)} digits", f"a number of at most {MAX_DIGITS}, or the text in quotes")
                return 0
            return int(text)
        if _FLOAT.match(text):
            number = float(text)
            if number in (float("inf"), float("-inf")):
                self._wrong(line, text, "a finite number")
            return number
        for pattern, expected in _AMBIGUOUS:
            if pattern.match(text):
                self._wrong(line, text, expected)
        return text
