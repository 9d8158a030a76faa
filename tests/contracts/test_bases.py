"""What every base owes, and which names are taken for bases."""

from __future__ import annotations

from pathlib import Path

import pytest

from socsafe.catalogue import members
from socsafe.study.bases import ATTENTION, HUB_ID, base_names, find_base, known_bases, model_path

BASES = members("bases", ".yml")


def test_there_are_bases_and_one_of_them_is_made_here() -> None:
    assert set(BASES) == set(known_bases())
    assert [name for name in BASES if known_bases()[name].made_here] == ["micro"]


@pytest.mark.parametrize("name", BASES)
def test_a_base_is_a_hub_id_or_a_folder_of_the_project(name: str) -> None:
    base = known_bases()[name]
    assert bool(HUB_ID.match(base.model)) != base.made_here
    assert base.title.strip()
    assert base.licence.strip()
    assert len(set(base.lora_targets)) == len(base.lora_targets) > 0
    assert model_path(base, Path("/p")) == (f"/p/{base.model}" if base.made_here else base.model)


@pytest.mark.parametrize("name", BASES)
def test_a_base_is_found_by_its_name_and_by_its_hub_id(name: str) -> None:
    base = known_bases()[name]
    assert find_base(name) is base
    if not base.made_here:
        assert find_base(base.model) is base
        assert {name, base.model} <= set(base_names())


def test_any_other_hub_id_is_taken_with_the_defaults() -> None:
    base = find_base("owner/New-Model.v1")
    assert base is not None
    assert (base.model, base.lora_targets, base.chat_template, base.made_here) == ("owner/New-Model.v1", ATTENTION, True, False)


@pytest.mark.parametrize("name", ["mikro", "runs/bases/micro/x", "../x", "/abs", "a/", "/b", "a/b/c", "a b/c", "", "runs/../x", "owner/.."])
def test_what_is_neither_a_name_nor_a_hub_id_is_no_base(name: str) -> None:
    assert find_base(name) is None
