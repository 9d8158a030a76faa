"""Data files of every format, questions with answers to choose from, and people's labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from socsafe.data.load import check_file
from socsafe.study.sources import Source
from tests.fuzz import data_horrors
from tests.fuzz.area import Area, Bench, Call
from tests.fuzz.data_rows import LABELLED, QUESTIONS, ROWS, columns, csv_text, jsonl, parquet
from tests.fuzz.mutate import NASTY_TEXT, as_json, damaged, documents
from tests.fuzz.outcome import command


def _source(file: str, kind: str = "prompts") -> Source:
    columns: dict[str, Any] = {"id": "id", "prompt": "prompt"}
    columns |= {"prompts": {"category": "kind"}, "choices": {"choices": "choices", "answer": "answer"}}[kind]
    suffix: Any = file.rpartition(".")[2]
    expects: Any = {"column": "kind", "refuse": ["bad"]} if kind == "prompts" else None
    made = {"title": "t", "kind": kind, "file": file, "format": suffix, "licence": "CC0-1.0", "columns": columns, "expects": expects}
    return Source.model_validate(made, strict=False)


def _read(file: str, kind: str = "prompts") -> Callable[[Bench, bytes], Call]:
    def feed(bench: Bench, content: bytes) -> Call:
        path, source = bench.file(f"given/{file}", content), _source(file, kind)
        return lambda: check_file("own", source, path)

    return feed


def _judged(file: str) -> Callable[[Bench, bytes], Call]:
    return lambda bench, content: command("judge", "validate", "--labels", bench.file(f"given/{file}", content), "--json")


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    """Parquet files of odd columns: nested, empty, of bytes, dates, NaN, mixed up."""
    height = draw(st.integers(0, 4))
    cells = st.sampled_from(
        (
            st.text(st.characters(codec="utf-8"), max_size=5),
            st.integers(-(2**63), 2**63 - 1),
            st.floats(),
            st.booleans(),
            st.none(),
            st.binary(max_size=4),
            st.dates(),
            st.datetimes(),
            st.lists(st.integers(0, 9), max_size=3),
            st.fixed_dictionaries({"a": st.none() | st.text("ab", max_size=2)}),
            st.lists(st.fixed_dictionaries({"text": st.text("ab")}), max_size=2),
            st.decimals(-99, 99, places=2),
            st.timedeltas(),
        )
    )
    names = draw(st.lists(st.sampled_from(("id", "prompt", "kind", "reply", "", "a.b", "é", "x" * 300)), unique=True, max_size=5))
    made_of = {name: draw(st.lists(draw(cells), min_size=height, max_size=height)) for name in names}
    made = parquet(made_of, compression=draw(st.sampled_from(("zstd", "snappy", "gzip", "uncompressed", "lz4"))))
    return draw(damaged([made], most=2)) if draw(st.booleans()) else made


@st.composite
def _cells(draw: st.DrawFn) -> bytes:
    """CSV whose cells are nasty, in and out of quotes, under headers that may be wrong."""
    cell = st.sampled_from(NASTY_TEXT) | st.sampled_from(("id", "prompt", "kind", "bad", "label", "completion", "full_refusal", "refuse"))
    rows = draw(st.lists(st.lists(cell, min_size=1, max_size=6), min_size=1, max_size=4))
    head = draw(st.sampled_from((["id", "prompt", "kind"], ["prompt", "completion", "label"], ["question", "response", "action"], rows[0])))
    quoted = draw(st.booleans())
    lines = [",".join('"' + each.replace('"', '""') + '"' if quoted else each for each in row) for row in [head, *rows]]
    return draw(st.sampled_from(("\n", "\r\n", "\r"))).join(lines).encode("utf-8", errors="surrogatepass")


def _csv_files(rows: list[dict[str, Any]]) -> st.SearchStrategy[bytes]:
    return damaged([csv_text(rows), csv_text(rows).replace(b"\n", b"\r\n")]) | _cells()


def _csv(bench: Bench, content: bytes) -> Call:
    if content is data_horrors.STRETCHED:
        with bench.file("given/rows.csv", b"").open("wb") as handle:
            handle.truncate(3_000_000_000)
        path = bench.root / "given" / "rows.csv"
        return lambda: check_file("own", _source("rows.csv"), path)
    return _read("rows.csv")(bench, content)


AREAS = (
    Area("data CSV", ("rows.csv", "own.yml"), _csv, data_horrors.csv_corpus, lambda: _csv_files(ROWS), 1.5, lambda: csv_text(ROWS)),
    Area(
        "data JSON",
        ("rows.json", "own.yml"),
        _read("rows.json"),
        data_horrors.json_corpus,
        lambda: documents([ROWS, columns(ROWS)], as_json),
        1.5,
        lambda: as_json(ROWS),
    ),
    Area(
        "data JSONL",
        ("rows.jsonl", "own.yml"),
        _read("rows.jsonl"),
        data_horrors.jsonl_corpus,
        lambda: documents([ROWS], jsonl),
        1.5,
        lambda: jsonl(ROWS),
    ),
    Area(
        "data Parquet",
        ("rows.parquet", "own.yml"),
        _read("rows.parquet"),
        data_horrors.parquet_corpus,
        lambda: tables() | damaged([parquet(columns(ROWS)), parquet(columns(ROWS), compression="snappy")]),
        1.5,
        lambda: parquet(columns(ROWS)),
    ),
    Area(
        "data choices",
        ("rows.jsonl", "own.yml"),
        _read("rows.jsonl", "choices"),
        data_horrors.choices_corpus,
        lambda: documents([QUESTIONS], jsonl),
        1.0,
        lambda: jsonl(QUESTIONS),
    ),
    Area(
        "labels JSONL",
        ("labels.jsonl",),
        _judged("labels.jsonl"),
        data_horrors.labels_corpus,
        lambda: documents([LABELLED], jsonl),
        0.7,
        lambda: jsonl(LABELLED),
    ),
    Area(
        "labels CSV",
        ("labels.csv",),
        _judged("labels.csv"),
        data_horrors.csv_labels_corpus,
        lambda: _csv_files(LABELLED),
        0.7,
        lambda: csv_text(LABELLED),
    ),
)
