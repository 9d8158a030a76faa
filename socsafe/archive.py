"""A ZIP file of named byte strings with a list of their checksums: the same content makes the same bytes, and none is read unchecked.

>>> write_archive(Path("quickstart.zip"), {"study.yml": b"name: quickstart"})
>>> read_archive(Path("quickstart.zip"))["study.yml"]
b'name: quickstart'

Whoever made the archive is not trusted: nothing is ever unpacked to a path that it names, its members are held in memory, and it is
refused as a whole where a name leads elsewhere, a member is a link, it would grow beyond `MOST_BYTES`, or a checksum is wrong.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from socsafe.errors import InputError, Problem, RunError
from socsafe.files import write_bytes
from socsafe.repeated import repeated
from socsafe.strict_json import parse_json

MANIFEST = "MANIFEST.json"
"""The member that lists all others: name -> SHA-256."""
MOST_BYTES = 1 << 30
"""Most bytes that all members together may unpack to: they are held in memory. A million replies with their verdicts make less."""
MOST_MEMBERS = 200_000
FORMAT = 1

_NAME = re.compile(r"[A-Za-z0-9_+@=,-][A-Za-z0-9._+@=,-]*(?:/[A-Za-z0-9_+@=,-][A-Za-z0-9._+@=,-]*)*")
_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = (stat.S_IFREG | 0o644) << 16


def write_archive(path: Path, members: Mapping[str, bytes]) -> None:
    """Write the archive whole or not at all: members by name, without times, owners or modes of their own.

    Raises `ValueError` for a name that `read_archive` would refuse, `RunError` for more than it would read.
    """
    if strange := [name for name in members if not _good(name) or name == MANIFEST]:
        raise ValueError(f"no name for a member of an archive: {strange[0]!r}")
    if (size := sum(map(len, members.values()))) > MOST_BYTES:
        got = f"{size:,} bytes to be packed"
        raise RunError(
            Problem(str(path), got, f"at most {MOST_BYTES:,}, which can be read again", "leave the replies out, or export a part")
        )
    listed = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()}
    manifest = json.dumps({"format": FORMAT, "members": listed}, indent=1, sort_keys=True).encode() + b"\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in [(MANIFEST, manifest), *sorted(members.items())]:
            entry = zipfile.ZipInfo(name, _TIME)
            # What system wrote it is noted in every entry, and would differ between systems.
            entry.create_system, entry.external_attr, entry.compress_type = 3, _MODE, zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    write_bytes(path, packed.getvalue())


def read_archive(path: Path) -> dict[str, bytes]:
    """Every member but the manifest, each checked against it. Raises `InputError` where the file is no archive or is not whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            if problem := _refused(archive.infolist()):
                raise _bad(path, problem)
            found = {name: _content(archive, entry) for name, entry in entries.items()}
    except OSError as error:
        raise InputError(Problem(str(path), f"cannot be read: {error.strerror or error}", "an archive of `socsafe export`")) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise _bad(path, f"not readable as a ZIP file: {error}") from error
    listed = _listed(path, found.pop(MANIFEST))
    problems = [f"{name} is missing" for name in sorted(listed.keys() - found.keys())]
    problems += [f"{name} is not in its manifest" for name in sorted(found.keys() - listed.keys())]
    wrong = (name for name in sorted(found.keys() & listed.keys()) if hashlib.sha256(found[name]).hexdigest() != listed[name])
    problems += [f"{name} is not what its manifest says (SHA-256)" for name in wrong]
    if problems:
        raise InputError([_problem(path, problem) for problem in problems[:20]])
    return found


def _good(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and len(name) <= 400


def _refused(entries: list[zipfile.ZipInfo]) -> str:
    """Why nothing of the archive may be read; empty where all may."""
    names = [entry.filename for entry in entries]
    if MANIFEST not in names:
        return f"without {MANIFEST}"
    if len(entries) > MOST_MEMBERS:
        return f"{len(entries)} members, more than {MOST_MEMBERS}"
    if twice := repeated(names):
        return f"two members called {twice[0]!r}"
    for entry in entries:
        if not _good(entry.filename):
            return f"a member called {entry.filename[:100]!r}"
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            return f"{entry.filename} is a link or another special file"
        if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return f"{entry.filename} is encrypted, or packed as no archive of socsafe is"
    if (size := sum(entry.file_size for entry in entries)) > MOST_BYTES:
        return f"{size} bytes unpacked, more than {MOST_BYTES}"
    return ""


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The member's bytes; never more than it says it has, which `_refused` has added up."""
    with archive.open(entry) as member:
        content = member.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise zipfile.BadZipFile(f"{entry.filename} does not have the size it claims")
    return content


def _listed(path: Path, manifest: bytes) -> dict[str, str]:
    try:
        content = parse_json(manifest.decode())
        version, members = content["format"], content["members"]
    except (ValueError, TypeError, KeyError) as error:
        raise _bad(path, f"{MANIFEST} is not readable") from error
    if version != FORMAT:
        raise _bad(path, f"format {version!r}: written by another version of socsafe, which this one ({FORMAT}) cannot read")
    if not isinstance(members, dict) or not all(isinstance(digest, str) for digest in members.values()):
        raise _bad(path, f"{MANIFEST} is not readable")
    return members


def _bad(path: Path, got: str) -> InputError:
    return InputError(_problem(path, got))


def _problem(path: Path, got: str) -> Problem:
    return Problem(str(path), got, "an archive as `socsafe export` writes it", "fetch it again, or export the study again")
