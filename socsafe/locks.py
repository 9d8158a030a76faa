"""One process at a time on what processes would spoil for each other; a lock left by a process that died does not block.

>>> with held(folder / "lock", "this study", wait=False):
...     work()
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from socsafe.errors import Problem, RunError
from socsafe.files import cannot_write


@contextmanager
def held(path: Path, what: str, wait: bool) -> Iterator[None]:
    """Hold the lock file while the block runs. Where another process holds it: wait, or raise `RunError` naming that process."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("a+")
    except OSError as error:
        raise cannot_write(path, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            mend = "wait until it has ended, or stop it"
            raise RunError(Problem(str(path), f"process {holder} is working on {what}", "one process at a time", mend)) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
