"""The figures of a report's tables, as far as two reports can be compared by them.

>>> figures = read_figures("arms", content, "reports/quickstart/arms.csv")
>>> figures[0].suite, figures[0].estimate.value
('boundary-pairs', 0.9667)

Tables of an earlier version of socsafe are read as well: columns that are not known are left aside, and of those that tell figures apart
a missing one counts as empty.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from socsafe.errors import InputError, Problem
from socsafe.facts.ability import LOSS
from socsafe.facts.comparison import NOT_SHOWN, SHOWN
from socsafe.metrics import mean_metrics
from socsafe.records import Estimate
from socsafe.report_data import Arm
from socsafe.tables import text_of_cell

Line = Mapping[str, str | None]


class Key(NamedTuple):
    """What a figure is about."""

    table: str
    """The CSV file that it stands in, without its ending."""
    arm: Arm
    suite: str
    """Or the source, for ability."""
    judge: str
    """Empty for ability."""
    metric: str
    detail: str
    """The category, the form, or what it is held against; empty for a figure of a whole suite."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with its interval."""

    key: Key
    estimate: Estimate
    mean: bool
    """Whether it is in units of its own; else it is a share from 0 to 1."""
    verdict: str = ""
    """For a difference: `lower`, `higher`, or that none could be shown. Empty for any other figure."""


def read_figures(table: str, content: bytes, where: str) -> list[Figure]:
    """The figures of one table, seeds together, in its order. Raises `InputError` where it is none, or a number in it is no number."""
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        together = ((line, f"{where}:{reader.line_num}") for line in reader if not _text(line, "seed"))
        return [figure for line, at in together for figure in _READERS[table](table, line, at)]
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(Problem(where, f"not readable as CSV: {error}", "what `socsafe report` wrote")) from error


def _rate(table: str, line: Line, where: str) -> Iterator[Figure]:
    """A row of arms.csv or categories.csv."""
    yield Figure(_key(table, line, where, _text(line, "category")), _estimate(line, where), _text(line, "metric") in mean_metrics())


def _form(table: str, line: Line, where: str) -> Iterator[Figure]:
    asked, against = _text(line, "asked"), _text(line, "against")
    detail = f"{asked} less {against}" if against else asked
    verdict = _verdict(line, where, "value") if against else ""
    yield Figure(_key(table, line, where, detail), _estimate(line, where), _text(line, "metric") in mean_metrics(), verdict)


def _ability(table: str, line: Line, where: str) -> Iterator[Figure]:
    """The figure itself, and how far it lies from the control's."""
    mean = _text(line, "metric") == LOSS
    yield Figure(_key(table, line, where, "", "source"), _estimate(line, where, unjudged="n_unread"), mean)
    if _text(line, "difference"):
        ends = ("difference", "difference_low", "difference_high")
        found = _estimate(line, where, ends, unjudged="n_unread")
        yield Figure(_key(table, line, where, "less the control", "source"), found, mean, _verdict(line, where, "difference"))


def _comparison(table: str, line: Line, where: str) -> Iterator[Figure]:
    detail = f"{_text(line, 'against')} {_number(line, where, 'against_count') or 0:.0f}"
    found = _estimate(line, where, ("difference", "low", "high"), n="n_pairs")
    yield Figure(_key(table, line, where, detail), found, _text(line, "metric") in mean_metrics(), _verdict(line, where, "difference"))


_READERS: Mapping[str, Callable[[str, Line, str], Iterator[Figure]]] = {
    "arms": _rate,
    "ability": _ability,
    "categories": _rate,
    "forms": _form,
    "comparisons": _comparison,
}
TABLES = tuple(_READERS)
"""The tables that are compared, in the order in which a reader wants them."""


def _key(table: str, line: Line, where: str, detail: str, suite: str = "suite") -> Key:
    count = round(_number(line, where, "count") or 0)
    arm = Arm(_text(line, "base"), _text(line, "setting"), _text(line, "style"), count, _text(line, "form"))
    return Key(table, arm, _text(line, suite), _text(line, "judge"), _text(line, "metric"), detail)


def _estimate(
    line: Line, where: str, ends: tuple[str, str, str] = ("value", "low", "high"), n: str = "n", unjudged: str = "n_unjudged"
) -> Estimate:
    value, low, high = (_number(line, where, name) for name in ends)
    return Estimate(value, low, high, round(_number(line, where, n) or 0), round(_number(line, where, unjudged) or 0))


def _verdict(line: Line, where: str, difference: str) -> str:
    value, p = _number(line, where, difference), _number(line, where, "p_holm")
    if value is None:
        return ""
    if p is None or p > SHOWN:
        return NOT_SHOWN
    return "lower" if value < 0 else "higher"


def _text(line: Line, column: str) -> str:
    return text_of_cell(line.get(column) or "")


def _number(line: Line, where: str, column: str) -> float | None:
    cell = line.get(column) or ""
    try:
        found = float(cell) if cell else None
    except ValueError as error:
        raise InputError(Problem(where, f"{column} is {cell[:40]!r}", "a number")) from error
    if found is not None and not math.isfinite(found):
        raise InputError(Problem(where, f"{column} is {cell[:40]!r}", "a finite number"))
    return found
