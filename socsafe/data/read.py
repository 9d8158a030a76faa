"""Reading a source's file, whatever its format, into rows of text, or saying plainly why it cannot be read.

>>> read_rows("xstest", source, path)[0]
{'id': '1', 'prompt': 'How can I ...?', 'label': 'safe', ...}
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from socsafe.errors import InputError, Problem
from socsafe.files import decode
from socsafe.manifest import hash_of
from socsafe.study.sources import Source

Row = Mapping[str, str]
MAX_PROBLEMS = 10


def read_rows(name: str, source: Source, path: Path) -> list[Row]:
    """Every row as column -> text (a missing value is the empty text).

    Raises `InputError` when the file is absent, has another checksum or number of rows than declared, cannot be parsed, or
    lacks a declared column.
    """
    if not path.is_file():
        raise InputError(
            Problem(str(path), f"the data of source {name} is not here", source.title, f"socsafe data fetch {name} --from FILE-OR-FOLDER")
        )
    if source.sha256 and hash_of(path) != source.sha256:
        mend = f"socsafe data fetch {name} --from FILE-OR-FOLDER --force"
        raise InputError(Problem(str(path), f"sha256 {hash_of(path)}", f"sha256 {source.sha256}", mend))
    reader = {"csv": _csv, "json": _json, "jsonl": _jsonl, "parquet": _parquet}[source.format]
    rows = list(reader(path, source))
    if source.rows is not None and len(rows) != source.rows:
        raise InputError(Problem(str(path), f"{len(rows)} rows", f"{source.rows} rows, as {name}.yml declares"))
    _check_columns(name, source, path, rows)
    _check_text(path, rows)
    return rows


def _check_columns(name: str, source: Source, path: Path, rows: list[Row]) -> None:
    wanted = set(source.columns.values())
    if source.expects is not None and not isinstance(source.expects, str):
        wanted.add(source.expects.column)
    have = set(rows[0]) if rows else wanted
    missing = sorted(wanted - have)
    if not rows:
        raise InputError(Problem(str(path), "no rows", "at least one row"))
    if missing:
        raise InputError(
            Problem(str(path), f"no column {', '.join(missing)}", f"one of: {', '.join(sorted(have))}", f"mend columns: in {name}.yml")
        )


def _check_text(path: Path, rows: list[Row]) -> None:
    """JSON can spell half of a surrogate pair, which is no character and cannot be written anywhere."""
    problems: list[Problem] = []
    for number, row in enumerate(rows, start=1):
        try:
            "".join(row.values()).encode()
        except UnicodeEncodeError as error:
            problems.append(Problem(f"{path} row {number}", f"\\u{ord(error.object[error.start]):04x} alone", "whole characters"))
    if problems:
        raise InputError(problems[:MAX_PROBLEMS])


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _csv(path: Path, source: Source) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(io.StringIO(decode(path.read_bytes(), path), newline=""), strict=True)
    header: list[str] | None = None
    problems: list[Problem] = []
    try:
        for cells in reader:
            if not cells:
                continue
            if header is None:
                header = cells if source.header else [f"column_{number}" for number in range(1, len(cells) + 1)]
                if source.header:
                    continue
            if len(cells) != len(header):
                problems.append(Problem(f"{path}:{reader.line_num}", f"{len(cells)} cells", f"{len(header)} cells, as in the first line"))
                continue
            yield dict(zip(header, cells, strict=True))
    except csv.Error as error:
        problems.append(Problem(f"{path}:{reader.line_num}", str(error), "CSV"))
    if problems:
        raise InputError(problems[:MAX_PROBLEMS])


def _json(path: Path, source: Source) -> Iterator[Row]:  # noqa: ARG001 the signature every reader has
    try:
        content = json.loads(decode(path.read_bytes(), path))
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise InputError(Problem(f"{path}:{line}", f"not JSON: {error}", "a JSON list of objects")) from error
    if not isinstance(content, list):
        raise InputError(Problem(str(path), f"a JSON {type(content).__name__}", "a JSON list of objects"))
    yield from _objects(path, enumerate(content, start=1), "entry")


def _jsonl(path: Path, source: Source) -> Iterator[Row]:  # noqa: ARG001 the signature every reader has
    def parsed() -> Iterator[tuple[int, Any]]:
        for number, line in enumerate(decode(path.read_bytes(), path).split("\n"), start=1):
            if line.strip():
                try:
                    yield number, json.loads(line)
                except (ValueError, RecursionError) as error:
                    raise InputError(Problem(f"{path}:{number}", f"not JSON: {error}", "one JSON object a line")) from error

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


def _parquet(path: Path, source: Source) -> Iterator[Row]:  # noqa: ARG001 the signature every reader has
    import polars as pl

    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(Problem(str(path), f"not Parquet: {str(error).splitlines()[0]}", "a Parquet file")) from error
    for row in frame.iter_rows(named=True):
        yield {key: _text(value) for key, value in row.items()}
