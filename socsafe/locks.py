"""One process at a time on what processes would spoil for each other; a lock left by a process that died does not block.

>>> with held(folder / "lock", "this study", wait=False):
...     work()

The lock is the system's own (flock): it goes with the process that holds it, however that ends, so that neither a process number
that is used again nor another host's can be taken for a holder. What the file says serves messages alone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from socsafe.errors import Problem, RunError
from socsafe.files import cannot_write

_LOOK = 0.02
"""Seconds between two looks at whether a lock is free."""


@contextmanager
def held(path: Path, what: str, wait: bool, waiting: Callable[[str], None] | None = None, reading: bool = False) -> Iterator[None]:
    """Hold the lock file while the block runs. Where another process holds it: wait, or raise `RunError` naming that process.

    `waiting` is told whom it waits for, where it has to. Raises `RunError` too where the file cannot be written; with `reading`, of
    a folder that can only be read, the lock is shared with others that read, and gone without where there is no file for it.
    """
    handle, how = _opened(path, reading)
    if handle is None:
        yield
        return
    try:
        if not _taken(path, handle, how):
            working = f"process {_holder(handle)} is working on {what}"
            if not wait:
                mend = "wait until it has ended, or stop it; then run the same command again"
                raise RunError(Problem(str(path), working, "one process at a time", mend))
            if waiting is not None:
                waiting(f"waiting: {working}")
            # Not one long wait, which Ctrl-C might not end (`socsafe.engines.process.LOOK`).
            while not _taken(path, handle, how):
                time.sleep(_LOOK)
        if how == fcntl.LOCK_EX:
            _sign(handle)
        yield
    finally:
        os.close(handle)


def _opened(path: Path, reading: bool) -> tuple[int | None, int]:
    """The file to lock, and how it is to be locked; None where there is nothing that could be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666), fcntl.LOCK_EX
    except OSError as error:
        if not reading or error.errno not in (errno.EROFS, errno.EACCES):
            raise cannot_write(path, error) from error
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW), fcntl.LOCK_SH
    except OSError:
        return None, fcntl.LOCK_SH


def _taken(path: Path, handle: int, how: int) -> bool:
    """Take the lock if it is free; say whether it was."""
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        expected = "a file system that has locks"
        raise RunError(Problem(str(path), f"cannot be locked: {error.strerror or error}", expected, f"df -T {path.parent}")) from error
    return True


def _holder(handle: int) -> str:
    return os.pread(handle, 300, 0).decode(errors="replace").strip() or "of an unknown number"


def _sign(handle: int) -> None:
    """Say in the file who holds it. A disk without room for that is no reason not to work: the lock itself holds."""
    try:
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()} on {platform.node()}".encode(), 0)
    except OSError:
        return
