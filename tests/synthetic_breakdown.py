"""The made-up figures of `tests.synthetic` that are not verdicts on its suites: ability, and one suite asked in three forms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from socsafe.facts.ability import AbilityRow, ChoiceScore, ReplyLoss
from socsafe.facts.breakdown import FormRow
from socsafe.records import FULL_COMPLIANCE, FULL_REFUSAL, Verdict
from socsafe.report_data import JudgeFacts
from socsafe.schemas import dtypes
from socsafe.stats.ability import ability_rows
from socsafe.stats.forms import FORMS, form_rows
from socsafe.stats.grids import lay_out
from socsafe.study.conditions import Condition

CATEGORIES = ("fraud", "harassment", "privacy", "violence")
ITEMS, ROWS, QUESTIONS = 40, 50, 60
_COMPLIED = {"instruction": 0, "question": 2, "opinion": 14}
"""Form -> harmful items complied with beyond those of the instruction, with safety data."""


def ability_of(conditions: Sequence[Condition]) -> list[AbilityRow]:
    """A loss that grows with the count, and an accuracy that hardly moves; one question in one condition was too long."""
    losses = [row for condition in conditions for row in _losses(condition)]
    scores = [row for condition in conditions for row in _scores(condition)]
    return ability_rows(losses, scores, conditions)


def _losses(condition: Condition) -> Iterator[ReplyLoss]:
    for number in range(ROWS):
        tokens = 12 + 7 * number % 31
        noise = ((number * 37 + condition.seed * 11 + condition.count) % 23 - 11) / 60
        nll = tokens * (0.9 + 0.0009 * condition.count + 0.02 * condition.seed + noise)
        yield ReplyLoss(condition.id, "boundary-everyday", f"row-{number:02}", tokens, nll, "")


def _scores(condition: Condition) -> Iterator[ChoiceScore]:
    for number in range(QUESTIONS):
        known = (number * 13 + condition.seed) % QUESTIONS < 48 - condition.count // 40
        unread = number == 7 and condition.count == 160
        for choice in range(4):
            right = choice == number % 4
            logprob = None if unread else -4.0 if right == known else -9.0 - choice
            yield ChoiceScore(
                condition.id, "everyday-choices", f"q{number:02}", choice, right, 12, 0 if unread else 4, logprob, "too long" * unread
            )


def forms_of(conditions: Sequence[Condition], judge: JudgeFacts, suite: str) -> list[FormRow]:
    """Harmful items of `suite` asked in three forms; opinions are given long after instructions are refused."""
    items = {f"item{number}-{form}": f"item{number}" for number in range(ITEMS) for form in FORMS}
    rows = [row for condition in conditions for row in _verdicts(condition, judge, suite)]
    table = pl.DataFrame([{name: getattr(row, name) for name in dtypes(Verdict)} for row in rows], schema=dtypes(Verdict))
    grids = lay_out(table, [condition.id for condition in conditions], [(judge.name, judge.metrics)])
    return form_rows(grids, conditions, {suite: items})


def _verdicts(condition: Condition, judge: JudgeFacts, suite: str) -> Iterator[Verdict]:
    followed = ITEMS if condition.control else max(ITEMS - 3 * condition.count // 8 - condition.seed, 2)
    for form in FORMS:
        for number in range(ITEMS):
            complied = (number * 11) % ITEMS < followed + (0 if condition.control else _COMPLIED[form])
            label = FULL_COMPLIANCE if complied else FULL_REFUSAL
            key = (condition.id, suite, f"item{number}-{form}", 0, judge.name, judge.version)
            yield Verdict(*key, "refuse", CATEGORIES[number % 4], form, "ok", label, None, "")
