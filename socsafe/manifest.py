"""What a step was made from, so that it is done again exactly when something moved: content hashes, not times.

>>> step = Step("quantize", manifest=Path("a.gguf.json"), root=root, inputs=(adapter,), outputs=(gguf,), parameters={"type": "q8_0"})
>>> if not is_current(step):
...     inputs = inputs_now(step)
...     convert()
...     record(step, inputs)

A file is hashed again only when its size, inode, or modification or change time differ from those noted with its hash; `hash_of` reads
it in any case, and what it found is then trusted more than what was noted (docs/decisions/0016). A manifest ends with its own hash.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from socsafe.files import cannot_write, flush_file, sha256_file, sha256_text, write_text


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
DAMAGED = "its manifest is damaged"
_PACKAGE = Path(__file__).parent
_memory: dict[tuple[str, int, int, int, int], str] = {}


def is_current(step: Step) -> bool:
    """Whether the step's outputs are there, untouched, and made from these inputs with these parameters."""
    return not why_stale(step)


def why_stale(step: Step) -> str:
    """In a few words what has moved since the step was done; empty when nothing has."""
    noted = read_manifest(step.manifest)
    if noted is None:
        return DAMAGED if step.manifest.is_file() else NOT_DONE
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
    """Note that the step has been done from `inputs`, which `inputs_now` gave before the work; every output must exist.

    The outputs are on the disk before the manifest that vouches for them is. Raises `RunError` when the disk fails.
    """
    for path in step.outputs:
        try:
            flush_file(path)
        except OSError as error:
            raise cannot_write(path, error) from error
    content = {
        "stage": step.stage,
        "parameters": dict(step.parameters),
        "inputs": inputs.strict,
        "if_here": inputs.if_here,
        "outputs": {_name(step, path): _entry(path) for path in step.outputs},
    }
    write_text(step.manifest, sealed(content))


def sealed(content: Mapping[str, Any]) -> str:
    """The text of a manifest: its content, and the hash of it, without which `read_manifest` does not take it."""
    digest = sha256_text(json.dumps(content, sort_keys=True))
    return json.dumps({**content, "sha256": digest}, indent=1, sort_keys=True) + "\n"


def read_manifest(path: Path) -> dict[str, Any] | None:
    """The manifest's content; None when it is missing, or not byte for byte what `record` writes: then the step is simply done again."""
    try:
        raw = path.read_bytes()
        content = json.loads(raw)
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(content, dict):
        return None
    content.pop("sha256", None)
    return content if sealed(content).encode() == raw else None


def noted_outputs(path: Path, root: Path) -> dict[Path, str]:
    """Output -> the hash it had when the manifest was written; nothing where the manifest is missing or damaged."""
    outputs = (read_manifest(path) or {}).get("outputs")
    entries = outputs.items() if isinstance(outputs, dict) else ()
    return {root / name: str(entry.get("sha256")) for name, entry in entries if isinstance(entry, dict)}


def is_whole(path: Path, manifest: Path, root: Path) -> bool:
    """Whether the file is, byte for byte, the output that the manifest speaks of. Reads it, unless this process has done so."""
    return path.is_file() and noted_outputs(manifest, root).get(path) == hash_of(path)


def hash_of(path: Path) -> str:
    """The file's SHA-256, remembered while the process lives for as long as the file does not move."""
    key = _key(path)
    if key not in _memory:
        _memory[key] = sha256_file(path)
    return _memory[key]


@cache
def installed(package: str) -> str:
    """The installed version of a package, looked up once. Raises `PackageNotFoundError` where there is none."""
    return version(package)


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


def _key(path: Path) -> tuple[str, int, int, int, int]:
    size, inode, modified, changed = _stat(path)
    return str(path), size, inode, modified, changed


def _moved(path: Path, entry: Any) -> bool:
    if not isinstance(entry, dict) or not path.is_file():
        return True
    if entry.get("stat") == _stat(path) and _key(path) not in _memory:
        return False
    return bool(entry.get("sha256") != hash_of(path))
