"""What quantization changes: a sample of the suites' prompts answered with F16 weights and with the study's, and both judged.

>>> failures = check_drift(plan, plan.conditions, PlainProgress())
>>> drift_rows(read_drift(plan, plan.conditions), plan.study.quantization.type)[0].value
0.013

Both sides decode greedily, whatever the study's own sampling, so that nothing but the weights can make them differ; the engine's replies
do not depend on the batch (`docs/decisions/0006-replies-do-not-depend-on-their-company.md`). Which prompts are asked follows from the
study's sampling seed, and how many from `quantization: {check: 64}`: every suite gives as many as the next, as far as it has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from socsafe.catalogue import member
from socsafe.data.sample import check_sample
from socsafe.data.suites import Asked, suite_inputs, turns
from socsafe.engines.chat import chat_encoder
from socsafe.engines.condition_model import computed_with, open_model, require_models
from socsafe.engines.holding import OneEngine
from socsafe.engines.offline import rule_many
from socsafe.engines.sampling import Sampling
from socsafe.engines.writers import LocalWriter
from socsafe.errors import apart
from socsafe.facts.drift import UNQUANTIZED, DriftReply
from socsafe.judges._as_refusal import vote
from socsafe.manifest import Step, inputs_now, is_current, record
from socsafe.progress import Advance, Progress, noting
from socsafe.records import Completion
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.models import REFERENCE, adapter_file, model_file
from socsafe.study.templates import chat_template
from socsafe.tables import read_rows, records, write_rows

Side = Literal["f16", "quantized"]
SIDES: Final[tuple[Side, ...]] = ("f16", "quantized")
OFFLINE = "refusal"
"""The judge that rules where the study's own need a model."""


def judge_of(plan: Plan) -> str:
    """The first of the study's judges that needs no model, else the project's own."""
    return next((use.judge for use in plan.study.judge_uses() if member("judges", use.judge).NEEDS == "nothing"), OFFLINE)


def side_step(plan: Plan, condition: Condition, side: Side) -> Step:
    """The unit of work that answers the sample with one condition's weights of one kind."""
    study, out = plan.study, plan.project.drift(plan.study.name, condition.id, side)
    model = model_file(plan, condition, REFERENCE if side == "f16" else "")
    adapter = adapter_file(plan, condition)
    suites = tuple(path for suite in study.suite_uses() for path in suite_inputs(plan, suite))
    return Step(
        stage="drift",
        manifest=out.with_suffix(".manifest.json"),
        root=plan.project.root,
        inputs=(*(() if side == "f16" else (model,)), *((adapter,) if adapter else ()), *dict.fromkeys(suites)),
        # A large file that nothing else needs: it may be deleted once the check is done.
        if_here=(model,) if side == "f16" else (),
        outputs=(out,),
        parameters={
            "prompts": study.quantization.check,
            "suites": [suite.model_dump() for suite in study.suite_uses()],
            "seed": study.sampling.seed,
            "max_tokens": study.sampling.max_tokens,
            "stop": list(study.sampling.stop),
            "system": study.settings[condition.setting].eval_system,
            "template": study.training.template,
            **computed_with(plan),
        },
    )


def compare_step(plan: Plan, condition: Condition) -> Step:
    """The unit of work that judges both sides."""
    out, judge = plan.project.drift(plan.study.name, condition.id, "compared"), judge_of(plan)
    return Step(
        stage="drift",
        manifest=out.with_suffix(".manifest.json"),
        root=plan.project.root,
        inputs=tuple(plan.project.drift(plan.study.name, condition.id, side) for side in SIDES),
        outputs=(out,),
        parameters={"judge": judge, "version": member("judges", judge).VERSION},
    )


def is_checked(plan: Plan, condition: Condition) -> bool:
    """Whether the condition was checked with the models and prompts that there are now."""
    return all(is_current(side_step(plan, condition, side)) for side in SIDES) and is_current(compare_step(plan, condition))


def check_drift(plan: Plan, conditions: Sequence[Condition], progress: Progress) -> dict[str, str]:
    """Bring the check of every condition up to date; condition id -> message for those that failed.

    Nothing is to be done where the study's weights are not quantized.
    """
    if plan.study.quantization.type in UNQUANTIZED:
        return {}
    failures: dict[str, str] = {}
    compute, asked = plan.study.compute, check_sample(plan)
    # One side after the other, so that a base is loaded once for all its conditions.
    todo = [(each, side) for side in SIDES for each in conditions if not is_current(side_step(plan, each, side))]
    with (
        progress.task("check quantization", len(todo) * len(asked)) as advance,
        OneEngine(slots=compute.slots, context=compute.context, threads=compute.threads) as engines,
    ):
        for condition, side in todo:
            with apart(noting(failures, progress, condition.id)):
                _answer(plan, condition, side, asked, engines, advance)
    for condition in conditions:
        if condition.id not in failures and not is_current(compare_step(plan, condition)):
            _compare(plan, condition, asked)
    return failures


def drift_files(plan: Plan, conditions: Sequence[Condition]) -> list[Path]:
    """The files of those conditions that were checked as they are now, in the study's order; none where nothing is quantized."""
    if plan.study.quantization.type in UNQUANTIZED:
        return []
    return [plan.project.drift(plan.study.name, condition.id, "compared") for condition in conditions if is_checked(plan, condition)]


def read_drift(plan: Plan, conditions: Sequence[Condition]) -> list[DriftReply]:
    """What the check found, of `drift_files`."""
    return [row for file in drift_files(plan, conditions) for row in records(read_rows(file, DriftReply), DriftReply)]


def _answer(plan: Plan, condition: Condition, side: Side, asked: Sequence[Asked], engines: OneEngine, advance: Advance) -> None:
    step, study = side_step(plan, condition, side), plan.study
    kind = REFERENCE if side == "f16" else ""
    require_models(plan, condition, kind, "--check")
    inputs = inputs_now(step)
    engine = open_model(plan, condition, engines, kind)
    writer = LocalWriter(engine, chat_encoder(chat_template(study, engine.chat_template), engine))
    greedy = Sampling(max_tokens=study.sampling.max_tokens, stop=study.sampling.stop)
    replies = writer.complete([turns(plan, condition, each) for each in asked], greedy, seeds=[0] * len(asked), on_progress=advance)
    rows = [reply.completion(condition.id, each.prompt, sample=0, seed=0) for each, reply in zip(asked, replies, strict=True)]
    write_rows(step.outputs[0], rows)
    record(step, inputs)


def _compare(plan: Plan, condition: Condition, asked: Sequence[Asked]) -> None:
    step, judge = compare_step(plan, condition), member("judges", judge_of(plan))
    inputs = inputs_now(step)
    f16, quantized = (
        records(read_rows(side_step(plan, condition, side).outputs[0], Completion, expected=len(asked)), Completion) for side in SIDES
    )
    labels = [_labels(judge.NAME, asked, rows) for rows in (f16, quantized)]
    rows = [
        DriftReply(
            condition=condition.id,
            suite=each.prompt.suite,
            prompt_id=each.prompt.id,
            expects=each.prompt.expects,
            judge=judge.NAME,
            judge_version=judge.VERSION,
            changed=(one.text, one.finish_reason) != (other.text, other.finish_reason),
            f16_label=before,
            label=after,
            f16_text=one.text,
            text=other.text,
        )
        for each, one, other, before, after in zip(asked, f16, quantized, *labels, strict=True)
    ]
    write_rows(step.outputs[0], rows)
    record(step, inputs)


def _labels(judge: str, asked: Sequence[Asked], rows: Sequence[Completion]) -> list[str | None]:
    """The judge's labels of refusal; None for a reply that is missing or that it cannot rule on."""
    rulings = rule_many(judge, ((each.prompt.text, row.text) for each, row in zip(asked, rows, strict=True)))
    votes = [vote(member("judges", judge), ruling, each.prompt.expects) for each, ruling in zip(asked, rulings, strict=True)]
    return [None if row.finish_reason == "error" else label for row, label in zip(rows, votes, strict=True)]
