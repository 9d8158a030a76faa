"""Records on disk: JSONL for what runs write, CSV for what people read, checked by Pandera on the way out and back.

>>> write_rows(Path("runs/x/micro-benign-none/verdicts.jsonl"), verdicts)
>>> frame = read_rows(Path("runs/x/micro-benign-none/verdicts.jsonl"), Verdict, expected=320)
>>> verdicts = records(frame, Verdict)

Pydantic reads each line into the record's exact fields and types, so that a mistake has a line number (Polars by itself
turns a number inside a nested field into text and drops fields it does not know); Pandera then checks what needs the
whole table: ranges, allowed words, keys. Lines end in LF alone, so that a U+2028 inside a reply splits nothing.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar, get_type_hints

from socsafe.errors import Problem, RunError
from socsafe.files import write_bytes, write_if_changed
from socsafe.records import Message
from socsafe.rounding import steady
from socsafe.schemas import RULES, dtypes, schema

if TYPE_CHECKING:
    import polars as pl
    from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")
Row = dict[str, object]

CSV_DECIMALS = 4
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_MAX_SHOWN = 20
_MAX_VALUE = 80
_REBUILD = "delete the file and run again: it is rebuilt"
_NOT_WRITTEN = "nothing was written; what made this row is at fault, please report it with this message"


@dataclasses.dataclass(frozen=True, slots=True)
class _Place:
    """Where a table stands, for messages."""

    path: str
    mend: str = _REBUILD

    def line(self, number: int) -> str:
        return f"{self.path}:{number}"


def write_rows(path: Path, rows: Sequence[object]) -> None:
    """Write records of one kind as JSONL, one a line, fields in the record's order; whole or not at all.

    Raises `RunError` naming the line, the column and the value when the rows break their schema: nothing is written then.
    """
    write_bytes(path, rows_bytes(path, rows))


def rows_bytes(path: Path, rows: Sequence[object]) -> bytes:
    """What `write_rows` writes to the path; raises as it does."""
    lines = [json.dumps(_plain(row), ensure_ascii=False).encode(errors="surrogatepass") for row in rows]
    if rows:
        _jsonl_table(lines, type(rows[0]), _Place(str(path), mend=_NOT_WRITTEN))
    return b"".join(line + b"\n" for line in lines)


def jsonl(frame: pl.DataFrame, kind: type) -> bytes:
    """The rows of a table of `kind`, which has been checked, as `write_rows` would write them."""
    names = list(dtypes(kind))
    rows = (dict(zip(names, row, strict=True)) for row in frame.select(names).iter_rows())
    return b"".join(json.dumps(row, ensure_ascii=False).encode(errors="surrogatepass") + b"\n" for row in rows)


def read_rows(path: Path, kind: type, expected: int | None = None) -> pl.DataFrame:
    """The table of `kind` in a JSONL file, one row a line.

    `expected` is the number of rows there must be; only `expected=0` lets a file be empty. Raises `RunError` with every
    mistake (the first twenty in full) by file, line and column.
    """
    return _counted(parse_rows(_content(path), kind, str(path)), path, expected)


def parse_rows(content: bytes, kind: type, where: str, mend: str = _REBUILD) -> pl.DataFrame:
    """As `read_rows`, for JSONL that is in memory already: `where` it came from and what mends it, for messages. May hold no rows."""
    lines = content.removesuffix(b"\n").split(b"\n") if content else []
    return _jsonl_table(lines, kind, _Place(where, mend))


def write_csv(path: Path, rows: Sequence[object]) -> None:
    """Write records of one kind as CSV with a header, unless the file holds just that already.

    Numbers have `CSV_DECIMALS` decimals and None is an empty cell. Raises as `write_rows` does, and where there are no rows.
    """
    if not rows:
        raise RunError(Problem(where=str(path), got="no rows to write", expected="at least one", mend="socsafe status STUDY"))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_plain(rows[0]))
    writer.writerows([_cell(value) for value in _plain(row).values()] for row in rows)
    content = text.getvalue().encode(errors="surrogatepass")
    parse_csv(content, type(rows[0]), str(path), _NOT_WRITTEN)
    write_if_changed(path, content.decode())


def parse_csv(content: bytes, kind: type, where: str, mend: str = _REBUILD) -> pl.DataFrame:
    """The table of `kind` in CSV as `write_csv` writes it, which is in memory; the rest is as for `parse_rows`."""
    return _csv_table(content, kind, _Place(where, mend))


def records(frame: pl.DataFrame, kind: type[T]) -> list[T]:
    """The rows of a table that was read with `read_rows` or `parse_csv`, as records."""
    rows = frame.iter_rows(named=True)
    if "messages" in frame.columns:
        return [kind(**{**row, "messages": tuple(Message(**message) for message in row["messages"])}) for row in rows]
    return [kind(**row) for row in rows]


def _plain(record: object) -> Row:
    """A record as JSON can hold it. Not `dataclasses.asdict`, which copies deeply and takes ten times as long."""
    if not dataclasses.is_dataclass(record):
        raise TypeError(f"not a record: {record!r}")
    row: Row = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    if "messages" in row:
        row["messages"] = [_plain(message) for message in getattr(record, "messages", ())]
    return row


def _cell(value: object) -> object:
    """A CSV cell: numbers rounded, so that noise changes nothing; `+ 0.0` makes minus zero plain zero."""
    if isinstance(value, float):
        return f"{round(steady(value), CSV_DECIMALS) + 0.0:.{CSV_DECIMALS}f}"
    if isinstance(value, str):
        # A spreadsheet runs a cell that begins like a formula; with an apostrophe in front it is text.
        return f"'{value}" if _FORMULA.match(value) else value
    return "" if value is None else value


def text_of_cell(cell: str) -> str:
    """The text that a cell of `write_csv` stands for: without the apostrophe that keeps spreadsheets from running it."""
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell


@cache
def _adapter(kind: type) -> TypeAdapter[Row]:
    """A parser for exactly the fields of `kind`: none missing, none unknown, no type converted."""
    from pydantic import ConfigDict, Field, TypeAdapter, with_config
    from typing_extensions import TypedDict

    typed_dict: Callable[[str, dict[str, object]], type] = TypedDict  # type: ignore[assignment]
    int64 = Annotated[int, Field(ge=-(2**63), lt=2**63)]

    def shape(record: type) -> type:
        bounded: dict[object, object] = {int: int64, int | None: int64 | None}
        hints = {name: bounded.get(hint, hint) for name, hint in get_type_hints(record).items()}
        if "messages" in hints:
            hints["messages"] = list[shape(Message)]  # type: ignore[misc]
        return with_config(ConfigDict(extra="forbid", strict=True))(typed_dict(record.__name__, hints))

    return TypeAdapter(shape(kind))


def _jsonl_table(lines: Sequence[bytes], kind: type, place: _Place) -> pl.DataFrame:
    """The table that these lines hold, or `RunError`: the check that both writing and reading go through."""
    from pydantic import ValidationError

    adapter = _adapter(kind)
    rows: list[Row] = []
    problems: list[Problem] = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(adapter.validate_json(line))
        except ValidationError as error:
            problems += _problems_of_line(place.line(number), error, place.mend)
    _raise_if(problems)
    return _checked(rows, range(1, len(rows) + 1), kind, place)


def _csv_table(content: bytes, kind: type, place: _Place) -> pl.DataFrame:
    """As `_jsonl_table`, for a whole CSV file."""
    from pydantic import ValidationError

    adapter = _adapter(kind)
    empty = {name: None if column.nullable else "" for name, column in schema(kind).columns.items()}
    rows: list[Row] = []
    numbers: list[int] = []
    problems: list[Problem] = []
    for number, cells in _csv_lines(content, list(empty), place):
        try:
            row = {name: text_of_cell(cell) or empty[name] for name, cell in zip(empty, cells, strict=True)}
            rows.append(adapter.validate_python(row, strict=False))
            numbers.append(number)
        except ValidationError as error:
            problems += _problems_of_line(place.line(number), error, place.mend)
    _raise_if(problems)
    return _checked(rows, numbers, kind, place)


def _csv_lines(content: bytes, names: list[str], place: _Place) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every row after the header, which must be `names`."""
    try:
        reader = csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
        header = next(reader, [])
        if header != names:
            got = f"the columns {', '.join(header) or '(none)'}"
            raise RunError(Problem(where=place.line(1), got=got, expected=", ".join(names), mend=place.mend))
        for cells in reader:
            if len(cells) != len(names):
                expected = f"{len(names)} cells"
                raise RunError(Problem(where=place.line(reader.line_num), got=f"{len(cells)} cells", expected=expected, mend=place.mend))
            yield reader.line_num, cells
    except (csv.Error, UnicodeDecodeError) as error:
        raise RunError(
            Problem(where=place.path, got=f"not readable as CSV: {error}", expected="what socsafe wrote", mend=place.mend)
        ) from error


def _checked(rows: Sequence[Row], numbers: Sequence[int], kind: type, place: _Place) -> pl.DataFrame:
    """The rows as a collected frame that has passed its schema; row i stands on line `numbers[i]`."""
    import polars as pl
    from pandera.errors import SchemaErrors

    frame = pl.DataFrame(rows, schema=dtypes(kind), strict=True, orient="row")
    try:
        schema(kind).validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases.sort("index", maintain_order=True)
        _raise_if([_problem_of_case(case, frame, numbers, kind, place) for case in cases.iter_rows(named=True)])
    return frame


def _problem_of_case(case: Mapping[str, object], frame: pl.DataFrame, numbers: Sequence[int], kind: type, place: _Place) -> Problem:
    """One of Pandera's failure cases as a problem with a place, a value and an expectation."""
    index, column, check = case["index"], case["column"], str(case["check"])
    if not isinstance(index, int):
        return Problem(where=place.path, got=str(case["failure_case"]), expected=check, mend=place.mend)
    where = place.line(numbers[index])
    if isinstance(column, str):
        return Problem(where=where, got=f"{column} is {frame[column][index]!r}", expected=check, mend=place.mend)
    key = RULES[kind].key
    named = ", ".join(f"{name} {frame[name][index]!r}" for name in key)
    if check == "multiple_fields_uniqueness":
        return Problem(where=where, got=f"not the only row with {named}", expected=f"one row for each {' + '.join(key)}", mend=place.mend)
    return Problem(where=where, got=f"the row with {named} breaks a rule", expected=check, mend=place.mend)


def _problems_of_line(where: str, error: ValidationError, mend: str) -> list[Problem]:
    """Pydantic's findings on one line, in words."""
    problems = []
    for found in error.errors(include_url=False, include_context=False):
        column = ".".join(str(part) for part in found["loc"])
        value = found["input"]
        shown = repr(value.decode(errors="replace") if isinstance(value, bytes) else value)
        shown = shown if len(shown) <= _MAX_VALUE else shown[: _MAX_VALUE - 3] + "..."
        if found["type"] == "missing":
            problems.append(Problem(where=where, got=f"column {column} is missing", expected="every column of the table", mend=mend))
        elif not column:
            problems.append(Problem(where=where, got=shown, expected=f"one whole JSON object ({found['msg']})", mend=mend))
        else:
            problems.append(Problem(where=where, got=f"{column} is {shown}", expected=found["msg"], mend=mend))
    return problems


def _counted(frame: pl.DataFrame, path: Path, expected: int | None) -> pl.DataFrame:
    """The frame, if it holds as many rows as it must: an empty one passes every schema."""
    wrong = frame.height != expected if expected is not None else frame.is_empty()
    if wrong:
        wanted = "at least one row" if expected is None else f"{expected} rows"
        raise RunError(Problem(where=str(path), got=f"holds {frame.height} rows", expected=wanted, mend=_REBUILD))
    return frame


def _raise_if(problems: Sequence[Problem]) -> None:
    """Raise what was found; a file that is wrong all over shows its first mistakes and how many more there are."""
    if not problems:
        return
    shown = list(problems[:_MAX_SHOWN])
    if more := len(problems) - len(shown):
        shown.append(Problem(where="", got=f"and {more} more like these"))
    raise RunError(shown)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        got = f"cannot be read: {error.strerror or error}"
        raise RunError(
            Problem(where=str(path), got=got, expected="a file that an earlier stage wrote", mend="socsafe run STUDY")
        ) from error
