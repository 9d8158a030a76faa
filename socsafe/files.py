"""Reading and writing files so that nothing half-written is ever taken for whole.

>>> write_text(Path("reports/x/report.md"), "# Report\n")

A write goes to a file beside its destination, is flushed to the disk and then renamed over it, which POSIX makes atomic.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from socsafe.errors import InputError, Problem, RunError

_CHUNK = 1 << 20


def sha256_file(path: Path) -> str:
    """The file's SHA-256 as 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_text(text: str) -> str:
    """The SHA-256 of the text in UTF-8, as 64 hex digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def decode(raw: bytes, path: Path) -> str:
    """A file's bytes as text, without a byte order mark. Raises `InputError` naming the line of what is no text."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(Problem(f"{path}:{line}", f"byte 0x{raw[error.start]:02x} is not UTF-8", "text in UTF-8")) from error
    if "\0" in text:
        raise InputError(Problem(f"{path}:{text[: text.index(chr(0))].count(chr(10)) + 1}", "a NUL byte", "text"))
    return text


@contextmanager
def atomic_path(path: Path, flush: bool = True) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it over `path` if the block ends well, remove it if not.

    `flush=False` leaves it to the system when the content reaches the disk. Raises `RunError` when the folder cannot be made
    or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:80]}.", suffix=".part", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise cannot_write(path, error) from error
    part = Path(name)
    try:
        yield part
        if flush:
            with part.open("rb+") as opened:
                os.fsync(opened.fileno())
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        part.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` whole or not at all."""
    with atomic_path(path) as part:
        part.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in UTF-8 with Unix line ends, whole or not at all."""
    write_bytes(path, text.encode())


def write_if_changed(path: Path, text: str) -> bool:
    """Write `text` unless the file holds it already; say whether it was written.

    Not flushed to the disk, which would take a thousand recipes several seconds: who writes so compares the next time too.
    """
    if path.is_file() and path.read_bytes() == text.encode():
        return False
    with atomic_path(path, flush=False) as part:
        part.write_bytes(text.encode())
    return True


def require_files(paths: Iterable[Path], got: str, expected: str, mend: str) -> None:
    """Raise `RunError` when any of the files is missing: in the words given, each with its path."""
    missing = [Problem(str(path), got, expected, mend) for path in paths if not path.is_file()]
    if missing:
        raise RunError(missing)


def cannot_write(path: Path, error: OSError) -> RunError:
    """The error for a path that cannot be written, in words."""
    return RunError(
        Problem(
            where=str(path),
            got=f"cannot be written: {error.strerror or error}",
            expected="a folder with write permission and free space",
            mend=f"ls -ld {path.parent}; df -h {path.parent}",
        )
    )
