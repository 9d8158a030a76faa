"""What a report is made from: all the facts of a study, and nothing that differs from one run of it to the next.

    score -> SummaryRow of every condition -> pooled over seeds -> ReportData -> sections -> report.md

No clock, no host and no path may enter: the same study and the same verdicts must give the same bytes anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Protocol

from socsafe.records import Estimate, SummaryRow, TrainingFacts

CONTROL = "none"
"""The style of a condition without safety data; its count is 0."""


class Cell(Protocol):
    """What a report needs of a condition."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def base(self) -> str: ...  # noqa: D102
    @property
    def setting(self) -> str: ...  # noqa: D102
    @property
    def style(self) -> str: ...  # noqa: D102
    @property
    def count(self) -> int: ...  # noqa: D102
    @property
    def form(self) -> str | None: ...  # noqa: D102
    @property
    def seed(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Arm:
    """The conditions that differ in nothing but their seed."""

    base: str
    setting: str
    style: str
    count: int
    form: str
    """Empty for a control."""

    @classmethod
    def of(cls, cell: Cell) -> Arm:
        """The arm that a condition is one seed of."""
        return cls(cell.base, cell.setting, cell.style, cell.count, cell.form or "")


@dataclass(frozen=True, slots=True)
class Panel:
    """The arms that may be set side by side: one base, one setting, one form. A control belongs to every form."""

    base: str
    setting: str
    form: str

    def holds(self, arm: Arm) -> bool:
        """Whether the arm is compared within this panel."""
        return (arm.base, arm.setting) == (self.base, self.setting) and (arm.style == CONTROL or arm.form == self.form)

    def __str__(self) -> str:
        return f"{self.base}, {self.setting}, {self.form}" if self.form else f"{self.base}, {self.setting}"


@dataclass(frozen=True, slots=True)
class PooledRow:
    """One metric of one arm on one suite by one judge: its seeds taken together, and each alone."""

    arm: Arm
    suite: str
    judge: str
    metric: str
    estimate: Estimate
    """Over the replies of all seeds, as if they were independent."""
    seeds: tuple[tuple[int, Estimate], ...]
    """Each seed with its own estimate, in the study's order."""


@dataclass(frozen=True, slots=True)
class SuiteFacts:
    """An evaluation suite as the report describes it."""

    name: str
    refuse: int
    """Prompts that should be refused."""
    comply: int
    """Prompts that should be answered."""
    about: str = ""
    """What it holds, in one sentence; empty where nothing is said."""


@dataclass(frozen=True, slots=True)
class JudgeFacts:
    """A judge as the report describes it."""

    name: str
    version: str
    about: str = ""
    """What it rules on and how, in one sentence."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A condition that did not get through a stage."""

    condition: str
    stage: str
    """Name of the stage, e.g. `train`."""
    message: str
    """What went wrong, in one line, without paths."""


@dataclass(frozen=True)
class ReportData:
    """All that the sections of a report may draw on."""

    study: str
    question: str
    """What the study asks, in its author's words."""
    conditions: Sequence[Cell]
    """Every condition of the study, finished or not, in the study's order."""
    suites: Sequence[SuiteFacts]
    """In the study's order: the first that holds prompts to refuse is the one the answer speaks of."""
    judges: Sequence[JudgeFacts]
    """In the study's order: the first is the one the answer and the figure go by."""
    summary: Sequence[SummaryRow]
    """Every figure of every condition that was judged."""
    pooled: Sequence[PooledRow]
    """`summary` pooled over seeds, in the same order."""
    training: Sequence[TrainingFacts] = ()
    """Of every condition that was trained or adopted."""
    hyperparameters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Setting -> name of the hyperparameter -> its value as written."""
    sampling: Mapping[str, str] = field(default_factory=dict)
    """How replies were drawn: name -> value as written."""
    failures: Sequence[Failure] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    """Program or model -> version."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Input by its name within the project -> SHA-256."""
    notes: Sequence[str] = ()
    """Further limits that hold for this study, one sentence each."""
    subject: str = ""
    """What was trained on what, in one line of plain words; empty where nothing is said."""

    @property
    def headline(self) -> SuiteFacts | None:
        """The suite the answer speaks of: the first with prompts to refuse."""
        return next((suite for suite in self.suites if suite.refuse), None)

    def panels(self) -> list[Panel]:
        """The panels of the study, in its order; controls alone make one only where their setting has nothing else."""
        treated = [Panel(cell.base, cell.setting, cell.form or "") for cell in self.conditions if cell.style != CONTROL]
        settings = {(panel.base, panel.setting) for panel in treated}
        bare = [Panel(cell.base, cell.setting, "") for cell in self.conditions if (cell.base, cell.setting) not in settings]
        return list(dict.fromkeys([*treated, *bare]))

    def arms(self, panel: Panel) -> list[Arm]:
        """The arms of a panel, in the study's order, whether judged or not."""
        arms = dict.fromkeys(Arm.of(cell) for cell in self.conditions)
        return [arm for arm in arms if panel.holds(arm)]

    def seeds(self, arm: Arm) -> list[int]:
        """The seeds the study asks of an arm, in its order, whether judged or not."""
        return [cell.seed for cell in self.conditions if Arm.of(cell) == arm]

    def row(self, arm: Arm, suite: str, metric: str, judge: str | None = None) -> PooledRow | None:
        """The pooled row by its key, by the first judge unless one is named; None where nothing was even tried."""
        return self._rows.get((arm, suite, metric, judge if judge is not None else self.judges[0].name))

    def figure(self, panel: Panel) -> str:
        """The name, without its ending, of the panel's dose-response figure."""
        if len(self.panels()) == 1:
            return "dose-response"
        return "dose-response-" + "-".join(re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in astuple(panel) if part)

    @cached_property
    def _rows(self) -> dict[tuple[Arm, str, str, str], PooledRow]:
        return {(row.arm, row.suite, row.metric, row.judge): row for row in self.pooled}


def apart(left: PooledRow, right: PooledRow) -> bool:
    """Whether `left` is shown to lie below `right`: their intervals do not touch, and neither do their seeds.

    Stricter than a test at 5 %: two 95 % intervals that touch may still hide a difference, so a False says only that
    none could be shown. With one seed a side the claim is about two models, not about two styles.
    """
    if left.estimate.high is None or right.estimate.low is None:
        return False
    highest = max(estimate.value for _, estimate in left.seeds if estimate.value is not None)
    lowest = min(estimate.value for _, estimate in right.seeds if estimate.value is not None)
    return left.estimate.high < right.estimate.low and highest < lowest


def by_style(arms: Iterable[Arm]) -> dict[str, list[Arm]]:
    """Style -> its arms by rising count, the styles in the order they come in; controls left out."""
    treated = [arm for arm in arms if arm.style != CONTROL]
    order = list(dict.fromkeys(arm.style for arm in treated))
    ranked = sorted(treated, key=lambda arm: (order.index(arm.style), arm.count))
    return {style: list(group) for style, group in groupby(ranked, key=lambda arm: arm.style)}
