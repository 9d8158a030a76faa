"""The spread from seed to seed: each seed's own figure beside the pooled interval of its arm.

>>> figure = seed_spread(data, data.panels()[0])

A row an arm. Seeds that lie further apart than the band is wide say that another training run would move the figure more than
other prompts would.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from socsafe.figure_names import drawn_arms, rates_judged
from socsafe.records import ANSWERED_RATE, HARMFUL_RATE, OVER_REFUSAL_RATE
from socsafe.report_data import Arm, Panel, ReportData
from socsafe.stats.figure_style import (
    TITLES,
    WIDTH,
    Look,
    arm_label,
    as_rate,
    looks,
    placed,
    sheet,
    tall,
    width_of,
    wrapped,
    written,
)
from socsafe.trade_off import trade_off_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_EDGE, _BETWEEN, _TICKS = 0.12, 0.3, 0.3
"""Margin of the sheet, between columns, and below the plots, in inches."""
_WIDEST = 2.6
"""Of the labels, in inches."""
_ROW = 0.3
"""Of an arm whose label takes one line, in inches."""
_BAND, _SEEDS = 0.74, 0.5
"""How much of a row the band takes, and how much the seeds are strewn over."""


def seed_spread(data: ReportData, panel: Panel) -> Figure | None:
    """Draw the panel, by the judge the report goes by; None where every arm has one seed, or without rates."""
    wanted = _wanted(data)
    if not wanted or not data.several_seeds(panel) or not rates_judged(data, panel):
        return None
    arms = drawn_arms(data, panel)
    label_width = min(_WIDEST, max(width_of(arm_label(arm)) for arm in arms) + 0.02)
    labels = [wrapped(arm_label(arm), label_width) for arm in arms]
    rows = [max(_ROW, tall(label) + 0.06) for label in labels]
    left = _EDGE + label_width + 0.1
    column = (WIDTH - left - _EDGE - 0.1 - _BETWEEN * (len(wanted) - 1)) / len(wanted)
    titles = [wrapped(suite, column) + f"\n{TITLES[metric]}, per cent" for suite, metric in wanted]
    note = wrapped("marker: one seed · upright line: all seeds together · band: its 95 % interval", WIDTH - 2 * _EDGE)
    top = _EDGE + tall(note) + 0.04 + max(map(tall, titles)) + 0.08
    figure = sheet(top + sum(rows) + _TICKS + _EDGE)
    written(figure, _EDGE, _EDGE, note)
    tops = [sum(rows[:number]) for number in range(len(rows))]
    for label, start, row in zip(labels, tops, rows, strict=True):
        written(figure, _EDGE, top + start + (row - tall(label)) / 2, label)
    styles = looks([arm.style for arm in arms])
    for number, (key, title) in enumerate(zip(wanted, titles, strict=True)):
        axes = placed(figure, left + number * (column + _BETWEEN), top, column, sum(rows))
        axes.set_title(title, loc="left", pad=4, linespacing=1.2)
        axes.set_xlim(-2, 102)
        axes.set_xticks([0, 25, 50, 75, 100])
        axes.set_ylim(sum(rows), 0)
        axes.set_yticks([])
        axes.tick_params(length=3)
        axes.grid(axis="x", color="#DDDDDD", linewidth=0.6)
        for arm, start, row in zip(arms, tops, rows, strict=True):
            _row(axes, data, arm, key, (start + row / 2, _ROW), styles[arm.style])
    return figure


def _wanted(data: ReportData) -> Sequence[tuple[str, str]]:
    """The headline suite's harmful rate with the over-refusal it trades against; the answered rate where there is no harm to do."""
    both = trade_off_axes(data)
    if both is not None:
        return [(both.harmful, HARMFUL_RATE), (both.over_refusal, OVER_REFUSAL_RATE)]
    if data.headline is not None:
        return [(data.headline.name, HARMFUL_RATE)]
    return [(suite.name, ANSWERED_RATE) for suite in data.suites[:1]]


def _row(axes: Axes, data: ReportData, arm: Arm, key: tuple[str, str], place: tuple[float, float], look: Look) -> None:
    """One arm: the band and the line of all its seeds together, and a marker for each seed, from the top in the study's order."""
    row = data.row(arm, *key)
    pooled = as_rate(row.estimate) if row else None
    middle, height = place
    if row is None or pooled is None:
        axes.text(0, middle, "no figures", va="center", color="#5A5A5A", style="italic")
        return
    half = _BAND * height / 2
    axes.fill_between([pooled.low, pooled.high], middle - half, middle + half, color="#DEDEDE", linewidth=0)
    axes.vlines(pooled.value, middle - half, middle + half, color="black", linewidth=1.4)
    order = data.seeds(arm)
    # A dark rim, so that light markers stand out from the band in grey.
    inside, rim = ("white", look.colour) if look.hollow else (look.colour, "black")
    for seed, estimate in row.seeds:
        if found := as_rate(estimate):
            at = middle + _SEEDS * height * ((order.index(seed) + 0.5) / len(order) - 0.5)
            axes.plot([found.value], [at], look.marker, color=inside, markersize=4.5, markeredgecolor=rim, markeredgewidth=0.6)
