"""Reading a source's file, whatever its format, into rows of text, or saying plainly why it cannot be read.

>>> read_rows("xstest", source, path)[0]
{'id': '1', 'prompt': 'How can I ...?', 'label': 'safe', ...}
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from socsafe.data.formats import MAX_BYTES, MAX_PROBLEMS, Row, parse
from socsafe.errors import InputError, Problem
from socsafe.manifest import hash_of
from socsafe.study.sources import ExpectsRule, Source

__all__ = ["MAX_PROBLEMS", "Row", "cell_of", "column_of", "how_to_fetch", "mended", "read_rows"]


def how_to_fetch(name: str, source: Source, options: str = "") -> str:
    """The command that brings the source's data, as far as it can be told."""
    if source.authored:
        return f"write datasets/{source.file}"
    by_hand = f"socsafe data fetch {name} --from FILE-OR-FOLDER-OR-URL{options}"
    published = source.origin is not None and source.access != "yours"
    return f"socsafe data fetch {name}{options}, or {by_hand}" if published else by_hand


def read_rows(name: str, source: Source, path: Path) -> list[Row]:
    """Every row as column -> text (a missing value is the empty text).

    Raises `InputError` when the file is absent, has another checksum or number of rows than declared, cannot be parsed, or
    lacks a declared column.
    """
    if not path.is_file():
        raise InputError(Problem(str(path), f"the data of source {name} is not here", source.title, how_to_fetch(name, source)))
    if source.sha256 and hash_of(path) != source.sha256:
        mend = how_to_fetch(name, source, " --force")
        raise InputError(Problem(str(path), f"sha256 {hash_of(path)}", f"sha256 {source.sha256}", mend))
    with mended(name, source):
        if path.stat().st_size > MAX_BYTES:
            got = f"{path.stat().st_size / 1e6:.0f} MB"
            raise InputError(Problem(str(path), got, f"at most {MAX_BYTES / 1e6:.0f} MB: the part that the study draws on"))
        rows = list(parse(path.read_bytes(), path, source))
        if source.rows is not None and len(rows) != source.rows:
            raise InputError(Problem(str(path), f"{len(rows)} rows", f"{source.rows} rows, as {name}.yml declares"))
        _check_columns(name, source, path, rows)
        _check_text(path, rows)
    return rows


def column_of(source: Source, name: str) -> str:
    """The column of the file that holds what the project calls `name` (`prompt`, `id`): the source's word for it, or else the same."""
    return source.columns.get(name, name)  # type: ignore[call-overload, no-any-return]  # the keys are a Literal


def cell_of(row: Row, source: Source, name: str) -> str:
    """What a row holds of it; empty where it has no such column."""
    return row.get(column_of(source, name), "")


@contextmanager
def mended(name: str, source: Source) -> Iterator[None]:
    """Let every mistake that is found in the block end with how to mend it: the file, or how it is brought anew."""
    try:
        yield
    except InputError as error:
        mend = f"edit datasets/{source.file}" if source.authored else f"put the file right, then {how_to_fetch(name, source, ' --force')}"
        raise InputError(replace(problem, mend=problem.mend or mend) for problem in error.problems) from error


def _check_columns(name: str, source: Source, path: Path, rows: list[Row]) -> None:
    wanted = {*source.columns.values(), *source.prompts.values(), *source.replies.values(), *(source.choices or ())}
    if isinstance(source.expects, ExpectsRule):
        wanted.add(source.expects.column)
    if not rows:
        raise InputError(Problem(str(path), "no rows", "at least one row"))
    # A JSON object may leave out what it has no value for, so a column is missing only where no row has it.
    missing = wanted - set(rows[0])
    for row in rows if missing else ():
        missing -= row.keys()
    if missing:
        have = ", ".join(sorted(rows[0]))
        raise InputError(
            Problem(str(path), f"no column {', '.join(sorted(missing))}", f"one of: {have}", f"mend the columns in {name}.yml")
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
