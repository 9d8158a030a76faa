"""llama.cpp held against transformers as a stage: one condition a base, kept until something moves."""

from __future__ import annotations

import shutil

import pytest

from socsafe.manifest import is_current
from socsafe.pipeline import fidelity
from socsafe.progress import SilentProgress
from socsafe.stages.fidelity import compare_with_transformers, fidelity_step, one_a_base
from socsafe.study.checked import Plan
from socsafe.study.models import model_file
from tests.conftest import Folder
from tests.engines.conftest import Models
from tests.finished import done
from tests.stages.conftest import put_ggufs


def test_one_condition_of_each_base_is_chosen_and_not_the_control(two_bases: Plan) -> None:
    chosen = one_a_base(two_bases.conditions)
    assert [(condition.base, condition.style) for condition in chosen] == [("micro", "refusal"), (two_bases.conditions[2].base, "refusal")]
    assert one_a_base(two_bases.conditions[:1]) == [two_bases.conditions[0]]


@pytest.mark.parametrize("moved", ["adapter_config.json", "config.json", "context", "threads"])
def test_whatever_decides_a_comparison_makes_it_stale_when_it_moves(folder: Folder, moved: str) -> None:
    plan = folder.plan(bases=["micro"], counts=[4])
    condition = plan.conditions[1]
    base = plan.project.root / plan.bases["micro"].model
    for path in (*fidelity_step(plan, condition).inputs, base / "config.json"):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            path.write_text("as it was")
    done(step := fidelity_step(plan, condition))
    assert is_current(step)
    if moved.endswith(".json"):
        (step.inputs[0].parent if moved.startswith("adapter") else base).joinpath(moved).write_text("another")
    else:
        plan = folder.plan(bases=["micro"], counts=[4], compute={moved: 3 if moved == "threads" else 777})
    assert not is_current(fidelity_step(plan, condition))


@pytest.mark.slow
def test_replies_and_logits_are_compared_and_the_comparison_is_kept(two_bases: Plan, tiny: Models) -> None:
    condition = two_bases.conditions[1]
    put_ggufs(two_bases, condition, tiny)
    shutil.copyfile(tiny.f16, model_file(two_bases, condition, "f16"))
    shutil.copytree(tiny.folder, two_bases.project.root / two_bases.bases["micro"].model)
    run = two_bases.project.run(two_bases.study.name, condition.id)
    shutil.copytree(tiny.adapters[0], run)
    assert compare_with_transformers(two_bases, [condition], SilentProgress(), None) == {}
    rows = fidelity(two_bases, ())
    assert [(row.condition, row.against) for row in rows] == [(condition.id, "transformers"), (condition.id, "merged")]
    for row in rows:
        assert (row.prompts, row.left_out) == (12, 0)
        assert row.apart == 0
        assert row.largest < 0.5
    assert sorted(path.name for path in fidelity_step(two_bases, condition).outputs[0].parent.iterdir()) == [
        "transformers.jsonl",
        "transformers.manifest.json",
    ]
    (run / "adapter_model.safetensors").write_bytes((tiny.adapters[1] / "adapter_model.safetensors").read_bytes())
    assert fidelity(two_bases, ()) == []


@pytest.mark.slow
def test_a_model_that_computes_no_numbers_is_told_as_such(two_bases: Plan, tiny: Models) -> None:
    condition = two_bases.conditions[1]
    put_ggufs(two_bases, condition, tiny)
    spoilt = model_file(two_bases, condition, "f16")
    shutil.copyfile(tiny.f16, spoilt)
    with spoilt.open("r+b") as weights:  # the last of the output layer's weights, as NaN
        weights.seek(-4096, 2)
        weights.write(b"\xff" * 4096)
    shutil.copytree(tiny.folder, two_bases.project.root / two_bases.bases["micro"].model)
    shutil.copytree(tiny.adapters[0], two_bases.project.run(two_bases.study.name, condition.id))
    failures = compare_with_transformers(two_bases, [condition], SilentProgress(), None)
    assert "the model's logits are not numbers" in failures[condition.id]
