"""Nothing half-written is ever left under the name of a whole file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from socsafe.errors import InputError, Problem, RunError
from socsafe.files import atomic_path, sha256_file, sha256_text, write_bytes, write_if_changed, write_text


def test_checksums_are_sha256_in_hex(tmp_path: Path) -> None:
    content = "é".encode() * 2_000_000
    write_bytes(tmp_path / "x", content)
    assert sha256_file(tmp_path / "x") == hashlib.sha256(content).hexdigest()
    assert sha256_text("é") == hashlib.sha256("é".encode()).hexdigest()


def test_a_write_makes_the_folders_it_needs_and_leaves_nothing_beside_the_file(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b" / "x.txt", "é\n")
    assert (tmp_path / "a" / "b" / "x.txt").read_bytes() == b"\xc3\xa9\n"
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["x.txt"]
    assert (tmp_path / "a" / "b" / "x.txt").stat().st_mode & 0o777 == 0o644


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
