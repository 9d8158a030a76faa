"""Running Axolotl: one subprocess a recipe, its output in a log, its last lines in the error when it fails.

>>> run_axolotl(recipe, log=run / "train.log", root=root, threads=1, offline=True)
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from socsafe.errors import InputError, Problem, RunError

LAST_LINES = 12


def axolotl_version() -> str | None:
    """The installed Axolotl's version, or None."""
    try:
        return version("axolotl")
    except PackageNotFoundError:
        return None


def axolotl_command() -> str:
    """The `axolotl` beside this Python, else the one on PATH. Raises `InputError` when there is none."""
    beside = Path(sys.executable).parent / "axolotl"
    found = str(beside) if beside.is_file() else shutil.which("axolotl")
    if found is None:
        expected = "Axolotl, or adapters trained elsewhere in runs/<study>/<condition>/"
        raise InputError(Problem("axolotl", "is not installed here", expected, "pip install -c constraints.txt -e '.[train]'"))
    return found


def run_axolotl(recipe: Path, log: Path, root: Path, threads: int, offline: bool) -> None:
    """Train one recipe from the project's root. Raises `RunError` with the log's last lines when Axolotl fails."""
    command = [axolotl_command(), "train", str(recipe), "--launcher", "python"]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=root, env=_environment(threads, offline), stdout=output, stderr=subprocess.STDOUT)
        try:
            code = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if code != 0:
        raise RunError(Problem(str(recipe), f"axolotl left with code {code}; its last lines:\n{last_lines(log)}", mend=f"less {log}"))


def last_lines(log: Path, count: int = LAST_LINES) -> str:
    """The last lines of a log, indented, progress bars' carriage returns taken out."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    lines = [line.rsplit("\r", 1)[-1].rstrip() for line in text.rstrip().split("\n")]
    return "\n".join(f"      | {line[:300]}" for line in lines[-count:])


def _environment(threads: int, offline: bool) -> dict[str, str]:
    # Without AXOLOTL_DO_NOT_TRACK a run on a machine without internet never ends: it waits to flush telemetry.
    own = {"AXOLOTL_DO_NOT_TRACK": "1", "OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "false"}
    return {**os.environ, **own, **({"HF_HUB_OFFLINE": "1"} if offline else {})}
