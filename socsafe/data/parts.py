"""A unit of work in the making: its rows in parts, each written whole before the next begins, and none read that is not what was written.

>>> parts = Parts.of(step)
>>> rows = parts.read(0, Completion, expected=128)
>>> if rows is None:
...     parts.write(0, rows := answers())

A part bears the hash of its content in its name (`00000-1f3a….jsonl`): one of which a byte is missing or another is made anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree
from typing import Self, TypeVar

from socsafe.files import sha256_file, sha256_text, write_bytes
from socsafe.manifest import Step, hash_of
from socsafe.tables import read_rows, records, rows_bytes

T = TypeVar("T")
_DIGITS = 32
"""Of the hash, in a part's name."""
_KEY = 12
"""Digits of the hash in the folder's name."""


class Parts:
    """The parts of one unit's output, in the folder `<output>.parts-<key>` beside it."""

    def __init__(self, out: Path, key: str) -> None:
        """`key` stands for all that the rows depend on: parts of another are never read."""
        self._out = out
        self.folder = out.parent / f"{out.stem}.parts-{key}"

    @classmethod
    def of(cls, step: Step) -> Self:
        """The parts of the step's first output, under a hash of all that its rows depend on. The step's inputs are there."""
        inputs = [hash_of(path) for path in (*step.inputs, *(path for path in step.if_here if path.is_file()))]
        return cls(step.outputs[0], sha256_text(json.dumps([inputs, dict(step.parameters)], sort_keys=True))[:_KEY])

    def read(self, number: int, kind: type[T], expected: int) -> list[T] | None:
        """The part's rows; None where it is not there, or not what was written. Raises `RunError` for another number of rows."""
        for path in sorted(self.folder.glob(f"{number:05}-*.jsonl")):
            if is_whole_part(path):
                return records(read_rows(path, kind, expected=expected), kind)
            path.unlink()
        return None

    def write(self, number: int, rows: Sequence[object]) -> None:
        """Write a part. Raises `RunError` where the rows break their schema or the disk fails."""
        content = rows_bytes(self._out, rows)
        write_bytes(self.folder / f"{number:05}-{hashlib.sha256(content).hexdigest()[:_DIGITS]}.jsonl", content)

    def done(self) -> None:
        """Remove the parts, those of other keys too: the unit's output is written."""
        for folder in part_folders(self._out):
            rmtree(folder)


def part_folders(out: Path) -> list[Path]:
    """The folders of parts beside an output."""
    return sorted(out.parent.glob(f"{out.stem}.parts-*"))


def is_whole_part(path: Path) -> bool:
    """Whether the part holds, byte for byte, what was written under its name."""
    return path.stem.partition("-")[2] == sha256_file(path)[:_DIGITS]
