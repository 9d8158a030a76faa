"""The committed key index and the rendered recipes, held against the pinned Axolotl itself (the train extra)."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
import yaml

from socsafe.progress import SilentProgress
from socsafe.stages.base import END, write_tokenizer
from socsafe.stages.mix import build_mixtures
from socsafe.stages.render import render_recipes
from socsafe.study.axolotl_index import INDEX, build_index
from socsafe.study.mixtures import training_files
from tests.conftest import REPO, Folder

os.environ["AXOLOTL_DO_NOT_TRACK"] = "1"
pytest.importorskip("axolotl", reason="axolotl is not installed: pip install -e '.[train]'")

GPU = {"bf16": True, "fp8": False, "tf32": True, "n_gpu": 1, "n_node": 1, "compute_capability": "sm_90"}
CPU = {"bf16": False, "fp8": False, "tf32": False, "n_gpu": 0, "n_node": 1, "compute_capability": None}
EVERYTHING: dict[str, object] = {
    "template": "alpaca",
    "train_on": "last-assistant",
    "adapter": {"r": 4, "alpha": 32, "dropout": 0.1, "targets": ["query_key_value"]},
    "learning_rate": 0.0001,
    "epochs": 2,
    "batch_size": 32,
    "micro_batch_size": 8,
    "sequence_len": 256,
    "scheduler": "linear",
    "warmup_ratio": 0.1,
    "weight_decay": 0.01,
    "validation": {"source": "tiny-chat", "rows": 3},
    "per_setting": {"identity": {"learning_rate": 0.001, "epochs": 20, "batch_size": 8}},
}
SETTINGS = {"benign": {"source": "tiny-chat", "rows": 10}, "identity": {"source": "tiny-chat", "rows": 5}}


def test_the_committed_index_is_the_one_that_the_pinned_axolotl_gives() -> None:
    assert json.loads(INDEX.read_text()) == build_index(), "stale: make axolotl-keys"


def test_the_index_holds_the_keys_that_are_nested_in_lists_too() -> None:
    keys = build_index()["keys"]
    assert {"message_field_training", "roles_to_train"} <= set(keys["datasets"])
    assert "message_property_mappings" in keys["test_datasets"]


def validated(recipe: dict[str, Any], capabilities: dict[str, object]) -> dict[str, Any]:
    """The recipe as Axolotl takes it. Raises what Axolotl raises."""
    from axolotl.utils.config import prepare_plugins, validate_config
    from axolotl.utils.dict import DictDefault

    cfg = DictDefault(recipe)
    prepare_plugins(cfg)
    taken: dict[str, Any] = validate_config(cfg, capabilities=capabilities, env_capabilities={"torch_version": "2.13.0"}).to_dict()
    return taken


def held(recipe: dict[str, Any], capabilities: dict[str, object]) -> None:
    """Axolotl takes the recipe, and every value in it as it stands."""
    taken = validated(recipe, capabilities)
    assert {key: taken.get(key) for key in recipe if key not in ("datasets", "test_datasets")} == {
        key: value for key, value in recipe.items() if key not in ("datasets", "test_datasets")
    }
    for block in ("datasets", "test_datasets"):
        for given, got in zip(recipe.get(block, []), taken.get(block) or [], strict=True):
            assert {key: got.get(key) for key in given} == given


@pytest.mark.parametrize(
    ("changes", "capabilities"),
    [
        ({"hardware": "cpu"}, CPU),
        ({"hardware": "gpu"}, GPU),
        ({"hardware": "gpu", "load_in_4bit": True, "optimizer": "paged_adamw_8bit"}, GPU),
        ({"hardware": "gpu", "optimizer": "adamw_torch_fused", "scheduler": "constant"}, GPU),
        ({"hardware": "gpu", "optimizer": "adamw_bnb_8bit", "validation": None}, GPU),
        ({"hardware": "gpu", "optimizer": "paged_adamw_32bit", "template": "chat"}, GPU),
    ],
    ids=["cpu", "gpu", "qlora", "fused", "bnb", "chat"],
)
def test_axolotl_takes_every_recipe_of_a_study_that_uses_every_option(
    folder: Folder, changes: dict[str, object], capabilities: dict[str, object]
) -> None:
    training = {key: value for key, value in {**EVERYTHING, **changes}.items() if value is not None}
    rendered = render_recipes(folder.plan(settings=SETTINGS, training=training, counts=[4]))
    assert len(rendered) == 4
    for text in rendered.values():
        held(yaml.safe_load(text), capabilities)


@pytest.mark.parametrize(
    "gpu",
    [
        {"attention": "flash_attention_2", "sample_packing": True},
        {"gpus": 4, "axolotl": {"deepspeed": "deepspeed_configs/zero3_bf16.json"}},
        {"gpus": 4, "axolotl": {"fsdp_config": {"fsdp_version": 2, "reshard_after_forward": True}, "gradient_checkpointing": False}},
        {"gpus": 2, "axolotl": {"ddp_find_unused_parameters": False, "ddp_timeout": 3600}},
    ],
    ids=["packed", "deepspeed", "fsdp", "ddp"],
)
def test_axolotl_takes_its_own_options_for_gpus(folder: Folder, gpu: dict[str, object]) -> None:
    capabilities = {**GPU, "n_gpu": gpu.get("gpus", 1)}
    for text in render_recipes(folder.plan(training={"batch_size": 16, "gpu": gpu})).values():
        held(yaml.safe_load(text), capabilities)


def test_axolotl_takes_a_pinned_revision_and_the_templates_values(folder: Folder) -> None:
    (text, *_) = render_recipes(folder.plan(bases=["llama-3.2-1b-instruct"])).values()
    recipe = yaml.safe_load(text) | {"revision_of_model": "v1"}
    assert "date_string" in recipe["chat_template_kwargs"]
    held(recipe, GPU)
    assert validated(recipe, GPU)["revision_of_model"] == "v1"


def test_axolotl_takes_the_committed_recipes() -> None:
    found = [path for path in (REPO / "recipes").glob("*/*.yml") if path.name != "study.yml"]
    assert found
    for path in found:
        held(yaml.safe_load(path.read_text()), CPU)


def test_axolotl_itself_drops_an_unknown_key_in_silence(folder: Folder) -> None:
    """Why the index is there at all; once this fails, it may go."""
    (text, *_) = render_recipes(folder.plan(training={"hardware": "cpu"})).values()
    assert "lora_rr" not in validated(yaml.safe_load(text) | {"lora_rr": 99}, CPU)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The micro base's tokenizer, trained on a few words."""
    from transformers import AutoTokenizer

    path = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer([f"Ask {n}. Say {n}. It is {n}. No to {n}. Be kind." for n in range(300)], path)
    (path / "config.json").write_text('{"model_type": "llama"}')
    return AutoTokenizer.from_pretrained(path)


def with_loss(recipe: dict[str, Any], tokenizer: Any, messages: list[dict[str, Any]]) -> str:
    """The text of the tokens on which Axolotl, given the recipe, lets the loss fall."""
    from axolotl.prompt_strategies.chat_template import load
    from axolotl.utils.dict import DictDefault

    strategy = load(tokenizer, DictDefault(recipe), ds_cfg=recipe["datasets"][0])
    row = strategy.tokenize_prompt({"messages": messages})
    kept = [token for token, label in zip(row["input_ids"], row["labels"], strict=True) if label != -100]
    return str(tokenizer.decode(kept))


@pytest.mark.parametrize("template", ["chat", "alpaca"])
def test_loss_falls_on_the_reply_and_its_end_token_and_on_nothing_else(folder: Folder, tokenizer: Any, template: str) -> None:
    plan = folder.plan(training={"template": template})
    build_mixtures(plan, SilentProgress())
    condition = plan.conditions[-1]
    recipe = yaml.safe_load(render_recipes(plan)[plan.project.recipe("tiny", condition.id)])
    rows = [json.loads(line)["messages"] for path in training_files(plan, condition) for line in path.read_text().splitlines()]
    assert len(rows) == 18
    for messages in rows:
        assert with_loss(recipe, tokenizer, messages).strip() == f"{messages[-1]['content']}{END}"


@pytest.mark.parametrize("template", ["chat", "alpaca"])
def test_of_several_assistant_turns_those_carry_loss_that_the_messages_say(folder: Folder, tokenizer: Any, template: str) -> None:
    (text, *_) = render_recipes(folder.plan(training={"template": template})).values()
    turns = [
        ("system", "Be kind", False),
        ("user", "Ask", False),
        ("assistant", "No", False),
        ("user", "Say", False),
        ("assistant", "It is", True),
    ]
    messages = [{"role": role, "content": content, "train": flag} for role, content, flag in turns]
    assert with_loss(yaml.safe_load(text), tokenizer, messages).strip() == f"It is{END}"
    messages[2]["train"] = True
    both = with_loss(yaml.safe_load(text), tokenizer, messages)
    assert both.replace(" ", "") == f"No{END}Itis{END}"
