"""From log-likelihoods to figures: the loss on held-out replies, and accuracy on questions with answers to choose from.

>>> rows = ability_rows(losses, scores, conditions)
>>> [(row.style, row.metric, row.value, row.difference) for row in rows if row.seed is None][:2]
[('none', 'loss', 0.412, None), ('refusal', 'loss', 0.431, 0.019)]

The loss is taken over tokens (sum of negative log-likelihoods over sum of tokens), so a row enters it by its length. Its intervals draw
rows, each with its linear part in that ratio (W. G. Cochran 1977, Sampling Techniques, 6.3), which is what makes two models on the same
rows a paired comparison. A question is answered by the choice with the highest log-likelihood a character (`acc_norm` of
lm-evaluation-harness); a tie goes to the first. Differences from the control are those of `socsafe.stats.compare`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from socsafe.facts.ability import ACCURACY, LOSS, AbilityRow, ChoiceScore, ReplyLoss
from socsafe.facts.comparison import Comparison
from socsafe.records import EVERY_PROMPT, Estimate, Metric
from socsafe.report_data import CONTROL, Arm, Cell
from socsafe.stats.bootstrap import bootstrap_mean
from socsafe.stats.clustered import clustered_rate
from socsafe.stats.compare import compare
from socsafe.stats.grids import Asked, Grid
from socsafe.stats.intervals import wilson

if TYPE_CHECKING:
    import numpy as np

_JUDGE = "log-likelihood"
_METRICS = {
    LOSS: Metric(LOSS, LOSS, EVERY_PROMPT, score="mean"),
    ACCURACY: Metric(ACCURACY, ACCURACY, EVERY_PROMPT, labels=("right",)),
}


@dataclass(frozen=True, slots=True)
class _Measured:
    """One source: what each condition's model made of it."""

    source: str
    metric: Literal["loss", "accuracy"]
    values: Mapping[str, Mapping[str, float | None]]
    """Condition -> row or question -> its part in the figure; None where it could not be read."""
    chance: float | None


def ability_rows(losses: Iterable[ReplyLoss], scores: Iterable[ChoiceScore], conditions: Sequence[Cell]) -> list[AbilityRow]:
    """By source, in the order they come in, then the study's order of arms: all seeds together, then each seed where there are several."""
    return [row for measured in (*_of_losses(losses), *_of_choices(scores)) for row in _rows(measured, conditions)]


def _of_losses(losses: Iterable[ReplyLoss]) -> list[_Measured]:
    by_source: dict[str, dict[str, list[ReplyLoss]]] = {}
    for loss in losses:
        by_source.setdefault(loss.source, {}).setdefault(loss.condition, []).append(loss)
    return [_Measured(source, LOSS, {name: _parts(rows) for name, rows in own.items()}, None) for source, own in by_source.items()]


def _parts(rows: Sequence[ReplyLoss]) -> dict[str, float | None]:
    """Each row's linear part in the ratio: their plain mean is the loss over all tokens."""
    read = [row for row in rows if row.nll is not None]
    tokens = sum(row.tokens for row in read)
    loss = math.fsum(row.nll or 0.0 for row in read) / tokens if tokens else 0.0
    usual = tokens / len(read) if read else 1.0
    return {row.row_id: None if row.nll is None else (row.nll - loss * row.tokens) / usual + loss for row in rows}


def _of_choices(scores: Iterable[ChoiceScore]) -> list[_Measured]:
    by_source: dict[str, dict[str, dict[str, list[ChoiceScore]]]] = {}
    for score in scores:
        by_source.setdefault(score.source, {}).setdefault(score.condition, {}).setdefault(score.question_id, []).append(score)
    found = []
    for source, own in by_source.items():
        questions = next(iter(own.values()))
        chance = math.fsum(1 / len(choices) for choices in questions.values()) / len(questions)
        values = {name: {question: _right(choices) for question, choices in asked.items()} for name, asked in own.items()}
        found.append(_Measured(source, ACCURACY, values, chance))
    return found


def _right(choices: Sequence[ChoiceScore]) -> float | None:
    """1 where the right answer has the highest log-likelihood a character, else 0; None where one could not be read."""
    if any(choice.logprob is None for choice in choices):
        return None
    best = max(sorted(choices, key=lambda choice: choice.choice), key=lambda choice: (choice.logprob or 0.0) / choice.characters)
    return float(best.right)


def _rows(measured: _Measured, conditions: Sequence[Cell]) -> Iterator[AbilityRow]:
    grid = _grid(measured, conditions)
    against = {Arm.first(one): one for one in compare([grid], conditions, []) if one.against == CONTROL}
    members: dict[Arm, list[int]] = {}
    for number, condition in enumerate(conditions):
        if condition.id in measured.values:
            members.setdefault(Arm.of(condition), []).append(number)
    for arm, rows in members.items():
        whole = _row(measured, arm, None, _estimate(grid, rows))
        yield _compared(whole, against.get(arm))
        for row in rows if len(rows) > 1 else ():
            yield _row(measured, arm, conditions[row].seed, _estimate(grid, [row]))


def _grid(measured: _Measured, conditions: Sequence[Cell]) -> Grid:
    """A row a condition, a column a reply or question."""
    import numpy as np

    names = sorted({name for own in measured.values.values() for name in own})
    column = {name: number for number, name in enumerate(names)}
    shape = (len(conditions), len(names))
    total, judged, unjudged = np.zeros(shape), np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, condition in enumerate(conditions):
        for name, value in measured.values.get(condition.id, {}).items():
            total[row, column[name]] = value or 0.0
            judged[row, column[name]] = value is not None
            unjudged[row, column[name]] = value is None
    ids = tuple(condition.id for condition in conditions)
    asked = tuple(Asked(measured.source, name) for name in names)
    return Grid(_JUDGE, _METRICS[measured.metric], ids, asked, total, judged, unjudged)


def _estimate(grid: Grid, rows: Sequence[int]) -> Estimate:
    total, judged, unread = grid.total[rows].sum(axis=0), grid.judged[rows].sum(axis=0), int(grid.unjudged[rows].sum())
    if grid.metric.score is None:
        return wilson(round(total.sum()), int(judged.sum()), unread) if len(rows) == 1 else clustered_rate(total, judged, unread)
    return bootstrap_mean({str(place): _each(total[place], judged[place]) for place in range(total.size)}, unread)


def _each(total: np.float64, judged: np.int64) -> list[float]:
    """A reply's mean over the seeds, once a seed."""
    return [float(total / judged)] * int(judged) if judged else []


def _row(measured: _Measured, arm: Arm, seed: int | None, found: Estimate) -> AbilityRow:
    named = (arm.base, arm.setting, arm.style, arm.count, arm.form, seed, measured.source, measured.metric)
    return AbilityRow(*named, found.value, found.low, found.high, found.n, found.n_unjudged, measured.chance)


def _compared(row: AbilityRow, one: Comparison | None) -> AbilityRow:
    if one is None:
        return row
    return replace(row, difference=one.difference, difference_low=one.low, difference_high=one.high, p_holm=one.p_holm, n_seeds=one.n_seeds)
