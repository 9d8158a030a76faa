"""Base models: one YAML file each in `socsafe/bases`, or any hub id.

>>> base = find_base("Qwen/Qwen2.5-0.5B-Instruct")
>>> base.lora_targets
('q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj')

A hub id that has no file is taken with the defaults below; `socsafe recipe list` says so.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Annotated

from pydantic import Field

from socsafe.catalogue import PACKAGE, members
from socsafe.study.block import Block
from socsafe.study.load import read_model

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}\Z", re.ASCII)
"""As the hub itself has it: both parts of at most 96 characters."""
ATTENTION = ("q_proj", "v_proj")


def _unset(value: object) -> bool:
    """Fields that say nothing are left out of what fingerprints are made of, so that a new one makes no trained condition stale."""
    return not value


class Base(Block):
    """What socsafe has to know of a base model."""

    model: str
    """Hub id, or a folder relative to the project for a base that is made there."""
    revision: Annotated[str, Field(pattern=r"^([\w.-]+(/[\w.-]+)*)?$", max_length=200, exclude_if=_unset)] = ""
    """Commit, tag or branch of the hub's repository, in training and conversion alike; what its main branch holds where empty."""
    title: str
    """One line for lists and reports."""
    licence: str
    """SPDX identifier or the licence's own name."""
    gated: bool = False
    """Whether the hub asks for an account that has accepted the licence."""
    made_here: bool = False
    """Whether `socsafe base build` makes it."""
    context: Annotated[int, Field(ge=64)]
    """Tokens it was trained for."""
    chat_template: bool
    """Whether its tokenizer brings a chat template."""
    dated: Annotated[bool, Field(exclude_if=_unset)] = False
    """Whether that template writes the day's date unless it is given one: training is then given the date that evaluation writes."""
    lora_targets: Annotated[tuple[str, ...], Field(min_length=1)] = ATTENTION
    """Linear layers that the adapter changes unless the study says otherwise."""


@cache
def known_bases() -> dict[str, Base]:
    """Name -> base, for every file in `socsafe/bases`."""
    return {name: read_model(PACKAGE / "bases" / f"{name}.yml", Base) for name in members("bases", ".yml")}


def base_names() -> tuple[str, ...]:
    """The names and the hub ids that the catalogue knows."""
    return tuple(known_bases()) + tuple(base.model for base in known_bases().values() if not base.made_here)


def known_base(name: str) -> Base | None:
    """The base of that name or hub id in the catalogue; None where it has none."""
    by_id = {base.model: base for base in known_bases().values() if not base.made_here}
    return known_bases().get(name) or by_id.get(name)


def find_base(name: str) -> Base | None:
    """The base of that name or hub id; one with the defaults for a hub id without a file; None for anything else."""
    if known := known_base(name):
        return known
    if HUB_ID.match(name):
        return Base(model=name, title=name, licence="see its card", context=2048, chat_template=True)
    return None
