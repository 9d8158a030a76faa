"""Where runs are killed: projects side by side, and what is seen of a run from outside.

bench = Bench(folder, "small", server)
process, log = bench.start(root, kill={"kind": "replace", "path": "reports/small/report.md", "number": 1, "how": "half"})
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults import project
from tests.loopback.faulty import Faulty

HOOK = Path(__file__).parent / "hook"
LONGEST = 3600.0
"""Seconds that any run may take."""


@dataclass(frozen=True)
class Bench:
    """Where it happens."""

    folder: Path
    study: str
    server: Faulty
    wrap: tuple[str, ...] = ()
    """A command that the runs are started by."""

    @property
    def alone(self) -> bool:
        """Whether a kill's project keeps what comes after the stage: the quickstart takes minutes to answer its prompts again."""
        return self.study == "quickstart"

    def start(self, root: Path, kill: dict[str, Any] | None = None, session: bool = False) -> tuple[subprocess.Popen[str], Path]:
        """Start a run, to be killed at that moment, in a session of its own if wanted; and where its events are noted."""
        log = root.with_suffix(".events")
        log.unlink(missing_ok=True)
        faults = {"root": str(root), "log": str(log), "kill": kill}
        env = {**os.environ, "PYTHONPATH": f"{HOOK}:{project.REPO}", "SOCSAFE_FAULTS": json.dumps(faults), "HF_HUB_OFFLINE": "1"}
        env.pop("SOCSAFE_FAULTS_MAIN", None)
        command = [*self.wrap, sys.executable, "-m", "socsafe.cli.main", "run", f"recipes/{self.study}/study.yml"]
        with root.with_suffix(".out").open("a") as out:
            return subprocess.Popen(
                command, cwd=root, env=env, stdout=out, stderr=subprocess.STDOUT, text=True, start_new_session=session
            ), log

    def finish(self, root: Path) -> bool:
        """Run to the end; say whether it went well."""
        return self.start(root)[0].wait(LONGEST) == 0

    def copy(self, source: Path, name: str) -> Path:
        root = self.folder / name
        subprocess.run(["cp", "-a", str(source), str(root)], check=True)
        return root


def events(log: Path) -> list[dict[str, Any]]:
    """What the hook has noted so far."""
    lines = log.read_text().split("\n")[:-1] if log.is_file() else []
    return [json.loads(line) for line in lines]


def done_again(before: dict[str, tuple[int, int]], root: Path) -> list[str]:
    """Units that were done before and have been done again, or are no longer done."""
    after = project.done(root)
    return [name for name, noted in before.items() if after.get(name) != noted]


def paid_for(bench: Bench, root: Path) -> int:
    """Answers of the judges' model that the server has given and that were not kept: it grows only where a run is cut off."""
    kept = sum(path.read_bytes().count(b"\n") for path in root.glob("runs/*/answers/*.jsonl"))
    return sum(bench.server.seen.paid.values()) - kept


def orphans(root: Path) -> int:
    """Processes of the run that are alive ten seconds after it was killed: PyTorch's data loaders, which write nothing, take five."""
    for _ in range(100):
        alive = list(_processes(root))
        if not alive:
            return 0
        time.sleep(0.1)
    return len(alive)


def _processes(root: Path) -> Iterator[int]:
    mark = f'"{root}"'.encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes():
                yield int(folder.name)
        except OSError:
            continue
