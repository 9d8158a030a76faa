"""What the description of a source may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from socsafe.errors import InputError
from socsafe.study.sources import data_file, load_source, source_file, source_inputs, source_names
from tests.conftest import Folder


def test_the_projects_own_sources_stand_beside_the_packages(folder: Folder) -> None:
    names = source_names(folder.root)
    assert {"tiny-suite", "xstest"} <= set(names)
    assert list(names) == sorted(names)


@pytest.mark.parametrize("name", ["../sources/tiny-suite", "sub/one", "/etc/passwd", "", "tiny-suite\0", "x" * 300, "é" * 200])
def test_a_name_is_never_a_path_that_leads_elsewhere(folder: Folder, name: str) -> None:
    inner = folder.root / "datasets" / "sources" / "sub" / "one.yml"
    inner.parent.mkdir()
    inner.write_text("title: x\n")
    assert source_file(name, folder.root) is None


def test_data_are_looked_for_under_the_sources_name(folder: Folder) -> None:
    source = load_source("tiny-suite", folder.root)
    data = folder.root / "datasets" / "fetched" / "tiny-suite" / "suite.csv"
    assert data_file("tiny-suite", source, folder.root) == data
    assert source_inputs("tiny-suite", source, folder.root) == (folder.root / "datasets" / "sources" / "tiny-suite.yml", data)


def test_a_composed_source_is_decided_by_the_authored_files(folder: Folder) -> None:
    folder.boundary()
    source = load_source("boundary-safety", folder.root)
    assert data_file("boundary-safety", source, folder.root) is None
    assert (
        sum(path.is_relative_to(folder.root / "datasets" / "boundary") for path in source_inputs("boundary-safety", source, folder.root))
        > 10
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"file": "../../../secret"}, "file: "),
        ({"file": "/etc/passwd"}, "file: "),
        ({"file": ".."}, "file: "),
        ({"file": ""}, "file: "),
        ({"file": None}, "key file is missing"),
        ({"expects": None}, "key expects is missing"),
        ({"expects": "refuze"}, "expects"),
        ({"expects": {"column": "kind"}}, "key expects.refuse is missing"),
        ({"format": "boundary"}, "split left out with kind prompts"),
        ({"format": "boundary", "split": "benign", "file": None}, "split benign with kind prompts"),
        ({"split": "pairs"}, "split pairs with format csv"),
        ({"kind": "suite"}, "kind: "),
        ({"colums": {}}, "unknown key colums"),
        ({"columns": {"promt": "text"}}, "columns.promt"),
        ({"rows": "many"}, "rows: "),
    ],
)
def test_a_source_that_makes_no_sense_is_refused_by_name(folder: Folder, changes: dict[str, object], message: str) -> None:
    path: Path = folder.source("tiny-suite", **changes)
    with pytest.raises(InputError) as caught:
        load_source("tiny-suite", folder.root)
    assert any(problem.got.startswith(message) for problem in caught.value.problems)
    assert all(problem.where.startswith(f"{path}:") for problem in caught.value.problems)
