"""Whatever a file holds, socsafe reads it or says what is wrong with it: the corpus of horrors, and as many generated files as fit."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.area import Area, Bench
from tests.fuzz.areas import AREAS
from tests.fuzz.outcome import SUCCEEDED
from tests.fuzz.runner import corpus_fault, run_generated

CASES = 8
"""Generated files of each area here; `make fuzz` makes a thousand each."""
LONG = ("MB", "million", "GB", "thousand rows", "kilobytes", "lies about its size")
"""What takes seconds to make or to read: for `make fuzz` alone."""
MEMORY = 3 << 30


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench") / "p")


@pytest.mark.parametrize("area", AREAS, ids=[area.name for area in AREAS])
def test_every_horror_made_by_hand_is_read_or_refused_in_the_words_it_should_be(bench: Bench, area: Area) -> None:
    quick = [case for case in area.corpus() if not any(word in case.name for word in LONG)]
    assert {case.name: wrong for case in quick if (wrong := corpus_fault(area, bench, case)[1])} == {}


@pytest.mark.parametrize("area", AREAS, ids=[area.name for area in AREAS])
def test_a_generated_file_is_read_or_refused_in_words_and_a_right_one_is_read(bench: Bench, area: Area) -> None:
    assert area.good is None or area.outcome(bench, area.good()).kind == SUCCEEDED
    counts, faults, _ = run_generated(area, bench, CASES, number=0)
    assert counts.total() >= 1
    assert faults == []


@pytest.mark.parametrize(
    ("arguments", "file", "content"),
    [
        (("judge", "validate", "--labels"), "labels.jsonl", b'{"prompt": NaN}\n'),
        (("report", "render", "--from"), "a.zip", b"PK\x03\x04"),
        (("recipe", "list"), "recipes/tiny/study.yml", b"name: " + b"[" * 3000),
    ],
)
def test_a_process_leaves_with_code_2_and_a_message_within_its_memory(
    bench: Bench, arguments: tuple[str, ...], file: str, content: bytes
) -> None:
    path = bench.file(file, content)
    left = subprocess.run(
        [sys.executable, "-m", "socsafe.cli.main", *arguments, str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    assert (left.returncode, left.stdout) == (2, "")
    assert left.stderr.startswith(f"error: {path}")
    assert "Traceback" not in left.stderr
