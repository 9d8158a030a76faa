"""Bringing a source's published file into the project: found or fetched, checked against its checksum, copied whole or not at all.

>>> fetch("xstest", source, root)                                 # from where it was published
>>> fetch("xstest", source, root, origin="../downloads")          # a folder to search, a file, or an https address
PosixPath('.../datasets/fetched/xstest/xstest_prompts.csv')

Files on GitHub come from SOCSAFE_GITHUB_RAW (https://raw.githubusercontent.com unless it is set, to a mirror, say), those on the hub
from HF_ENDPOINT.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path
from urllib.parse import quote

from socsafe.data.download import discard, download, is_url
from socsafe.data.hub import agree, hub_file
from socsafe.data.load import check_file
from socsafe.data.read import how_to_fetch
from socsafe.errors import InputError, Problem
from socsafe.files import atomic_path, cannot_write, decode, sha256_file, write_text
from socsafe.locks import held
from socsafe.manifest import hash_of
from socsafe.paths import link_problems, unfit_name
from socsafe.progress import Progress, SilentProgress
from socsafe.study.sources import Origin, Source, data_file

GITHUB_RAW = "https://raw.githubusercontent.com"
OFFLINE = "socsafe data fetch {} --from FILE-OR-FOLDER-OR-URL, with the file got in another way"


def is_here(name: str, source: Source, root: Path) -> bool:
    """Whether the source's data are in the project, with the checksum it declares."""
    path = data_file(name, source, root)
    return path is None or (path.is_file() and (source.sha256 is None or hash_of(path) == source.sha256))


def fetch(name: str, source: Source, root: Path, origin: str | Path | None = None, progress: Progress | None = None) -> Path:
    """Bring the source's file into the project and give its path.

    `origin` is a file, a folder to search or an https address; without one the file comes from where it was published. Raises
    `InputError` when it is not found there, has another checksum, or cannot be read as the source declares, and `RunError` when
    it cannot be reached or another process is fetching it.
    """
    target = data_file(name, source, root)
    if target is None or source.authored:
        raise InputError(Problem(name, "this source is composed from the project's own files", "nothing to fetch"))
    if wrong := unfit_name(name):
        raise InputError(Problem(name, f"{wrong}", "a source whose file has a name for every system"))
    if problems := link_problems(root, [target.parent]):
        raise InputError(problems)
    with (
        held(target.parents[1] / f".{name}.lock", f"the data of {name}", wait=False),
        _brought(name, source, target, origin, progress or SilentProgress()) as (found, called),
        atomic_path(target) as part,
    ):
        try:
            shutil.copyfile(found, part)
        except OSError as error:
            raise InputError(Problem(str(found), f"cannot be read: {error.strerror or error}", source.title)) from error
        _check(name, source, part, called)
    return target


def where_from(source: Source) -> str:
    """In words, where the file was published."""
    if source.origin is None:
        return "its publisher is not named"
    at = f" at {source.origin.revision}" if source.origin.revision else ""
    host = " on the Hugging Face hub" if source.origin.host == "hub" else ""
    folder = "" if source.origin.path == "." else f" in {source.origin.path}"
    what = f"{len(source.parts)} files{folder}" if source.parts else f"file {source.origin.path}"
    return f"published in {source.origin.repository}{at}{host}, {what}"


def how_to_get(name: str, source: Source) -> str:
    """In words, what a user has to do for the data; empty where they are composed or authored."""
    if source.file is None or source.authored:
        return ""
    if source.access == "yours" or source.origin is None:
        return f"bring your own file {source.file}: {how_to_fetch(name, source)}"
    first = f"{agree(source.origin)}; then " if source.access == "gated" else ""
    return first + how_to_fetch(name, source)


def raw_url(origin: Origin, path: str) -> str:
    """The address of a file on GitHub; without a revision, of its newest version."""
    base = os.environ.get("SOCSAFE_GITHUB_RAW") or GITHUB_RAW
    return f"{base.rstrip('/')}/{origin.repository}/{origin.revision or 'HEAD'}/{quote(path)}"


def _check(name: str, source: Source, part: Path, called: str) -> None:
    """Whether the copy is what the source declares; messages speak of it by the name that the user knows."""
    with part.open("rb") as handle:
        head = handle.read(256).lstrip().lower()
    if head.startswith((b"<!doctype html", b"<html")):
        raise InputError(Problem(called, "a web page, not the data", f"{source.file}: download the raw file", where_from(source)))
    got = sha256_file(part)
    if source.sha256 and got != source.sha256:
        raise InputError(Problem(called, f"sha256 {got}", f"sha256 {source.sha256}, as {name}.yml declares", where_from(source)))
    try:
        check_file(name, source.model_copy(update={"sha256": None}), part)
    except InputError as error:
        raise InputError(replace(problem, where=problem.where.replace(str(part), called)) for problem in error.problems) from error


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the files of a source are taken from."""

    name: str
    source: Source
    folder: Path
    """Where what comes over the network is kept while it comes."""
    origin: str | Path | None
    progress: Progress

    def get(self, file: str, path: str, sha256: str | None) -> tuple[Path, str]:
        """One published file, and what to call it: `file` by its name alone, `path` where it was published."""
        published, mend = self.source.origin, OFFLINE.format(self.name)
        if self.origin is not None and not is_url(str(self.origin)):
            found = _find(file, sha256, self.source, Path(self.origin))
            return found, str(found)
        if self.origin is None and published is not None and published.host == "hub":
            return hub_file(self.name, published, path, mend), f"{published.repository}/{path}"
        if self.origin is None and published is not None:
            url = raw_url(published, path)
        elif self.source.parts:
            raise InputError(Problem(str(self.origin), f"one address for {len(self.source.parts)} files", "a folder that holds them"))
        else:
            url = str(self.origin)
        part = self.part(file)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.folder, error) from error
        download(url, part, self.progress, mend=mend)
        return part, url

    def part(self, file: str) -> Path:
        """Where a file lies while it comes over the network."""
        return self.folder / f".{file}.part"


@contextmanager
def _brought(name: str, source: Source, target: Path, origin: str | Path | None, progress: Progress) -> Iterator[tuple[Path, str]]:
    """The source's file, where it lies outside the project or has just arrived, and what to call it."""
    if origin is None and (source.origin is None or source.access == "yours"):
        raise InputError(Problem(name, "nobody publishes this file", source.note or source.title, how_to_get(name, source)))
    place = _Place(name, source, target.parent, origin, progress)
    published = source.origin.path if source.origin else ""
    joined = bool(source.parts) and not (origin and Path(origin).is_file())
    try:
        if not joined:
            yield place.get(source.file or "", published, source.sha256)
        else:
            parts = [(label, *place.get(file, f"{published}/{file}".removeprefix("./"), None)) for file, label in source.parts.items()]
            with tempfile.TemporaryDirectory() as folder:
                whole = Path(folder) / (source.file or "")
                write_text(whole, "".join(_labelled(label, found, called) for label, found, called in parts))
                yield whole, f"the {len(parts)} files of {name}"
    except InputError:
        _forget(place)  # It came whole and is wrong; after any other end, what has come is gone on with the next time.
        raise
    _forget(place)


def _forget(place: _Place) -> None:
    for file in (*place.source.parts, place.source.file or ""):
        discard(place.part(file))


def _labelled(label: str, found: Path, called: str) -> str:
    """The rows of one CSV file without a header, with the label before their cells."""
    text = io.StringIO()
    try:
        rows = csv.reader(io.StringIO(decode(found.read_bytes(), Path(called)), newline=""), strict=True)
        csv.writer(text, lineterminator="\n").writerows([label, *cells] for cells in rows if cells)
    except csv.Error as error:
        raise InputError(Problem(called, str(error), "CSV")) from error
    return text.getvalue()


def _find(file: str, sha256: str | None, source: Source, origin: Path) -> Path:
    """The file itself, or the one in the folder that bears the file's name and, of several, its checksum."""
    if origin.is_file():
        return origin
    if not origin.is_dir():
        raise InputError(Problem(str(origin), "no such file or folder", f"{file} or a folder that holds it", where_from(source)))
    named = sorted(path for path in origin.rglob(escape(file)) if path.is_file())
    if not named:
        raise InputError(Problem(str(origin), f"no file {file} in this folder", f"the data of {source.title}", where_from(source)))
    return next((path for path in named if sha256 == sha256_file(path)), named[0])
