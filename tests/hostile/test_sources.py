"""What is fetched is data: an archive is not unpacked, an address inside the network is not visited, and a description runs nothing."""

from __future__ import annotations

import io
import socket
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from socsafe.data.download import _check_redirect
from socsafe.data.fetch import fetch
from socsafe.errors import InputError, RunError
from socsafe.study.sources import load_source
from tests.conftest import Folder, Left
from tests.data.web import Page, serve
from tests.finished import tree

Socsafe = Callable[..., Left]


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../../evil.txt", "x")
        archive.writestr("/tmp/evil.txt", "x")
        archive.writestr("suite.csv", "text,kind\nA prompt,bad\n")
    return out.getvalue()


def tarred(mode: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, kind, target in (
            ("../evil.txt", tarfile.REGTYPE, ""),
            ("link", tarfile.SYMTYPE, "/etc/passwd"),
            ("dev", tarfile.CHRTYPE, ""),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)
    return out.getvalue()


ARCHIVES = {"zip": zipped(), "tar": tarred("w"), "tar.gz": tarred("w:gz"), "tar.xz": tarred("w:xz")}


@pytest.mark.parametrize("form", ["csv", "jsonl", "json", "parquet"])
@pytest.mark.parametrize("archive", ARCHIVES)
def test_an_archive_in_the_place_of_data_is_refused_and_none_of_its_members_is_written(
    folder: Folder, tmp_path: Path, archive: str, form: str
) -> None:
    folder.source("tiny-suite", format=form, file="suite.dat")
    (tmp_path / "suite.dat").write_bytes(ARCHIVES[archive])
    before = tree(tmp_path)
    with pytest.raises(InputError):
        fetch("tiny-suite", load_source("tiny-suite", folder.root), folder.root, origin=tmp_path / "suite.dat")
    after = tree(tmp_path)
    assert {name for name in after if not name.endswith(".lock")} == set(before)
    assert not Path("/tmp/evil.txt").exists()


@pytest.mark.parametrize(
    "origin",
    [
        "file:///etc/passwd",
        "ftp://example.org/x.csv",
        "http://example.org/x.csv",
        "https://user:secret@example.org/x.csv",
        "gopher://x",
        "https://",
        "//example.org/x",
    ],
)
def test_an_address_that_is_not_https_is_not_fetched_from(here: Folder, socsafe: Socsafe, origin: str) -> None:
    left = socsafe("data", "fetch", "tiny-suite", "--from", origin, "--force")
    assert left.code == 2
    assert "secret" not in left.err


@pytest.mark.parametrize("mirror", ["file:///etc", "http://10.0.0.1", "http://example.org", "ftp://x"])
def test_nor_from_a_mirror_that_is_not(here: Folder, socsafe: Socsafe, monkeypatch: pytest.MonkeyPatch, mirror: str) -> None:
    monkeypatch.setenv("SOCSAFE_GITHUB_RAW", mirror)
    here.source("tiny-suite", origin={"repository": "owner/name", "path": "suite.csv"})
    left = socsafe("data", "fetch", "tiny-suite", "--force")
    assert left.code == 2
    assert "an address that is not fetched from" in left.err


INWARD = {
    "https://127.1/x": "127.0.0.1",
    "https://2130706433/x": "127.0.0.1",
    "https://0x7f.1/x": "127.0.0.1",
    "https://innocent.example/x": "10.1.2.3",
    "https://meta.example/x": "169.254.169.254",
    "https://six.example/x": "fd00::1",
    "https://LOCALHOST./x": "127.0.0.1",
}


@pytest.mark.parametrize("target", INWARD)
def test_a_redirect_by_a_name_that_stands_for_an_inner_address_is_refused(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def known(host: str, port: object) -> list[tuple[object, ...]]:
        family = socket.AF_INET6 if ":" in INWARD[target] else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (INWARD[target], 0))]

    monkeypatch.setattr("socket.getaddrinfo", known)
    with pytest.raises(RunError, match="a redirect to"):
        _check_redirect("https://example.org/x", target)


def test_a_redirect_from_this_machine_to_a_file_is_refused(here: Folder, socsafe: Socsafe) -> None:
    page = Page(status=302, headers={"Location": "file:///etc/passwd"})
    with serve(lambda web: web.pages.update({"/suite.csv": page})) as web:
        left = socsafe("data", "fetch", "tiny-suite", "--from", f"{web.address}/suite.csv", "--force")
    assert left.code == 1
    assert "a redirect to file:" in left.err


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system ['touch ran']",
        "!!python/name:os.system",
        "!!python/module:os",
        "!include /etc/passwd",
        "!ENV ${HOME}",
    ],
)
@pytest.mark.parametrize("place", ["study", "source"])
def test_a_tag_in_a_description_makes_nothing(here: Folder, socsafe: Socsafe, place: str, tag: str) -> None:
    study = here.study()
    path = study if place == "study" else here.root / "datasets" / "sources" / "tiny-suite.yml"
    path.write_text(path.read_text() + f"note: {tag}\n")
    left = socsafe("recipe", "render", study)
    assert (left.code, left.out) == (2, "")
    assert ": tag " in left.err
    assert not (here.root / "ran").exists()
