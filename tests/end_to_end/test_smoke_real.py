"""Published data through every stage: Bianchi's demonstrations and Alpaca to train on, XSTest, AdvBench and 728 harmless prompts to ask."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.conftest import REPO, SHARED, run_socsafe

SOURCES = ("bianchi-safety", "alpaca-demo", "xstest", "advbench", "harmless-728")


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"the published data are not at {SHARED} (SOCSAFE_SHARED_DATA names another folder)")
def test_published_data_go_through_every_stage(new_project: Callable[[str], Path]) -> None:
    root = new_project("real")
    shutil.copytree(REPO / "recipes" / "smoke-real", root / "recipes" / "smoke-real")
    fetched = run_socsafe("data", "fetch", *SOURCES, "--from", SHARED, cwd=root)
    assert fetched.returncode == 0, fetched.stderr
    checked = run_socsafe("recipe", "render", "recipes/smoke-real/study.yml", "--check", cwd=root)
    assert checked.returncode == 0, checked.stdout
    done = run_socsafe("run", "recipes/smoke-real/study.yml", cwd=root)
    assert done.returncode == 0, done.stderr
    summary = pl.read_csv(root / "reports" / "smoke-real" / "summary.csv")
    asked = summary.filter(pl.col("metric") == "no_reply_rate").with_columns(total=pl.col("n") + pl.col("n_unjudged"))
    assert set(asked.select("suite", "total").iter_rows()) == {("xstest", 40), ("advbench", 20), ("harmless-728", 20)}
    assert asked.height == 9
    # One of the harmless prompts is longer than this base's context: its verdict is an error, and counts as neither.
    assert set(asked.filter(pl.col("n_unjudged") > 0).select("suite", "n_unjudged").iter_rows()) == {("harmless-728", 1)}
