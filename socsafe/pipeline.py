"""The whole run: every stage in turn, each doing only what is not up to date. The only module that chains stages.

>>> outcome = run(load_study(Path("recipes/quickstart/study.yml")), only=(), progress=PlainProgress())
>>> outcome.report
PosixPath('.../reports/quickstart/report.md')

A condition that fails in one stage takes no part in those that follow; the others go on.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from socsafe.catalogue import did_you_mean
from socsafe.errors import InputError, Problem, RunError
from socsafe.manifest import NOT_DONE, Step, is_current, why_stale
from socsafe.progress import Progress
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition

STAGES = ("train", "quantize", "parity", "generate", "judge")
"""The stages that work condition by condition, in order."""


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
    with _held(plan):
        if "train" in stages:
            prepare(plan, progress)
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


def build_bases(plan: Plan, conditions: Sequence[Condition], progress: Progress) -> None:
    """The bases that socsafe makes itself: when out of date, or when missing while something still has to be made from them."""
    for name in dict.fromkeys(condition.base for condition in conditions):
        base = plan.bases[name]
        if not base.made_here:
            continue
        from socsafe.stages.base import build_base, is_built

        own = [condition for condition in conditions if condition.base == name]
        if is_built(plan.project, base) or _wanted(plan, own):
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

        return quantize(plan, conditions, progress, converters)
    if stage == "parity":
        from socsafe.stages.parity import check

        return check(plan, conditions, progress)
    if stage == "generate":
        from socsafe.stages.generate import generate

        return generate(plan, conditions, progress)
    from socsafe.stages.judge import judge

    return judge(plan, conditions, progress)


def report(plan: Plan, progress: Progress, failures: dict[str, dict[str, str]] | None = None) -> Path:
    """Score what has been judged and write the report, unless it is up to date."""
    from socsafe.stages.assemble import report_step

    path = plan.project.report(plan.study.name) / "report.md"
    if not is_current(report_step(plan, failures or {})):
        from socsafe.manifest import record
        from socsafe.stages.assemble import assemble
        from socsafe.stages.judge import read_verdicts
        from socsafe.stages.report import build_report
        from socsafe.stages.score import score

        summary = score(read_verdicts(plan, plan.conditions), plan.conditions)
        build_report(assemble(plan, summary, failures or {}), plan.project.report(plan.study.name))
        # Which figures there are is known only now.
        record(report_step(plan, failures or {}))
        progress.say(f"report: {plan.project.relative(path)}")
    return path


def status(plan: Plan) -> dict[str, dict[str, str]]:
    """Condition id -> stage -> `done`, `stale`, `-` for not done yet, or `n/m` where n of m parts are done."""
    from socsafe.stages.generate import completions_step
    from socsafe.stages.judge import verdicts_step
    from socsafe.stages.parity import parity_step
    from socsafe.stages.quantize import base_step, condition_step
    from socsafe.stages.render import stale_recipes
    from socsafe.stages.train import train_step

    suites, judges = plan.study.suite_uses(), plan.study.judges
    recipes = "stale" if stale_recipes(plan) else "done"

    def marks(condition: Condition) -> dict[str, str]:
        models = [condition_step(plan, condition)]
        if plan.study.quantization.mode == "adapter":
            models.append(base_step(plan, condition.base))
        return {
            "recipe": recipes if plan.project.recipe(plan.study.name, condition.id).is_file() else "-",
            "train": _mark([train_step(plan, condition)]),
            "quantize": _mark(models),
            "parity": _mark([parity_step(plan, condition)]),
            "generate": _mark([completions_step(plan, condition, suite) for suite in suites]),
            "judge": _mark([verdicts_step(plan, condition, suite, judge) for suite in suites for judge in judges]),
        }

    return {condition.id: marks(condition) for condition in plan.conditions}


def _mark(steps: Sequence[Step]) -> str:
    reasons = [why_stale(step) for step in steps]
    fresh = sum(not reason for reason in reasons)
    if fresh == len(steps):
        return "done"
    if fresh:
        return f"{fresh}/{len(steps)}"
    return "-" if all(reason == NOT_DONE for reason in reasons) else "stale"


@contextmanager
def _held(plan: Plan) -> Iterator[None]:
    """Hold the study while it is worked on; a lock left by a process that died does not block."""
    import fcntl

    folder = plan.project.study_run(plan.study.name)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "another process"
            mend = "wait until it has ended, or stop it"
            raise RunError(
                Problem(plan.project.relative(plan.file), f"process {holder} is working on this study", "one run at a time", mend)
            ) from error
        lock.truncate(0)
        import os

        lock.write(str(os.getpid()))
        lock.flush()
        yield
