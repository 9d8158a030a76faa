"""What a step was made from, so that it is done again exactly when something moved: content hashes, not times.

>>> step = Step("quantize", manifest=Path("a.gguf.json"), root=root, inputs=(adapter,), outputs=(gguf,), parameters={"type": "q8_0"})
>>> if not is_current(step):
...     inputs = inputs_now(step)
...     convert()
...     record(step, inputs)

A file is hashed again only when its size, inode, or modification or change time differ from those noted with its hash.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from socsafe.files import sha256_file, write_text


@dataclass(frozen=True, slots=True)
class Step:
    """One unit of work: its inputs, what else decides its result, and its outputs."""

    stage: str
    manifest: Path
    """Where the record of the last time is kept."""
    root: Path
    """The project's root; paths in the manifest are relative to it."""
    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    if_here: tuple[Path, ...] = ()
    """Inputs that may be on another machine (a base's weights, say): compared only where they are here."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """JSON values: whatever but the inputs decides the outputs, versions included."""


NOT_DONE = "not done yet"
_PACKAGE = Path(__file__).parent
_memory: dict[tuple[str, int, int, int, int], str] = {}


def is_current(step: Step) -> bool:
    """Whether the step's outputs are there, untouched, and made from these inputs with these parameters."""
    return not why_stale(step)


def why_stale(step: Step) -> str:
    """In a few words what has moved since the step was done; empty when nothing has."""
    noted = read_manifest(step.manifest)
    if noted is None:
        return NOT_DONE
    if noted.get("stage") != step.stage or noted.get("parameters") != json.loads(json.dumps(step.parameters)):
        return "parameters changed"
    for kind, paths in (("inputs", step.inputs), ("outputs", step.outputs)):
        entries = noted.get(kind)
        if not isinstance(entries, dict) or set(entries) != {_name(step, path) for path in paths}:
            return f"{kind} changed"
        for path in paths:
            if _moved(path, entries[_name(step, path)]):
                return f"{_name(step, path)} changed" if path.is_file() else f"{_name(step, path)} is gone"
    known = noted.get("if_here")
    for path in step.if_here:
        if path.is_file() and _moved(path, known.get(_name(step, path)) if isinstance(known, dict) else None):
            return f"{_name(step, path)} changed"
    return ""


@dataclass(frozen=True, slots=True)
class Inputs:
    """The hashes of a step's inputs at one moment."""

    strict: dict[str, Any]
    if_here: dict[str, Any]


def inputs_now(step: Step) -> Inputs:
    """Hash the inputs before the work begins: one that changes meanwhile must make the step stale, not be noted as used."""
    return Inputs(
        {_name(step, path): _entry(path) for path in step.inputs},
        {_name(step, path): _entry(path) for path in step.if_here if path.is_file()},
    )


def record(step: Step, inputs: Inputs) -> None:
    """Note that the step has been done from `inputs`, which `inputs_now` gave before the work; every output must exist."""
    content = {
        "stage": step.stage,
        "parameters": dict(step.parameters),
        "inputs": inputs.strict,
        "if_here": inputs.if_here,
        "outputs": {_name(step, path): _entry(path) for path in step.outputs},
    }
    write_text(step.manifest, json.dumps(content, indent=1, sort_keys=True) + "\n")


def read_manifest(path: Path) -> dict[str, Any] | None:
    """The manifest's content, or None when it is missing or damaged: then the step is simply done again."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def hash_of(path: Path) -> str:
    """The file's SHA-256, remembered while the process lives for as long as the file does not move."""
    stat = path.stat()
    key = (str(path), stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns)
    if key not in _memory:
        _memory[key] = sha256_file(path)
    return _memory[key]


def name_within(root: Path, path: Path) -> str:
    """The path within the project; for socsafe's own modules, which may be installed anywhere, within the package."""
    for folder, prefix in ((_PACKAGE, "socsafe/"), (root, "")):
        if path.is_relative_to(folder):
            return prefix + path.relative_to(folder).as_posix()
    return path.as_posix()


def _name(step: Step, path: Path) -> str:
    return name_within(step.root, path)


def _entry(path: Path) -> dict[str, Any]:
    return {"sha256": hash_of(path), "stat": _stat(path)}


def _stat(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns]


def _moved(path: Path, entry: Any) -> bool:
    if not isinstance(entry, dict) or not path.is_file():
        return True
    return bool(entry.get("stat") != _stat(path) and entry.get("sha256") != hash_of(path))
