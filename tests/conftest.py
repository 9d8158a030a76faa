"""A small project in a temporary folder: three sources of its own, and a study that a test writes as it needs it."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from hypothesis import settings

from socsafe.cli.main import main
from socsafe.study.checked import Plan, load_study

# A stopwatch on a busy machine says nothing of the code.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

# A shell that starts the tests in the background has SIGINT ignored, in them and in all they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

REPO = Path(__file__).parents[1]
SHARED = Path(os.environ.get("SOCSAFE_SHARED_DATA", REPO.parent / "shared" / "data"))
BASE = "Qwen/Qwen2.5-0.5B-Instruct"
ITEMS, ROWS, PROMPTS = 24, 30, 12

STUDY: dict[str, object] = {
    "question": "Does it hold?",
    "bases": [BASE],
    "settings": {"benign": {"source": "tiny-chat", "rows": 10}},
    "safety": {"source": "tiny-safety"},
    "styles": ["none", "refusal"],
    "counts": [4, 8],
    "suites": ["tiny-suite"],
}
SOURCES: dict[str, dict[str, object]] = {
    "tiny-safety": {
        "title": "Requests that name no act",
        "kind": "items",
        "format": "jsonl",
        "file": "items.jsonl",
        "columns": {"id": "key", "prompt": "ask", "reply": "reply", "category": "topic"},
        "style": "refusal",
        "form": "instruction",
        "licence": "CC0-1.0",
    },
    "tiny-chat": {
        "title": "Small talk",
        "kind": "examples",
        "file": "chat.csv",
        "columns": {"prompt": "question", "input": "about", "reply": "answer"},
        "licence": "CC0-1.0",
    },
    "tiny-suite": {
        "title": "Prompts of two kinds",
        "kind": "prompts",
        "file": "suite.csv",
        "columns": {"prompt": "text", "category": "kind"},
        "expects": {"column": "kind", "refuse": ["bad"]},
        "licence": "CC0-1.0",
    },
}


@dataclass(frozen=True)
class Folder:
    """A project folder under a test's hands."""

    root: Path

    def study(self, name: str = "tiny", **changes: object) -> Path:
        """Write recipes/<name>/study.yml: STUDY with some keys replaced, those given as None left out."""
        content = {"name": name, **STUDY, **changes}
        path = self.root / "recipes" / name / "study.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({key: value for key, value in content.items() if value is not None}, sort_keys=False))
        return path

    def plan(self, name: str = "tiny", **changes: object) -> Plan:
        return load_study(self.study(name, **changes))

    def source(self, name: str, **changes: object) -> Path:
        """Write datasets/sources/<name>.yml: that of SOURCES, if it is one, with some keys replaced."""
        content = {**SOURCES.get(name, {}), **changes}
        path = self.root / "datasets" / "sources" / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({key: value for key, value in content.items() if value is not None}, sort_keys=False))
        return path

    def data(self, name: str, file: str, content: str | bytes) -> Path:
        """Write the data file of a source where it is looked for."""
        path = self.root / "datasets" / "fetched" / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def rows(self, file: str, study: str = "tiny") -> list[dict[str, object]]:
        """The lines of a built mixture file."""
        return [json.loads(line) for line in (self.root / "datasets" / "mixtures" / study / file).read_text().splitlines()]

    def boundary(self) -> None:
        """Put the authored boundary set into the project."""
        target = self.root / "datasets" / "boundary"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(REPO / "datasets" / "boundary")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A project with the sources of SOURCES and their data, and no study yet."""
    return new_folder(tmp_path / "project")


def new_folder(root: Path) -> Folder:
    """The same in a folder of the test's choosing."""
    made = Folder(root)
    for name in SOURCES:
        made.source(name)
    items = [{"key": f"item{n}", "ask": f"Ask {n}", "reply": f"No to {n}.", "topic": f"topic{n % 3}"} for n in range(ITEMS)]
    made.data("tiny-safety", "items.jsonl", "".join(json.dumps(item) + "\n" for item in items))
    _csv(made.data("tiny-chat", "chat.csv", ""), ("question", "about", "answer"), [(f"Say {n}", "", f"It is {n}.") for n in range(ROWS)])
    _csv(made.data("tiny-suite", "suite.csv", ""), ("text", "kind"), [(f"Prompt {n}", ("bad", "good")[n % 2]) for n in range(PROMPTS)])
    return made


def _csv(path: Path, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="") as handle:
        csv.writer(handle).writerows([header, *rows])


@dataclass(frozen=True)
class Left:
    """How a command left."""

    code: int
    out: str
    err: str


@pytest.fixture
def socsafe(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Left]:
    """The command line, in this process, with its exit code and what it printed."""

    def call(*arguments: str | Path) -> Left:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["socsafe", *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as left:
            code = int(left.code or 0)
        printed = capfd.readouterr()
        assert "Traceback" not in printed.err
        return Left(code, printed.out, printed.err)

    return call


@pytest.fixture(scope="session")
def without_axolotl(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command line on a machine that has everything but Axolotl: all installed packages but that one, and a bare PATH."""
    packages = Path(yaml.__file__).parents[1]
    site = tmp_path_factory.mktemp("site")
    for entry in packages.iterdir():
        if not entry.name.startswith("axolotl"):
            (site / entry.name).symlink_to(entry)

    def call(*arguments: str | Path, cwd: Path, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
        env = {"PYTHONPATH": f"{REPO}:{site}", "PATH": path, "HOME": str(site), "POLARS_SKIP_CPU_CHECK": "1"}
        command = [os.path.realpath(sys.executable), "-S", "-m", "socsafe.cli.main", *map(str, arguments)]
        return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)

    return call


@pytest.fixture
def here(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """The project, as the folder that commands are given in."""
    folder.root.mkdir(exist_ok=True)
    monkeypatch.chdir(folder.root)
    return folder
