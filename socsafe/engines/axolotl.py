"""Running Axolotl: one subprocess a recipe, its output in a log, its last lines in the error when it fails.

>>> run_axolotl(recipe, log=run / "train.log", root=root, threads=1, offline=True)
"""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from socsafe.engines.process import last_lines, run_logged
from socsafe.errors import InputError, Problem, RunError
from socsafe.manifest import installed


def axolotl_version() -> str | None:
    """The installed Axolotl's version, or None."""
    try:
        return installed("axolotl")
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


def launcher(gpus: int) -> list[str]:
    """The arguments of `axolotl train` that start one process for each GPU; a single one needs no launcher."""
    return ["--launcher", "python"] if gpus == 1 else ["--launcher", "torchrun", "--", f"--nproc_per_node={gpus}"]


def run_axolotl(recipe: Path, log: Path, root: Path, threads: int, offline: bool, gpus: int = 1) -> None:
    """Train one recipe from the project's root. Raises `RunError` with the log's last lines when Axolotl fails."""
    command = [axolotl_command(), "train", str(recipe), *launcher(gpus)]
    code = run_logged(command, log, _environment(threads, offline), cwd=root)
    if code != 0:
        raise RunError(Problem(str(recipe), f"axolotl left with code {code}; its last lines:\n{last_lines(log)}", mend=f"less {log}"))


def _environment(threads: int, offline: bool) -> dict[str, str]:
    # Without AXOLOTL_DO_NOT_TRACK a run on a machine without internet never ends: it waits to flush telemetry.
    own = {"AXOLOTL_DO_NOT_TRACK": "1", "OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "false"}
    return {**own, **({"HF_HUB_OFFLINE": "1"} if offline else {})}
