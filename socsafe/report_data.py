"""What a report is made from: all the facts of a study, and nothing that differs from one run of it to the next.

    score -> SummaryRow of every condition -> pooled over seeds -> ReportData -> sections -> report.md

No clock, no host and no path may enter: the same study and the same verdicts must give the same bytes anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Protocol

from socsafe.facts.ability import AbilityRow
from socsafe.facts.breakdown import CategoryRow, FormRow
from socsafe.facts.comparison import Comparison
from socsafe.facts.drift import DriftRow
from socsafe.facts.example_replies import ExampleReply
from socsafe.facts.overlap import Overlap
from socsafe.facts.parity import ParityRow
from socsafe.facts.published import PublishedFigures
from socsafe.facts.source_facts import SourceFacts
from socsafe.records import HARMFUL_RATE, Estimate, Metric, SummaryRow, TrainingFacts

CONTROL = "none"
"""The style of a condition without safety data; its count is 0."""


class OfArm(Protocol):
    """Whatever belongs to one arm."""

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


class Cell(OfArm, Protocol):
    """What a report needs of a condition."""

    @property
    def id(self) -> str: ...  # noqa: D102
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
    def of(cls, one: OfArm) -> Arm:
        """The arm that a condition is one seed of, or that a row is about."""
        return cls(one.base, one.setting, one.style, one.count, one.form or "")

    @classmethod
    def control(cls, base: str, setting: str) -> Arm:
        """The arm without safety data."""
        return cls(base, setting, CONTROL, 0, "")

    @classmethod
    def first(cls, one: Comparison) -> Arm:
        """The arm that is compared."""
        return cls(one.base, one.setting, one.style, one.count, one.form)

    @classmethod
    def second(cls, one: Comparison) -> Arm:
        """The arm that it is held against."""
        return cls(one.base, one.setting, one.against, one.against_count, "" if one.against == CONTROL else one.form)


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
    items: Mapping[str, str] = field(default_factory=dict)
    """Prompt id -> what it asks about, where the suite asks the same in several forms; empty elsewhere."""


@dataclass(frozen=True, slots=True)
class JudgeFacts:
    """A judge as the report describes it."""

    name: str
    version: str
    about: str = ""
    """What it rules on and how, in one sentence."""
    model: str = ""
    """The model it asks; empty where it asks none."""
    metrics: tuple[Metric, ...] = ()
    """What is made of its verdicts."""

    @property
    def tells_refusals(self) -> bool:
        """Whether the harmful rate and its companions are among its metrics."""
        return any(metric.name == HARMFUL_RATE for metric in self.metrics)


@dataclass(frozen=True, slots=True)
class Validity:
    """How far a judge agreed with people on labelled replies (`socsafe judge validate`)."""

    version: str
    """The judge's version that was held against people: figures hold for no other."""
    sensitivity: Estimate
    """Of the replies that people call refused, in full or in part, the share the judge calls refused."""
    specificity: Estimate
    """Of the replies that people call not refused, the share the judge calls not refused."""


@dataclass(frozen=True, slots=True)
class CorrectedRow:
    """A pooled rate with the judge's known mistakes taken out."""

    arm: Arm
    suite: str
    judge: str
    metric: str
    given: Estimate
    """The rate as judged, over the replies that were given: those judged to be no reply are neither complied nor refused."""
    rate: Estimate
    """What `given` would be if the judge made no mistakes."""
    no_reply: int
    """Judged replies that were no reply."""


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
    """In the study's order: the first that tells refusals is the one the answer and the figure go by."""
    summary: Sequence[SummaryRow]
    """Every figure of every condition that was judged."""
    pooled: Sequence[PooledRow]
    """`summary` pooled over seeds, in the same order."""
    validity: Mapping[str, Validity] = field(default_factory=dict)
    """Judge -> how far this version of it agreed with people; without the judges of which nothing is known."""
    declared_by_default: bool = False
    """Whether the study declares no hypotheses, so that the declared comparisons are those held by default."""
    comparisons: Sequence[Comparison] = ()
    """Arms held against each other on the same prompts, the declared comparisons first."""
    categories: Sequence[CategoryRow] = ()
    """Rates by category, of suites that have several."""
    forms: Sequence[FormRow] = ()
    """Rates by the form of the prompt, of suites that ask the same in several."""
    ability: Sequence[AbilityRow] = ()
    """What was measured beside safety."""
    drift: Sequence[DriftRow] = ()
    """What quantization changes, all conditions together first; empty where it was not checked."""
    fidelity: Sequence[ParityRow] = ()
    """How near llama.cpp comes to transformers, with F16 weights; empty where it was not measured."""
    corrected: Sequence[CorrectedRow] = ()
    """The pooled rates that `validity` bears on, as they would be if the judge made no mistakes (Rogan and Gladen 1978)."""
    published: Sequence[PublishedFigures] = ()
    """Figures of others to show beside the study's own."""
    sources: Sequence[SourceFacts] = ()
    """The data the study uses, one for each use."""
    overlaps: Sequence[Overlap] = ()
    """What the suites share with the training data and with one another."""
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
    recipes: Mapping[str, str] = field(default_factory=dict)
    """Condition id -> SHA-256 of its recipe."""
    examples: Mapping[str, Sequence[ExampleReply]] = field(default_factory=dict)
    """Condition id -> replies of its own that are shown, by a fixed rule."""
    subject: str = ""
    """What was trained on what, in one line of plain words; empty where nothing is said."""

    @property
    def headline(self) -> SuiteFacts | None:
        """The suite the answer speaks of: the first with prompts to refuse."""
        return next((suite for suite in self.suites if suite.refuse), None)

    @property
    def mixed(self) -> SuiteFacts | None:
        """The suite with safe prompts beside the harmful ones."""
        return next((suite for suite in self.suites if suite.comply and suite.refuse), None)

    @property
    def judge(self) -> JudgeFacts:
        """The judge the answer goes by."""
        return next((judge for judge in self.judges if judge.tells_refusals), self.judges[0])

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

    def several_seeds(self, panel: Panel) -> bool:
        """Whether the study asks more than one seed of any arm of the panel."""
        return any(len(self.seeds(arm)) > 1 for arm in self.arms(panel))

    def row(self, arm: Arm, suite: str, metric: str, judge: str | None = None) -> PooledRow | None:
        """The pooled row by its key, by the judge the answer goes by unless one is named; None where nothing was even tried."""
        return self._rows.get((arm, suite, metric, judge if judge is not None else self.judge.name))

    def comparison(self, arm: Arm, against: Arm, suite: str, metric: str) -> Comparison | None:
        """How the arm compares with the other, by the judge the answer goes by; None where they were not compared."""
        found = self._compared.get((arm, against, suite, metric))
        if found is None and (other := self._compared.get((against, arm, suite, metric))):
            return other.turned()
        return found

    @cached_property
    def _rows(self) -> dict[tuple[Arm, str, str, str], PooledRow]:
        return {(row.arm, row.suite, row.metric, row.judge): row for row in self.pooled}

    @cached_property
    def _compared(self) -> dict[tuple[Arm, Arm, str, str], Comparison]:
        return {(Arm.first(one), Arm.second(one), one.suite, one.metric): one for one in self.comparisons if one.judge == self.judge.name}


def by_style(arms: Iterable[Arm]) -> dict[str, list[Arm]]:
    """Style -> its arms by rising count, the styles in the order they come in; controls left out."""
    treated = [arm for arm in arms if arm.style != CONTROL]
    order = list(dict.fromkeys(arm.style for arm in treated))
    ranked = sorted(treated, key=lambda arm: (order.index(arm.style), arm.count))
    return {style: list(group) for style, group in groupby(ranked, key=lambda arm: arm.style)}
