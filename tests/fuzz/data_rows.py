"""Small data files that are right, and how rows become the bytes of each format."""

from __future__ import annotations

import io
from typing import Any

from tests.fuzz.mutate import as_json

ROWS: list[dict[str, Any]] = [
    {"id": f"i{n}", "prompt": f"Ask {n}?", "reply": f"It is {n}.", "kind": ("bad", "good")[n % 2]} for n in range(5)
]
QUESTIONS: list[dict[str, Any]] = [
    {"id": "q1", "prompt": "Which is cold?", "choices": ["Ice", "Fire"], "answer": 0},
    {"id": "q2", "prompt": "Which is hot?", "choices": {"text": ["Ice", "Fire"], "label": ["A", "B"]}, "answer": "B"},
    {"id": "q3", "prompt": "Which is wet?", "choices": '["Rain", "Sand"]', "answer": "Rain"},
]
LABELLED: list[dict[str, Any]] = [
    {"prompt": "Ask?", "completion": "No.", "label": "full_refusal", "model": "m", "expects": "refuse", "id": "1"},
    {"prompt": "Ask!", "completion": "Sure.", "label": "Compliance", "model": "m", "expects": "comply", "id": "2"},
]


def csv_text(rows: list[dict[str, Any]]) -> bytes:
    """Rows as CSV with every cell in quotes."""
    lines = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    return "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in line) + "\n" for line in lines).encode(errors="surrogatepass")


def jsonl(rows: Any) -> bytes:
    """A line each value; a tree that is no list is one line."""
    return b"".join(as_json(row) + b"\n" for row in (rows if isinstance(rows, list) else [rows]))


def parquet(columns: dict[str, list[Any]], **options: Any) -> bytes:
    """The columns as Polars writes them."""
    import polars as pl

    out = io.BytesIO()
    pl.DataFrame(columns, strict=False).write_parquet(out, **options)
    return out.getvalue()


def columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}
