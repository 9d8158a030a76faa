"""Tables of reports, as `socsafe report diff` reads them, and what they were made with."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from hypothesis import strategies as st

from socsafe.provenance import provenance_text
from tests.conftest import REPO
from tests.fuzz.archives import small_report
from tests.fuzz.area import Area, Bench, Call, horror
from tests.fuzz.mutate import NASTY_TEXT, as_json, damaged, documents
from tests.fuzz.outcome import command


@cache
def summary() -> bytes:
    """The first lines of the committed quickstart's table."""
    return b"".join((REPO / "tests/golden/report/summary.csv").read_bytes().splitlines(keepends=True)[:12])


@cache
def provenance() -> Any:
    """A small provenance.json."""
    return json.loads(provenance_text(small_report()))


def _sides(bench: Bench, table: bytes, made_with: bytes) -> Call:
    bench.file("before/summary.csv", summary())
    bench.file("before/provenance.json", as_json(provenance()))
    bench.file("after/summary.csv", table)
    bench.file("after/provenance.json", made_with)
    return command("report", "diff", bench.root / "before", bench.root / "after")


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """The table with some cells that are something else."""
    lines = [line.split(",") for line in summary().decode().splitlines()]
    for _ in range(draw(st.integers(1, 4))):
        line = draw(st.sampled_from(lines))
        at = draw(st.integers(0, len(line) - 1))
        odd = ("-1", "-0.5", "2", "1e308", "-1e308", "1" + "0" * 400, "9" * 30, "0", "", "nan", "inf", "1_000", "1.5", "0x1", *NASTY_TEXT)
        line[at] = draw(st.sampled_from(odd))
    return "\n".join(",".join(line) for line in lines).encode(errors="surrogatepass")


def corpus() -> list[Any]:
    """Horrors of tables."""
    head, first, *rest = summary().split(b"\n")
    names = head.decode().split(",")

    def cell(column: str, value: str) -> bytes:
        cells = first.decode().split(",")
        cells[names.index(column)] = value
        return b"\n".join([head, ",".join(cells).encode(), *rest])

    return [
        horror("an empty file", b"", "summary.csv:1: without the columns"),
        horror("one column twice", head + b",n\n" + first + b",1\n", "summary.csv:1: column n twice"),
        horror("one row twice", b"\n".join([head, first, first]), "summary.csv:3: "),
        horror("a share of two", cell("value", "2"), "summary.csv:2: "),
        horror("replies beyond all floats", cell("n", "1" + "0" * 400), "summary.csv:2: n is"),
        horror("less than no replies", cell("n", "-5"), "summary.csv:2: n is"),
        horror("NaN", cell("value", "nan"), "summary.csv:2: value is"),
        horror("a seed of five thousand digits", cell("seed", "9" * 5000), "summary.csv:2: seed is"),
        horror("UTF-16", summary().decode().encode("utf-16"), "not readable as CSV"),
        horror("a cell of a million characters", cell("suite", "x" * 1_000_000), "not readable as CSV: field larger"),
    ]


AREAS = (
    Area(
        "report diff",
        ("after", "summary.csv"),
        lambda bench, content: _sides(bench, content, as_json(provenance())),
        corpus,
        lambda: tables() | damaged([summary()]),
        1.0,
        summary,
    ),
    Area(
        "provenance",
        ("after", "provenance.json"),
        lambda bench, content: _sides(bench, summary(), content),
        list,
        lambda: documents([provenance()], as_json),
        0.7,
        lambda: as_json(provenance()),
    ),
)
