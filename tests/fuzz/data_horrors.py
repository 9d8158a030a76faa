"""Data files and labels as they must never come, made by hand."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from typing import Any

from tests.fuzz.area import horror
from tests.fuzz.data_rows import LABELLED, QUESTIONS, ROWS, columns, csv_text, jsonl, parquet
from tests.fuzz.mutate import as_json


def _json_horrors(line: str) -> list[Any]:
    """What JSON may hide; `line` is where it stands in a file of one line."""
    deep = b'[{"prompt": ' + b"[" * 5000 + b"]" * 5000 + b"}]"
    return [
        horror("an empty file", b"", "no rows" if "jsonl" in line else "not JSON: expecting value"),
        horror("nested five thousand levels deep", deep, "nested more than 100 levels deep"),
        horror("brackets that never close", b"[" * 1_000_000, "nested more than 100 levels deep"),
        horror("a number of five thousand digits", b'[{"prompt": ' + b"9" * 5000 + b"}]", "a number of 5000 digits"),
        horror("a number beyond all floats", b'[{"prompt": "a", "kind": "bad", "id": 1e999}]', "1e999, beyond any finite number"),
        horror("NaN", b'[{"prompt": "a", "kind": "bad", "score": NaN}]', f"{line}:1: not JSON: NaN, which is no JSON"),
        horror("Infinity", b'[{"prompt": "a", "kind": "bad", "score": -Infinity}]', "-Infinity, which is no JSON"),
        horror(
            "one key twice", b'[{"prompt": "a", "kind": "bad", "prompt": "b"}]', f'{line}:1: not JSON: key "prompt" twice in one object'
        ),
        horror("one key twice in other spelling", b'[{"prompt": "a", "kind": "bad", "pr\\u006fmpt": "b"}]', 'key "prompt" twice'),
        horror("half a surrogate pair", b'[{"prompt": "\\ud800", "kind": "bad", "id": "1"}]', "row 1: \\ud800 alone"),
        horror("half a surrogate pair as a key", b'[{"\\udfff": 1, "prompt": "a"}]', 'key "\\udfff", half of a surrogate pair'),
        horror("UTF-16", '[{"prompt": "a"}]'.encode("utf-16"), f"{line}:1: byte 0xff is not UTF-8"),
        horror("a NUL byte", b'[{"prompt": "a\0"}]', f"{line}:1: a NUL byte"),
        horror("ids that are not unique", as_json([ROWS[0], ROWS[1], ROWS[0]]), "row 3: id i0, as in row 1"),
        horror("a byte order mark", b"\xef\xbb\xbf" + as_json(ROWS), None),
    ]


def json_corpus() -> list[Any]:
    """Horrors of JSON."""
    return [
        *_json_horrors("given/rows.json"),
        horror("columns of several lengths", b'{"id": [1, 2], "prompt": ["a"], "kind": ["bad"]}', "columns id of 2"),
        horror("one object instead of a list", b'{"prompt": "a"}', "a JSON list of objects"),
        horror("objects among numbers", b'[{"prompt": "a", "kind": "bad", "id": 1}, 7, null, "x"]', "entry 2: 7"),
        horror("a line of 100 MB", lambda: as_json([{**ROWS[0], "prompt": "x" * 100_000_000}]), None, 60),
        horror("a million empty objects", lambda: b"[" + b"{}," * 1_000_000 + b"{}]", "no column", 60),
    ]


def jsonl_corpus() -> list[Any]:
    """Horrors of JSONL."""
    return [
        *_json_horrors("given/rows.jsonl"),
        horror("one key twice on the third line", jsonl(ROWS[:2]) + b'{"id": "x", "id": "y"}\n', 'rows.jsonl:3: not JSON: key "id" twice'),
        horror("a torn last line", jsonl(ROWS) + b'{"id": "x", "pro', "rows.jsonl:6: not JSON"),
        horror("lines that are no objects", jsonl([*ROWS, 5, "x"]), "line 6: 5"),
        horror("CRLF", jsonl(ROWS).replace(b"\n", b"\r\n"), None),
        horror("a gzip bomb of 700 MB", lambda: gzip.compress(b" " * 700_000_000, 1), "more than 537 MB when unpacked", 60),
        horror("gzip cut short", gzip.compress(jsonl(ROWS))[:-9], "cut short"),
        horror("two million lines and one", lambda: b'{"prompt":"a"}\n' * 2_000_001, "2,000,001 rows or more", 60),
        horror(
            "values of every type", jsonl([{"id": 1, "prompt": [1], "kind": {"a": None}}, {"id": True, "prompt": 1.5, "kind": "bad"}]), None
        ),
    ]


def wide(header: str, row: str, columns: int = 300_000) -> bytes:
    """CSV of one row with so many columns more: whoever compares every name with every other takes hours."""
    return f"{header},{','.join(f'c{number}' for number in range(columns))}\n{row}{',' * columns}\n".encode()


def csv_corpus() -> list[Any]:
    """Horrors of CSV."""
    good = csv_text(ROWS)
    return [
        horror("an empty file", b"", "no rows"),
        horror("a header alone", b"id,prompt,kind\n", "no rows"),
        horror("one column twice", b"id,prompt,kind,prompt\n1,a,bad,b\n", "rows.csv:1: column prompt twice"),
        horror("a cell too many", b"id,prompt,kind\n1,a,bad\n2,b,bad,x\n", "rows.csv:3: 4 cells"),
        horror("quotes that never close", b'id,prompt,kind\n1,"a,bad\n' + b"x\n" * 1000, "unexpected end of data"),
        horror("a quote inside a cell", b'id,prompt,kind\n1,"a"b,bad\n', "rows.csv:2: "),
        horror("a NUL byte", b"id,prompt,kind\n1,a\0b,bad\n", "rows.csv:2: a NUL byte"),
        horror("UTF-16", good.decode().encode("utf-16"), "byte 0xff is not UTF-8"),
        horror("Latin-1", "id,prompt,kind\n1,café,bad\n".encode("latin-1"), "rows.csv:2: byte 0xe9 is not UTF-8"),
        horror("ids that are not unique", b"id,prompt,kind\n1,a,bad\n1,b,bad\n", "row 2: id 1, as in row 1"),
        horror("prompts that are blank", b"id,prompt,kind\n1,  ,bad\n", "row 1: no prompt"),
        horror("a column that is missing", b"id,prompt\n1,a\n", "no column kind"),
        horror("a web page", b"<!DOCTYPE html>\n<html></html>\n", "no column"),
        horror("a file of another format", b"PAR1\0\0\0\0PAR1", "a NUL byte"),
        horror("a byte order mark and CRLF", b"\xef\xbb\xbf" + good.replace(b"\n", b"\r\n"), None),
        horror("a cell of 100 MB", lambda: b"id,prompt,kind\n1," + b"x" * 100_000_000 + b",bad\n", None, 60),
        horror("a line of ten million cells", lambda: b"id,prompt,kind\n" + b"," * 10_000_000 + b"\n", "10000001 cells", 60),
        horror("a header of three hundred thousand columns", lambda: wide("id,prompt,kind", "1,a,bad"), None),
        horror("a sparse file of 3 GB", lambda: STRETCHED, "at most 537 MB"),
    ]


STRETCHED = b"stretch this file to 3 GB"
"""Stands for a file of 3 GB; the feeder stretches it without writing it."""


def parquet_corpus() -> list[Any]:
    """Horrors of Parquet."""
    good = parquet(columns(ROWS))
    nan = parquet({"id": ["1"], "prompt": [float("nan")], "kind": ["bad"]})
    nested = parquet({"id": ["1"], "prompt": [[{"a": [1, None]}]], "kind": ["bad"]})
    return [
        horror("an empty file", b"", "does not begin and end with PAR1"),
        horror("a footer that is cut off", good[:-20], "does not begin and end with PAR1"),
        horror("a footer longer than the file", good[:-8] + b"\xff\xff\xff\x7fPAR1", "longer than the file"),
        horror("a footer of noise", good[:-200] + bytes(range(192)) + good[-8:], "not Parquet"),
        horror("pages of noise", b"PAR1" + b"\xa5" * 300 + good[304:], "not Parquet"),
        horror("no rows", parquet({"id": [], "prompt": [], "kind": []}), "no rows"),
        horror("NaN for a prompt", nan, "row 1: no prompt"),
        horror("bytes that are no text", parquet({"id": ["1"], "prompt": [b"\xff\xfe"], "kind": ["bad"]}), "row 1: bytes that are no text"),
        horror("nested columns", nested, None),
        horror("thirty million rows in a few kilobytes", _many, "30,000,000 rows or more", 60),
        horror("a list of a hundred million values", _long_list, "100,000,000 values", 60),
        horror("texts of 640 MB in a few kilobytes", _long_texts, "MB when unpacked", 60),
        horror("one long text in twenty thousand rows", _repeated, "more than 537 MB when unpacked", 60),
    ]


def _selected(columns: Callable[[], dict[str, Any]], **options: Any) -> Callable[[], bytes]:
    """Parquet of columns that Polars makes itself, which takes it little memory."""

    def make() -> bytes:
        import polars as pl

        out = io.BytesIO()
        pl.select(**columns()).write_parquet(out, **options)
        return out.getvalue()

    return make


def _repeat(value: Any, times: int, **options: Any) -> Any:
    import polars as pl

    return pl.repeat(value, times, **options)


def _implode() -> Any:
    import polars as pl

    return pl.repeat(1, 100_000_000, dtype=pl.Int8).implode()


_many = _selected(lambda: {"prompt": _repeat("q", 30_000_000)})
_long_list = _selected(lambda: {"prompt": _implode()})
_long_texts = _selected(lambda: {"prompt": _repeat("x" * 40_000_000, 16)}, row_group_size=1, compression="gzip", compression_level=1)
_repeated = _selected(
    lambda: {"id": _repeat("1", 20_000), "prompt": _repeat("x" * 100_000, 20_000), "kind": _repeat("bad", 20_000)}, row_group_size=500
)


def choices_corpus() -> list[Any]:
    """Horrors of questions with answers."""

    def asked(**changes: Any) -> bytes:
        return jsonl([{**QUESTIONS[0], **changes}])

    return [
        horror("an answer's number of five thousand digits", asked(answer="9" * 5000), "answer 9"),
        horror("an answer in digits that are none", asked(answer="²"), "answer ²"),
        horror("an answer past the last", asked(answer=2), "answer 2"),
        horror("answers that are objects", asked(choices=[{"a": 1}, {"b": 2}]), "choices is"),
        horror("answers nested five thousand deep", asked(choices="[" * 5000), "choices is"),
        horror("one answer alone", asked(choices=["Ice"]), "the answers"),
        horror("labels that are no list", asked(choices={"text": ["a", "b"], "label": 7}), "choices is"),
        horror("no question", asked(prompt=None), "no question"),
    ]


def labels_corpus() -> list[Any]:
    """Horrors of labels in JSONL."""

    def said(**changes: Any) -> bytes:
        return jsonl([LABELLED[0], {**LABELLED[1], **changes}])

    return [
        horror("an empty file", b"", "no rows"),
        horror("a label that is none", said(label="maybe"), "labels.jsonl:2: label is 'maybe'"),
        horror("a label that is a list", said(label=["full_refusal"]), "labels.jsonl:2: no label"),
        horror(
            "one key twice",
            b'{"prompt": "a", "completion": "b", "label": "refusal", "label": "partial"}\n',
            'key "label" twice in one object',
        ),
        horror("NaN", said(label=float("nan")), "labels.jsonl:2: not JSON: NaN"),
        horror("half a surrogate pair", said(completion="\ud800"), "labels.jsonl:2: \\ud800 alone"),
        horror("nested a thousand levels deep", b'{"prompt": ' + b"[" * 1000 + b"]" * 1000 + b"}", "nested more than 100 levels deep"),
        horror("UTF-16", said().decode().encode("utf-16"), "byte 0xff is not UTF-8"),
        horror("CRLF and a byte order mark", b"\xef\xbb\xbf" + said().replace(b"\n", b"\r\n"), None),
    ]


def csv_labels_corpus() -> list[Any]:
    """Horrors of labels in CSV."""
    return [
        horror("a column twice", b"prompt,completion,label,label\na,b,refusal,partial\n", "labels.csv:1: column label twice"),
        horror("a cell too few", b"prompt,completion,label\na,b\n", "labels.csv:2: 2 cells"),
        horror("other columns", b"a,b\n1,2\n", "labels.csv:1: the columns a, b"),
        horror("a header of three hundred thousand columns", lambda: wide("prompt,completion,label", "a,b,refusal"), None),
        horror("a cell of 10 MB", lambda: b"prompt,completion,label\na," + b"x" * 10_000_000 + b",refusal\n", None, 60),
        horror("an action that is none", b"question,response,action\na,b,9\n", "action is '9'"),
    ]
