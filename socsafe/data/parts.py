"""A unit of work in the making: its rows in parts, each written whole before the next begins, and none read that is not what was written.

>>> parts = Parts(out, key)
>>> rows = parts.read(0, Completion, expected=128)
>>> if rows is None:
...     parts.write(0, rows := answers())

A part bears the hash of its content in its name (`00000-1f3a….jsonl`): one of which a byte is missing or another is made anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from shutil import rmtree
from typing import TypeVar

from socsafe.files import sha256_file, write_bytes
from socsafe.tables import read_rows, records, rows_bytes

T = TypeVar("T")
_DIGITS = 32
"""Of the hash, in a part's name."""


class Parts:
    """The parts of one unit's output, in the folder `<output>.parts-<key>` beside it."""

    def __init__(self, out: Path, key: str) -> None:
        """`key` stands for all that the rows depend on: parts of another are never read."""
        self._out = out
        self.folder = out.parent / f"{out.stem}.parts-{key}"

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
