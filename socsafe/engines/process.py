"""Programs that run in a process of their own, their output in a log.

>>> code = run_logged(["axolotl", "train", "recipe.yml"], log=run / "train.log", cwd=root, env={"OMP_NUM_THREADS": "1"})

Ctrl-C reaches none of them by itself: Axolotl would then save what it has trained so far and leave with code 0, as if it were
done. They are stopped from here, and where this process is killed, the system kills them with it.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from socsafe.errors import Problem, RunError
from socsafe.files import cannot_write

LAST_LINES = 12
GRACE = 10.0
"""Seconds that a program is given to end by itself once it is told to."""
LOOK = 0.2
"""Seconds between two looks at whether a program has ended. Never one long wait: Polars, once loaded, has the system go on with a wait
that Ctrl-C interrupts, and Python would hear of it when the program has ended by itself."""
_WITH_PARENT = Path(__file__).with_name("with_parent.py")
_running: set[subprocess.Popen[bytes]] = set()


def run_logged(
    command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path | None = None, meanwhile: Callable[[], None] = lambda: None
) -> int:
    """Run the command to its end and give its exit code; `env` is set on top of this process's own environment.

    `meanwhile` is called now and then while the program runs, and once when it has ended. The program is stopped when this thread
    is interrupted or when another calls `stop_running`. Raises `RunError` when the log cannot be written, its disk is full, or the
    program cannot be started.
    """
    if shutil.which(command[0]) is None:
        raise RunError(Problem(command[0], f"cannot be run: {os.strerror(errno.ENOENT)}", mend=f"ls -l {command[0]}"))
    with _opened(log) as output:
        process = _started([sys.executable, "-I", "-S", str(_WITH_PARENT), str(os.getpid()), *command], output, env, cwd)
        try:
            code = _waited(process, meanwhile)
        except BaseException:
            _stop([process])
            raise
        finally:
            _running.discard(process)
    if code and not shutil.disk_usage(log.parent).free:
        raise cannot_write(log, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    return code


def _started(command: Sequence[str], output: BinaryIO, env: Mapping[str, str], cwd: Path | None) -> subprocess.Popen[bytes]:
    """The program, in a session of its own."""
    process = subprocess.Popen(command, cwd=cwd, env={**os.environ, **env}, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    _running.add(process)
    return process


def _waited(process: subprocess.Popen[bytes], meanwhile: Callable[[], None]) -> int:
    code = None
    while code is None:
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(LOOK)
        meanwhile()
    return code


def _opened(log: Path) -> BinaryIO:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        return log.open("wb")
    except OSError as error:
        raise cannot_write(log, error) from error


def stop_running() -> None:
    """Stop every program that `run_logged` is waiting for, in whatever thread: an interruption reaches the main thread alone."""
    _stop(tuple(_running))


def _stop(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End the programs with all that they started."""
    for process in processes:
        _signal(process, signal.SIGTERM)
    for process in processes:
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            _signal(process, signal.SIGKILL)
            process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def last_lines(log: Path, count: int = LAST_LINES) -> str:
    """The last lines of a log, indented, progress bars' carriage returns taken out."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    lines = [line.rsplit("\r", 1)[-1].rstrip() for line in text.rstrip().split("\n")]
    return "\n".join(f"      | {line[:300]}" for line in lines[-count:])
