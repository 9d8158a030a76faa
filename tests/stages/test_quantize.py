"""GGUF files by llama.cpp's own converters, from a real tiny base and real adapters."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from socsafe.engines.base_folder import base_folder
from socsafe.manifest import inputs_now, is_current, record
from socsafe.stages.quantize import base_step, condition_step, quantize
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from tests.conftest import BASE, Folder
from tests.engines.conftest import Models
from tests.stages.conftest import Said

pytestmark = pytest.mark.slow
COMMIT = "0" * 40
WEIGHTS = 7000
"""Bytes at the end of an adapter's GGUF that hold its weights; before them it carries its folder's name."""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub that is out of reach; the folder where a copy of the base's files would lie."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub" / f"models--{BASE.replace('/', '--')}"


def put_adapters(plan: Plan, conditions: Sequence[Condition], tiny: Models) -> None:
    for condition, adapter in zip(conditions, tiny.adapters * 2, strict=False):
        shutil.copytree(adapter, plan.project.run(plan.study.name, condition.id))


def put_base(plan: Plan, tiny: Models) -> None:
    shutil.copytree(tiny.folder, plan.project.root / plan.bases["micro"].model)


def put_base_gguf(plan: Plan, base: str, tiny: Models) -> None:
    """The base's GGUF as if it had been made."""
    step = base_step(plan, base)
    step.outputs[0].parent.mkdir(parents=True)
    shutil.copyfile(tiny.q8, step.outputs[0])
    record(step, inputs_now(step))


def test_a_base_that_cannot_be_had_fails_its_conditions_alone_and_is_told_once(two_bases: Plan, tiny: Models, hub: Path) -> None:
    put_base(two_bases, tiny)
    put_adapters(two_bases, two_bases.conditions, tiny)
    said = Said()
    failures = quantize(two_bases, two_bases.conditions, said)
    good, bad = two_bases.conditions[:2], two_bases.conditions[2:]
    assert list(failures) == [condition.id for condition in bad]
    assert all(BASE in message for message in failures.values())
    (line,) = said.lines
    assert line.startswith(f"failed: {bad[0].id}, {bad[1].id}\n{BASE}: ")
    steps = [base_step(two_bases, "micro"), *(condition_step(two_bases, condition) for condition in good)]
    assert all(is_current(step) for step in steps)
    assert quantize(two_bases, good, said) == {}


def test_a_condition_that_is_not_trained_fails_alone_and_names_the_command(two_bases: Plan, tiny: Models) -> None:
    put_base(two_bases, tiny)
    put_base_gguf(two_bases, "micro", tiny)
    trained, untrained, *_ = two_bases.conditions
    put_adapters(two_bases, [trained], tiny)
    failures = quantize(two_bases, (trained, untrained), Said())
    assert list(failures) == [untrained.id]
    assert "is not trained yet" in failures[untrained.id]
    assert "socsafe train recipes/tiny/study.yml" in failures[untrained.id]
    assert is_current(condition_step(two_bases, trained))


def test_an_adapter_is_converted_with_nothing_but_the_configuration_of_its_base(two_bases: Plan, tiny: Models, hub: Path) -> None:
    snapshot = hub / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (hub / "refs").mkdir()
    (hub / "refs" / "main").write_text(COMMIT)
    shutil.copyfile(tiny.folder / "config.json", snapshot / "config.json")
    put_base_gguf(two_bases, BASE, tiny)
    conditions = two_bases.conditions[2:]
    put_adapters(two_bases, conditions, tiny)
    assert quantize(two_bases, conditions, Said()) == {}
    made = [condition_step(two_bases, condition).outputs[0] for condition in conditions]
    assert [gguf.read_bytes()[-WEIGHTS:] for gguf in made] == [gguf.read_bytes()[-WEIGHTS:] for gguf in tiny.adapter_ggufs]


@pytest.mark.parametrize(
    ("weights", "fetched"),
    [(False, ["config.json"]), (True, ["config.json", "model.safetensors", "model.safetensors.index.json", "tokenizer.model"])],
)
def test_weights_are_fetched_only_where_they_are_needed(
    two_bases: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: bool, fetched: list[str]
) -> None:
    from huggingface_hub.utils._paths import filter_repo_objects

    held = ["config.json", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "tokenizer.model"]
    asked: list[list[str]] = []

    def fetch(_model: str, *, revision: str | None, allow_patterns: list[str]) -> str:
        assert revision is None
        asked.append(list(filter_repo_objects(held, allow_patterns=allow_patterns)))
        return str(tmp_path)

    monkeypatch.setattr("huggingface_hub.snapshot_download", fetch)
    assert base_folder(two_bases, BASE, weights) == tmp_path
    assert asked == [fetched]


def test_converters_that_cannot_be_had_fail_only_what_needs_them(two_bases: Plan, tiny: Models, tmp_path: Path) -> None:
    put_base(two_bases, tiny)
    put_base_gguf(two_bases, "micro", tiny)
    done, todo, *_ = two_bases.conditions
    put_adapters(two_bases, [done, todo], tiny)
    assert quantize(two_bases, [done], Said()) == {}
    failures = quantize(two_bases, [done, todo], Said(), checkout=tmp_path)
    assert list(failures) == [todo.id]
    assert "no convert_hf_to_gguf.py" in failures[todo.id]


def test_another_revision_of_a_base_makes_its_gguf_stale(two_bases: Plan, tiny: Models) -> None:
    put_base_gguf(two_bases, BASE, tiny)
    assert is_current(base_step(two_bases, BASE))
    pinned = two_bases.bases[BASE].model_copy(update={"revision": "v2"})
    assert not is_current(base_step(replace(two_bases, bases={**two_bases.bases, BASE: pinned}), BASE))


def test_a_merged_model_is_stale_when_the_base_that_is_in_it_has_changed(folder: Folder, tiny: Models) -> None:
    plan = folder.plan(bases=["micro"], counts=[4], quantization={"mode": "merged"})
    put_base(plan, tiny)
    condition = plan.conditions[0]
    put_adapters(plan, [condition], tiny)
    step = condition_step(plan, condition)
    step.outputs[0].parent.mkdir(parents=True)
    shutil.copyfile(tiny.q8, step.outputs[0])
    record(step, inputs_now(step))
    assert is_current(condition_step(plan, condition))
    (plan.project.root / plan.bases["micro"].model / "config.json").write_text("{}")
    assert not is_current(condition_step(plan, condition))
