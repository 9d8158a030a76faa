"""The names a study uses: bases, styles, judges and sources, looked up in the catalogues.

>>> [problem.got for problem in unknown_names(document, root)]
['unknown style refusel']

They are read from the file's tree, not from a validated study, so that a misspelt name is reported beside every other mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from socsafe.catalogue import did_you_mean, members
from socsafe.errors import InputError, Problem
from socsafe.strict_yaml import Document, KeyPath
from socsafe.study.bases import base_names, find_base
from socsafe.study.sources import load_source, source_file, source_names, unfit_source


@dataclass(frozen=True, slots=True)
class SourceUse:
    """One place where the study names a source."""

    name: str
    kind: str
    """What the source must hold there: `items`, `examples`, `prompts` or `choices`."""
    at: KeyPath


def source_uses(data: Any) -> Iterator[SourceUse]:
    """Every place where a source is named; what stands there is text, whatever else may be wrong with the study."""
    places: list[tuple[str, KeyPath]] = [("items", ("safety", "source"))]
    settings = data.get("settings") if isinstance(data, dict) else None
    if isinstance(settings, dict):
        places += [("examples", ("settings", setting, "source")) for setting in settings]
    places += [("examples", ("training", "validation", "source")), ("examples", ("ability", "heldout", "source"))]
    ability = _value(data, ("ability", "choices"))
    places += [("choices", ("ability", "choices", number)) for number in range(len(ability) if isinstance(ability, list) else 0)]
    for number, suite in enumerate(_listed(data, "suites")):
        places.append(("prompts", ("suites", number, *(("source",) if isinstance(suite, dict) else ()))))
    for kind, at in places:
        name = _value(data, at)
        if isinstance(name, str):
            yield SourceUse(name, kind, at)


def unknown_names(document: Document, root: Path) -> Iterator[Problem]:
    """A Problem for every name that no catalogue knows, and for every source that is of the wrong kind or wrongly described."""
    data = document.data
    for number, base in _words(data, "bases"):
        if find_base(base) is None:
            expected = did_you_mean(base, base_names()) + "; or a hub id owner/name"
            yield Problem(document.where(("bases", number)), f"unknown base {base}", expected, "socsafe base list")
    judged = ((number, entry["judge"]) for number, entry in enumerate(_listed(data, "judges")) if _holds_word(entry, "judge"))
    for block, names in (("styles", _words(data, "styles")), ("judges", (*_words(data, "judges"), *judged))):
        for number, name in names:
            if name not in members(block):
                got = f"unknown {block.removesuffix('s')} {name}"
                yield Problem(document.where((block, number)), got, did_you_mean(name, members(block)))
    described: set[str] = set()
    for use in source_uses(data):
        yield from _source_problems(use, document, root, described)


def _source_problems(use: SourceUse, document: Document, root: Path, described: set[str]) -> Iterator[Problem]:
    """What is wrong with one use of a source; a faulty description is reported once, however often the source is used."""
    where = document.where(use.at)
    if wrong := unfit_source(use.name, root):
        yield Problem(where, f"source {use.name!a} {wrong}", "a source whose file has a name for every system", "mv its file")
        return
    if source_file(use.name, root) is None:
        yield Problem(where, f"unknown source {use.name}", did_you_mean(use.name, source_names(root)), "socsafe data list")
        return
    try:
        kind = load_source(use.name, root).kind
    except InputError as error:
        if use.name not in described:
            yield from error.problems
        described.add(use.name)
        return
    if kind != use.kind:
        yield Problem(where, f"{use.name} holds {kind}", f"a source of {use.kind}", "socsafe data list")


def _value(data: Any, at: KeyPath) -> Any:
    for part in at:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _listed(data: Any, key: str) -> list[Any]:
    value = _value(data, (key,))
    return value if isinstance(value, list) else []


def _words(data: Any, key: str) -> Iterator[tuple[int, str]]:
    return ((number, word) for number, word in enumerate(_listed(data, key)) if isinstance(word, str))


def _holds_word(entry: Any, key: str) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get(key), str)
