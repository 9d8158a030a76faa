"""Names of studies, sources, suites, bases and files: what would lead out of its folder, or mean another on another system, is refused."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socsafe.errors import InputError
from socsafe.paths import LONGEST_NAME, Project, unfit_name
from socsafe.study.checked import load_study
from socsafe.study.conditions import slug
from socsafe.study.sources import load_source, source_names
from tests.conftest import Folder, Left
from tests.finished import tree

Socsafe = Callable[..., Left]

NAMES = (
    "..",
    ".",
    "../up",
    "../../../../etc/passwd",
    "/etc/passwd",
    "a/b",
    "a\\b",
    "C:\\x",
    "\\\\host\\share",
    "~",
    "$HOME",
    "a\x00b",
    "a\nb",
    "a\x1b[2Jb",
    "a\x7f",
    "\u202egnp",
    "a\u200bb",
    "caf\u00e9",
    "cafe\u0301",
    "\uff0e\uff0e",
    "a b",
    "a:b",
    "a*",
    "a?",
    "-rf",
    ".hidden",
    "trailing.",
    "trailing ",
    "CON",
    "nul",
    "aux.x",
    "Com1",
    "lpt9.tar.gz",
    "x" * 300,
    "",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_study_of_such_a_name_is_refused_and_nothing_is_written(here: Folder, socsafe: Socsafe, name: str) -> None:
    study = here.study("tiny")
    study.write_text(study.read_text().replace("name: tiny", "name: " + _yaml(name)))
    before = tree(here.root)
    left = socsafe("recipe", "render", study)
    assert (left.code, left.out) == (2, "")
    assert "study.yml:1: " in left.err
    assert tree(here.root) == before


@pytest.mark.parametrize("name", ["con", "nul.x", "a.", "x" * 81])
def test_a_study_in_the_folder_of_its_own_odd_name_is_refused_all_the_same(here: Folder, socsafe: Socsafe, name: str) -> None:
    left = socsafe("recipe", "render", here.study(name))
    assert left.code == 2
    assert tree(here.root / "datasets" / "mixtures") == {}


@pytest.mark.parametrize("name", NAMES)
def test_such_a_source_cannot_be_named_by_a_study_or_fetched(here: Folder, socsafe: Socsafe, name: str) -> None:
    left = socsafe("recipe", "render", here.study("tiny", suites=[name]))
    assert left.code == 2
    assert "\x1b" not in left.err
    before = tree(here.root)
    assert socsafe("data", "fetch", "--from", here.root, "--", name.replace("\x00", "")).code == 2
    assert tree(here.root) == before


@pytest.mark.parametrize("stem", ["..", ".", "con", "a b", "caf\u00e9", "-x", "x" * 120, "a\nb", "trailing."])
def test_a_source_whose_file_has_such_a_name_is_not_listed_and_a_study_that_names_it_is_told_why(
    here: Folder, socsafe: Socsafe, stem: str
) -> None:
    """`...yml` is the source `..`, whose data would lie in datasets/fetched/../suite.csv."""
    here.source("tiny-suite").rename(here.root / "datasets" / "sources" / f"{stem}.yml")
    assert stem not in source_names(here.root)
    left = socsafe("recipe", "render", here.study("tiny", suites=[stem]))
    assert left.code == 2
    assert "unknown source" not in left.err
    assert "a source whose file has a name for every system" in left.err
    assert socsafe("data", "fetch", "--from", here.root, "--", stem).code == 2
    assert not (here.root / "datasets" / "suite.csv").exists()


def test_sources_that_differ_in_capitals_alone_are_one_file_on_some_systems_and_refused(here: Folder, socsafe: Socsafe) -> None:
    shutil.copy(here.root / "datasets" / "sources" / "tiny-suite.yml", here.root / "datasets" / "sources" / "Tiny-Suite.yml")
    if len(os.listdir(here.root / "datasets" / "sources")) == 3:  # noqa: PTH208 what the system itself says
        pytest.skip("this file system takes capitals for small letters")
    left = socsafe("recipe", "render", here.study("tiny"))
    assert left.code == 2
    assert "source 'tiny-suite' is Tiny-Suite as well where a system takes capitals for small letters" in left.err


def test_bases_whose_conditions_would_share_files_are_refused(folder: Folder) -> None:
    for pair in (["a/Model", "b/model"], ["a/m x", "a/m-x"], ["a/model", "b/MODEL"]):
        with pytest.raises(InputError, match="bases"):
            folder.plan(bases=pair)


@pytest.mark.parametrize(
    "base", ["../..", "a/..", "/etc/x", "a/b/c", "a\\b/c", "a/caf\u00e9", "a/\uff0e\uff0e", "a/" + "x" * 97, "a/b\n", "x/con", "x/NUL.gguf"]
)
def test_a_base_that_is_no_hub_id_or_whose_files_would_be_devices_is_refused(folder: Folder, base: str) -> None:
    with pytest.raises(InputError, match=r"study\.yml:"):
        folder.plan(bases=[base])


@given(st.text(min_size=1, max_size=60))
def test_whatever_a_base_is_called_its_name_in_paths_is_one_plain_name(name: str) -> None:
    made = slug(name)
    assert not {"/", "\\", "\x00"} & set(made)
    assert made not in ("", ".", "..")
    assert made == made.lower()
    assert made.isascii()


@given(st.text(max_size=2 * LONGEST_NAME) | st.sampled_from(NAMES))
def test_a_name_that_is_fit_makes_every_path_of_a_project_one_inside_it(name: str) -> None:
    if unfit_name(name):
        return
    root = Path("/project")
    project = Project(root)
    for path in (*project.written(name), project.completions(name, name, name), project.verdicts(name, name, name, name)):
        assert Path(os.path.normpath(path)) == path
        assert path.is_relative_to(root)
        assert all(len(part.encode()) < 255 for part in path.parts)


@pytest.mark.parametrize("name", NAMES)
def test_none_of_these_names_is_fit(name: str) -> None:
    assert unfit_name(name)


@pytest.mark.parametrize(
    "change",
    [
        {"file": "../suite.csv"},
        {"file": "/etc/passwd"},
        {"file": "a/b/c.csv"},
        {"file": "a/../b.csv"},
        {"file": "a\\b.csv"},
        {"file": ".ssh"},
        {"file": "sub/.ssh"},
        {"file": "a\x1bb.csv"},
        {"file": "sub/a.csv"},
        {"file": "x" * 300},
        {"origin": {"repository": "owner/name", "path": "../../other/repository/HEAD/x.csv"}},
        {"origin": {"repository": "owner/name", "path": "/etc/passwd"}},
        {"origin": {"repository": "../..", "path": "x.csv"}},
        {"origin": {"repository": "owner/..", "path": "."}},
        {"origin": {"repository": "owner/name", "path": "x.csv", "revision": ".."}},
        {"origin": {"repository": "file:///etc", "path": "passwd"}},
        {"origin": {"repository": "http://10.0.0.1/x", "path": "y"}},
        {"format": "csv", "header": False, "parts": {"../x.csv": "a"}},
        {"format": "csv", "header": False, "parts": {"a/b.csv": "a"}},
    ],
    ids=str,
)
def test_a_source_whose_files_would_lie_elsewhere_is_refused(folder: Folder, change: dict[str, object]) -> None:
    folder.source("tiny-suite", **change)
    with pytest.raises(InputError, match=r"tiny-suite\.yml:"):
        load_source("tiny-suite", folder.root)


def test_a_condition_that_a_study_adds_by_hand_is_made_of_the_same_plain_parts(folder: Folder) -> None:
    study = folder.study(include=[{"style": "../x", "count": 4}], exclude=[{"base": "../.."}])
    with pytest.raises(InputError) as raised:
        load_study(study)
    assert len(raised.value.problems) == 2


def _yaml(name: str) -> str:
    import json

    return json.dumps(name)
