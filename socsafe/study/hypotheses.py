"""The `hypotheses` block of a study file: which comparisons the study is about, said before its figures are known.

    hypotheses:
      - {style: socratic}                                             # at every count, against the control, harmful rate on all suites
      - {style: socratic, against: refusal, count: 160, metric: over_refusal_rate, suite: xstest, direction: lower}

Their p values are corrected together (Holm 1979), so every further one raises the bar for all. With no such block the hypotheses are
that every style at every count has another harmful rate than the control.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from socsafe.catalogue import did_you_mean, member, members
from socsafe.errors import Problem
from socsafe.records import HARMFUL_RATE, Metric
from socsafe.report_data import CONTROL, Arm, Cell
from socsafe.strict_yaml import Document, KeyPath
from socsafe.study.block import Block, Name


class Hypothesis(Block):
    """Arms that are held against their control, or against another style at the same count."""

    metric: Name = HARMFUL_RATE
    """Name of one of the judges' metrics, as in summary.csv."""
    judge: Name | None = None
    """The judge whose metric it is; the first of the study's that has it when left out."""
    suite: Name | None = None
    """The suite, by its name in reports; the prompts of all suites together when left out."""
    style: Name | None = None
    """The style that is compared; every style when left out."""
    count: Annotated[int, Field(ge=1)] | None = None
    """At which count; at every count when left out."""
    against: Name = CONTROL
    """The style it is held against at the same count; `none`, the control, when left out."""
    direction: Literal["lower", "higher"] | None = None
    """Which way it must go to count, for a one-sided test; either way when left out."""


DEFAULT = (Hypothesis(),)
"""What stands where a study declares nothing."""


def judge_of(hypothesis: Hypothesis, judges: Sequence[str]) -> str | None:
    """The judge whose metric it is, of those that the study names; None where none has it."""
    named = judges if hypothesis.judge is None else [name for name in judges if name == hypothesis.judge]
    return next((name for name in named if any(metric.name == hypothesis.metric for metric in _metrics(name))), None)


def hypothesis_problems(
    document: Document, hypotheses: Sequence[Hypothesis], cells: Sequence[Cell], suites: Sequence[str], judges: Sequence[str]
) -> Iterator[Problem]:
    """Every mistake in the block: names that the study does not have, and hypotheses that can have no answer.

    `cells` are the study's conditions; `suites` and `judges` the names it uses.
    """
    styles = tuple(dict.fromkeys(cell.style for cell in cells))
    counts = sorted({cell.count for cell in cells if cell.count})
    arms, seen = {Arm.of(cell) for cell in cells}, set[Hypothesis]()
    for number, one in enumerate(hypotheses):
        at: KeyPath = ("hypotheses", number)
        if one in seen:
            yield Problem(document.where(at), "a hypothesis twice", "each once")
        seen.add(one)
        problems = [*_style_problems(document, one, at, styles), *_metric_problems(document, one, at, judges)]
        if one.count is not None and one.count not in counts:
            got = f"count {one.count} is not in this study"
            problems.append(Problem(document.where((*at, "count")), got, f"one of {', '.join(map(str, counts))}"))
        if one.suite is not None and one.suite not in suites:
            got = f"suite {one.suite} is not in this study"
            problems.append(Problem(document.where((*at, "suite")), got, did_you_mean(one.suite, suites)))
        if not problems and not _answerable(one, arms):
            expected = "two conditions of the study that differ in nothing but their style, or a condition and its control"
            problems.append(Problem(document.where(at), "a hypothesis that no two conditions fit", expected))
        yield from problems


def _answerable(one: Hypothesis, arms: Set[Arm]) -> bool:
    """Whether the study has two arms that it speaks of."""
    return any(
        one.style in (None, arm.style) and one.count in (None, arm.count) and arm.style not in (CONTROL, one.against)
        and (Arm.control(arm.base, arm.setting) if one.against == CONTROL else replace(arm, style=one.against)) in arms
        for arm in arms
    )  # fmt: skip


def _style_problems(document: Document, one: Hypothesis, at: KeyPath, styles: Sequence[str]) -> Iterator[Problem]:
    treated = [style for style in styles if style != CONTROL]
    if one.style is not None and one.style not in treated:
        got = f"style {one.style} is not compared in this study" if one.style != CONTROL else "the control as the style that is compared"
        yield Problem(document.where((*at, "style")), got, did_you_mean(one.style, treated))
    if one.against not in styles:
        got = f"against {one.against}, which this study does not have"
        yield Problem(document.where((*at, "against") if one.against != CONTROL else at), got, did_you_mean(one.against, styles))
    elif one.against == one.style and one.style != CONTROL:
        yield Problem(document.where((*at, "against")), f"{one.style} against itself", f"another style, or {CONTROL}")


def _metric_problems(document: Document, one: Hypothesis, at: KeyPath, judges: Sequence[str]) -> Iterator[Problem]:
    if one.judge is not None and one.judge not in judges:
        got = f"judge {one.judge} is not in this study"
        yield Problem(document.where((*at, "judge")), got, did_you_mean(one.judge, judges))
    elif judge_of(one, judges) is None:
        known = sorted({metric.name for name in judges for metric in _metrics(name)})
        where = document.where((*at, "metric")) if (*at, "metric") in document.lines else document.where(at)
        yield Problem(where, f"no judge of this study gives {one.metric}", did_you_mean(one.metric, known))


def _metrics(judge: str) -> tuple[Metric, ...]:
    """The judge's metrics; none for a judge that no catalogue knows, which is told elsewhere."""
    found: tuple[Metric, ...] = member("judges", judge).METRICS if judge in members("judges") else ()
    return found
