"""Nothing half-written is ever left under the name of a whole file."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from socsafe.errors import InputError, Problem, RunError
from socsafe.files import atomic_path, remove_abandoned, scratch_folder, sha256_file, sha256_text, write_bytes, write_if_changed, write_text


def test_checksums_are_sha256_in_hex(tmp_path: Path) -> None:
    content = "é".encode() * 2_000_000
    write_bytes(tmp_path / "x", content)
    assert sha256_file(tmp_path / "x") == hashlib.sha256(content).hexdigest()
    assert sha256_text("é") == hashlib.sha256("é".encode()).hexdigest()


def test_a_write_makes_the_folders_it_needs_and_leaves_nothing_beside_the_file(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b" / "x.txt", "é\n")
    assert (tmp_path / "a" / "b" / "x.txt").read_bytes() == b"\xc3\xa9\n"
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["x.txt"]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_who_may_read_a_file_is_the_users_own_choice(tmp_path: Path, mask: int, mode: int) -> None:
    program = "import sys; from pathlib import Path; from socsafe.files import write_text; write_text(Path(sys.argv[1]), 'x')"
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "x")], check=True, umask=mask)
    assert (tmp_path / "x").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("failure", [ValueError("x"), KeyboardInterrupt(), InputError("x")])
def test_a_write_that_breaks_off_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, failure: BaseException) -> None:
    path = tmp_path / "x.txt"
    path.write_text("old")

    def break_off() -> None:
        with atomic_path(path) as part:
            part.write_text("half")
            raise failure

    with pytest.raises(type(failure)):
        break_off()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


KILLED = """
import os, signal, sys
from pathlib import Path
from socsafe.files import atomic_path, scratch_folder
with atomic_path(Path(sys.argv[1])) as part, scratch_folder(Path(sys.argv[2])) as scratch:
    part.write_text("half")
    (scratch / "x").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_was_writing_is_removed_and_what_a_living_one_is_stays(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "x.txt"), str(tmp_path / "model")], check=False)
    assert len(list(tmp_path.iterdir())) == 2
    with atomic_path(tmp_path / "y.txt") as part, scratch_folder(tmp_path / "other") as scratch:
        remove_abandoned(tmp_path)
        assert sorted(tmp_path.iterdir()) == sorted([part, scratch])
    assert list(tmp_path.iterdir()) == [tmp_path / "y.txt"]


def test_a_scratch_folder_takes_away_what_killed_ones_for_the_same_left_and_nothing_else(tmp_path: Path) -> None:
    mine, others = tmp_path / "model[1]", tmp_path / "model"
    for path in (mine, others):
        subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "x.txt"), str(path)], check=False)
    with scratch_folder(mine) as scratch:
        (scratch / "whole").mkdir()
        (scratch / "whole").replace(mine)
        left = [path for path in tmp_path.iterdir() if path.name.startswith(".model") and path != scratch]
        assert [path.name.startswith(".model.") for path in left] == [True]
    assert mine.is_dir()
    assert not scratch.exists()


def test_write_if_changed_leaves_an_equal_file_untouched(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    assert write_if_changed(path, "a\n")
    before = path.stat()
    assert not write_if_changed(path, "a\n")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert write_if_changed(path, "a\r\n")
    assert path.read_bytes() == b"a\r\n"


def test_a_path_that_cannot_be_written_is_a_failed_run_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"cannot be written: .*\n.*write permission(.|\n)*to mend:  ls -ld"):
        write_text(tmp_path / "file" / "x.txt", "a")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunError, match="cannot be written"):
        write_if_changed(tmp_path / "folder", "a")


def test_an_error_shows_place_finding_expectation_and_remedy_of_every_problem() -> None:
    error = InputError([Problem("s.yml:7", "stlyes", "styles", "rename it"), Problem("", "bare")])
    assert str(error) == "s.yml:7: stlyes\n    expected: styles\n    to mend:  rename it\nbare"
    assert (InputError.exit_code, RunError.exit_code) == (2, 1)
    assert RunError("x").problems == (Problem("", "x"),)
