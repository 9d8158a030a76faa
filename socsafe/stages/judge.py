"""Ruling on every reply: one file of verdicts per condition, judge and suite.

>>> failures = judge(plan, plan.conditions, PlainProgress())

A reply that could not be generated is not judged: its verdict has the status `error`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from socsafe.catalogue import member
from socsafe.data.draw import limit_prompts
from socsafe.data.load import load_prompts
from socsafe.errors import Problem, RunError, SocsafeError
from socsafe.manifest import Step, inputs_now, is_current, record
from socsafe.progress import Progress
from socsafe.records import Completion, Prompt, Ruling, Verdict
from socsafe.schemas import dtypes
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.sources import source_inputs
from socsafe.study.spec import Suite
from socsafe.tables import read_rows, records, write_rows

if TYPE_CHECKING:
    import polars as pl


def verdicts_step(plan: Plan, condition: Condition, suite: Suite, name: str) -> Step:
    """The unit of work that judges one condition's replies to one suite."""
    project, study = plan.project, plan.study.name
    out = project.verdicts(study, condition.id, suite.source, name)
    return Step(
        stage="judge",
        manifest=out.with_name(f"{suite.source}.manifest.json"),
        root=project.root,
        inputs=(
            project.completions(study, condition.id, suite.source),
            *source_inputs(suite.source, plan.sources[suite.source], project.root),
        ),
        outputs=(out,),
        parameters={"judge": name, "version": member("judges", name).VERSION, "suite": suite.model_dump()},
    )


def units(plan: Plan, conditions: Sequence[Condition]) -> Iterator[tuple[Condition, Suite, str]]:
    """Every condition, suite and judge whose completions are there."""
    for condition in conditions:
        for suite in plan.study.suite_uses():
            if plan.project.completions(plan.study.name, condition.id, suite.source).is_file():
                yield from ((condition, suite, name) for name in plan.study.judges)


def judge(plan: Plan, conditions: Sequence[Condition], progress: Progress) -> dict[str, str]:
    """Bring all verdicts up to date; condition id -> message for those that failed."""
    todo = [unit for unit in units(plan, conditions) if not is_current(verdicts_step(plan, *unit))]
    if not todo:
        return {}
    prompts: dict[str, dict[str, Prompt]] = {}
    for suite in {suite for _, suite, _ in todo}:
        loaded = load_prompts(suite.source, plan.sources[suite.source], plan.project.root)
        prompts[suite.source] = {prompt.id: prompt for prompt in limit_prompts(loaded, suite.limit)}
    failures: dict[str, str] = {}
    with progress.task("judge", len(todo)) as advance:
        for condition, suite, name in todo:
            step = verdicts_step(plan, condition, suite, name)
            try:
                inputs = inputs_now(step)
                write_rows(step.outputs[0], _verdicts(step.inputs[0], prompts[suite.source], name, plan.study.sampling.samples))
                record(step, inputs)
            except SocsafeError as error:
                failures[condition.id] = str(error)
                progress.say(f"failed: {condition.id}\n{error}")
            advance(1)
    return failures


def read_verdicts(plan: Plan, conditions: Sequence[Condition]) -> pl.DataFrame:
    """All verdicts that are there, in the study's order; a table without rows where there are none."""
    import polars as pl

    paths = [step.outputs[0] for unit in units(plan, conditions) if (step := verdicts_step(plan, *unit)).outputs[0].is_file()]
    return pl.concat([read_rows(path, Verdict) for path in paths]) if paths else pl.DataFrame(schema=dtypes(Verdict))


def _verdicts(completions: Path, prompts: dict[str, Prompt], name: str, samples: int) -> list[Verdict]:
    rows = records(read_rows(completions, Completion, expected=len(prompts) * samples), Completion)
    strangers = [row.prompt_id for row in rows if row.prompt_id not in prompts]
    if strangers:
        got = f"a reply to prompt {strangers[0]}, which the suite does not hold"
        raise RunError(Problem(str(completions), got, "replies to the suite as it is now", "socsafe generate STUDY"))
    module = member("judges", name)
    return [_verdict(row, prompts[row.prompt_id], module) for row in rows]


def _verdict(row: Completion, prompt: Prompt, module: ModuleType) -> Verdict:
    failed = row.finish_reason == "error"
    ruling = Ruling("error", None, None, "no reply was generated") if failed else module.rule(prompt.text, row.text)
    return Verdict(
        condition=row.condition,
        suite=row.suite,
        prompt_id=row.prompt_id,
        sample=row.sample,
        judge=module.NAME,
        judge_version=module.VERSION,
        expects=prompt.expects,
        category=prompt.category,
        form=prompt.form,
        status=ruling.status,
        label=ruling.label,
        score=ruling.score,
        rationale=ruling.rationale,
    )
