"""Real projects in a temporary folder, on the real micro base: Axolotl trains, llama.cpp's converters convert, llama.cpp replies."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

REPO = Path(__file__).parents[2]
SHARED = Path(os.environ.get("SOCSAFE_SHARED_DATA", REPO.parent / "shared" / "data"))

Socsafe = Callable[..., subprocess.CompletedProcess[str]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


def run_socsafe(*arguments: str | Path, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The command as a user gives it, from the project's folder."""
    command = [sys.executable, "-m", "socsafe.cli.main", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def micro_base() -> Path:
    """The micro base, built in the checkout on first use and kept there like any user's."""
    if importlib.util.find_spec("axolotl") is None:
        pytest.skip("axolotl is not installed: pip install -e '.[train]'")
    done = run_socsafe("base", "build", "micro", cwd=REPO)
    assert done.returncode == 0, done.stderr
    return REPO / "runs" / "bases" / "micro"


@pytest.fixture(scope="session")
def new_project(micro_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function that makes a project folder with the boundary set and the micro base in it, ready for a study."""

    def make(name: str) -> Path:
        root = tmp_path_factory.mktemp(name)
        shutil.copytree(REPO / "datasets" / "boundary", root / "datasets" / "boundary")
        shutil.copytree(micro_base, root / "runs" / "bases" / "micro")
        shutil.copy2(micro_base.with_name("micro.manifest.json"), root / "runs" / "bases")
        return root

    return make


def write_study(root: Path, name: str, **changes: object) -> Path:
    """The quickstart study under another name, with some of its blocks replaced."""
    study = yaml.safe_load((REPO / "recipes" / "quickstart" / "study.yml").read_text())
    study |= {"name": name, **changes}
    path = root / "recipes" / name / "study.yml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(study, sort_keys=False))
    return path
