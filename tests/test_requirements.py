"""The lock files say what `make` installs: every package at the version that is pinned, and every file of it by hash."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
LOCKS = sorted((REPO / "requirements").glob("*.txt"))
ENTRY = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)((?:[^\n]*\\\n)+[^\n]*)$", re.M)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path: Path) -> dict[str, str]:
    """Package -> version, of a constraints file or a lock."""
    found = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", path.read_text(), re.M)
    return {normal(name): version for name, version in found}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_line_is_a_package_at_one_version_with_hashes_and_nothing_else(lock: Path) -> None:
    text = re.sub(r"^#.*\n", "", lock.read_text(), flags=re.M)
    entries = ENTRY.findall(text)
    assert entries
    assert all(HASH.search(rest) for _, _, rest in entries)
    assert not ENTRY.sub("", text).strip(), "an option, an address or a package without a hash"
    assert "://" not in text


def test_the_locks_hold_every_pin_at_its_version() -> None:
    locked = pins(REPO / "requirements" / "locked.txt") | pins(REPO / "requirements" / "torch.txt")
    assert locked.items() >= pins(REPO / "constraints.txt").items()
    assert pins(REPO / "requirements" / "inspect.txt").items() >= pins(REPO / "constraints-inspect.txt").items()
    assert pins(REPO / "requirements" / "torch-cpu.txt")["torch"].partition("+")[0] == locked["torch"]


def test_every_dependency_of_the_project_is_locked() -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(need for needs in project["optional-dependencies"].values() for need in needs)]
    names = {normal(re.split(r"[\[<>=~! ]", need, maxsplit=1)[0]) for need in wanted} - {"socsafe"}
    locked = pins(REPO / "requirements" / "locked.txt") | pins(REPO / "requirements" / "torch.txt")
    assert names <= set(locked)
