"""Rendering one Axolotl recipe per condition, next to the study: `recipes/<study>/<condition>.yml`.

>>> written, removed = write_recipes(plan)

A recipe is complete: `axolotl train` needs nothing but it, the mixtures and the base. Keys stand in a fixed order, and
each, nested ones too, is checked against the index of the pinned Axolotl, which itself drops unknown keys in silence.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from socsafe.data.fingerprints import Fingerprints
from socsafe.engines.axolotl import launcher
from socsafe.engines.template_job import FIXED_DATE
from socsafe.errors import Problem, RunError
from socsafe.files import write_if_changed
from socsafe.study.axolotl_index import load_index, unknown_keys
from socsafe.study.bases import Base
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.mixtures import training_files, validation_file
from socsafe.study.spec import Training
from socsafe.study.templates import template_text

MARK = "# Rendered by socsafe from "


class _Dumper(yaml.CSafeDumper):
    """Block style; texts of several lines as literal blocks."""


def _text(dumper: yaml.CSafeDumper, value: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)


def render_recipes(plan: Plan) -> dict[Path, str]:
    """Path -> text of every recipe, in the study's order. Writes nothing."""
    fingerprints = Fingerprints(plan)
    index = load_index()
    rendered: dict[Path, str] = {}
    for condition in plan.conditions:
        recipe = recipe_of(plan, condition, fingerprints)
        unknown = unknown_keys(recipe, index)
        if unknown:
            where = plan.project.relative(plan.project.recipe(plan.study.name, condition.id))
            raise RunError(
                Problem(where, f"keys that Axolotl does not know: {', '.join(unknown)}", "keys of the pinned Axolotl", "make axolotl-keys")
            )
        rendered[plan.project.recipe(plan.study.name, condition.id)] = _header(plan, condition) + yaml.dump(
            recipe, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120
        )
    return rendered


def write_recipes(plan: Plan) -> tuple[int, int]:
    """Write what changed and remove recipes of conditions that are gone; the number of files written and removed."""
    rendered = render_recipes(plan)
    written = sum(write_if_changed(path, text) for path, text in rendered.items())
    gone = [path for path in _committed(plan) if path not in rendered]
    for path in gone:
        path.unlink()
    return written, len(gone)


def stale_recipes(plan: Plan) -> str:
    """A unified diff from the recipes on disk to what the study renders now; empty when they are the same."""
    rendered = render_recipes(plan)
    on_disk = {path: path.read_bytes().decode(errors="replace") for path in {*_committed(plan), *rendered} if path.is_file()}
    lines: list[str] = []
    for path in sorted({*on_disk, *rendered}):
        name = plan.project.relative(path)
        old, new = on_disk.get(path, ""), rendered.get(path, "")
        differing = [*difflib.unified_diff(old.splitlines(), new.splitlines(), f"{name} (on disk)", f"{name} (rendered)", lineterm="")]
        lines += differing or ([f"{name}: the ends of its lines differ"] if old != new else [])
    return "\n".join(lines)


def train_command(plan: Plan, condition: Condition) -> str:
    """The command line that trains the condition by hand, from the project's root."""
    recipe = plan.project.relative(plan.project.recipe(plan.study.name, condition.id))
    return f"AXOLOTL_DO_NOT_TRACK=1 axolotl train {recipe} {' '.join(launcher(plan.study.training.gpu.gpus))}"


def recipe_of(plan: Plan, condition: Condition, fingerprints: Fingerprints) -> dict[str, Any]:
    """The recipe as Axolotl's keys and values, in the order in which they are written."""
    training = plan.study.training_for(condition.setting)
    base = plan.bases[condition.base]
    relative = plan.project.relative
    validation = validation_file(plan)
    pinned = {"revision_of_model": base.revision} if base.revision else {}
    recipe: dict[str, Any] = {"base_model": base.model, **pinned, "plugins": ["socsafe.axolotl_plugin.Account"]}
    recipe |= _template(training, base)
    recipe["datasets"] = [_dataset(relative(path)) for path in training_files(plan, condition)]
    if validation is not None:
        recipe["test_datasets"] = [_dataset(relative(validation)) | {"split": "train"}]
    recipe |= {
        "dataset_prepared_path": relative(plan.project.prepared(plan.study.name, fingerprints.of(condition))),
        "val_set_size": 0.0,
        "output_dir": relative(plan.project.run(plan.study.name, condition.id)),
        "sequence_len": training.sequence_len,
        "excess_length_strategy": "raise",
        "sample_packing": training.gpu.sample_packing,
        "pad_to_sequence_len": training.gpu.sample_packing,
        "train_on_inputs": False,
    }
    recipe |= _adapter(training, training.adapter.targets or base.lora_targets)
    recipe |= _optimisation(training, condition.seed)
    recipe |= _checkpoints(training)
    recipe |= _hardware(training)
    return recipe


def _template(training: Training, base: Base) -> dict[str, Any]:
    if training.template == "chat":
        # Else the day of training would stand in every prompt, and evaluation writes another.
        dated = {"chat_template_kwargs": {"date_string": f"{FIXED_DATE:%d %b %Y}"}} if base.dated else {}
        return {"chat_template": "tokenizer_default", **dated}
    return {"chat_template": "jinja", "chat_template_jinja": template_text(training.template)}


def _dataset(path: str) -> dict[str, Any]:
    # Which turns carry loss stands in each message (`train`), so that all-assistant and last-assistant are one mechanism.
    return {
        "path": path,
        "ds_type": "json",
        "type": "chat_template",
        "field_messages": "messages",
        "message_property_mappings": {"role": "role", "content": "content"},
        "message_field_training": "train",
        "roles_to_train": [],
        "train_on_eos": "turn",
    }


def _adapter(training: Training, targets: tuple[str, ...]) -> dict[str, Any]:
    adapter = training.adapter
    four_bit = {"load_in_4bit": True} if training.load_in_4bit else {}
    return {
        "adapter": "qlora" if training.load_in_4bit else "lora",
        **four_bit,
        "lora_r": adapter.r,
        "lora_alpha": adapter.alpha,
        "lora_dropout": adapter.dropout,
        "lora_target_modules": list(targets),
    }


def _optimisation(training: Training, seed: int) -> dict[str, Any]:
    gpus = training.gpu.gpus
    micro = training.micro_batch_size or training.batch_size // gpus
    return {
        "micro_batch_size": micro,
        "gradient_accumulation_steps": training.batch_size // (micro * gpus),
        "num_epochs": training.epochs,
        "optimizer": training.optimizer,
        "lr_scheduler": training.scheduler,
        "learning_rate": training.learning_rate,
        "warmup_ratio": training.warmup_ratio,
        "weight_decay": training.weight_decay,
        "seed": seed,
        "logging_steps": 1,
    }


def _checkpoints(training: Training) -> dict[str, Any]:
    if training.validation is None:
        return {"save_strategy": "no"}
    return {
        "eval_strategy": "epoch",
        "save_strategy": "epoch",
        "save_only_model": True,
        "save_total_limit": 1,
        "load_best_model_at_end": True,
        "metric_for_best_model": "eval_loss",
        "greater_is_better": False,
    }


def _hardware(training: Training) -> dict[str, Any]:
    if training.hardware == "gpu":
        own = {"bf16": True, "tf32": True, "attn_implementation": training.gpu.attention, "gradient_checkpointing": True}
        return own | training.gpu.axolotl
    # Axolotl switches the fused LoRA kernels on by default, and they demand CUDA.
    return {
        "bf16": False,
        "fp16": False,
        "tf32": False,
        "attn_implementation": "sdpa",
        "gradient_checkpointing": False,
        "lora_mlp_kernel": False,
        "lora_qkv_kernel": False,
        "lora_o_kernel": False,
        "dataset_num_proc": 1,
    }


def _header(plan: Plan, condition: Condition) -> str:
    file = plan.argument
    return (
        f"{MARK}{file}. Edit that file, not this one, and run\n"
        f"#     socsafe recipe render {file}\n"
        "# Train it from the project's root with\n"
        f"#     {train_command(plan, condition)}\n"
    )


def _committed(plan: Plan) -> Iterator[Path]:
    """Rendered recipes that lie beside the study; files written by hand are left alone."""
    for path in plan.project.recipes.joinpath(plan.study.name).glob("*.yml"):
        if path.name != "study.yml" and path.read_bytes().startswith(MARK.encode()):
            yield path
