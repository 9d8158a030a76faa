"""The formats that data come in: CSV, JSON, JSONL and Parquet, each also packed with gzip, read into rows of text.

>>> list(parse(b'{"instructions": ["Say hi."], "inputs": []}', Path("x.json"), source))
[{'instructions': 'Say hi.', 'inputs': ''}]

JSON is a list of objects or, as Bianchi et al. publish their suites, an object of columns. Files called JSONL that hold one JSON list
(HH-RLHF's red-team attempts are such) are read as what they hold. What one reader would take otherwise than another (a key or a column
twice, NaN in JSON) is a mistake; NaN in Parquet is a missing value, as pandas writes it.
"""

from __future__ import annotations

import csv
import io
import json
import math
import os
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from socsafe.data.parquet_head import extent
from socsafe.errors import InputError, Problem
from socsafe.files import decode
from socsafe.repeated import repeated
from socsafe.strict_json import JsonError, parse_json
from socsafe.study.sources import Source

Row = Mapping[str, str]
MAX_PROBLEMS = 10
MAX_BYTES = 1 << 29
"""Bytes that a file may hold, or unpack to: the largest in the catalogue holds a fifth."""
MAX_ROWS = 2_000_000
"""Rows that a file may hold: each becomes an object of its own, and a study draws thousands."""
MAX_VALUES = 50_000_000
"""Values that a Parquet file may hold in all: a row of a list column can unpack to any number of them."""
_CHUNK = 1 << 24
_GZIP = b"\x1f\x8b"


def parse(content: bytes, path: Path, source: Source) -> Iterator[Row]:
    """Every row as column -> text. Raises `InputError` naming `path` and the line of what cannot be read."""
    reader = {"csv": _csv, "json": _json, "jsonl": _jsonl, "parquet": _parquet}[source.format]
    for number, row in enumerate(reader(unpack(content, path) if content.startswith(_GZIP) else content, path, source), start=1):
        if number > MAX_ROWS:
            raise too_many_rows(path, number)
        yield row


def too_many_rows(path: Path, rows: int) -> InputError:
    """The mistake of a file with more rows than are read."""
    return InputError(Problem(str(path), f"{rows:,} rows or more", f"at most {MAX_ROWS:,}: the part that the study draws on"))


def unpack(content: bytes, path: Path, limit: int = MAX_BYTES) -> bytes:
    """What a gzip file holds. Raises `InputError` when it is damaged, cut short or would hold more than `limit` bytes."""
    unpacked = bytearray()
    while content:
        stream = zlib.decompressobj(wbits=31)
        while content and not stream.eof:
            try:
                # A piece at a time, and one byte more than may be: enough to tell, and a file made to fill the memory cannot.
                unpacked += stream.decompress(content, min(_CHUNK, limit + 1 - len(unpacked)))
            except zlib.error as error:
                raise InputError(Problem(str(path), f"damaged gzip: {error}", "a whole gzip file")) from error
            if len(unpacked) > limit:
                raise InputError(Problem(str(path), f"more than {limit / 1e6:.0f} MB when unpacked", "a smaller file"))
            content = stream.unconsumed_tail
        if not stream.eof:
            raise InputError(Problem(str(path), "a gzip file that is cut short", "a whole gzip file"))
        content = stream.unused_data.lstrip(b"\0")
    return bytes(unpacked)


def _text(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_of_parquet)


def _of_parquet(value: Any) -> str:
    """A date, time or decimal as text; bytes, where they are text."""
    return value.decode() if isinstance(value, bytes) else str(value)


def _csv(content: bytes, path: Path, source: Source) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize)
    decode(content, path)
    # Not io.StringIO, which holds four bytes a character.
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", newline=""), strict=True)
    header: list[str] | None = None
    problems: list[Problem] = []
    try:
        for cells in reader:
            if not cells:
                continue
            if header is None:
                header = cells if source.header else [f"column_{number}" for number in range(1, len(cells) + 1)]
                if source.header:
                    if twice := repeated(filter(None, header)):
                        problems.append(Problem(f"{path}:1", f"column {', '.join(sorted(twice))} twice", "each column once"))
                        break
                    continue
            if len(cells) != len(header):
                problems.append(Problem(f"{path}:{reader.line_num}", f"{len(cells)} cells", f"{len(header)} cells, as in the first line"))
                continue
            yield dict(zip(header, cells, strict=True))
    except csv.Error as error:
        problems.append(Problem(f"{path}:{reader.line_num}", str(error), "CSV"))
    if problems:
        raise InputError(problems[:MAX_PROBLEMS])


def _json(content: bytes, path: Path, source: Source) -> Iterator[Row]:  # noqa: ARG001 the signature every reader has
    try:
        parsed = parse_json(decode(content, path))
    except JsonError as error:
        raise InputError(Problem(f"{path}:{error.line}", f"not JSON: {error.what}", "a JSON list of objects")) from error
    if isinstance(parsed, list):
        yield from _objects(path, enumerate(parsed, start=1), "entry")
    elif isinstance(parsed, dict) and parsed and all(isinstance(column, list) for column in parsed.values()):
        yield from _columns(path, parsed)
    else:
        raise InputError(Problem(str(path), f"a JSON {type(parsed).__name__}", "a JSON list of objects, or an object of columns"))


def _columns(path: Path, columns: Mapping[str, list[Any]]) -> Iterator[Row]:
    """Rows from columns of one length; an empty column is a column of empty cells."""
    lengths = {name: len(column) for name, column in columns.items() if column}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} of {length}" for name, length in lengths.items())
        raise InputError(Problem(str(path), f"columns {told}", "columns of one length"))
    for number in range(max(lengths.values(), default=0)):
        yield {name: _text(column[number]) if column else "" for name, column in columns.items()}


def _jsonl(content: bytes, path: Path, source: Source) -> Iterator[Row]:
    if content[:64].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        yield from _json(content, path, source)
        return

    def parsed() -> Iterator[tuple[int, Any]]:
        for number, line in enumerate(decode(content, path).split("\n"), start=1):
            if line.strip():
                try:
                    yield number, parse_json(line)
                except JsonError as error:
                    raise InputError(Problem(f"{path}:{number}", f"not JSON: {error.what}", "one JSON object a line")) from error

    yield from _objects(path, parsed(), "line")


def _objects(path: Path, numbered: Iterable[tuple[int, Any]], unit: str) -> Iterator[Row]:
    problems: list[Problem] = []
    for number, value in numbered:
        if isinstance(value, dict):
            yield {str(key): _text(inner) for key, inner in value.items()}
        else:
            problems.append(Problem(f"{path} {unit} {number}", json.dumps(value)[:80], "an object"))
    if problems:
        raise InputError(problems[:MAX_PROBLEMS])


def _parquet(content: bytes, path: Path, source: Source) -> Iterator[Row]:  # noqa: ARG001 the signature every reader has
    import polars as pl

    _check_extent(content, path)
    try:
        with _no_panic_shown():
            frame = pl.read_parquet(content)
    except pl.exceptions.PanicException as error:
        # A damaged page makes Polars panic, which is no Exception and says nothing to a user.
        raise InputError(Problem(str(path), "not Parquet: a page or the footer is damaged", "a Parquet file")) from error
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(Problem(str(path), f"not Parquet: {(str(error).splitlines() or ['damaged'])[0]}", "a Parquet file")) from error
    size = 0
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        try:
            cells = {key: _text(value) for key, value in row.items()}
        except UnicodeDecodeError as error:
            raise InputError(Problem(f"{path} row {number}", "bytes that are no text", "columns of text, numbers and lists")) from error
        # A dictionary page holds a long text once for a million rows.
        size += sum(map(len, cells.values()))
        if size > MAX_BYTES:
            raise InputError(Problem(f"{path} row {number}", f"more than {MAX_BYTES / 1e6:.0f} MB when unpacked", "a smaller file"))
        yield cells


@contextmanager
def _no_panic_shown() -> Iterator[None]:
    """Keep from the terminal what Rust writes of a panic, to the process's standard error itself, before Python hears of it."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 os.devnull is no path of the project
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _check_extent(content: bytes, path: Path) -> None:
    try:
        told = extent(content)
    except ValueError as error:
        raise InputError(Problem(str(path), f"not Parquet: {error}", "a Parquet file")) from error
    if told.rows > MAX_ROWS:
        raise too_many_rows(path, told.rows)
    if told.unpacked > MAX_BYTES or told.values > MAX_VALUES:
        got = f"{told.values:,} values in {told.unpacked / 1e6:.0f} MB when unpacked"
        raise InputError(Problem(str(path), got, f"at most {MAX_VALUES:,} values in {MAX_BYTES / 1e6:.0f} MB"))
