"""How the sections head what belongs to one panel, and show its figures; a study with a single panel needs no heading."""

from __future__ import annotations

from collections.abc import Iterable

from socsafe.figure_names import drawn_arms, figure_name
from socsafe.markdown import code, escape, judged
from socsafe.report_data import Arm, Panel, PooledRow, ReportData


def panel_title(panel: Panel) -> str:
    """Base, setting and form in code type."""
    return ", ".join(code(part) for part in (panel.base, panel.setting, panel.form) if part)


def panel_heading(data: ReportData, panel: Panel) -> list[str]:
    """The heading of a panel, as a list of one, or of none where it would say nothing."""
    return [f"### {panel_title(panel)}\n"] if len(data.panels()) > 1 else []


def one_seed(data: ReportData) -> str:
    """That a difference speaks of models and not of styles, where no arm has a second seed; else nothing."""
    if any(data.several_seeds(panel) for panel in data.panels()):
        return ""
    return " There is one seed an arm: what is shown holds for these models, not for their styles."


def one_seed_key(marked: bool) -> str:
    """What the mark means, where a table bears it."""
    return f" *{ONE_SEED.capitalize()}*: a single seed a side, so these two models differ and nothing is said of styles." if marked else ""


ONE_SEED = "one seed"
"""Beside a difference that speaks of two models only."""


def seed_mark(seeds: int | None) -> str:
    """` (one seed)` where a claim rests on one seed a side: these two models differ, which says nothing of styles."""
    return f" ({ONE_SEED})" if seeds == 1 else ""


def most_judged(data: ReportData, arms: Iterable[Arm], suite: str, metric: str) -> int:
    """The most replies that any of the arms has judged, so that n needs to be told only of those with fewer."""
    return max((row.estimate.n for arm in arms if (row := data.row(arm, suite, metric))), default=0)


def of_fewer(row: PooledRow | None, most: int) -> str:
    """` of 116 + 4`: replies judged and those that could not be, where they are not as many as the head says."""
    return f" of {judged(row.estimate)}" if row and row.estimate.n and row.estimate.n < most else ""


def image(data: ReportData, panel: Panel, name: str, words: str) -> str:
    """One of the panel's figures; `words` say what it shows to those who cannot see it. What it leaves out is said below it."""
    drawn, arms = drawn_arms(data, panel), data.arms(panel)
    left_out = ""
    if len(drawn) < len(arms):
        front = ", and all on the Pareto front" if name == "trade-off" else ""
        left_out = (
            f"\n*Of {len(arms)} arms the figure shows {len(drawn)} that can be read: the control, and every style at counts "
            f"spread evenly from the lowest to the highest{front}. The tables have all.*\n"
        )
    return f"![{escape(words)}]({figure_name(data, panel, name)}.svg)\n{left_out}"
