"""A run that is killed, interrupted or told to end in every stage, again and again, ends as one that nothing happened to.

The short form of `make faults`: a real study on the engines' tiny model, with everything real but the training.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from socsafe.manifest import inputs_now, record
from socsafe.stages.base import base_step
from tests.conftest import Folder, new_folder
from tests.engines.conftest import Models
from tests.faults import project
from tests.faults.bench import Bench, done_again, events, orphans, paid_for
from tests.loopback.faulty import Faulty, Plan
from tests.stages.conftest import tiny, tools

__all__ = ["tiny", "tools"]

pytestmark = pytest.mark.slow
NONE, REFUSAL = "micro-benign-none-n0-s1", "micro-benign-refusal-n4-instruction-s1"
RUN = f"runs/tiny/{NONE}"


def made(root: Path, tiny: Models, endpoint: str) -> Folder:
    """The tiny study of two conditions whose adapters were trained elsewhere, on a base that was made before."""
    folder = new_folder(root)
    folder.boundary()
    plan = folder.plan(
        bases=["micro"],
        counts=[4],
        training={"adapter": {"r": 4, "alpha": 8, "targets": ["q_proj", "v_proj"]}},
        judges=["refusal", {"judge": "policy", "model": {"endpoint": endpoint, "name": "judge-1", "concurrency": 2}}],
        sampling={"max_tokens": 8, "samples": 20, "temperature": 1.0},
        compute={"threads": 1, "slots": 8, "context": 256},
    )
    assert [condition.id for condition in plan.conditions] == [NONE, REFUSAL]
    shutil.copytree(tiny.folder, root / "runs" / "bases" / "micro")
    base = base_step(plan.project, plan.bases["micro"])
    record(base, inputs_now(base))
    for condition, adapter in zip(plan.conditions, tiny.adapters, strict=True):
        shutil.copytree(adapter, plan.project.run("tiny", condition.id))
    return folder


@pytest.fixture(scope="module")
def bench(tiny: Models, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bench, Path, Path]]:
    """Where it happens, the study as it begins, and the same after an undisturbed run."""
    with Faulty(Plan(delay=0.01)) as server:
        bench = Bench(tmp_path_factory.mktemp("stopped"), "tiny", server)
        begun = made(bench.folder / "begun", tiny, server.url).root
        whole = bench.copy(begun, "whole")
        assert bench.finish(whole), whole.with_suffix(".out").read_text()
        server.seen.paid.clear()
        yield bench, begun, whole


def moment(path: str, how: str, kind: str = "replace", number: int = 1) -> dict[str, Any]:
    return {"kind": kind, "path": path, "number": number, "how": how}


def named(whole: Path, ending: str) -> str:
    """The one file of the undisturbed run whose path ends so."""
    (found,) = [name for name in project.files(whole) if name.endswith(ending)]
    return found


def test_a_run_that_is_stopped_in_every_stage_ends_as_one_that_was_not(bench: tuple[Bench, Path, Path]) -> None:
    where, begun, whole = bench
    root, results = where.copy(begun, "stopped"), project.results(whole)
    completions = f"{RUN}/completions/tiny-suite"
    part = next(event["path"] for event in events(whole.with_suffix(".events")) if f"{completions}.parts" in event["path"])
    stops: list[tuple[signal.Signals, str] | dict[str, Any]] = [
        (signal.SIGINT, "convert.log"),
        moment(f"quantized/tiny/{REFUSAL}.lora.gguf", "half"),
        (signal.SIGTERM, part),
        moment(f"{completions}.jsonl", "renamed"),
        (signal.SIGINT, f"{RUN}/verdicts/refusal/tiny-suite.jsonl"),
        moment("runs/tiny/answers/policy.jsonl", "half", kind="answer", number=3),
        moment("reports/tiny/report.md", "half"),
    ]
    for stop in stops:
        kept, paid = project.done(root), paid_for(where, root)
        if isinstance(stop, dict):
            process, _ = where.start(root, stop)
            assert process.wait(600) == -signal.SIGKILL, stop
        else:
            _stopped(where, root, *stop)
        assert orphans(root) == 0, stop
        assert project.half_written(root, results) == [], stop
        assert done_again(kept, root) == [], stop
        # Two at most were on their way when the run was stopped.
        assert paid_for(where, root) - paid <= 2, stop
    assert where.finish(root), root.with_suffix(".out").read_text()
    assert project.results(root) == results
    assert list(root.rglob(".*.part")) == []


def _stopped(where: Bench, root: Path, number: signal.Signals, path: str) -> None:
    """Send the signal to the command and all that it started, as a terminal does, once the file has been begun."""
    out = root.with_suffix(".out")
    said = len(out.read_text()) if out.is_file() else 0
    process, log = where.start(root, session=True)
    while process.poll() is None and not any(event["path"] == path for event in events(log)):
        time.sleep(0.02)
    assert process.poll() is None, out.read_text()
    os.killpg(process.pid, number)
    assert process.wait(600) == 128 + number
    told = out.read_text()[said:]
    assert "stopped. What was finished is kept: run the same command again to go on." in told
    assert "Traceback" not in told
    assert "failed: " not in told


def test_a_second_run_changes_nothing_whatever_the_clock_says(bench: tuple[Bench, Path, Path]) -> None:
    where, _, whole = bench
    root = where.copy(whole, "clock")
    for number, path in enumerate(sorted(project.files(root).values())):
        # 1970, and the year 2100: the clock was wrong when some files were written, and it is set between two runs.
        os.utime(path, (0, 0) if number % 2 else (4102444800, 4102444800))
    before = {name: (path.stat().st_ino, path.read_bytes()) for name, path in project.files(root).items() if path.name != "lock"}
    assert where.finish(root)
    assert {name: (path.stat().st_ino, path.read_bytes()) for name, path in project.files(root).items() if path.name != "lock"} == before
