"""What a recipe says of GPUs, of a pinned revision and of a template that writes a date."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from socsafe.errors import InputError, RunError
from socsafe.stages import render
from socsafe.stages.render import render_recipes
from socsafe.study.bases import find_base
from tests.conftest import Folder
from tests.stages.test_render import REFUSAL, recipes


def gpu(folder: Folder, **block: object) -> dict[str, Any]:
    return recipes(folder, training={"batch_size": 16, "micro_batch_size": 2, "gpu": block})[REFUSAL]


def test_a_gpu_recipe_is_bfloat16_without_packing_unless_asked(folder: Folder) -> None:
    plain = recipes(folder)[REFUSAL]
    assert (plain["bf16"], plain["attn_implementation"], plain["sample_packing"]) == (True, "sdpa", False)
    asked = gpu(folder, attention="flash_attention_2", sample_packing=True)
    assert (asked["attn_implementation"], asked["sample_packing"], asked["pad_to_sequence_len"]) == ("flash_attention_2", True, True)


def test_several_gpus_leave_a_step_as_many_rows_and_are_started_by_the_launcher(folder: Folder) -> None:
    one, four = gpu(folder), gpu(folder, gpus=4)
    assert one["gradient_accumulation_steps"] * one["micro_batch_size"] == 16
    assert four["gradient_accumulation_steps"] * four["micro_batch_size"] * 4 == 16
    plan = folder.plan(training={"gpu": {"gpus": 4}})
    assert render.train_command(plan, plan.conditions[0]).endswith(".yml --launcher torchrun -- --nproc_per_node=4")


def test_axolotls_own_options_for_sharing_a_model_are_written_as_they_stand(folder: Folder) -> None:
    own = {"fsdp_version": 2, "fsdp_config": {"reshard_after_forward": True}}
    assert own.items() <= gpu(folder, gpus=2, axolotl=own).items()
    with pytest.raises(RunError, match=r"fsdp_config\.reshard_afterforward"):
        gpu(folder, axolotl={"fsdp_config": {"reshard_afterforward": True}})


@pytest.mark.parametrize(
    ("training", "told"),
    [
        ({"hardware": "cpu", "gpu": {"gpus": 2}}, "hardware: gpu, or no gpu block"),
        ({"batch_size": 16, "micro_batch_size": 2, "gpu": {"gpus": 3}}, "micro_batch_size 2 x gpus 3 = 6"),
        ({"gpu": {"axolotl": {"learning_rate": 0.1}}}, "learning_rate"),
    ],
)
def test_gpu_settings_that_cannot_hold_are_told(folder: Folder, training: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        folder.plan(training=training)


def test_a_pinned_revision_and_a_fixed_date_reach_axolotl(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    from socsafe.study import checked

    plan = folder.plan(bases=["llama-3.2-1b-instruct"])
    recipe = yaml.safe_load(next(iter(render_recipes(plan).values())))
    assert recipe["chat_template_kwargs"] == {"date_string": "26 Jul 2024"}
    assert "revision_of_model" not in recipe
    base = plan.bases["llama-3.2-1b-instruct"].model_copy(update={"revision": "v1.0", "dated": False})
    monkeypatch.setattr(checked, "find_base", lambda _name: base)
    recipe = yaml.safe_load(next(iter(render_recipes(folder.plan(bases=["llama-3.2-1b-instruct"])).values())))
    assert recipe["revision_of_model"] == "v1.0"
    assert "chat_template_kwargs" not in recipe


def test_an_unset_revision_leaves_fingerprints_as_they_were() -> None:
    base = find_base("qwen2.5-0.5b-instruct")
    assert base is not None
    assert {"revision", "dated"}.isdisjoint(base.model_dump())
    assert base.model_copy(update={"revision": "v1"}).model_dump()["revision"] == "v1"
