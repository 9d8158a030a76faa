"""A disk that is full, and a folder that turns read-only: a message with the path, nothing lost, and the next run goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from socsafe.engines.process import run_logged
from socsafe.errors import RunError
from socsafe.files import write_bytes
from tests.conftest import Left, new_folder
from tests.finished import finished, tree

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
    assert said in left.err
    assert any(str(path) in left.err for path in (*gone, *(plan.project.study_run("tiny"),)))
    assert f"df -h {folder.root}" in left.err
    assert results(folder.root) == kept
    assert [socsafe(*each).code for each in (command, ("report", "recipes/tiny"))] == [0, 0]
    assert results(folder.root) == whole
    assert list(disk.rglob(".*.part")) == []


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
