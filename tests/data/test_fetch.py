"""Published files come into the project whole and checked, or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from socsafe.data.fetch import fetch, how_to_get, is_here, raw_url
from socsafe.errors import InputError, RunError
from socsafe.locks import held
from socsafe.study.sources import Origin, data_file, load_source
from tests.conftest import Folder
from tests.data.web import Page, Web

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


def test_a_file_that_could_not_be_loaded_is_not_taken(folder: Folder, downloads: Path) -> None:
    folder.source(NAME, columns={"id": "id", "prompt": "text", "category": "kind"})
    given = downloads / "twice.csv"
    given.write_text("id,text,kind\n1,Prompt 0,bad\n1,Prompt 1,good\n")
    assert "twice.csv row 2: id 1, as in row 1" in refusal(folder, given)


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


@pytest.fixture
def published(folder: Folder, web: Web, monkeypatch: pytest.MonkeyPatch) -> Web:
    """The suite on a stand-in for GitHub, and no data in the project yet."""
    folder.source(NAME, sha256=DIGEST, rows=2, origin={"repository": "owner/name", "path": "Test Data/suite.csv", "revision": "v2"})
    (folder.root / "datasets" / "fetched" / NAME / "suite.csv").unlink()
    monkeypatch.setenv("SOCSAFE_GITHUB_RAW", f"{web.address}/")
    monkeypatch.setattr("socsafe.data.download.time.sleep", lambda _: None)
    web.pages["/owner/name/v2/Test%20Data/suite.csv"] = Page(CONTENT.encode())
    return web


def download(folder: Folder, origin: str | None = None) -> Path:
    return fetch(NAME, load_source(NAME, folder.root), folder.root, origin)


def left(folder: Folder) -> list[str]:
    return sorted(path.name for path in (folder.root / "datasets" / "fetched" / NAME).iterdir())


def test_without_an_origin_a_file_comes_from_where_it_was_published(folder: Folder, published: Web) -> None:
    path = download(folder)
    assert path.read_text() == CONTENT
    assert left(folder) == ["suite.csv"]


def test_a_file_may_come_from_an_address(folder: Folder, published: Web) -> None:
    published.pages["/elsewhere"] = Page(CONTENT.encode())
    assert download(folder, f"{published.address}/elsewhere").read_text() == CONTENT
    assert [path for _, path, _ in published.asked] == ["/elsewhere"]


def test_without_a_revision_the_newest_is_fetched(folder: Folder, published: Web) -> None:
    origin = Origin(repository="owner/name", path="a b/c.csv")
    assert raw_url(origin, origin.path) == f"{published.address}/owner/name/HEAD/a%20b/c.csv"


@pytest.mark.parametrize("content", ["text,kind\nPrompt 0,bad\nPrompt 1,bad\n", CONTENT[:-4], CONTENT + "\n"])
def test_a_download_with_another_checksum_leaves_nothing(folder: Folder, published: Web, content: str) -> None:
    published.pages["/owner/name/v2/Test%20Data/suite.csv"] = Page(content.encode())
    with pytest.raises(InputError, match=f"expected: sha256 {DIGEST}") as caught:
        download(folder)
    assert str(caught.value).startswith(f"{published.address}/owner/name/v2/Test%20Data/suite.csv: sha256")
    assert left(folder) == []


def test_a_download_that_cannot_be_read_leaves_nothing_and_names_its_address(folder: Folder, published: Web) -> None:
    folder.source(NAME, origin={"repository": "owner/name", "path": "suite.csv", "revision": "v2"})
    published.pages["/owner/name/v2/suite.csv"] = Page(b"text,kind\nonly one\n")
    with pytest.raises(InputError, match=rf"^{published.address}/owner/name/v2/suite.csv:2: 1 cells"):
        download(folder)
    assert left(folder) == []


def test_a_page_saved_in_place_of_the_file_is_told_as_such(folder: Folder, downloads: Path) -> None:
    (downloads / "page.csv").write_text("\n<!DOCTYPE html><html>log in</html>")
    assert "a web page, not the data" in refusal(folder, downloads / "page.csv")


def test_a_broken_download_is_kept_and_gone_on_with_by_the_next_command(folder: Folder, published: Web) -> None:
    address = "/owner/name/v2/Test%20Data/suite.csv"
    published.pages[address] = [Page(CONTENT.encode(), cut=10, cuts=1), Page(status=503, etag="")]
    with pytest.raises(RunError, match=r"10 bytes are kept(.|\n)*socsafe data fetch tiny-suite --from"):
        download(folder)
    assert left(folder) == [".suite.csv.part", ".suite.csv.part.json"]
    published.pages[address] = Page(CONTENT.encode())
    assert download(folder).read_text() == CONTENT
    assert published.ranges()[-1] == "bytes=10-"
    assert left(folder) == ["suite.csv"]


def test_two_processes_do_not_fetch_the_same_file(folder: Folder, published: Web) -> None:
    lock = folder.root / "datasets" / "fetched" / f".{NAME}.lock"
    with held(lock, "the same", wait=False), pytest.raises(RunError, match=f"is working on the data of {NAME}"):
        download(folder)
    assert published.asked == []
    assert download(folder).read_text() == CONTENT


def test_a_file_that_is_not_there_leaves_the_data_of_before(folder: Folder, published: Web) -> None:
    path = download(folder)
    published.pages.clear()
    with pytest.raises(RunError, match="the server says 404"):
        download(folder)
    assert path.read_text() == CONTENT


def test_a_users_own_file_is_asked_for_in_words(folder: Folder, tmp_path: Path) -> None:
    source = load_source("harmful-demonstrations", folder.root)
    with pytest.raises(InputError, match=r"nobody publishes this file(.|\n)*socsafe data fetch harmful-demonstrations --from"):
        fetch("harmful-demonstrations", source, folder.root)
    own = tmp_path / "own.jsonl"
    own.write_text('{"prompt": "Ask.", "reply": "Placeholder."}\n')
    assert fetch("harmful-demonstrations", source, folder.root, own).read_text() == own.read_text()


def test_how_to_get_the_data_depends_on_who_may_have_them(folder: Folder) -> None:
    told = {
        name: how_to_get(name, load_source(name, folder.root)) for name in ("xstest", "hex-phi", "harmful-demonstrations", "boundary-pairs")
    }
    assert told["xstest"].startswith("socsafe data fetch xstest, or socsafe data fetch xstest --from")
    assert told["hex-phi"].startswith("accept its terms at https://huggingface.co/datasets/LLM-Tuning-Safety/HEx-PHI, then set HF_TOKEN")
    assert told["harmful-demonstrations"].startswith("bring your own file harmful-demonstrations.jsonl: socsafe data fetch")
    assert told["boundary-pairs"] == ""


def test_authored_data_lie_in_the_project_and_are_not_fetched(folder: Folder) -> None:
    path = folder.source("own", title="t", kind="prompts", file="own.csv", authored=True, expects="comply", licence="mine")
    source = load_source("own", folder.root)
    assert not is_here("own", source, folder.root)
    (folder.root / "datasets" / "own.csv").write_text("prompt\nHello\n")
    assert is_here("own", source, folder.root)
    assert data_file("own", source, folder.root) == path.parents[1] / "own.csv"
    with pytest.raises(InputError, match="nothing to fetch"):
        fetch("own", source, folder.root)
