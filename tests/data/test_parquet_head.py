"""What a Parquet file declares is known before anything of it is unpacked."""

from __future__ import annotations

import io
from typing import Any

import polars as pl
import pytest

from socsafe.data.parquet_head import extent


def written(frame: pl.DataFrame, **options: Any) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out, **options)
    return out.getvalue()


@pytest.mark.parametrize("compression", ["zstd", "snappy", "gzip", "lz4", "uncompressed"])
def test_rows_values_and_bytes_are_those_of_all_groups_and_columns(compression: str) -> None:
    frame = pl.DataFrame(
        {"a": [f"text {n}" * 20 for n in range(1000)], "b": [[n, n] for n in range(1000)], "c": [{"d": n} for n in range(1000)]}
    )
    told = extent(written(frame, compression=compression, row_group_size=250))
    assert (told.rows, told.values) == (1000, 4000)
    assert told.unpacked > 130_000


def test_a_small_file_that_unpacks_to_much_says_so() -> None:
    content = written(pl.select(a=pl.repeat(1, 5_000_000, dtype=pl.Int8).implode()))
    assert len(content) < 100_000
    assert extent(content).values == 5_000_000


@pytest.mark.parametrize("cut", [0, 4, 11, 12, 30])
def test_what_is_no_parquet_file_is_told_in_words(cut: int) -> None:
    with pytest.raises(ValueError, match=r"PAR1|footer"):
        extent(b"PAR1"[:cut] + b"\xff" * max(cut - 8, 0) + b"PAR1"[:cut])
