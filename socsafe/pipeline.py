"""The whole run: every stage in turn, each doing only what is not up to date. The only module that chains stages.

>>> outcome = run(load_study(Path("recipes/quickstart/study.yml")), only=(), progress=PlainProgress())
>>> outcome.report
PosixPath('.../reports/quickstart/report.md')

A condition that fails in one stage takes no part in those that follow; the others go on.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from socsafe.catalogue import did_you_mean
from socsafe.errors import InputError, Problem, RunError
from socsafe.locks import held
from socsafe.manifest import NOT_DONE, Step, inputs_now, is_current, record, why_stale
from socsafe.progress import Progress
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition

STAGES = ("train", "quantize", "parity", "generate", "judge")
"""The stages that work condition by condition, in order."""
DONE, STALE = "done", "stale"


@dataclass(slots=True)
class Outcome:
    """What a run came to."""

    failures: dict[str, dict[str, str]] = field(default_factory=dict)
    """Stage -> condition id -> message."""
    report: Path | None = None
    """The report, where one could be written."""

    def raise_if_failed(self) -> None:
        """Raise `RunError` naming every condition that failed."""
        problems = [
            Problem(condition, f"failed in stage {stage}: {message}", mend="see the message, then run the same command again")
            for stage, conditions in self.failures.items()
            for condition, message in conditions.items()
        ]
        if problems:
            raise RunError(problems)


def select(plan: Plan, only: Sequence[str]) -> tuple[Condition, ...]:
    """The conditions that the patterns name; all of them where there is no pattern. Raises `InputError` for one that names none."""
    if not only:
        return plan.conditions
    ids = [condition.id for condition in plan.conditions]
    problems = [
        Problem(
            f"--only {pattern}", "no such condition", did_you_mean(pattern, ids), f"socsafe recipe list {plan.project.relative(plan.file)}"
        )
        for pattern in only
        if not fnmatch.filter(ids, pattern)
    ]
    if problems:
        raise InputError(problems)
    return tuple(condition for condition in plan.conditions if any(fnmatch.fnmatchcase(condition.id, pattern) for pattern in only))


def run(plan: Plan, only: Sequence[str], progress: Progress, stages: Sequence[str] = STAGES, converters: Path | None = None) -> Outcome:
    """Bring the named stages up to date for the selected conditions, then the report where `judge` is among them."""
    conditions = list(select(plan, only))
    outcome = Outcome()
    with held(plan.project.study_run(plan.study.name) / "lock", f"study {plan.study.name}", wait=False):
        if "train" in stages:
            prepare(plan, progress)
            if _wanted(plan, conditions):
                check_suites(plan)
            build_bases(plan, conditions, progress)
        for stage in stages:
            failed = _stage(plan, stage, conditions, progress, converters)
            if failed:
                outcome.failures[stage] = failed
                conditions = [condition for condition in conditions if condition.id not in failed]
        if "judge" in stages:
            try:
                outcome.report = report(plan, progress, outcome.failures)
            except RunError:
                # Where every condition failed there is nothing to report on, and the failures say why.
                if not outcome.failures:
                    raise
    return outcome


def prepare(plan: Plan, progress: Progress) -> None:
    """Recipes and mixtures."""
    from socsafe.stages.mix import build_mixtures
    from socsafe.stages.render import write_recipes

    written, removed = write_recipes(plan)
    if written or removed:
        progress.say(f"recipes: {written} written, {removed} removed")
    build_mixtures(plan, progress)


def check_suites(plan: Plan) -> None:
    """Read every suite before anything is trained: a mistake in one must not be found only when all training is done."""
    from socsafe.data.load import load_prompts

    problems: list[Problem] = []
    for use in plan.study.suite_uses():
        try:
            load_prompts(use.source, plan.sources[use.source], plan.project.root)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)


def build_bases(plan: Plan, conditions: Sequence[Condition], progress: Progress) -> None:
    """The bases that socsafe makes itself: when out of date, or when missing while something still has to be made from them."""
    for name in dict.fromkeys(condition.base for condition in conditions):
        base = plan.bases[name]
        if not base.made_here:
            continue
        from socsafe.stages.base import build_base, is_built

        own = [condition for condition in conditions if condition.base == name]
        if is_built(plan.project, base) or _wanted(plan, own):
            with held(plan.project.bases_lock, "the bases", wait=True):
                build_base(plan.project, base, progress)


def _wanted(plan: Plan, conditions: Sequence[Condition]) -> bool:
    """Whether something is still to be trained or converted."""
    from socsafe.stages.quantize import base_step, condition_step
    from socsafe.stages.train import is_adoptable, train_step

    training = any(why_stale(train_step(plan, condition)) and not is_adoptable(plan, condition) for condition in conditions)
    steps = [*(base_step(plan, condition.base) for condition in conditions), *(condition_step(plan, condition) for condition in conditions)]
    return training or not all(is_current(step) for step in steps)


def _stage(plan: Plan, stage: str, conditions: Sequence[Condition], progress: Progress, converters: Path | None) -> dict[str, str]:
    if stage == "train":
        from socsafe.stages.train import train

        return train(plan, conditions, progress)
    if stage == "quantize":
        from socsafe.stages.quantize import quantize

        # Studies share the bases' GGUF files.
        with held(plan.project.bases_lock, "the bases", wait=True):
            return quantize(plan, conditions, progress, converters)
    if stage == "parity":
        from socsafe.stages.parity import check

        return check(plan, conditions, progress)
    if stage == "generate":
        from socsafe.stages.generate import generate

        return generate(plan, conditions, progress)
    from socsafe.stages.judge import judge

    return judge(plan, conditions, progress)


def report(plan: Plan, progress: Progress, failures: Mapping[str, Mapping[str, str]] | None = None) -> Path:
    """Score what is up to date and write the report, unless the report is up to date itself.

    Conditions that failed, are not done, or were made from something that has changed since are named, not counted.
    """
    from socsafe.stages.assemble import report_step

    path = plan.project.report(plan.study.name) / "report.md"
    unfinished = _unfinished(plan, failures or {})
    missing = {condition for found in unfinished.values() for condition in found}
    finished = [condition for condition in plan.conditions if condition.id not in missing]
    if not is_current(report_step(plan, finished, unfinished)):
        from socsafe.stages.assemble import assemble
        from socsafe.stages.judge import read_verdicts
        from socsafe.stages.report import build_report
        from socsafe.stages.score import score

        inputs = inputs_now(report_step(plan, finished, unfinished))
        summary = score(read_verdicts(plan, finished), plan.conditions)
        build_report(assemble(plan, summary, unfinished), plan.project.report(plan.study.name))
        # Which figures there are is known only now.
        record(report_step(plan, finished, unfinished), inputs)
        progress.say(f"report: {plan.project.relative(path)}")
    return path


def _unfinished(plan: Plan, failures: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Stage -> condition id -> why: those that failed now, and those that a stage has yet to bring up to date."""
    found = {stage: dict(messages) for stage, messages in failures.items()}
    failed = {condition for messages in failures.values() for condition in messages}
    for condition, marks in status(plan).items():
        behind = next(((stage, mark) for stage, mark in marks.items() if mark != DONE), None)
        if behind is not None and condition not in failed:
            stage, mark = behind
            why = {"-": "not done yet", STALE: "made from something that has changed since"}.get(mark, f"{mark} done")
            found.setdefault(stage, {})[condition] = why
    return found


def status(plan: Plan) -> dict[str, dict[str, str]]:
    """Condition id -> stage -> `done`, `stale`, `-` for not done yet, or `n/m` where n of m parts are done."""
    from socsafe.stages.generate import completions_step
    from socsafe.stages.judge import verdicts_step
    from socsafe.stages.parity import parity_step
    from socsafe.stages.quantize import base_step, condition_step
    from socsafe.stages.render import render_recipes
    from socsafe.stages.train import train_step

    suites, judges = plan.study.suite_uses(), plan.study.judges
    rendered = render_recipes(plan)

    def marks(condition: Condition) -> dict[str, str]:
        models = [condition_step(plan, condition)]
        if plan.study.quantization.mode == "adapter":
            models.append(base_step(plan, condition.base))
        recipe = plan.project.recipe(plan.study.name, condition.id)
        return _downstream(
            {
                "recipe": "-" if not recipe.is_file() else DONE if recipe.read_bytes() == rendered[recipe].encode() else STALE,
                "train": _mark([train_step(plan, condition)]),
                "quantize": _mark(models),
                "parity": _mark([parity_step(plan, condition)]),
                "generate": _mark([completions_step(plan, condition, suite) for suite in suites]),
                "judge": _mark([verdicts_step(plan, condition, suite, judge) for suite in suites for judge in judges]),
            }
        )

    return {condition.id: marks(condition) for condition in plan.conditions}


def _downstream(marks: dict[str, str]) -> dict[str, str]:
    """What follows from a stage that is not up to date is not up to date either, though its own inputs have not moved yet."""
    behind = False
    for stage, mark in marks.items():
        marks[stage] = STALE if behind and mark == DONE else mark
        behind = behind or mark != DONE
    return marks


def _mark(steps: Sequence[Step]) -> str:
    reasons = [why_stale(step) for step in steps]
    fresh = sum(not reason for reason in reasons)
    if fresh == len(steps):
        return DONE
    if fresh:
        return f"{fresh}/{len(steps)}"
    return "-" if all(reason == NOT_DONE for reason in reasons) else STALE
