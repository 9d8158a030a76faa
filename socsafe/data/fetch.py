"""Bringing a source's published file into the project: found, checked against its checksum, copied whole or not at all.

>>> fetch("xstest", source, root, origin=Path("../downloads"))
PosixPath('.../datasets/fetched/xstest/xstest_prompts.csv')
"""

from __future__ import annotations

import shutil
from glob import escape
from pathlib import Path

from socsafe.data.read import read_rows
from socsafe.errors import InputError, Problem
from socsafe.files import atomic_path, sha256_file
from socsafe.manifest import hash_of
from socsafe.study.sources import Source, data_file


def is_here(name: str, source: Source, root: Path) -> bool:
    """Whether the source's data are in the project, with the checksum it declares."""
    path = data_file(name, source, root)
    return path is None or (path.is_file() and (source.sha256 is None or hash_of(path) == source.sha256))


def fetch(name: str, source: Source, root: Path, origin: Path) -> Path:
    """Copy the source's file from `origin`, a file or a folder to search, and give the copy's path.

    Raises `InputError` when it is not found there, has another checksum, or cannot be read as the source declares.
    """
    target = data_file(name, source, root)
    if target is None:
        raise InputError(Problem(name, "this source is composed from the project's own files", "nothing to fetch"))
    found = _find(name, source, origin)
    with atomic_path(target) as part:
        try:
            shutil.copyfile(found, part)
        except OSError as error:
            raise InputError(Problem(str(found), f"cannot be read: {error.strerror or error}", source.title)) from error
        got = sha256_file(part)
        if source.sha256 and got != source.sha256:
            raise InputError(Problem(str(found), f"sha256 {got}", f"sha256 {source.sha256}, as {name}.yml declares", where_from(source)))
        # Of the two alike, the messages speak of the one that the user knows.
        read_rows(name, source.model_copy(update={"sha256": None}), found)
    return target


def where_from(source: Source) -> str:
    """In words, where the file was published."""
    if source.origin is None:
        return "its publisher is not named"
    at = f" at {source.origin.revision}" if source.origin.revision else ""
    return f"published in {source.origin.repository}{at}, file {source.origin.path}"


def _find(name: str, source: Source, origin: Path) -> Path:
    """The file itself, or the one in the folder that bears the source's file name and, of several, its checksum."""
    if origin.is_file():
        return origin
    if not origin.is_dir():
        raise InputError(Problem(str(origin), "no such file or folder", f"{source.file} or a folder that holds it", where_from(source)))
    named = sorted(path for path in origin.rglob(escape(source.file or "")) if path.is_file())
    if not named:
        raise InputError(Problem(str(origin), f"no file {source.file} in this folder", f"the data of {name}", where_from(source)))
    return next((path for path in named if source.sha256 == sha256_file(path)), named[0])
