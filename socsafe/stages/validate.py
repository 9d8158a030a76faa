"""Judges held against people: every labelled reply ruled on, and the rulings counted.

>>> graded = validate(read_labels([Path("mine.csv")]), ["refusal"])
>>> graded[0].whole.binary.value
0.97...

Beside the judges asked for come the labels of other judges that stand in the files (`column:NAME`), and people with each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType, ModuleType

from socsafe.catalogue import did_you_mean, member, members
from socsafe.data.labels import Labelled, Labels
from socsafe.data.ruling import held
from socsafe.engines.budget import Budget
from socsafe.engines.judge_models import asker, prices
from socsafe.engines.offline import rule_many
from socsafe.errors import InputError, Problem
from socsafe.judges._as_refusal import can_tell, vote
from socsafe.progress import Progress
from socsafe.records import Answer, Ruling
from socsafe.stats.validation import COLUMN, PEOPLE, Graded, Mark, grade
from socsafe.study.checked import Plan
from socsafe.study.judge_blocks import JudgeUse

Answered = tuple[Sequence[Ruling], float | None]
"""A ruling for each reply, in order, and what one cost."""
Rule = Callable[[ModuleType, Sequence[Labelled]], Answered]


def offline(judge: ModuleType, replies: Sequence[Labelled]) -> Answered:
    """Rulings of a judge that needs nothing but the reply. Raises `InputError` for one that needs a model."""
    if judge.NEEDS != "nothing":
        mend = f"--study STUDY, with {judge.NAME} and its model in the study's `judges`"
        raise InputError(Problem(f"--judge {judge.NAME}", "a judge that needs a model", "a model to ask", mend))
    return list(rule_many(judge.NAME, ((reply.prompt, reply.completion) for reply in replies))), None


def with_models(plan: Plan, budget: Budget, progress: Progress) -> Rule:
    """Rulings by the models that the study names for its judges; answers are kept beside the study's own, and asked for once."""

    def rule(judge: ModuleType, replies: Sequence[Labelled]) -> Answered:
        uses = {use.judge: use for use in plan.study.judge_uses()}
        if judge.NEEDS == "nothing":
            return offline(judge, replies)
        if judge.NAME not in uses:
            mend = f"add {judge.NAME} and its model to `judges` in {plan.project.relative(plan.file)}"
            raise InputError(Problem(f"--judge {judge.NAME}", "no judge of the study", f"one of: {', '.join(uses)}", mend))
        use = uses[judge.NAME]
        if judge.NEEDS == "verdicts":
            return _combined(judge, {name: rule(member("judges", name), replies) for name in use.of}, replies)
        return _asked(plan, use, replies, budget, progress)

    return rule


def _asked(plan: Plan, use: JudgeUse, replies: Sequence[Labelled], budget: Budget, progress: Progress) -> Answered:
    """What a judge makes of its model's answers."""
    judge = member("judges", use.judge)
    asked = [judge.ask(reply.prompt, reply.completion) for reply in replies]
    answers = asker(plan, use, budget, progress)([question for own in asked for question in own])
    price = prices(use)
    paid = sum(price.of(answer.prompt_tokens, answer.completion_tokens) for answer in answers) / len(replies) if price else None
    rest = iter(answers)
    return [_ruling(judge, reply, [next(rest) for _ in own]) for reply, own in zip(replies, asked, strict=True)], paid


def _ruling(judge: ModuleType, reply: Labelled, answers: Sequence[Answer]) -> Ruling:
    if failed := next((answer.error for answer in answers if answer.error), ""):
        return Ruling("error", None, None, failed)
    return held(judge, judge.rule(reply.prompt, reply.completion, [answer.text for answer in answers]), answers)


def _combined(judge: ModuleType, parts: Mapping[str, Answered], replies: Sequence[Labelled]) -> Answered:
    """What a judge makes of the rulings of others."""
    costs = [cost for _, cost in parts.values() if cost is not None]
    combined = [
        held(judge, judge.combine({name: rulings[number] for name, (rulings, _) in parts.items()}, reply.expects))
        for number, reply in enumerate(replies)
    ]
    return combined, sum(costs) if costs else None


def validate(labels: Labels, judges: Sequence[str], rule: Rule = offline, models: Mapping[str, str] = MappingProxyType({})) -> list[Graded]:
    """Every judge's marks, in the order asked for; then the columns' that were not asked for, then people's with each other.

    `rule` asks a judge for its rulings; `models` says what stands behind each. Raises `InputError` for a judge or a column that is not
    there, or a judge that cannot say whether a reply refuses.
    """
    check_judges(labels, judges)
    columns = [COLUMN + column for column in labels.columns()]
    return [
        *(_column(labels, name) if name in columns else _judge(labels, name, rule, models.get(name, "")) for name in judges),
        *(_column(labels, name) for name in columns if name not in judges),
        *_people(labels),
    ]


def check_judges(labels: Labels, judges: Sequence[str]) -> None:
    """Raise `InputError` naming every judge that cannot be graded on these labels."""
    columns = [COLUMN + column for column in labels.columns()]
    known = [*members("judges"), *columns]
    problems = [Problem(f"--judge {name}", "no such judge", did_you_mean(name, known)) for name in judges if name not in known]
    able = [name for name in members("judges") if can_tell(member("judges", name))]
    problems += [
        Problem(f"--judge {name}", "a judge that does not say whether a reply refuses", f"one of: {', '.join([*able, *columns])}")
        for name in judges
        if name in known and name not in columns and name not in able
    ]
    if problems:
        raise InputError(problems)


def _judge(labels: Labels, name: str, rule: Rule, model: str) -> Graded:
    judge = member("judges", name)
    start = time.perf_counter()
    rulings, cost = rule(judge, labels.replies)
    seconds = (time.perf_counter() - start) / len(labels.replies)
    marks = [_mark(reply, vote(judge, ruling, reply.expects)) for reply, ruling in zip(labels.replies, rulings, strict=True)]
    return grade(name, judge.VERSION, marks, seconds, cost, model)


def _column(labels: Labels, name: str) -> Graded:
    column = name.removeprefix(COLUMN)
    return grade(name, "", [_mark(reply, reply.given[column]) for reply in labels.replies if column in reply.given])


def _people(labels: Labels) -> list[Graded]:
    marks = [_mark(reply, reply.annotations[1], reply.annotations[0]) for reply in labels.replies if reply.annotations]
    return [grade(PEOPLE, "", marks)] if marks else []


def _mark(reply: Labelled, judge: str | None, people: str | None = None) -> Mark:
    return Mark(reply.model, reply.type, reply.id, people or reply.label, judge)
