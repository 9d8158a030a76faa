"""Bytes, texts and trees as they come when something went wrong: strategies for hypothesis that the areas share."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Sequence
from typing import Any

import yaml
from hypothesis import strategies as st

NASTY_TEXT = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "x\udfffy",
    "\ufeff",
    "\u2028",
    "\u202e",
    "\r",
    "\n",
    "a\nb",
    "\r\n",
    "\t",
    "\x1b[2J",
    "\x7f",
    "'",
    '"',
    "`",
    "=1+1",
    "@x",
    "../../etc/passwd",
    "/etc/passwd",
    "a/b",
    "con",
    "x" * 300,
    "9" * 5000,
    "-9223372036854775809",
    "1e999",
    "NaN",
    "nan",
    "Infinity",
    "-inf",
    "0x10",
    "1_000",
    "no",
    "yes",
    "~",
    "null",
    "None",
    "true",
    "[",
    "[" * 3000,
    "{}",
    "[1, 2]",
    '{"a": 1}',
    "{0}",
    "{}{}",
    "%s%n",
    "${HOME}",
    "é",
    "e\u0301",
    "😀",
    "\U0010ffff",
    "١٢",
    "²",
    "<html>",
    "--help",
    "-",
    "|",
    "a,b",
    "a:b",
    "#",
    "*",
    "&a",
    "!!python/x",
)
WHOLE_TEXT = tuple(
    text for text in NASTY_TEXT if text.partition("\0")[0] == text != "" and not any("\ud800" <= letter <= "\udfff" for letter in text)
)
NASTY_NUMBERS = (
    0,
    -1,
    1,
    2,
    2**31,
    2**63 - 1,
    2**63,
    2**64,
    -(2**63) - 1,
    10**30,
    10**300,
    0.5,
    -0.0,
    1e308,
    5e-324,
    float("nan"),
    float("inf"),
)
NASTY: tuple[Any, ...] = (
    *NASTY_TEXT,
    *NASTY_NUMBERS,
    None,
    True,
    False,
    [],
    {},
    [None],
    [[]],
    {"": None},
    {"a": {"b": [1]}},
    [1, "a", None, {}],
)
NASTY_BYTES = (
    b"",
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xc3",
    b"\r",
    b"\r\n",
    b"\n\n",
    b'"',
    b"'",
    b",",
    b"{",
    b"}",
    b"[" * 200,
    b"]",
    b":",
    b"-",
    b"\t",
    b"NaN",
    b"Infinity",
    b"1e999",
    b"9" * 4400,
    b'"\\ud800"',
    b"\\u0000",
    b"\x1b[2J",
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"GGUF",
    b"PAR1",
    b"---\n",
    b"&a ",
    b"*a",
    b"!!x ",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\0" * 8,
    b"\xe2\x80\xa8",
    b"#",
    b"\\",
)

nasty = st.sampled_from(NASTY) | st.text(max_size=8) | st.integers() | st.floats()
trees = st.recursive(
    nasty, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NASTY_TEXT[:40]), inner, max_size=4), max_leaves=8
)
_AT = st.floats(0, 1)
DEEDS = ("like", "like", "like", "nasty", "tree", "drop", "double", "rename", "borrow")
"""What may become of a value: `like` puts another of its type there, `borrow` one from elsewhere in the tree."""


@st.composite
def damaged(draw: st.DrawFn, seeds: Sequence[bytes], most: int = 4) -> bytes:
    """One of the seeds with some of its bytes replaced, doubled, taken out or put in, or cut short."""
    content = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, most))):
        at = int(draw(_AT) * len(content))
        span = draw(st.sampled_from((0, 1, 1, 2, 4, 8, 40)))
        deed = draw(st.sampled_from(("put", "put", "flip", "double", "cut", "swap")))
        if deed == "put":
            content = content[:at] + draw(st.sampled_from(NASTY_BYTES)) + content[at + span :]
        elif deed == "flip" and at < len(content):
            content = content[:at] + bytes([content[at] ^ (1 << draw(st.integers(0, 7)))]) + content[at + 1 :]
        elif deed == "double":
            content = content[:at] + content[at : at + span] * 3 + content[at + span :]
        elif deed == "swap":
            content = content[at:] + content[:at]
        elif deed == "cut":
            content = content[:at]
    return content


@st.composite
def changed(draw: st.DrawFn, seeds: Sequence[Any], most: int = 3, deeds: Sequence[str] = DEEDS) -> Any:
    """One of the seeds, a tree of dicts and lists, with some values replaced, taken out, doubled or renamed."""
    tree = copy.deepcopy(draw(st.sampled_from(seeds)))
    for _ in range(draw(st.integers(1, most))):
        places = list(_places(tree))
        if not places:
            return draw(trees)
        holder, key = draw(st.sampled_from(places))
        deed = draw(st.sampled_from(deeds))
        if deed in ("nasty", "tree"):
            holder[key] = draw(nasty if deed == "nasty" else trees)
        elif deed == "drop":
            del holder[key]
        elif deed == "like":
            holder[key] = draw(_like(holder[key], [other[at] for other, at in places]))
        elif deed == "borrow":
            other, at = draw(st.sampled_from(places))
            holder[key] = copy.deepcopy(other[at]) if (other, at) != (holder, key) else None
        elif isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        else:
            holder[draw(st.sampled_from(NASTY_TEXT[:40]))] = holder.pop(key)
    return tree


def _like(value: Any, others: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Another value of the same type, so that what looks only at types lets it pass: figures that cannot be, names that are others'."""
    if isinstance(value, bool) or value is None:
        return st.sampled_from((True, False, None))
    if isinstance(value, (int, float)):
        return st.sampled_from((0, -1, 1, value + 1, -value, 10**6, 2**53, type(value)(2), 0.5 if isinstance(value, float) else 7))
    alike = [other for other in others if type(other) is type(value)]
    return st.sampled_from([copy.deepcopy(other) for other in alike] + [type(value)()])


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every place of the tree that holds a value, as its holder and key."""
    found: list[tuple[Any, Any]] = []
    left = [tree]
    while left:
        holder = left.pop()
        keys = range(len(holder)) if isinstance(holder, list) else list(holder) if isinstance(holder, dict) else ()
        found += [(holder, key) for key in keys]
        left += [holder[key] for key in keys]
    return found


def as_json(tree: Any) -> bytes:
    """JSON as Python writes it, with NaN and half surrogate pairs."""
    return json.dumps(tree).encode()


def as_yaml(tree: Any) -> bytes:
    """YAML as PyYAML writes it, or JSON, which YAML holds, where it cannot."""
    try:
        return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True).encode()
    except (UnicodeEncodeError, ValueError, yaml.YAMLError):
        return as_json(tree)


def documents(seeds: Sequence[Any], written: Callable[[Any], bytes]) -> st.SearchStrategy[bytes]:
    """Changed trees as they are written, and the same bytes damaged."""
    whole = [written(seed) for seed in seeds]
    return changed(seeds).map(written) | damaged(whole)
