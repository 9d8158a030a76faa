"""Ruling on every reply: one file of verdicts per condition, judge and suite.

>>> failures = judge(plan, plan.conditions, PlainProgress())

Judges go from the cheap to the dear: those that need nothing, then those with a model behind them, then those that combine the
verdicts of others. A model's answers are on disk as soon as they are there (`socsafe.engines.answers`), so that whatever ends a run,
nothing is asked or paid for twice. A reply that could not be generated is not judged: its verdict has the status `error`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING

from socsafe.catalogue import did_you_mean, member
from socsafe.data.cases import Case, cases, control_of, prompts_once
from socsafe.data.ruling import NO_REPLY, held, questions, rule, verdict
from socsafe.data.suites import suite_inputs
from socsafe.engines.answers import AnswerCache, question_key, unanswered
from socsafe.engines.budget import Budget, Forecast, forecast
from socsafe.engines.judge_models import asker, decides, model_files, prices
from socsafe.engines.offline import rule_many
from socsafe.errors import InputError, Problem, RunError, apart
from socsafe.files import require_files
from socsafe.manifest import Inputs, Step, inputs_now, is_current, record
from socsafe.progress import Progress, noting
from socsafe.records import Answer, Ruling, Verdict
from socsafe.schemas import dtypes
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.judge_blocks import JudgeUse, model_name
from socsafe.study.judging import looks_at
from socsafe.study.spec import Suite
from socsafe.tables import read_rows, records, write_rows

if TYPE_CHECKING:
    import polars as pl

TOGETHER = 4096
"""Questions that are asked of a model at a time, at least: the end of each such lot leaves some of its places idle."""
_FORMAT = 2
"""Of the verdicts' files: those of another are made anew."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What of the judging is wanted."""

    judges: tuple[str, ...] = ()
    """Names of judges; all of the study's where empty."""
    budget: float | None = None
    """US dollars that this run may spend; None for no limit."""
    retry_errors: bool = False
    """Judge those units again in which the judge failed on a reply."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One judge's verdicts on one condition's replies to one suite."""

    condition: Condition
    suite: Suite
    use: JudgeUse

    @property
    def judge(self) -> ModuleType:
        """The judge's module in the catalogue."""
        return member("judges", self.use.judge)


@dataclass(slots=True)
class _Outcome:
    failures: dict[str, str] = field(default_factory=dict)
    """Condition id -> message."""
    stopped: list[Problem] = field(default_factory=list)
    """Why judges could not go on."""


def verdicts_step(plan: Plan, condition: Condition, suite: Suite, name: str) -> Step:
    """The unit of work that judges one condition's replies to one suite."""
    project, study = plan.project, plan.study.name
    use = _use(plan, name)
    out = project.verdicts(study, condition.id, suite.name, name)
    control = control_of(plan, condition) if member("judges", name).NEEDS == "pair" else None
    return Step(
        stage="judge",
        manifest=out.with_name(f"{suite.name}.manifest.json"),
        root=project.root,
        inputs=(
            project.completions(study, condition.id, suite.name),
            *suite_inputs(plan, suite),
            *((project.completions(study, control.id, suite.name),) if control and control != condition else ()),
            *(project.verdicts(study, condition.id, suite.name, each) for each in use.of),
        ),
        if_here=model_files(use, project.root),
        outputs=(out,),
        parameters={
            "judge": name,
            "version": member("judges", name).VERSION,
            "suite": suite.model_dump(),
            "use": use.decides(),
            "looks_at": sorted(looks_at(plan.study, name)),
            "format": _FORMAT,
        },
    )


def units(plan: Plan, conditions: Sequence[Condition]) -> Iterator[Unit]:
    """Every condition, suite and judge whose completions are there."""
    for condition in conditions:
        for suite in plan.study.suite_uses():
            if plan.project.completions(plan.study.name, condition.id, suite.name).is_file():
                yield from (Unit(condition, suite, use) for use in plan.study.judge_uses())


def judge(
    plan: Plan, conditions: Sequence[Condition], progress: Progress, choice: Choice | None = None, budget: Budget | None = None
) -> dict[str, str]:
    """Bring all verdicts up to date; condition id -> message for those that failed.

    `budget` is what it may spend together with other stages; a new one of the choice's size when left out.
    Raises `RunError` where a judge's model could not go on (key, quota, budget, no server), when all other judges are done; `DiskError` at
    once, since what further judges answer could not be kept.
    """
    choice, outcome = choice or Choice(), _Outcome()
    budget = budget or Budget(choice.budget)
    for use in _in_order(plan, choice):
        own = [unit for unit in units(plan, conditions) if unit.use == use]
        if todo := [unit for unit in own if _wanted(plan, unit, choice)]:
            _judge_all(plan, use, todo, budget, progress, outcome)
    if outcome.stopped:
        raise RunError(outcome.stopped)
    return outcome.failures


def forecasts(plan: Plan, conditions: Sequence[Condition], choice: Choice) -> dict[str, Forecast]:
    """Judge -> what asking its model would take, for the replies that are there. Asks nothing."""
    found = {}
    prompts = prompts_once(plan)
    for use in _in_order(plan, choice):
        if use.model is None:
            continue
        todo = [unit for unit in units(plan, conditions) if unit.use == use and _wanted(plan, unit, choice)]
        asked = [
            question
            for unit in todo
            for case in cases(plan, unit.condition, unit.suite, unit.use, prompts(unit.suite))
            for question in questions(unit.judge, case)
        ]
        key = decides(use, plan.project.root)
        new = unanswered(asked, AnswerCache(plan.project.answers(plan.study.name, use.judge)), key)
        distinct = len({question_key(question, key) for question in asked})
        found[use.judge] = forecast(new, distinct - len(new), prices(use))
    return found


def read_verdicts(plan: Plan, conditions: Sequence[Condition]) -> pl.DataFrame:
    """All verdicts that are there, in the study's order; a table without rows where there are none."""
    import polars as pl

    paths = [plan.project.verdicts(plan.study.name, unit.condition.id, unit.suite.name, unit.use.judge) for unit in units(plan, conditions)]
    # A judge with nothing to look at in a suite leaves an empty file.
    tables = [read_rows(path, Verdict) for path in paths if path.is_file() and path.stat().st_size]
    return pl.concat(tables) if tables else pl.DataFrame(schema=dtypes(Verdict))


def _use(plan: Plan, name: str) -> JudgeUse:
    return next(use for use in plan.study.judge_uses() if use.judge == name)


def _in_order(plan: Plan, choice: Choice) -> list[JudgeUse]:
    """The chosen judges, the cheap first. Raises `InputError` for a name that is none of the study's."""
    uses = plan.study.judge_uses()
    names = [use.judge for use in uses]
    if strangers := [name for name in choice.judges if name not in names]:
        raise InputError([Problem(f"--judge {name}", "no judge of this study", did_you_mean(name, names)) for name in strangers])
    rank = {"nothing": 0, "verdicts": 2}
    chosen = [use for use in uses if not choice.judges or use.judge in choice.judges]
    return sorted(chosen, key=lambda use: rank.get(member("judges", use.judge).NEEDS, 1))


def _wanted(plan: Plan, unit: Unit, choice: Choice) -> bool:
    step = verdicts_step(plan, unit.condition, unit.suite, unit.use.judge)
    if not is_current(step):
        return True
    if not choice.retry_errors or not step.outputs[0].stat().st_size:
        return False
    rows = records(read_rows(step.outputs[0], Verdict), Verdict)
    return any(row.status == "error" and row.rationale != NO_REPLY for row in rows)


@dataclass(frozen=True, slots=True)
class _Started:
    """A unit whose replies have been read and whose verdicts are being made."""

    unit: Unit
    step: Step
    inputs: Inputs
    cases: Sequence[Case]


def _judge_all(plan: Plan, use: JudgeUse, todo: Sequence[Unit], budget: Budget, progress: Progress, outcome: _Outcome) -> None:
    """One judge's verdicts, unit by unit; a unit that fails does not keep the others from being judged."""
    ask = _asker(plan, use, budget, progress, outcome) if use.model is not None else None
    prompts = prompts_once(plan)
    with progress.task(f"judge {use.judge}", len(todo)) as advance:
        lot: list[_Started] = []
        for number, unit in enumerate(todo, start=1):
            step = verdicts_step(plan, unit.condition, unit.suite, use.judge)
            with apart(noting(outcome.failures, progress, unit.condition.id)):
                require_files(step.inputs, "is not here", "what this judge rules on", f"socsafe run {plan.argument}")
                inputs = inputs_now(step)
                started = _Started(unit, step, inputs, cases(plan, unit.condition, unit.suite, unit.use, prompts(unit.suite)))
                if ask is None:
                    _write(started, list(_verdicts(plan, started)), progress)
                    advance(1)
                    continue
                lot.append(started)
            if ask is not None and (number == len(todo) or sum(len(each.cases) for each in lot) >= TOGETHER):
                if not ask(lot):
                    return
                advance(len(lot))
                lot = []


def _asker(plan: Plan, use: JudgeUse, budget: Budget, progress: Progress, outcome: _Outcome) -> Callable[[Sequence[_Started]], bool]:
    """A function that has a model answer for some units and writes their verdicts; False where the model cannot go on."""
    answered = asker(plan, use, budget, progress)

    def ask(lot: Sequence[_Started]) -> bool:
        asked = [[questions(started.unit.judge, case) for case in started.cases] for started in lot]
        with apart(lambda error: outcome.stopped.extend(error.problems)):
            answers = iter(answered([question for own in asked for each in own for question in each]))
            for started, own in zip(lot, asked, strict=True):
                given = [[next(answers) for _ in each] for each in own]
                rows = [_verdict(started.unit, case, each) for case, each in zip(started.cases, given, strict=True)]
                _write(started, rows, progress)
            return True
        return False

    return ask


def _verdicts(plan: Plan, started: _Started) -> Iterator[Verdict]:
    """Verdicts that no model is asked for: the judge's own, or the ensemble's from those of its members."""
    unit = started.unit
    if unit.judge.NEEDS == "nothing":
        made = rule_many(unit.judge.NAME, ((case.prompt.text, case.completion.text) for case in started.cases if not case.missing))
        for case in started.cases:
            ruling = rule(unit.judge, case) if case.missing else held(unit.judge, next(made))
            yield verdict(unit.judge, unit.use, case, ruling)
        return
    given: dict[tuple[str, int], dict[str, Ruling]] = {}
    for name in unit.use.of:
        path = plan.project.verdicts(plan.study.name, unit.condition.id, unit.suite.name, name)
        for row in records(read_rows(path, Verdict), Verdict) if path.stat().st_size else ():
            ruling = Ruling(row.status, row.label, row.score, row.rationale)
            given.setdefault((row.prompt_id, row.sample), {})[name] = ruling
    for case in started.cases:
        rulings = given.get((case.completion.prompt_id, case.completion.sample), {})
        combined = rule(unit.judge, case) if case.missing else held(unit.judge, unit.judge.combine(rulings, case.prompt.expects))
        yield verdict(unit.judge, unit.use, case, combined)


def _verdict(unit: Unit, case: Case, answers: Sequence[Answer]) -> Verdict:
    return verdict(unit.judge, unit.use, case, rule(unit.judge, case, answers), answers, model_name(unit.use))


def _write(started: _Started, rows: Sequence[Verdict], progress: Progress) -> None:
    write_rows(started.step.outputs[0], rows)
    record(started.step, started.inputs)
    if failed := [row.rationale for row in rows if row.status == "error" and row.rationale != NO_REPLY]:
        unit = started.unit
        told = f"{len(failed)} of {len(rows)} replies to {unit.suite.name} have no verdict by {unit.use.judge}: {failed[0]}"
        progress.say(f"{unit.condition.id}: {told}\n    to try them again: --retry-errors")
