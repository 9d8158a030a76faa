"""Published files come into the project whole and checked, or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from socsafe.data.fetch import fetch, is_here
from socsafe.errors import InputError
from socsafe.study.sources import load_source
from tests.conftest import Folder

CONTENT = "text,kind\nPrompt 0,bad\nPrompt 1,good\n"
DIGEST = hashlib.sha256(CONTENT.encode()).hexdigest()
NAME = "tiny-suite"


@pytest.fixture
def downloads(folder: Folder, tmp_path: Path) -> Path:
    """A folder with the right file and another of the same name, and no data in the project yet."""
    folder.source(NAME, sha256=DIGEST, rows=2, origin={"repository": "owner/name", "path": "data/suite.csv", "revision": "v2"})
    (folder.root / "datasets" / "fetched" / NAME / "suite.csv").unlink()
    for part, content in (("a", "text,kind\nother,bad\n"), ("b/c", CONTENT)):
        (tmp_path / "downloads" / part).mkdir(parents=True)
        (tmp_path / "downloads" / part / "suite.csv").write_text(content)
    return tmp_path / "downloads"


def bring(folder: Folder, origin: Path) -> Path:
    return fetch(NAME, load_source(NAME, folder.root), folder.root, origin)


def refusal(folder: Folder, origin: Path) -> str:
    """The message; nothing must have come into the project."""
    with pytest.raises(InputError) as caught:
        bring(folder, origin)
    target = folder.root / "datasets" / "fetched" / NAME
    assert not target.exists() or list(target.iterdir()) == []
    return str(caught.value)


def test_a_folder_is_searched_for_the_file_with_the_checksum(folder: Folder, downloads: Path) -> None:
    source = load_source(NAME, folder.root)
    assert not is_here(NAME, source, folder.root)
    path = bring(folder, downloads)
    assert path == folder.root / "datasets" / "fetched" / NAME / "suite.csv"
    assert path.read_text() == CONTENT
    assert is_here(NAME, source, folder.root)


def test_a_file_may_be_given_under_any_name(folder: Folder, downloads: Path) -> None:
    renamed = (downloads / "b" / "c" / "suite.csv").rename(downloads / "download (1)")
    assert bring(folder, renamed).read_text() == CONTENT


def test_an_interrupted_download_is_refused_by_its_checksum(folder: Folder, downloads: Path) -> None:
    short = downloads / "short.csv"
    short.write_text(CONTENT[:-5])
    message = refusal(folder, short)
    assert f"{short}: sha256 " in message
    assert f"expected: sha256 {DIGEST}" in message
    assert "published in owner/name at v2, file data/suite.csv" in message


def test_without_a_declared_checksum_rows_and_columns_are_still_held(folder: Folder, downloads: Path) -> None:
    folder.source(NAME, rows=3)
    assert f"{downloads / 'a' / 'suite.csv'}: 1 rows" in refusal(folder, downloads / "a")
    folder.source(NAME, columns={"prompt": "ask"})
    assert "no column ask" in refusal(folder, downloads / "a")


def test_what_cannot_be_found_is_told_with_where_it_was_published(folder: Folder, downloads: Path) -> None:
    assert "no such file or folder" in refusal(folder, downloads / "gone")
    (downloads / "empty").mkdir()
    message = refusal(folder, downloads / "empty")
    assert "no file suite.csv in this folder" in message
    assert "published in owner/name" in message


def test_data_that_were_changed_by_hand_are_not_here(folder: Folder, downloads: Path) -> None:
    path = bring(folder, downloads)
    path.write_text(CONTENT + "\n")
    assert not is_here(NAME, load_source(NAME, folder.root), folder.root)


def test_composed_data_are_here_and_are_not_fetched(folder: Folder, downloads: Path) -> None:
    folder.boundary()
    source = load_source("boundary-pairs", folder.root)
    assert is_here("boundary-pairs", source, folder.root)
    with pytest.raises(InputError, match="composed from the project's own files"):
        fetch("boundary-pairs", source, folder.root, downloads)
