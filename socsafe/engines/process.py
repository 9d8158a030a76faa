"""Programs that run in a process of their own, their output in a log.

>>> code = run_logged(["axolotl", "train", "recipe.yml"], log=run / "train.log", cwd=root, env={"OMP_NUM_THREADS": "1"})
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from socsafe.errors import Problem, RunError
from socsafe.files import cannot_write

LAST_LINES = 12
_running: set[subprocess.Popen[bytes]] = set()


def run_logged(command: Sequence[str], log: Path, env: Mapping[str, str], cwd: Path | None = None) -> int:
    """Run the command to its end and give its exit code; `env` is set on top of this process's own environment.

    The program is stopped when this thread is interrupted or when another calls `stop_running`. Raises `RunError` when the log
    cannot be written or the program cannot be started.
    """
    with _opened(log) as output:
        try:
            process = subprocess.Popen(command, cwd=cwd, env={**os.environ, **env}, stdout=output, stderr=subprocess.STDOUT)
        except OSError as error:
            raise RunError(Problem(command[0], f"cannot be run: {error.strerror or error}", mend=f"ls -l {command[0]}")) from error
        _running.add(process)
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            _running.discard(process)


def _opened(log: Path) -> BinaryIO:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        return log.open("wb")
    except OSError as error:
        raise cannot_write(log, error) from error


def stop_running() -> None:
    """Stop every program that `run_logged` is waiting for, in whatever thread: an interruption reaches the main thread alone."""
    for process in tuple(_running):
        process.terminate()


def last_lines(log: Path, count: int = LAST_LINES) -> str:
    """The last lines of a log, indented, progress bars' carriage returns taken out."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    lines = [line.rsplit("\r", 1)[-1].rstrip() for line in text.rstrip().split("\n")]
    return "\n".join(f"      | {line[:300]}" for line in lines[-count:])
