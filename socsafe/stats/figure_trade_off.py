"""The trade-off: each arm's harmful rate against its over-refusal rate, with both intervals, and the Pareto front.

>>> figure = trade_off(data, data.panels()[0])

Each arm bears a number that the key at the side explains, set where no other number and no marker lies; arms that fall on one
another share a label. What is on the front wears a ring.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from socsafe.figure_names import drawn_arms
from socsafe.report_data import Panel, ReportData
from socsafe.stats.figure_key import Entry, Key
from socsafe.stats.figure_numbers import Box, around, near, runs
from socsafe.stats.figure_style import SIZE, WIDTH, Look, Rate, arm_label, as_rate, looks, placed, sheet, tall, width_of, wrapped, written
from socsafe.trade_off import standings, trade_off_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LEFT, _TOP, _TICKS, _BETWEEN, _RIGHT = 0.45, 0.1, 0.28, 0.25, 0.1
"""Margins of the sheet, what stands below the plot, and what lies between the plot and its key, in inches."""
_NARROWEST, _WIDEST, _SHORTEST = 1.9, 3.2, 4.0
"""Of the key and of the plot, in inches."""
_SCALES = {10: 2, 25: 5, 50: 10, 75: 25, 100: 25}
"""Where the axes may end, in per cent, and how far apart their ticks are: small rates would else lie on one another."""
_MARGIN = 0.05
"""Beyond both ends of an axis, as a share of it."""
_FRONT = Look("#000000", "o", (0, (4, 2)), hollow=True)
_CROSS = Look("#5A5A5A", "+", "solid")
_MARKER, _RING, _TOGETHER, _FAR = 0.05, 0.09, 0.05, 0.3
"""Half of a marker and of a ring; arms nearer than the third share a label; a label further off gets a hairline. In inches."""


class _Point(NamedTuple):
    number: int
    over: Rate
    harmful: Rate
    on_front: bool
    look: Look


def trade_off(data: ReportData, panel: Panel) -> Figure | None:
    """Draw the panel, by the judge the report goes by; None where no arm has both figures."""
    named = trade_off_axes(data)
    shown = standings(data, panel, named) if named else []
    if named is None or not shown:
        return None
    readable = set(drawn_arms(data, panel))
    shown = [one for one in shown if one.on_front or one.arm in readable]
    styles = looks([arm.style for arm in data.arms(panel)])
    points = []
    for number, standing in enumerate(shown, start=1):
        over, harmful = as_rate(standing.over_refusal), as_rate(standing.harmful)
        if over and harmful:
            points.append(_Point(number, over, harmful, standing.on_front, styles[standing.arm.style]))
    arms = [Entry(arm_label(one.arm), styles[one.arm.style], "marker", str(number)) for number, one in enumerate(shown, start=1)]
    front = [Entry("on the Pareto front: no other arm beats it", _FRONT, "ring"), Entry("95 % intervals", _CROSS, "cross")]
    key = Key([*arms, *front], min(_WIDEST, max(_NARROWEST, Key.natural_width(arms))), column=True)

    width = WIDTH - _LEFT - _BETWEEN - key.width - _RIGHT
    head = wrapped(f"harmful prompts of {named.harmful} complied with, per cent (lower is better)", width)
    foot = wrapped(f"safe prompts of {named.over_refusal} refused, per cent (further left is better)", width)
    height = min(max(_SHORTEST, key.height - tall(foot) - _TICKS), 1.2 * width)
    top = _TOP + tall(head) + 0.05
    figure = sheet(max(top + height + _TICKS + tall(foot), top + key.height) + _TOP)
    axes = placed(figure, _LEFT, top, width, height)
    written(figure, _LEFT, _TOP, head)
    written(figure, _LEFT, top + height + _TICKS, foot)
    key.draw(figure, WIDTH - _RIGHT - key.width, top)
    _plot(axes, points, (width, height))
    return figure


def _plot(axes: Axes, points: Sequence[_Point], size: tuple[float, float]) -> None:
    """The front, the crosses of the intervals, the markers, the numbers."""
    ends = [_end([point.over.high for point in points]), _end([point.harmful.high for point in points])]
    axes.set_xlim(-_MARGIN * ends[0], (1 + _MARGIN) * ends[0])
    axes.set_ylim(-_MARGIN * ends[1], (1 + _MARGIN) * ends[1])
    axes.set_xticks(range(0, ends[0] + 1, _SCALES[ends[0]]))
    axes.set_yticks(range(0, ends[1] + 1, _SCALES[ends[1]]))
    axes.grid(color="#E4E4E4", linewidth=0.6)
    axes.tick_params(length=3)
    front = sorted({(point.over.value, point.harmful.value) for point in points if point.on_front})
    axes.step([x for x, _ in front], [y for _, y in front], where="post", color=_FRONT.colour, linestyle=_FRONT.dashes, linewidth=0.9)
    for point in points:
        at, look = (point.over.value, point.harmful.value), point.look
        axes.hlines(at[1], point.over.low, point.over.high, color=look.colour, linewidth=0.9, alpha=0.7)
        axes.vlines(at[0], point.harmful.low, point.harmful.high, color=look.colour, linewidth=0.9, alpha=0.7)
        if point.on_front:
            axes.plot(*at, color=_FRONT.colour, marker="o", markerfacecolor="none", markersize=10, markeredgewidth=0.9, linestyle="none")
        inside = "white" if look.hollow else look.colour
        axes.plot(*at, color=look.colour, marker=look.marker, markerfacecolor=inside, markersize=5, linestyle="none", zorder=3)
    _number(axes, points, size, (ends[0], ends[1]))


def _end(highs: Sequence[float]) -> int:
    """Where an axis ends that must show all intervals."""
    return next(scale for scale in _SCALES if max(highs) <= scale)


def _number(axes: Axes, points: Sequence[_Point], size: tuple[float, float], ends: tuple[int, int]) -> None:
    """Set each arm's number near its marker, joined to it by a hairline where it had to go further off."""
    groups: list[tuple[tuple[float, float], list[int]]] = []
    taken = []
    for point in points:
        place = _inches((point.over.value, point.harmful.value), size, ends)
        taken.append(around(place, _RING if point.on_front else _MARKER))
        together = next((numbers for other, numbers in groups if math.dist(place, other) < _TOGETHER), None)
        if together is None:
            groups.append((place, [point.number]))
        else:
            together.append(point.number)
    for place, numbers in groups:
        text = runs(numbers)
        box = near(place, Box(0, 0, *size), (width_of(text) + 0.1, SIZE / 72 + 0.02), taken)
        if box is None:
            continue
        taken.append(box)
        middle = ((box.left + box.right) / 2, (box.bottom + box.top) / 2)
        if math.dist(middle, place) > _FAR:
            axes.plot(
                *zip(_share(place, size), _share(middle, size), strict=True), color="#808080", linewidth=0.5, transform=axes.transAxes
            )
        white = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.6}
        axes.text(*_share(middle, size), text, ha="center", va="center_baseline", transform=axes.transAxes, bbox=white, zorder=4)


def _inches(point: tuple[float, float], size: tuple[float, float], ends: tuple[int, int]) -> tuple[float, float]:
    """Where a point lies in the plot."""
    x, y = (length * (value / end + _MARGIN) / (1 + 2 * _MARGIN) for value, length, end in zip(point, size, ends, strict=True))
    return x, y


def _share(place: tuple[float, float], size: tuple[float, float]) -> tuple[float, float]:
    """A place in inches as shares of the plot."""
    return place[0] / size[0], place[1] / size[1]
