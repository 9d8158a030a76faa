"""The check of quantization, on a real tiny model with F16 and with Q8_0 weights."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from socsafe.data.sample import check_sample
from socsafe.pipeline import drift
from socsafe.progress import SilentProgress
from socsafe.stages.drift import OFFLINE, check_drift, compare_step, is_checked, judge_of, read_drift, side_step
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.models import model_file
from tests.conftest import PROMPTS, Folder
from tests.engines.conftest import Models
from tests.stages.conftest import Said, put_ggufs

CHECKED = 8


@pytest.fixture
def plan(folder: Folder) -> Plan:
    return folder.plan(
        bases=["micro"],
        counts=[4],
        compute={"threads": 1, "slots": 8, "context": 128},
        sampling={"max_tokens": 6, "temperature": 0.9},
        quantization={"type": "q8_0", "check": CHECKED},
    )


def put(plan: Plan, condition: Condition, tiny: Models, number: int = 0) -> tuple[Path, Path]:
    """Both models of the condition; the F16 and the quantized one."""
    quantized, _ = put_ggufs(plan, condition, tiny, number)
    f16 = model_file(plan, condition, "f16")
    shutil.copyfile(tiny.f16, f16)
    return f16, quantized


def test_the_sample_takes_from_every_suite_alike_and_a_smaller_one_is_its_beginning(folder: Folder) -> None:
    folder.source("other-suite", **{**folder_source(), "title": "Others"})
    shutil.copytree(folder.root / "datasets/fetched/tiny-suite", folder.root / "datasets/fetched/other-suite")
    plans = [folder.plan(suites=["tiny-suite", "other-suite"], quantization={"check": count}) for count in (6, 10, 1000)]
    six, ten, every = ([(asked.prompt.suite, asked.prompt.id) for asked in check_sample(plan)] for plan in plans)
    assert sorted(suite for suite, _ in six) == ["other-suite"] * 3 + ["tiny-suite"] * 3
    assert ten[:6] == six
    assert len(set(every)) == 2 * PROMPTS
    other = folder.plan(suites=["tiny-suite", "other-suite"], quantization={"check": 6}, sampling={"seed": 1})
    assert [(asked.prompt.suite, asked.prompt.id) for asked in check_sample(other)] != six


def folder_source() -> dict[str, object]:
    from tests.conftest import SOURCES

    return SOURCES["tiny-suite"]


def test_a_study_whose_judges_need_models_is_checked_by_the_one_that_needs_none(folder: Folder) -> None:
    model = {"endpoint": "http://127.0.0.1:1/v1", "name": "m"}
    assert judge_of(folder.plan(judges=[{"judge": "yesno", "model": model}])) == OFFLINE
    assert judge_of(folder.plan(judges=[{"judge": "yesno", "model": model}, "refusal"])) == "refusal"


def test_weights_that_are_not_quantized_are_not_checked(folder: Folder) -> None:
    plan = folder.plan(quantization={"type": "f16"})
    assert check_drift(plan, plan.conditions, SilentProgress()) == {}
    assert drift(plan, ()) == []


@pytest.mark.slow
def test_the_check_is_kept_and_made_again_only_when_something_moved(plan: Plan, tiny: Models) -> None:
    control, treated = plan.conditions
    f16, quantized = put(plan, control, tiny)
    put(plan, treated, tiny, 1)
    assert check_drift(plan, plan.conditions, SilentProgress()) == {}
    rows = read_drift(plan, plan.conditions)
    assert len(rows) == 2 * CHECKED
    assert {row.prompt_id for row in rows} == {asked.prompt.id for asked in check_sample(plan)}
    assert all(row.changed == (row.text != row.f16_text) for row in rows)
    files = [
        step.outputs[0] for step in (side_step(plan, control, "f16"), side_step(plan, control, "quantized"), compare_step(plan, control))
    ]
    before = {file: (file.stat().st_ino, file.read_bytes()) for file in files}
    # The F16 model is needed for nothing else, and may go.
    f16.unlink()
    assert check_drift(plan, plan.conditions, SilentProgress()) == {}
    assert {file: (file.stat().st_ino, file.read_bytes()) for file in files} == before
    quantized.write_bytes(tiny.f16.read_bytes())
    assert not is_checked(plan, control)
    assert read_drift(plan, plan.conditions) == []
    assert check_drift(plan, [control], SilentProgress()) == {}
    assert not any(row.changed for row in read_drift(plan, [control])), "the same weights on both sides"
    (whole,) = drift(plan, [control.id])
    assert (whole.replies, whole.value, whole.n) == (0.0, 0.0, CHECKED)


@pytest.mark.slow
def test_a_condition_without_its_f16_model_fails_alone_and_names_the_command(plan: Plan, tiny: Models) -> None:
    control, treated = plan.conditions
    put(plan, control, tiny)
    said = Said()
    failures = check_drift(plan, [treated, control], said)
    assert list(failures) == [treated.id]
    assert "socsafe quantize recipes/tiny/study.yml --check" in failures[treated.id]
    assert is_checked(plan, control)


@pytest.mark.slow
def test_other_prompts_or_another_judge_version_make_the_check_stale(plan: Plan, tiny: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    from socsafe.judges import refusal

    control = plan.conditions[0]
    put(plan, control, tiny)
    assert check_drift(plan, [control], SilentProgress()) == {}
    fewer = plan.study.model_copy(update={"quantization": plan.study.quantization.model_copy(update={"check": CHECKED - 1})})
    assert not is_checked(replace(plan, study=fewer), control)
    monkeypatch.setattr(refusal, "VERSION", "0")
    assert not is_checked(plan, control)
