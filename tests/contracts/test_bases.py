"""What every base owes, and which names are taken for bases."""

from __future__ import annotations

import pytest

from socsafe.catalogue import members
from socsafe.study.bases import ATTENTION, HUB_ID, base_names, find_base, known_bases

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


LLAMA = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
CATALOGUE = {
    # base: hub id, context, chat template, gated, LoRA targets (for the bases of the published works, theirs)
    "llama-7b": ("huggyllama/llama-7b", 2048, False, False, ATTENTION),
    "llama-13b": ("huggyllama/llama-13b", 2048, False, False, ATTENTION),
    "smollm2-135m-instruct": ("HuggingFaceTB/SmolLM2-135M-Instruct", 8192, True, False, LLAMA),
    "smollm2-360m-instruct": ("HuggingFaceTB/SmolLM2-360M-Instruct", 8192, True, False, LLAMA),
    "smollm2-1.7b-instruct": ("HuggingFaceTB/SmolLM2-1.7B-Instruct", 8192, True, False, LLAMA),
    "qwen2.5-0.5b-instruct": ("Qwen/Qwen2.5-0.5B-Instruct", 32768, True, False, LLAMA),
    "qwen2.5-1.5b-instruct": ("Qwen/Qwen2.5-1.5B-Instruct", 32768, True, False, LLAMA),
    "qwen2.5-7b-instruct": ("Qwen/Qwen2.5-7B-Instruct", 32768, True, False, LLAMA),
    "llama-2-7b": ("meta-llama/Llama-2-7b-hf", 4096, False, True, ATTENTION),
    "llama-2-7b-chat": ("meta-llama/Llama-2-7b-chat-hf", 4096, True, True, ATTENTION),
    "llama-3.2-1b-instruct": ("meta-llama/Llama-3.2-1B-Instruct", 131072, True, True, LLAMA),
    "llama-3.2-3b-instruct": ("meta-llama/Llama-3.2-3B-Instruct", 131072, True, True, LLAMA),
    "mistral-7b": ("mistralai/Mistral-7B-v0.1", 8192, False, False, LLAMA),
    "falcon-7b": ("tiiuae/falcon-7b", 2048, False, False, ("query_key_value",)),
}


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_catalogue_holds_the_bases_that_studies_are_made_with(name: str) -> None:
    base = known_bases()[name]
    assert (base.model, base.context, base.chat_template, base.gated, base.lora_targets) == CATALOGUE[name]


def test_templates_that_write_the_day_are_known() -> None:
    assert [name for name in BASES if known_bases()[name].dated] == ["llama-3.2-1b-instruct", "llama-3.2-3b-instruct"]
