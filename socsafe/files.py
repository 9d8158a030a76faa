"""Reading and writing files so that nothing half-written is ever taken for whole.

>>> write_text(Path("reports/x/report.md"), "# Report\n")

A write goes to a file beside its destination, is flushed to the disk and then renamed over it, which POSIX makes atomic. What a
killed process left beside a destination (`.<name>.<random>.part`) is known by that no living process holds its lock, on whatever
host and under whatever process number: `remove_abandoned` takes it away.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from socsafe.errors import DiskError, InputError, Problem, RunError

_CHUNK = 1 << 20
_PART = ".part"
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
_PREFIX = 80
"""Characters of a file's name that the name of what lies beside it begins with."""


def _mode() -> int:
    """What a file opened to be written is allowed to be; a temporary one is its owner's alone. Asking for the mask means setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


_MODE = _mode()
"""Read once, before there are threads."""


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
    with _beside(path, folder=False) as part:
        try:
            yield part
            if flush:
                flush_file(part)
            part.chmod(_MODE)
            part.replace(path)
        except OSError as error:
            raise cannot_write(path, error) from error


@contextmanager
def scratch_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder beside `path`, removed when the block ends; a whole folder can be renamed out of it to `path`.

    What killed processes left of earlier ones is removed first. Raises `RunError` when it cannot be made.
    """
    if path.parent.is_dir():
        remove_abandoned(path.parent, glob.escape(path.name[:_PREFIX]))
    with _beside(path, folder=True) as scratch:
        yield scratch


@contextmanager
def _beside(path: Path, folder: bool) -> Iterator[Path]:
    """A file or folder of this process's own beside `path`, locked while it is in use and removed afterwards, if it is still there."""
    prefix = f".{path.name[:_PREFIX]}."
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part, handle = _locked(prefix, path.parent, folder)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        yield part
    finally:
        if folder:
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)
        os.close(handle)


def _locked(prefix: str, parent: Path, folder: bool) -> tuple[Path, int]:
    """A new file or folder under a name of its own, and the descriptor that holds its lock."""
    while True:
        if folder:
            name = tempfile.mkdtemp(prefix=prefix, suffix=_PART, dir=parent)
            handle = os.open(name, os.O_RDONLY)
        else:
            handle, name = tempfile.mkstemp(prefix=prefix, suffix=_PART, dir=parent)
        fcntl.flock(handle, fcntl.LOCK_EX)
        # Between the making and the locking it looks abandoned, and may have been removed as such.
        if Path(name).exists():
            return Path(name), handle
        os.close(handle)


def remove_abandoned(folder: Path, name: str = "*", deep: bool = False) -> None:
    """Remove what killed processes left in the folder, or at any depth in it, when they wrote `name`; what is in use stays."""
    pattern = f".{name}.*{_PART}"
    for part in list(folder.rglob(pattern) if deep else folder.glob(pattern)):
        try:
            handle = os.open(part, os.O_RDONLY)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if part.is_dir():
                shutil.rmtree(part, ignore_errors=True)
            else:
                part.unlink(missing_ok=True)
        except OSError:
            continue
        finally:
            os.close(handle)


def flush_file(path: Path) -> None:
    """Return when the file's content is on the disk; at once where it is there already."""
    with path.open("rb") as opened:
        os.fsync(opened.fileno())


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
    """The error for a path that cannot be written, in words; a `DiskError` where none beside it could be either."""
    kind = DiskError if error.errno in _DISK else RunError
    return kind(
        Problem(
            where=str(path),
            got=f"cannot be written: {error.strerror or error}",
            expected="a folder with write permission and free space",
            mend=f"ls -ld {path.parent}; df -h {path.parent}",
        )
    )
