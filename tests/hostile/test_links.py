"""A project from elsewhere may bring symbolic links: what socsafe writes never goes by way of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from socsafe.data.fetch import fetch
from socsafe.errors import InputError, RunError
from socsafe.locks import held
from socsafe.paths import LINKS_TO
from socsafe.study.sources import load_source
from tests.conftest import Folder, Left
from tests.finished import tree

Socsafe = Callable[..., Left]
PLACES = (
    "runs",
    "runs/tiny",
    "runs/tiny/lock",
    "runs/tiny/answers",
    "runs/tiny/answers/policy.jsonl",
    "runs/tiny/some-condition/completions",
    "runs/bases",
    "datasets/mixtures",
    "datasets/mixtures/tiny",
    "datasets/mixtures/tiny/benign.jsonl",
    "quantized",
    "quantized/tiny",
    "quantized/bases",
    "reports",
    "reports/tiny",
    "reports/tiny/report.md",
    "reports/tiny/examples",
    "recipes/tiny/x.yml",
)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that is somebody's own."""
    made = tmp_path / "outside"
    made.mkdir()
    (made / "mine.txt").write_text("mine")
    return made


@pytest.mark.parametrize(
    ("place", "target"),
    [*((place, "outside") for place in PLACES), *(("runs/tiny/log", target) for target in ("outside/mine.txt", "nowhere", "itself"))],
)
def test_a_study_with_a_link_where_it_writes_is_refused_and_nothing_is_written(
    here: Folder, socsafe: Socsafe, outside: Path, place: str, target: str
) -> None:
    study = here.study()
    link = here.root / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(link if target == "itself" else outside.parent / target)
    before, mine = tree(here.root), tree(outside)
    left = socsafe("recipe", "render", study)
    assert (left.code, left.out) == (2, "")
    assert f"{link}: a link to " in left.err
    assert f"rm {link}" in left.err
    assert (tree(here.root), tree(outside)) == (before, mine)


def test_a_link_to_another_disk_is_taken_where_the_user_says_so(
    here: Folder, socsafe: Socsafe, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = here.study()
    (here.root / "datasets" / "mixtures").symlink_to(outside / "mixtures")
    (outside / "mixtures").mkdir()
    monkeypatch.setenv(LINKS_TO, str(outside))
    assert socsafe("recipe", "render", study).code == 0
    assert any((outside / "mixtures" / "tiny").iterdir())
    monkeypatch.setenv(LINKS_TO, str(outside / "mix"))
    assert socsafe("recipe", "render", study).code == 2, "a folder whose name begins alike is another"


@pytest.mark.parametrize("place", ["fetched", "fetched/tiny-suite", "fetched/tiny-suite/.suite.csv.part"])
def test_what_is_fetched_is_not_written_by_way_of_a_link(folder: Folder, outside: Path, tmp_path: Path, place: str) -> None:
    (tmp_path / "suite.csv").write_text("text,kind\nA prompt,bad\n")
    link = folder.root / "datasets" / place
    if link.is_dir():
        link.rename(outside / "before")
    link.symlink_to(outside)
    before = tree(outside)
    with pytest.raises(InputError, match="a link to"):
        fetch("tiny-suite", load_source("tiny-suite", folder.root), folder.root, origin=tmp_path)
    assert tree(outside) == before


def test_drafts_are_not_written_by_way_of_a_link(here: Folder, socsafe: Socsafe, outside: Path) -> None:
    (here.root / "datasets" / "drafts").symlink_to(outside)
    arguments = ("--from", "tiny-safety", "--style", "refusal", "--endpoint", "http://127.0.0.1:9/v1", "--model", "m")
    left = socsafe("data", "generate", "mine", *arguments)
    assert left.code == 2
    assert "a link to" in left.err
    assert sorted(path.name for path in outside.iterdir()) == ["mine.txt"]


def test_a_lock_is_not_taken_by_way_of_a_link(outside: Path, tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(outside / "mine.txt")
    with pytest.raises(RunError), held(tmp_path / "lock", "this", wait=False):
        pass
    assert (outside / "mine.txt").read_text() == "mine"
