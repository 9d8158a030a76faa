"""A disk that is full, and a folder that turns read-only: a message with the path, nothing lost, and the next run goes on."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from socsafe.engines.process import run_logged
from socsafe.errors import DiskError, RunError
from socsafe.files import write_bytes
from socsafe.pipeline import prepare, run
from socsafe.progress import Advance, SilentProgress
from socsafe.stages.generate import generate
from socsafe.stages.judge import judge
from socsafe.stages.train import train
from tests.conftest import PROMPTS, Left, new_folder
from tests.engines.conftest import Models
from tests.finished import finished, tree
from tests.loopback.faulty import Faulty
from tests.loopback.faulty import Plan as Faults
from tests.stages.conftest import put_ggufs, tiny, tools
from tests.stages.judging import made, policy
from tests.stages.train.conftest import put

__all__ = ["tiny", "tools"]

MEBIBYTES = 4


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={MEBIBYTES}m", "none", mounted], check=False).returncode:
        pytest.skip("a disk can be mounted by root only")
    yield mounted
    subprocess.run(["umount", "-l", mounted], check=True)


def fill(disk: Path) -> Path:
    """Leave no room on the disk; the file that takes it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as handle:
        for size in (1 << 20, 1 << 12):
            with suppress(OSError):
                while handle.write(bytes(size)) == size:
                    pass
    assert not shutil.disk_usage(disk).free
    return filler


def turned(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


@pytest.mark.parametrize("trouble", ["full", "read-only"])
@pytest.mark.parametrize("lost", ["verdicts", "report"])
def test_a_disk_that_takes_nothing_more_costs_nothing_that_is_done(
    disk: Path, socsafe: Callable[..., Left], monkeypatch: pytest.MonkeyPatch, trouble: str, lost: str
) -> None:
    folder = new_folder(disk / "project")
    plan = finished(folder)
    monkeypatch.chdir(folder.root)
    assert socsafe("report", "recipes/tiny").code == 0
    whole = results(folder.root)
    gone = [
        shutil.rmtree(path) or path
        for path in ((folder.root / "reports" / "tiny",) if lost == "report" else sorted(folder.root.glob("runs/tiny/*/verdicts")))
    ]
    kept = results(folder.root)
    if trouble == "full":
        filler = fill(disk)
    else:
        turned(disk, "ro")
    command = ("judge", "recipes/tiny") if lost == "verdicts" else ("report", "recipes/tiny")
    try:
        left = socsafe(*command)
    finally:
        if trouble == "full":
            filler.unlink()
        else:
            turned(disk, "rw")
    assert left.code == 1
    said = "No space left on device" if trouble == "full" else "Read-only file system"
    assert left.err.count(said) == 1, "what ails the disk is no fault of each condition"
    assert any(str(path) in left.err for path in (*gone, *(plan.project.study_run("tiny"),)))
    assert f"df -h {folder.root}" in left.err
    assert results(folder.root) == kept
    assert [socsafe(*each).code for each in (command, ("report", "recipes/tiny"))] == [0, 0]
    assert results(folder.root) == whole
    assert list(disk.rglob(".*.part")) == []


@pytest.mark.parametrize("lock", ["there", "gone"])
def test_a_copy_that_can_only_be_read_is_verified_and_its_report_found_current(
    disk: Path, socsafe: Callable[..., Left], monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    folder = new_folder(disk / "project")
    plan = finished(folder)
    monkeypatch.chdir(folder.root)
    assert socsafe("report", "recipes/tiny").code == 0
    path = plan.project.study_run("tiny") / "lock"
    if lock == "gone":
        path.unlink()
    turned(disk, "ro")
    try:
        left = [socsafe(command, "recipes/tiny").code for command in ("verify", "report")]
        if lock == "there":
            with path.open("rb") as held:
                fcntl.flock(held, fcntl.LOCK_EX)
                busy = socsafe("verify", "recipes/tiny")
            assert (busy.code, "is working on study tiny" in busy.err) == (1, True)
    finally:
        turned(disk, "rw")
    assert left == [0, 0]


class Counted(SilentProgress):
    """Counts the replies."""

    replies = 0

    @contextmanager
    def task(self, title: str, total: int) -> Iterator[Advance]:
        def advance(count: int, _tokens: int = 0, /) -> None:
            self.replies += count

        yield advance


@pytest.mark.slow
def test_replies_that_the_disk_cannot_take_are_computed_for_one_condition_alone(disk: Path, tiny: Models) -> None:
    compute = {"threads": 1, "slots": 4, "context": 128}
    plan = new_folder(disk / "project").plan(bases=["micro"], counts=[4], compute=compute, sampling={"max_tokens": 4})
    for condition in plan.conditions:
        put_ggufs(plan, condition, tiny)
    filler, progress = fill(disk), Counted()
    with pytest.raises(DiskError, match="No space left on device"):
        generate(plan, plan.conditions, progress)
    assert progress.replies == PROMPTS < PROMPTS * len(plan.conditions)
    filler.unlink()
    assert generate(plan, plan.conditions, SilentProgress()) == {}


def test_answers_that_the_disk_cannot_take_are_paid_for_with_one_judge_alone(disk: Path) -> None:
    with Faulty(Faults(delay=0.02)) as server:
        plan = made(new_folder(disk / "project"), [policy(server, concurrency=2), policy(server, concurrency=2) | {"judge": "yesno"}])
        filler = fill(disk)
        with pytest.raises(DiskError, match="No space left on device"):
            judge(plan, plan.conditions, SilentProgress())
        paid = len(server.seen.requests)
        filler.unlink()
        assert judge(plan, plan.conditions, SilentProgress()) == {}
    assert 0 < paid <= 2, "those that were under way"


def test_an_adapter_that_the_disk_does_not_let_be_adopted_is_no_fault_of_each_condition(disk: Path) -> None:
    plan = new_folder(disk / "project").plan(counts=[4])
    prepare(plan, SilentProgress())
    for condition in plan.conditions:
        put(plan.project.run("tiny", condition.id))
    filler = fill(disk)
    with pytest.raises(DiskError, match="No space left on device"):
        train(plan, plan.conditions, SilentProgress())
    filler.unlink()
    assert train(plan, plan.conditions, SilentProgress()) == {}


def test_a_report_that_the_disk_cannot_take_is_told_though_a_condition_has_failed(disk: Path) -> None:
    plan = finished(new_folder(disk / "project"), counts=[4])
    (plan.project.run("tiny", plan.conditions[1].id) / "parity.manifest.json").unlink()
    filler = fill(disk)
    with pytest.raises(DiskError, match=r"reports/tiny(.|\n)*No space left on device"):
        run(plan, [], SilentProgress(), stages=("parity", "judge"))
    filler.unlink()
    assert run(plan, [], SilentProgress(), stages=("parity", "judge")).report is not None


def results(root: Path) -> dict[str, bytes]:
    """All that a study holds, but for what notes when its files were last moved."""
    return {name: content for name, content in tree(root).items() if "manifest" not in name and not name.endswith((".gguf.json", "lock"))}


def test_a_file_that_finds_no_room_leaves_the_old_one_and_nothing_beside_it(disk: Path) -> None:
    path = disk / "x"
    write_bytes(path, b"old")
    filler = fill(disk)
    with pytest.raises(RunError, match=rf"{path}: cannot be written: No space left on device(.|\n)*df -h {disk}"):
        write_bytes(path, bytes(1 << 20))
    assert path.read_bytes() == b"old"
    assert sorted(disk.iterdir()) == [filler, path]


def test_a_program_that_fails_for_want_of_room_is_told_as_that(disk: Path) -> None:
    fill(disk)
    with pytest.raises(RunError, match=f"{disk / 'log'}: cannot be written: No space left on device"):
        run_logged(["sh", "-c", "echo trouble; exit 1"], disk / "log", {})
