"""How much a Parquet file says it holds, read from its footer before anything is unpacked, so that a small file cannot fill the memory.

>>> extent(path.read_bytes())
Extent(rows=450, values=900, unpacked=61234)

The footer is a `FileMetaData` in Thrift's compact protocol (apache/parquet-format, README and parquet.thrift; apache/thrift,
doc/specs/thrift-compact-protocol.md). Only the fields needed are kept. What the footer says of a page is taken at its word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_MAGIC = b"PAR1"
_STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 0, 1, 2, 3, 7, 8, 9, 10, 11, 12
_MAX_DEPTH = 16
_ROWS, _GROUPS = 3, 4
"""Fields of FileMetaData: num_rows, row_groups."""
_COLUMNS, _META, _VALUES, _UNPACKED = 1, 3, 5, 6
"""RowGroup.columns, ColumnChunk.meta_data, ColumnMetaData.num_values and total_uncompressed_size."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What the footer declares."""

    rows: int
    values: int
    """Of all columns; a row of a nested column holds many."""
    unpacked: int
    """Bytes of all pages once decompressed."""


def extent(content: bytes) -> Extent:
    """What the footer declares. Raises `ValueError` in words where it is none."""
    if len(content) < 12 or not content.startswith(_MAGIC) or not content.endswith(_MAGIC):
        raise ValueError("it does not begin and end with PAR1")
    size = int.from_bytes(content[-8:-4], "little")
    if size > len(content) - 12:
        raise ValueError(f"its footer of {size} bytes is longer than the file")
    try:
        footer = _Reader(content, len(content) - 8 - size).struct()
        groups = footer.get(_GROUPS, [])
        columns = [column for group in groups for column in group.get(_COLUMNS, [])]
        told = [(column[_META][_VALUES], column[_META][_UNPACKED]) for column in columns if _META in column]
        found = Extent(int(footer[_ROWS]), sum(values for values, _ in told), sum(size for _, size in told))
    except (IndexError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("its footer is damaged") from error
    if found.rows < 0 or any(number < 0 for pair in told for number in pair):
        raise ValueError("its footer is damaged")
    return found


class _Reader:
    """A cursor over the compact protocol; beyond the end it raises `IndexError`."""

    def __init__(self, content: bytes, at: int) -> None:
        self.content, self.at, self.depth = content, at, 0
        self.kinds: dict[int, Callable[[], Any]] = {
            _BYTE: self.byte, **dict.fromkeys((4, 5, 6), self.zigzag), _DOUBLE: self.double, _BINARY: self.binary,
            _LIST: self.list, _SET: self.list, _MAP: self.map, _STRUCT: self.struct, _TRUE: self.byte, _FALSE: self.byte,
        }  # fmt: skip

    def struct(self) -> dict[int, Any]:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise RecursionError
        found: dict[int, Any] = {}
        field = 0
        while (head := self.byte()) != _STOP:
            field = field + (head >> 4) if head >> 4 else self.zigzag()
            kind = head & 15
            found[field] = kind == _TRUE if kind in (_TRUE, _FALSE) else self.kinds[kind]()
        self.depth -= 1
        return found

    def byte(self) -> int:
        self.at += 1
        return self.content[self.at - 1]

    def varint(self) -> int:
        number = shift = 0
        while True:
            byte = self.byte()
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number
            if shift > 63:
                raise IndexError

    def zigzag(self) -> int:
        number = self.varint()
        return (number >> 1) ^ -(number & 1)

    def skip(self, size: int) -> None:
        if self.at + size > len(self.content):
            raise IndexError
        self.at += size

    def double(self) -> None:
        self.skip(8)

    def binary(self) -> None:
        self.skip(self.varint())

    def list(self) -> list[Any]:
        head = self.byte()
        size = head >> 4 if head >> 4 < 15 else self.varint()
        read = self.kinds[head & 15]
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise RecursionError
        found = [read() for _ in range(size)]
        self.depth -= 1
        return found

    def map(self) -> None:
        size = self.varint()
        if not size:
            return
        kinds = self.byte()
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise RecursionError
        for _ in range(size):
            self.kinds[kinds >> 4]()
            self.kinds[kinds & 15]()
        self.depth -= 1
