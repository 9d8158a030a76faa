"""How far the seeds of an arm lie apart, beside the interval of all of them together.

The figure is drawn by `socsafe.stats.figure_seeds`; each seed's own numbers stand under Suites.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from socsafe.figure_names import rates_judged
from socsafe.markdown import code, percent
from socsafe.records import ANSWERED_RATE, HARMFUL_RATE
from socsafe.report_data import Arm, PooledRow, ReportData
from socsafe.sections._headings import image, panel_heading

TITLE = "Seeds"
ORDER = 37


class _Spread(NamedTuple):
    arm: Arm
    low: float
    high: float
    outside: bool
    """Whether a seed lies outside the arm's interval."""

    @property
    def points(self) -> str:
        """From the lowest to the highest seed, in percentage points."""
        return percent(self.high - self.low)


def render(data: ReportData) -> str:
    """One figure and one sentence a panel; nothing where every arm has one seed."""
    blocks = []
    for panel in data.panels():
        if data.several_seeds(panel) and rates_judged(data, panel):
            suite, metric = (data.headline.name, HARMFUL_RATE) if data.headline else (data.suites[0].name, ANSWERED_RATE)
            rows = [row for arm in data.arms(panel) if (row := data.row(arm, suite, metric))]
            name = "harmful" if metric == HARMFUL_RATE else "answered"
            words, sentence = _told([spread for row in rows if (spread := _spread(row))], f"the {name} rate", suite)
            blocks += [*panel_heading(data, panel), image(data, panel, "seed-spread", words), f"{sentence}\n"]
    return "\n".join(blocks)


def _told(spreads: Sequence[_Spread], rate: str, suite: str) -> tuple[str, str]:
    """The finding in plain words for the figure, and as Markdown."""
    start = "Each seed's figure beside the 95 % interval of its arm"
    if not spreads:
        return start, "No arm has two judged seeds yet."
    widest = max(spreads, key=lambda spread: spread.high - spread.low)
    end = f"{percent(widest.low)} to {percent(widest.high)} %"
    outside = sum(spread.outside for spread in spreads)
    lies = "a seed lies" if outside else "does a seed lie"
    beyond = f"in {outside or 'none'} of {len(spreads)} arms with several seeds {lies} outside the interval of all together"
    return (
        f"{start}. On {suite}, {rate}: furthest apart {end} ({widest.arm.style} {widest.arm.count})",
        f"On {code(suite)}, seeds of one arm differ in {rate} by up to {widest.points} points ({code(widest.arm.style)} at "
        f"{widest.arm.count}: {end}); {beyond}. Seeds further apart than the interval is wide say that training the model again "
        "would move the figure more than asking other prompts would.",
    )


def _spread(row: PooledRow) -> _Spread | None:
    """None where fewer than two seeds were judged."""
    values = [estimate.value for _, estimate in row.seeds if estimate.value is not None]
    low, high = row.estimate.low, row.estimate.high
    if len(values) < 2 or low is None or high is None:
        return None
    return _Spread(row.arm, min(values), max(values), min(values) < low or max(values) > high)
