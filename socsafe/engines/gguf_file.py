"""What a `.gguf` file says it is, read before llama.cpp sees it, so that a broken file is a clear message and not a crash.

>>> check_gguf(Path("quantized/bases/micro.q8_0.gguf")).architecture
'llama'

The layout is that of the GGUF specification (github.com/ggml-org/ggml, docs/gguf.md): magic, version, counts, key-value
pairs, tensor descriptions, padding, tensor data.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

from socsafe.errors import Problem, RunError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MAX_DIMENSIONS = 4
_MAX_TENSORS = _MAX_PAIRS = 1 << 17
"""Most tensors, and key-value pairs, that a head may declare: the largest models have some thousands."""
_MAX_TEXTS = 1 << 22
"""Most texts in an array: vocabularies and their merges have up to a million."""
_MAX_ALIGNMENT = 1 << 20
_MAX_TEXT = 1 << 24
"""Most bytes of a text: a chat template has some thousands."""
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 10: (256, 84), 11: (256, 110),
    12: (256, 144), 13: (256, 176), 14: (256, 210), 20: (32, 18), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4),
    27: (1, 8), 28: (1, 8), 30: (1, 2), 39: (32, 17),
}  # fmt: skip
"""Tensor type -> (values in a block, bytes of a block); a type that is not here is taken to hold one byte at least."""

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class GgufInfo:
    """The head of a GGUF file."""

    version: int
    architecture: str
    """`llama`, `qwen2` ..."""
    kind: str
    """`model` or `adapter`."""
    metadata: Mapping[str, Value]
    """Key-value pairs that hold one value; arrays (the vocabulary) are left out."""
    tensors: int
    """How many tensors it holds."""


def check_gguf(path: Path) -> GgufInfo:
    """Read the head of `path` and check that every tensor it declares lies inside the file.

    Raises `RunError` when the file is missing, empty, cut short, or no GGUF at all.
    """
    try:
        with path.open("rb") as handle:
            if handle.read(len(MAGIC)) != MAGIC:
                raise _broken(path, "is not a GGUF file (its first four bytes are not GGUF)")
            with mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return _Reader(path, data).info()
    except OSError as error:
        raise _broken(path, f"cannot be read: {error.strerror or error}") from error


class _Reader:
    """A cursor over the mapped file."""

    def __init__(self, path: Path, data: mmap.mmap) -> None:
        self.path, self.data, self.at = path, data, len(MAGIC)

    def info(self) -> GgufInfo:
        try:
            version = int(self.scalar("I"))
            if version not in VERSIONS:
                raise _broken(self.path, f"is GGUF version {version}; llama.cpp reads {' and '.join(map(str, VERSIONS))}")
            tensors, pairs = int(self.scalar("Q")), int(self.scalar("Q"))
            if tensors > _MAX_TENSORS or pairs > _MAX_PAIRS:
                raise _broken(self.path, f"declares {tensors:,} tensors and {pairs:,} keys in its head, which is cut short or damaged")
            metadata = {key: value for key, value in (self.pair() for _ in range(pairs)) if value is not None}
            ends = [self.tensor() for _ in range(tensors)]
        except struct.error as error:
            raise _broken(self.path, f"is cut short or damaged in its head (byte {self.at:,} of {len(self.data):,})") from error
        self._check_extent(metadata, max(ends, default=0))
        kind = str(metadata.get("general.type", "model"))
        return GgufInfo(version, str(metadata.get("general.architecture", "")), kind, metadata, tensors)

    def _check_extent(self, metadata: Mapping[str, Value], end: int) -> None:
        if "general.architecture" not in metadata:
            raise _broken(self.path, "names no architecture (general.architecture)")
        alignment = metadata.get("general.alignment", 32)
        if type(alignment) is not int or not 0 < alignment <= _MAX_ALIGNMENT:
            raise _broken(self.path, f"holds a general.alignment that is no whole number from 1 to {_MAX_ALIGNMENT:,}")
        start = -(-self.at // alignment) * alignment
        if start + end > len(self.data):
            raise _broken(self.path, f"is cut short: it holds {len(self.data):,} bytes, its tensors need {start + end:,}")

    def scalar(self, form: str) -> Value:
        (value,) = struct.unpack_from(f"<{form}", self.data, self.at)
        self.at += struct.calcsize(f"<{form}")
        return value  # type: ignore[no-any-return]  # struct.unpack is untyped

    def string(self) -> str:
        size = int(self.scalar("Q"))
        self.skip(size)
        if size > _MAX_TEXT:
            raise _broken(self.path, f"holds a text of {size:,} bytes in its head, more than {_MAX_TEXT:,}")
        return self.data[self.at - size : self.at].decode("utf-8", errors="replace")

    def skip(self, size: int) -> None:
        if self.at + size > len(self.data):
            raise struct.error("beyond the end of the file")
        self.at += size

    def pair(self) -> tuple[str, Value | None]:
        key = self.string()
        return key, self.value(int(self.scalar("I")))

    def value(self, kind: int) -> Value | None:
        if kind in _SCALARS:
            return self.scalar(_SCALARS[kind])
        if kind == _STRING:
            return self.string()
        if kind != _ARRAY:
            raise _broken(self.path, f"holds a value of the unknown type {kind}")
        inner, count = int(self.scalar("I")), int(self.scalar("Q"))
        if inner in _SCALARS:
            self.skip(count * struct.calcsize(f"<{_SCALARS[inner]}"))
        elif inner != _STRING:
            raise _broken(self.path, f"holds an array of the unknown type {inner}; llama.cpp reads arrays of numbers and of texts")
        elif count > min(_MAX_TEXTS, len(self.data)):
            raise _broken(self.path, f"is cut short or damaged in its head: an array of {count:,} texts")
        else:
            for _ in range(count):
                self.skip(int(self.scalar("Q")))
        return None

    def tensor(self) -> int:
        """Read one tensor's description; the byte, counted from the start of the data, at which it ends."""
        self.string()
        dimensions = int(self.scalar("I"))
        if dimensions > _MAX_DIMENSIONS:
            raise _broken(self.path, f"describes a tensor of {dimensions} dimensions")
        count = prod(int(self.scalar("Q")) for _ in range(dimensions))
        kind, offset = int(self.scalar("I")), int(self.scalar("Q"))
        block, size = _BLOCKS.get(kind, (count or 1, 1))
        return offset + -(-count // block) * size


def _broken(path: Path, got: str) -> RunError:
    return RunError(
        Problem(where=str(path), got=got, expected="a whole GGUF file", mend=f"rm {path}, then run again: it is made or copied anew")
    )
