"""The benchmark of generation calls the engine as it is now; its figures are `python benchmarks/generate.py`'s."""

from __future__ import annotations

import importlib

import pytest

from tests.conftest import REPO
from tests.engines.conftest import Models


def test_the_rate_is_measured_over_replies_of_the_lengths_asked_for(tiny: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(REPO / "benchmarks")
    runs = importlib.import_module("generate_runs")
    with runs.Ours(tiny.q8, slots=8, context=64, threads=1) as ours:
        assert ours.rate([[1, 20 + n, 30] for n in range(4)], [1, 2, 3, 4]) > 0
        assert 0 < ours.share("sampling") < 1
