"""Dose and response: the rates of a panel's arms against the number of harmful prompts refused in training.

>>> figure = dose_response(data, data.panels()[0])

One row of axes a suite: harm on the left, over-refusal on the right; a suite with nothing to refuse shows on the left the
share that was answered. Each style is a line with the band of its 95 % intervals; the control is a level with its own band.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from socsafe.figure_names import drawn_arms, rates_judged
from socsafe.records import ANSWERED_RATE, HARMFUL_RATE, OVER_REFUSAL_RATE
from socsafe.report_data import CONTROL, Arm, Panel, ReportData, by_style
from socsafe.stats.figure_key import Entry, Key
from socsafe.stats.figure_style import CONTROL_LOOK, TITLES, WIDTH, Look, Rate, looks, placed, rate, sheet, tall, width_of, wrapped, written

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LEFT, _RIGHT, _BETWEEN, _TOP, _FOOT = 0.45, 0.15, 0.2, 0.12, 0.3
"""Margins of the sheet, and between the two columns, in inches."""
_HEIGHT, _TICKS = 1.55, 0.38
"""Of one pair of axes and of what stands below it, in inches."""
_COLUMN = (WIDTH - _LEFT - _RIGHT - _BETWEEN) / 2
_FOOTNOTE = "per cent of replies with 95 % intervals, by harmful prompts refused in training (evenly spaced, not to scale)"
_SPREAD = 0.42
"""Counts are one apart on the axis; the styles stand side by side over this much of it around each."""


def dose_response(data: ReportData, panel: Panel) -> Figure | None:
    """Draw the panel, by the judge the report goes by; None where that judge gave no rates."""
    if not rates_judged(data, panel):
        return None
    arms = drawn_arms(data, panel)
    styles = looks([arm.style for arm in arms])
    key = Key(_entries(data, arms, styles), WIDTH - 2 * _RIGHT)
    suites = [
        (suite, HARMFUL_RATE if suite.refuse else ANSWERED_RATE, OVER_REFUSAL_RATE if suite.comply else None) for suite in data.suites
    ]
    titles = [[wrapped(suite.name, _COLUMN) + f"\n{TITLES[metric]}" for metric in metrics if metric] for suite, *metrics in suites]
    heads = [max(map(tall, pair)) + 0.08 for pair in titles]
    figure = sheet(_TOP + key.height + 0.1 + sum(heads) + len(suites) * (_HEIGHT + _TICKS) + _FOOT)
    key.draw(figure, _RIGHT, _TOP)
    top = _TOP + key.height + 0.1
    for (suite, *metrics), names, head in zip(suites, titles, heads, strict=True):
        for column, (metric, name) in enumerate(zip([metric for metric in metrics if metric], names, strict=True)):
            axes = placed(figure, _LEFT + column * (_COLUMN + _BETWEEN), top + head, _COLUMN, _HEIGHT)
            _plot(axes, data, arms, styles, (suite.name, metric))
            axes.tick_params(labelleft=column == 0)
            axes.set_title(name, loc="left", pad=4, linespacing=1.2)
        top += head + _HEIGHT + _TICKS
    written(figure, _LEFT, top, _FOOTNOTE)
    return figure


def _entries(data: ReportData, arms: Sequence[Arm], styles: dict[str, Look]) -> list[Entry]:
    """The control, where the panel has one, then every style; those that no suite gives figures of are said to have none."""
    asked, own = dict.fromkeys(arm.style for arm in arms), set(arms)
    drawn = {row.arm.style for row in data.pooled if row.arm in own and row.judge == data.judge.name and row.estimate.n}
    entries = []
    for style in sorted(asked, key=lambda style: style != CONTROL):
        name = f"{CONTROL} (control)" if style == CONTROL else style
        entries.append(Entry(name if style in drawn else f"{name}: no figures", styles[style], "band" if style == CONTROL else "line"))
    return entries


def _plot(axes: Axes, data: ReportData, arms: Sequence[Arm], styles: dict[str, Look], key: tuple[str, str]) -> None:
    """One suite and metric: the control's level, then a line a style."""
    treated = by_style(arms)
    counts = sorted({arm.count for arm in arms})
    controls = [found for arm in arms if arm.style == CONTROL and (found := rate(data, arm, *key))]
    for control in controls[:1]:
        _level(axes, control)
    spread = _SPREAD if len(treated) < 8 else 0.8
    for number, (style, own) in enumerate(treated.items()):
        shift = spread * ((number + 0.5) / len(treated) - 0.5)
        points = [(counts.index(arm.count) + shift, found) for arm in own if (found := rate(data, arm, *key))]
        if points:
            _line(axes, points, (0, controls[0]) if controls else None, styles[style])
    axes.set_ylim(-4, 104)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.set_xlim(-0.5, len(counts) - 0.5)
    # As many ticks as have room for their numbers.
    room = _COLUMN / len(counts)
    step = math.ceil((max(width_of(str(count)) for count in counts) + 0.08) / room)
    axes.set_xticks(range(0, len(counts), step), [str(count) for count in counts[::step]])
    axes.tick_params(length=3)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)


def _level(axes: Axes, control: Rate) -> None:
    """The control: where it stands, drawn on through all counts for the eye to compare with."""
    axes.axhspan(control.low, control.high, color=CONTROL_LOOK.colour, alpha=0.12, linewidth=0)
    axes.axhline(control.value, color=CONTROL_LOOK.colour, linestyle=CONTROL_LOOK.dashes, linewidth=1.2)


def _line(axes: Axes, points: Sequence[tuple[float, Rate]], start: tuple[float, Rate] | None, look: Look) -> None:
    """One style: its line from the control on, the band of its intervals, a marker and an interval at each of its counts."""
    all_points = ([start] if start else []) + list(points)
    places = [place for place, _ in all_points]
    axes.fill_between(
        places, [found.low for _, found in all_points], [found.high for _, found in all_points], color=look.colour, alpha=0.16, linewidth=0
    )
    axes.plot(places, [found.value for _, found in all_points], color=look.colour, linestyle=look.dashes, linewidth=1.5)
    own = places[len(all_points) - len(points) :]
    axes.vlines(own, [found.low for _, found in points], [found.high for _, found in points], color=look.colour, linewidth=0.9)
    inside = "white" if look.hollow else look.colour
    values = [found.value for _, found in points]
    axes.plot(own, values, color=look.colour, marker=look.marker, markerfacecolor=inside, markersize=5, linestyle="none")
