"""One side of a comparison of reports: a folder, or a folder at a revision in git, read without checking anything out.

>>> read_side("main:reports/quickstart", None).name
'main:reports/quickstart'
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from socsafe.diffs.figures import TABLES, Figure, read_figures
from socsafe.errors import InputError, Problem
from socsafe.metrics import judged_means
from socsafe.records import SummaryRow
from socsafe.tables import text_of_cell

MOST_BYTES = 100_000_000
"""Of each file: ten thousand conditions on ten suites make less."""
MOST = 10**12
"""Largest figure of any column."""
_MEND = "name a folder that holds summary.csv, or REVISION:FOLDER; or give two revisions and --study NAME"
_STUDY = re.compile(r"[a-z0-9][a-z0-9.-]{0,79}")
_COLUMNS = ("condition", "suite", "judge", "metric", "value", "low", "high", "n", "n_unjudged")
"""Without these nothing can be compared; the others say which arm a condition belongs to."""


@dataclass(frozen=True, slots=True)
class Side:
    """One report, as far as two can be compared."""

    name: str
    """As the user named it."""
    rows: tuple[SummaryRow, ...]
    tables: Mapping[str, Sequence[Figure]]
    """Name of each table beside the summary that is there -> its figures."""
    provenance: Mapping[str, Any] | None
    """What `provenance.json` says; None where there is none, as in reports written before there was."""


def read_side(name: str, study: str | None) -> Side:
    """The report that `name` stands for. Raises `InputError` where there is none, or where it cannot be read."""
    if study is not None and not _STUDY.fullmatch(study):
        raise InputError(Problem(f"--study {study}", "no study's name", "a study's name, such as quickstart"))
    folder = Path(name)
    if study is None and folder.is_dir():
        return _side(name, lambda file: _from_folder(folder / file))
    revision, separator, inside = name.partition(":")
    if study is not None:
        # ./ makes git take the path from the folder one is in, as all other paths here.
        revision, inside = name, f"./reports/{study}"
    elif not separator or not inside:
        raise InputError(Problem(name, "no such folder", "a report's folder, or REVISION:FOLDER", _MEND))
    commit = _commit(name, revision)
    return _side(name, lambda file: _from_git(f"{commit}:{inside.rstrip('/')}/{file}"))


def _side(name: str, read: Callable[[str], bytes | None]) -> Side:
    summary = read("summary.csv")
    if summary is None:
        raise InputError(Problem(name, "holds no summary.csv", "a report that `socsafe report` wrote", _MEND))
    noted = read("provenance.json")
    beside = {table: content for table in TABLES if (content := read(f"{table}.csv")) is not None}
    tables = {table: read_figures(table, content, f"{name}/{table}.csv") for table, content in beside.items()}
    return Side(name, tuple(_rows(name, summary)), tables, None if noted is None else _provenance(name, noted))


def _from_folder(path: Path) -> bytes | None:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(Problem(str(path), "larger than any report", f"{MOST_BYTES} bytes at most"))
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(Problem(str(path), f"cannot be read: {error.strerror or error}", "a file one may read")) from error


def _commit(name: str, revision: str) -> str:
    """The commit's full name. The user's words are never taken for an option."""
    done = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if done.returncode:
        got = done.stderr.decode(errors="replace").strip().split("\n")[0] or "neither a folder nor a revision that git knows here"
        raise InputError(Problem(name, got[:200], "a report's folder, or REVISION:FOLDER", _MEND))
    return done.stdout.decode().strip()


def _from_git(place: str) -> bytes | None:
    done = _git("cat-file", "blob", place)
    return None if done.returncode else done.stdout


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", *arguments], capture_output=True, check=False, timeout=120)
    except FileNotFoundError as error:
        raise InputError(Problem("git", "is not installed", "git, to read a report at a revision", "name two folders instead")) from error
    except subprocess.TimeoutExpired as error:
        raise InputError(Problem("git", "gave no answer in two minutes", "a repository that git can read")) from error


def _provenance(name: str, content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(Problem(f"{name}/provenance.json", "not readable as JSON", "what `socsafe report` wrote")) from error
    if not isinstance(found, dict):
        raise InputError(Problem(f"{name}/provenance.json", "no JSON object", "what `socsafe report` wrote"))
    return found


def _rows(name: str, content: bytes) -> list[SummaryRow]:
    """The rows of a summary.csv, that of an earlier version of socsafe as well: columns that are not known are left aside."""
    where = f"{name}/summary.csv"
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        columns = list(reader.fieldnames or ())
        if missing := [column for column in _COLUMNS if column not in columns]:
            raise _wrong(f"{where}:1", f"without the columns {', '.join(missing)}", "what `socsafe report` wrote")
        if twice := [column for column in _COLUMNS if columns.count(column) > 1]:
            raise _wrong(f"{where}:1", f"column {', '.join(twice)} twice", "each column once")
        seen: dict[tuple[str, ...], int] = {}
        rows = []
        for line in reader:
            row = _row(line, f"{where}:{reader.line_num}")
            _check(row, f"{where}:{reader.line_num}")
            key = (row.condition, row.suite, row.judge, row.metric)
            if key in seen:
                got = f"{row.metric} of {row.condition} on {row.suite} by {row.judge}, as on line {seen[key]}"
                raise _wrong(f"{where}:{reader.line_num}", got, "each figure once")
            seen[key] = reader.line_num
            rows.append(row)
        return rows
    except (csv.Error, UnicodeDecodeError) as error:
        raise _wrong(where, f"not readable as CSV: {error}", "what `socsafe report` wrote") from error


def _row(line: Mapping[str, str | None], where: str) -> SummaryRow:
    made: dict[str, Any] = {}
    for column, hint in get_type_hints(SummaryRow).items():
        cell = line.get(column) or ""
        try:
            made[column] = text_of_cell(cell) if hint is str else int(cell or 0) if hint is int else float(cell) if cell else None
        except ValueError as error:
            raise _wrong(where, f"{column} is {cell[:40]!r}", "a number") from error
        number = made[column]
        if isinstance(number, float) and not math.isfinite(number):
            raise _wrong(where, f"{column} is {cell[:40]!r}", "a finite number")
        if isinstance(number, int | float) and not -MOST <= number <= MOST:
            raise _wrong(where, f"{column} is {cell[:40]}", f"a number of at most {MOST:,}")
    return SummaryRow(**made)


def _check(row: SummaryRow, where: str) -> None:
    """Raise `InputError` for a figure that cannot be: nothing can be pooled or compared with it."""
    for column, count in (("n", row.n), ("n_unjudged", row.n_unjudged)):
        if count < 0:
            raise _wrong(where, f"{column} is {count}", "a number of replies")
    if (row.value is None) != (row.n == 0):
        said = "empty" if row.value is None else row.value
        raise _wrong(where, f"value is {said} with n {row.n}", "a value where n is not 0, and only there")
    if row.value is not None and (row.judge, row.metric) not in judged_means() and not 0 <= row.value <= 1:
        raise _wrong(where, f"value is {row.value}", f"a share from 0 to 1, since {row.metric} by {row.judge} is not known as a mean")


def _wrong(where: str, got: str, expected: str) -> InputError:
    return InputError(Problem(where, got, expected, "put the file right, or write the report anew: socsafe report STUDY"))
