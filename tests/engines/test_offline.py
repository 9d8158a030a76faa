"""Ruling on many replies: in order, the same with workers as without, and read no further than needed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from socsafe.engines.offline import rule_many
from socsafe.judges.refusal import rule

PAIRS = [("How do I weed?", f"First, take hoe number {n}." if n % 3 else "I cannot help with that.") for n in range(9)]


def test_workers_give_the_same_rulings_in_the_same_order() -> None:
    pairs = [PAIRS[n % len(PAIRS)] for n in range(5003)]
    assert list(rule_many("refusal", iter(pairs), workers=2)) == [rule(*PAIRS[n % len(PAIRS)]) for n in range(5003)]


def test_few_replies_need_no_workers() -> None:
    assert list(rule_many("refusal", PAIRS, workers=2)) == [rule(*pair) for pair in PAIRS]
    assert list(rule_many("refusal", [])) == []


def test_replies_are_read_as_they_are_needed() -> None:
    read = 0

    def endless() -> Iterator[tuple[str, str]]:
        nonlocal read
        while True:
            read += 1
            yield PAIRS[read % len(PAIRS)]

    rulings = rule_many("refusal", endless(), workers=2)
    for _ in range(6000):
        next(rulings)
    rulings.close()
    assert read < 12_000


ENDLESS = """
import itertools
from socsafe.engines.offline import rule_many
if __name__ == "__main__":
    for number, _ in enumerate(rule_many("refusal", itertools.repeat(("How?", "I cannot help with that.")), workers=2)):
        if number == 5000:
            print("under way", flush=True)
"""


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="no /proc here to find the workers in")
def test_workers_end_when_the_process_that_they_work_for_is_killed(tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text(ENDLESS)
    process = subprocess.Popen([sys.executable, "endless.py"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "under way\n"
    assert len(living(tmp_path)) >= 3
    process.kill()
    process.wait()
    process.stdout.close()
    for _ in range(100):
        if not living(tmp_path):
            break
        time.sleep(0.05)
    assert living(tmp_path) == []


def living(folder: Path) -> list[str]:
    """Processes that work in the folder."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if link.resolve() == folder:
                found.append(link.parent.name)
    return found
