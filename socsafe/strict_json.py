"""JSON read strictly, so that no mistake is taken for something else in silence.

>>> parse_json('{"a": 1, "a": 2}')
Traceback (most recent call last):
socsafe.strict_json.JsonError: key "a" twice in one object (line 1)

Python's reader keeps the last of two equal keys and takes `NaN`, `Infinity` and `1e999`, none of which RFC 8259 allows or means; it
stops at deep nesting and at long numbers with words about itself. Here each is a mistake in words, with its line.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

MAX_DEPTH = 100
"""Levels of lists and objects; no data set that is a table comes near it."""
MAX_DIGITS = 400
"""Digits of a whole number: more than any finite float has."""

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]|[^\s\[\]{}:,"]+', re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_COLON = re.compile(r"\s*:")


class JsonError(ValueError):
    """What is wrong with the text, in words that name its line."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(f"{what} (line {line})")
        self.what, self.line = what, line
        """What is wrong, and on which line of the text, from 1."""


def parse_json(text: str) -> Any:
    """The value that the text holds. Raises `JsonError` where it holds none, or one that readers disagree on."""
    if text.count("[") + text.count("{") > MAX_DEPTH and (fault := _fault(text, depth_alone=True)):
        raise fault
    try:
        return json.loads(text, object_pairs_hook=_object, parse_int=_whole, parse_float=_finite, parse_constant=_finite)
    except json.JSONDecodeError as error:
        raise JsonError(f"{error.msg[:1].lower()}{error.msg[1:]} (column {error.colno})", error.lineno) from error
    except ValueError as error:
        raise (_fault(text) or JsonError("cannot be read", 1)) from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs) or not all(map(_whole_characters, found)):
        raise ValueError
    return found


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError
    return number


def _whole_characters(text: str) -> bool:
    """Whether no half of a surrogate pair is in it, which cannot be written anywhere."""
    return text.isascii() or not any(0xD800 <= ord(character) < 0xE000 for character in text)


def _fault(text: str, depth_alone: bool = False) -> JsonError | None:
    """The first mistake in a text that is JSON otherwise; a second reading, by its tokens, that keeps the place."""
    open_keys: list[set[str] | None] = []
    for token in _TOKEN.finditer(text):
        what, word = "", token[0]
        if word in "[{":
            open_keys.append(set() if word == "{" else None)
            what = f"nested more than {MAX_DEPTH} levels deep" if len(open_keys) > MAX_DEPTH else ""
        elif word in "]}":
            open_keys = open_keys[:-1]
        elif not depth_alone:
            keys = open_keys[-1] if open_keys and word[0] == '"' and _COLON.match(text, token.end()) else None
            what = _key_fault(json.loads(word), keys) if keys is not None else _word_fault(word)
        if what:
            return JsonError(what, text.count("\n", 0, token.start()) + 1)
    return None


def _key_fault(key: str, keys: set[str]) -> str:
    if not _whole_characters(key):
        return f"key {json.dumps(key)[:60]}, half of a surrogate pair"
    if key in keys:
        return f"key {json.dumps(key, ensure_ascii=False)[:60]} twice in one object"
    keys.add(key)
    return ""


def _word_fault(word: str) -> str:
    if word[0] == '"' or word in ("true", "false", "null"):
        return ""
    if not _NUMBER.fullmatch(word):
        return f"{word[:40]}, which is no JSON"
    if word.lstrip("-").isdecimal():
        return f"a number of {len(word)} digits" if len(word) > MAX_DIGITS else ""
    return f"{word[:40]}, beyond any finite number" if not math.isfinite(float(word)) else ""
