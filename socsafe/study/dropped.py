"""Rows that a study leaves out of training because an evaluation suite asks the same: `recipes/<study>/dropped.yml`.

    rows:
      alpaca: ['17', '204']
      bianchi-safety: ['9']

Written by `socsafe data check STUDY --drop`, committed with the study, read before anything is drawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from socsafe.errors import InputError, Problem
from socsafe.files import write_text
from socsafe.paths import Project
from socsafe.study.block import Block, Name
from socsafe.study.load import read_model

Dropped = dict[str, tuple[str, ...]]
"""Source -> ids of its rows."""

_HEAD = "# Rows left out of training because an evaluation suite asks the same, or nearly. Written by socsafe data check --drop.\n"
_SIGNED = "# sha256 of the lines below: "


class _File(Block):
    rows: dict[Name, tuple[Name, ...]]
    """Source -> ids of its rows, in quotes."""


def dropped_file(project: Project, study: str) -> Path:
    """Where the list lies."""
    return project.recipes / study / "dropped.yml"


def read_dropped(project: Project, study: str) -> Dropped:
    """Source -> ids left out; nothing where there is no list. Raises `InputError` when it is not such a list, or not what was written."""
    path = dropped_file(project, study)
    if not path.is_file():
        return {}
    if is_altered(path):
        got = "not what was written: it does not have the SHA-256 in its second line"
        mend = f"rm {path}, then socsafe data check STUDY --drop; or, if you changed it on purpose, take out its two lines of comment"
        raise InputError(Problem(str(path), got, "the list as socsafe data check --drop writes it", mend))
    return read_model(path, _File).rows


def write_dropped(project: Project, study: str, dropped: Mapping[str, tuple[str, ...]]) -> None:
    """Write the list, sources and ids in order."""
    import yaml

    rows = {name: list(ids) for name, ids in dropped.items()}
    write_text(dropped_file(project, study), _signed(yaml.safe_dump({"rows": rows}, allow_unicode=True, sort_keys=True, width=120)))


def is_altered(path: Path) -> bool:
    """Whether a list that was written by `write_dropped` is no longer what was written; one made by hand has no hash to keep."""
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    head, _, rest = text.partition("\n")
    second, _, body = rest.partition("\n")
    cut_short = text == head and _HEAD.startswith(head)
    if head + "\n" != _HEAD and not second.startswith(_SIGNED) and not cut_short:
        return False
    return text.encode(errors="surrogateescape") != _signed(body).encode(errors="surrogateescape")


def _signed(body: str) -> str:
    digest = hashlib.sha256(body.encode(errors="surrogateescape")).hexdigest()
    return f"{_HEAD}{_SIGNED}{digest}\n{body}"
