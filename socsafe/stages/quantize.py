"""From trained adapters to GGUF: one quantized base per base, and one small LoRA file, or one whole model, per condition.

>>> failures = quantize(plan, plan.conditions, PlainProgress())

Each `.gguf` has a manifest beside it, `<file>.gguf.json`: what it was made from, its checksum, its type, the converters' version.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from socsafe.engines.base_folder import base_folder, made_files
from socsafe.engines.converters import (
    convert_adapters,
    convert_base,
    find_converters,
    merge_adapter,
    quantize_gguf,
)
from socsafe.errors import RunError, SocsafeError, apart
from socsafe.files import require_files, scratch_folder
from socsafe.manifest import Step, inputs_now, installed, is_current, record
from socsafe.paths import cache_folder
from socsafe.progress import Progress
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition, slug
from socsafe.study.models import model_file

DIRECT = ("f32", "f16", "bf16", "q8_0")
"""Types that llama.cpp's converter writes by itself."""


@dataclass(frozen=True, slots=True)
class _Job:
    """What every conversion of a run has in common."""

    plan: Plan
    kind: str
    """Type of the weights."""
    converters: Path
    """Folder of llama.cpp's converters."""


def base_step(plan: Plan, base: str, kind: str = "") -> Step:
    """The unit of work that makes the base's GGUF; with weights of type `kind`, the study's where empty."""
    kind = kind or plan.study.quantization.type
    gguf = plan.project.base_gguf(slug(base), kind)
    return Step(
        stage="quantize",
        manifest=gguf.with_name(gguf.name + ".json"),
        root=plan.project.root,
        inputs=(),
        if_here=made_files(plan, base),
        outputs=(gguf,),
        parameters=_parameters(plan, base, kind),
    )


def condition_step(plan: Plan, condition: Condition, kind: str = "") -> Step:
    """The unit of work that makes the condition's own GGUF: its adapter, or the whole merged model."""
    project, study = plan.project, plan.study
    run = project.run(study.name, condition.id)
    merged = study.quantization.mode == "merged"
    gguf = model_file(plan, condition, kind) if merged else project.adapter_gguf(study.name, condition.id)
    return Step(
        stage="quantize",
        manifest=gguf.with_name(gguf.name + ".json"),
        root=project.root,
        inputs=(run / "adapter_model.safetensors", run / "adapter_config.json"),
        # An adapter is converted with nothing but its base's configuration; a merged model holds the base's weights.
        if_here=made_files(plan, condition.base) if merged else (),
        outputs=(gguf,),
        parameters=_parameters(plan, condition.base, (kind or study.quantization.type) if merged else "f32"),
    )


def _parameters(plan: Plan, base: str, kind: str) -> dict[str, str]:
    known = plan.bases[base]
    pinned = {"revision": known.revision} if known.revision else {}
    return {"model": known.model, **pinned, "type": kind, "llama-cpp-python": installed("llama-cpp-python")}


def stale(plan: Plan, conditions: Sequence[Condition], kind: str = "") -> list[Condition]:
    """The conditions whose own GGUF is missing or out of date."""
    return [condition for condition in conditions if not is_current(condition_step(plan, condition, kind))]


def quantize(
    plan: Plan, conditions: Sequence[Condition], progress: Progress, checkout: Path | None = None, kind: str = ""
) -> dict[str, str]:
    """Bring every GGUF up to date; condition id -> message for those that failed.

    `checkout` names a llama.cpp checkout to take the converters from, instead of llama-cpp-python's source distribution; `kind` is
    the type of weights to make, where it is not the study's own.
    """
    failures = _untrained(plan, stale(plan, conditions, kind))
    trained = [condition for condition in conditions if condition.id not in failures]
    todo = stale(plan, trained, kind)
    merged = plan.study.quantization.mode == "merged"
    used = dict.fromkeys(condition.base for condition in trained)
    bases = [] if merged else [base for base in used if not is_current(base_step(plan, base, kind))]
    if todo or bases:
        try:
            job = _Job(plan, kind or plan.study.quantization.type, find_converters(cache_folder(), checkout))
        except SocsafeError as error:
            # What is converted already needs no converters.
            failures |= {condition.id: str(error) for condition in trained if condition in todo or condition.base in bases}
        else:
            failures |= _convert_all(job, trained, todo, bases, progress)
    for message in dict.fromkeys(failures.values()):
        progress.say(f"failed: {', '.join(name for name, text in failures.items() if text == message)}\n{message}")
    return failures


def _convert_all(
    job: _Job, trained: Sequence[Condition], todo: Sequence[Condition], bases: Sequence[str], progress: Progress
) -> dict[str, str]:
    """Make the GGUFs of `bases`, then those of `todo`; condition id -> message for those of `trained` that failed."""
    failures: dict[str, str] = {}
    merged = job.plan.study.quantization.mode == "merged"
    with progress.task("quantize", len(bases) + len(todo)) as advance:
        for base in bases:
            failures |= _guarded(_make_base, job, base, [condition for condition in trained if condition.base == base])
            advance(1)
        for base in dict.fromkeys(condition.base for condition in todo):
            own = [condition for condition in todo if condition.base == base and condition.id not in failures]
            failures |= _guarded(_make_merged if merged else _make_adapters, job, base, own)
            advance(len(own))
    return failures


def _untrained(plan: Plan, conditions: Sequence[Condition]) -> dict[str, str]:
    mend = f"socsafe train {plan.argument}"
    failures = {}
    for condition in conditions:
        try:
            require_files(condition_step(plan, condition).inputs, "is not trained yet", "a trained adapter", mend)
        except RunError as error:
            failures[condition.id] = str(error)
    return failures


def _guarded(
    make: Callable[[_Job, str, Sequence[Condition]], dict[str, str]], job: _Job, base: str, conditions: Sequence[Condition]
) -> dict[str, str]:
    """What `make` gives; where it raises, all of the base's conditions fail, and those of other bases go on."""
    if not conditions:
        return {}
    failures: dict[str, str] = {}
    with apart(lambda error: failures.update({condition.id: str(error) for condition in conditions})):
        failures |= make(job, base, conditions)
    return failures


def _make_base(job: _Job, base: str, _conditions: Sequence[Condition]) -> dict[str, str]:
    step = base_step(job.plan, base, job.kind)
    inputs = inputs_now(step)
    log = job.plan.project.study_run(job.plan.study.name) / "convert.log"
    _convert(base_folder(job.plan, base, weights=True), step.outputs[0], job, log)
    record(step, inputs)
    return {}


def _convert(folder: Path, gguf: Path, job: _Job, log: Path) -> None:
    gguf.parent.mkdir(parents=True, exist_ok=True)
    if job.kind in DIRECT:
        convert_base(folder, gguf, tools=job.converters, log=log, dtype=job.kind)
        return
    with scratch_folder(gguf) as scratch:
        full = scratch / "f16.gguf"
        convert_base(folder, full, tools=job.converters, log=log)
        quantize_gguf(full, gguf, job.kind)


def _make_adapters(job: _Job, base: str, conditions: Sequence[Condition]) -> dict[str, str]:
    plan, project, study = job.plan, job.plan.project, job.plan.study.name
    steps = {condition: condition_step(plan, condition, job.kind) for condition in conditions}
    inputs = {condition: inputs_now(step) for condition, step in steps.items()}
    jobs = [(project.run(study, condition.id), step.outputs[0]) for condition, step in steps.items()]
    log = project.study_run(study) / "convert.log"
    owner = {step.outputs[0]: condition for condition, step in steps.items()}

    def done(gguf: Path) -> None:
        record(steps[owner[gguf]], inputs[owner[gguf]])

    errors = convert_adapters(jobs, base_folder(plan, base, weights=False), tools=job.converters, log=log, on_done=done)
    return {owner[gguf].id: str(problem) for gguf, problem in errors.items()}


def _make_merged(job: _Job, base: str, conditions: Sequence[Condition]) -> dict[str, str]:
    failures: dict[str, str] = {}
    for condition in conditions:
        failures |= _guarded(_merge, job, base, [condition])
    return failures


def _merge(job: _Job, base: str, conditions: Sequence[Condition]) -> dict[str, str]:
    """One condition's model, whole."""
    plan, (condition,) = job.plan, conditions
    run = plan.project.run(plan.study.name, condition.id)
    merged, log = run / "merged", run / "convert.log"
    step = condition_step(plan, condition, job.kind)
    try:
        inputs = inputs_now(step)
        shutil.rmtree(merged, ignore_errors=True)
        merge_adapter(base_folder(plan, base, weights=True), run, merged, log=log)
        _convert(merged, step.outputs[0], job, log)
        record(step, inputs)
    finally:
        shutil.rmtree(merged, ignore_errors=True)
    return {}
