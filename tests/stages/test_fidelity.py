"""llama.cpp held against transformers as a stage: one condition a base, kept until something moves."""

from __future__ import annotations

import shutil

import pytest

from socsafe.pipeline import fidelity
from socsafe.progress import SilentProgress
from socsafe.stages.fidelity import compare_with_transformers, fidelity_step, one_a_base
from socsafe.study.checked import Plan
from socsafe.study.models import model_file
from tests.engines.conftest import Models
from tests.stages.conftest import put_ggufs


def test_one_condition_of_each_base_is_chosen_and_not_the_control(two_bases: Plan) -> None:
    chosen = one_a_base(two_bases.conditions)
    assert [(condition.base, condition.style) for condition in chosen] == [("micro", "refusal"), (two_bases.conditions[2].base, "refusal")]
    assert one_a_base(two_bases.conditions[:1]) == [two_bases.conditions[0]]


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
        assert row.prompts == 12
        assert row.apart == 0
        assert row.largest < 0.5
    assert sorted(path.name for path in fidelity_step(two_bases, condition).outputs[0].parent.iterdir()) == [
        "transformers.jsonl",
        "transformers.manifest.json",
    ]
    (run / "adapter_model.safetensors").write_bytes((tiny.adapters[1] / "adapter_model.safetensors").read_bytes())
    assert fidelity(two_bases, ()) == []
