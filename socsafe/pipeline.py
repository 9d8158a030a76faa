"""The whole run: every stage in turn, each doing only what is not up to date. With `socsafe.reporting`, where stages are chained.

>>> outcome = run(load_study(Path("recipes/quickstart/study.yml")), only=(), progress=PlainProgress())
>>> outcome.report
PosixPath('.../reports/quickstart/report.md')

A condition that fails in one stage takes no part in those that follow; the others go on.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from socsafe.catalogue import did_you_mean
from socsafe.engines.budget import Budget
from socsafe.errors import DiskError, InputError, Problem, RunError, SocsafeError
from socsafe.integrity import reread
from socsafe.leftovers import bases_held, remove_leftovers, remove_parts, study_held
from socsafe.manifest import is_current, why_stale
from socsafe.progress import Progress
from socsafe.reporting import ASIDE, NothingJudgedError, report
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition

if TYPE_CHECKING:
    from socsafe.engines.budget import Forecast
    from socsafe.facts.drift import DriftRow
    from socsafe.facts.parity import ParityRow
    from socsafe.stages.judge import Choice
    from socsafe.stages.verify import Finding

STAGES = ("train", "quantize", "parity", "generate", "ability", "judge")
"""The stages that work condition by condition, in order."""


@dataclass(slots=True)
class Outcome:
    """What a run came to."""

    failures: dict[str, dict[str, str]] = field(default_factory=dict)
    """Stage -> condition id -> message; of the stage `report`, which is the whole study's, the study's name -> message."""
    report: Path | None = None
    """The report, where one could be written."""

    def raise_if_failed(self) -> None:
        """Raise `RunError` naming all that failed."""
        problems = [
            Problem(name, f"failed in stage {stage}: {message}", mend="see the message, then run the same command again")
            for stage, found in self.failures.items()
            for name, message in found.items()
        ]
        if problems:
            raise RunError(problems)


def select(plan: Plan, only: Sequence[str]) -> tuple[Condition, ...]:
    """The conditions that the patterns name; all of them where there is no pattern. Raises `InputError` for one that names none."""
    if not only:
        return plan.conditions
    ids = [condition.id for condition in plan.conditions]
    problems = [
        Problem(f"--only {pattern}", "no such condition", did_you_mean(pattern, ids), f"socsafe recipe list {plan.argument}")
        for pattern in only
        if not fnmatch.filter(ids, pattern)
    ]
    if problems:
        raise InputError(problems)
    return tuple(condition for condition in plan.conditions if any(fnmatch.fnmatchcase(condition.id, pattern) for pattern in only))


def run(
    plan: Plan,
    only: Sequence[str],
    progress: Progress,
    stages: Sequence[str] = STAGES,
    converters: Path | None = None,
    choice: Choice | None = None,
) -> Outcome:
    """Bring the named stages up to date for the selected conditions, then the report where `judge` is among them.

    `choice` says what of the judging is wanted; where that is only some of the study's judges, no report is written. Its budget is
    kept by all stages together.
    """
    conditions = list(select(plan, only))
    outcome = Outcome()
    # One for all stages: what generating has spent, judging may not.
    budget = Budget(choice.budget if choice else None)
    with study_held(plan.project, plan.study.name):
        remove_leftovers(plan.project, plan.study.name)
        reread(plan, conditions, stages, progress)
        if "train" in stages:
            prepare(plan, progress)
            if _wanted(plan, conditions):
                check_suites(plan)
            check_training_data(plan, progress)
            build_bases(plan, conditions, progress)
        for stage in stages:
            failed = _stage(plan, stage, conditions, progress, converters, choice, budget)
            remove_parts(plan.project, plan.study.name, stage, (each.id for each in conditions if each.id not in failed))
            if failed:
                outcome.failures[stage] = failed
            if stage not in ASIDE:
                conditions = [condition for condition in conditions if condition.id not in failed]
        if "judge" in stages and not (choice and choice.judges):
            _report(plan, outcome, progress)
    return outcome


def _report(plan: Plan, outcome: Outcome, progress: Progress) -> None:
    """Write the report. Where conditions failed, what keeps it from being written is told beside them, unless it is their failing."""
    failed = set(outcome.failures) - set(ASIDE)
    try:
        outcome.report = report(plan, progress, outcome.failures)
    except SocsafeError as error:
        if isinstance(error, DiskError) or not outcome.failures:
            raise
        if not (failed and isinstance(error, NothingJudgedError)):
            outcome.failures["report"] = {plan.study.name: str(error)}


def verify(plan: Plan, progress: Progress) -> list[Finding]:
    """Whether everything that the study has made is still what was made; every byte is read, and nothing is changed.

    Raises `RunError` where another process is working on the study.
    """
    from socsafe import integrity

    with study_held(plan.project, plan.study.name, reading=True):
        return integrity.verify(plan, progress)


def prepare(plan: Plan, progress: Progress) -> None:
    """Recipes and mixtures."""
    from socsafe.stages.mix import build_mixtures
    from socsafe.stages.render import write_recipes

    written, removed = write_recipes(plan)
    if written or removed:
        progress.say(f"recipes: {written} written, {removed} removed")
    build_mixtures(plan, progress)


def check_suites(plan: Plan) -> None:
    """Read every suite and question before anything is trained: a mistake in one must not be found only when all training is done."""
    from socsafe.data.choices import load_choices
    from socsafe.data.suites import asked_prompts

    problems: list[Problem] = []
    for use in plan.study.suite_uses():
        try:
            asked_prompts(plan, use)
        except InputError as error:
            problems += error.problems
    for source in plan.study.ability.choices if plan.study.ability else ():
        try:
            load_choices(source, plan.sources[source], plan.project.root)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)


def check_training_data(plan: Plan, progress: Progress) -> None:
    """Raise `RunError` when the training data hold more of a suite than the study allows."""
    from socsafe.stages.leakage import check_leakage, refuse_leakage

    refuse_leakage(plan, check_leakage(plan, progress))


def drop_leaking_rows(plan: Plan, progress: Progress) -> int:
    """Leave out of training every row that repeats a suite's prompt, even nearly; how many rows those are.

    A row that is drawn in the place of one left out may repeat a prompt as well, so this goes on until none does.
    """
    from socsafe.stages.leakage import drop_leaking
    from socsafe.stages.mix import build_mixtures

    dropped = 0
    while added := drop_leaking(plan, progress):
        dropped += added
        build_mixtures(plan, progress)
    return dropped


def build_bases(plan: Plan, conditions: Sequence[Condition], progress: Progress) -> None:
    """The bases that socsafe makes itself: when out of date, or when missing while something still has to be made from them."""
    for name in dict.fromkeys(condition.base for condition in conditions):
        base = plan.bases[name]
        if not base.made_here:
            continue
        from socsafe.stages.base import build_base, is_built

        own = [condition for condition in conditions if condition.base == name]
        if is_built(plan.project, base) or _wanted(plan, own):
            with bases_held(plan.project, progress.say):
                build_base(plan.project, base, progress)


def _wanted(plan: Plan, conditions: Sequence[Condition]) -> bool:
    """Whether something is still to be trained or converted."""
    from socsafe.stages.quantize import base_step, condition_step
    from socsafe.stages.train import is_adoptable, train_step

    training = any(why_stale(train_step(plan, condition)) and not is_adoptable(plan, condition) for condition in conditions)
    steps = [*(base_step(plan, condition.base) for condition in conditions), *(condition_step(plan, condition) for condition in conditions)]
    return training or not all(is_current(step) for step in steps)


def _stage(
    plan: Plan,
    stage: str,
    conditions: Sequence[Condition],
    progress: Progress,
    converters: Path | None,
    choice: Choice | None,
    budget: Budget,
) -> dict[str, str]:
    if stage == "train":
        from socsafe.stages.train import train

        return train(plan, conditions, progress)
    if stage == "quantize":
        from socsafe.stages.quantize import quantize

        with bases_held(plan.project, progress.say):
            return quantize(plan, conditions, progress, converters)
    if stage == "parity":
        from socsafe.stages.parity import check

        return check(plan, conditions, progress)
    if stage in ("drift", "fidelity"):
        return _check(plan, stage, conditions, progress, converters)
    if stage == "generate":
        from socsafe.stages.generate import generate

        return generate(plan, conditions, progress, budget)
    if stage == "ability":
        from socsafe.stages.ability import ability

        return ability(plan, conditions, progress)
    from socsafe.stages.judge import judge

    return judge(plan, conditions, progress, choice, budget)


def _check(plan: Plan, stage: str, conditions: Sequence[Condition], progress: Progress, converters: Path | None) -> dict[str, str]:
    """Quantized weights held against F16 ones, or F16 ones against transformers; the F16 models are made first."""
    from socsafe.facts.drift import UNQUANTIZED
    from socsafe.stages.drift import check_drift
    from socsafe.stages.fidelity import compare_with_transformers, one_a_base
    from socsafe.stages.quantize import quantize
    from socsafe.study.models import REFERENCE

    if stage == "drift" and plan.study.quantization.type in UNQUANTIZED:
        return {}
    chosen = conditions if stage == "drift" else one_a_base(conditions)
    with bases_held(plan.project, progress.say):
        failures = quantize(plan, chosen, progress, converters, REFERENCE)
    ready = [condition for condition in chosen if condition.id not in failures]
    if stage == "drift":
        return failures | check_drift(plan, ready, progress)
    return failures | compare_with_transformers(plan, ready, progress, converters)


def drift(plan: Plan, only: Sequence[str]) -> list[DriftRow]:
    """What the check of quantization found of the selected conditions; empty where none was checked or nothing is quantized."""
    from socsafe.stages.drift import read_drift
    from socsafe.stats.drift import drift_rows

    return drift_rows(read_drift(plan, select(plan, only)), plan.study.quantization.type)


def fidelity(plan: Plan, only: Sequence[str]) -> list[ParityRow]:
    """How near llama.cpp came to transformers, for those of the selected conditions for which it was measured."""
    from socsafe.stages.fidelity import read_fidelity

    return read_fidelity(plan, select(plan, only))


def judging_forecasts(plan: Plan, only: Sequence[str], choice: Choice) -> dict[str, Forecast]:
    """Judge -> what asking its model about the selected conditions' replies would take."""
    from socsafe.stages.judge import forecasts

    return forecasts(plan, select(plan, only), choice)
