"""The map of categories: a row an arm, a column a category, the rate printed in each cell.

>>> figure = categories(data, data.panels()[0])
>>> figure = heat_map("harmful prompts of boundary-pairs complied with", ["none (control)"], ["fraud", "violence"], [[97.5, None]])

One hue from light to dark, so that it reads the same in grey; a cell without a figure is hatched and says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from socsafe.figure_names import category_map, drawn_arms
from socsafe.report_data import Panel, ReportData
from socsafe.rounding import steady
from socsafe.stats.figure_style import LINE, SIZE, WIDTH, arm_label, luminance, placed, sheet, tall, width_of, wrapped, written

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_EDGE, _GAP, _BELOW = 0.12, 0.08, 0.15
"""Margin of the sheet, between labels and cells, and below the cells, in inches."""
_WIDEST_ROW, _TALLEST_HEAD = 2.6, 1.7
"""Of the rows' names, and of upright names over columns where two lines or more can stand side by side, in inches."""
_ROW, _WIDEST_CELL, _NARROWEST, _LEVEL = 0.26, 1.1, 0.36, 0.62
"""Height of a cell whose row takes one line, its greatest and its least width, and the least at which names stand level, in inches."""
_MOST_ACROSS = 12
"""Columns, as in the report's own table of categories."""
_SCALE = (0, 25, 50, 75, 100)
_STOPS = ("#FDFDF8", "#F9CE92", "#E0853F", "#A03E28", "#3D0C0C")
"""From 0 to 100 per cent; each darker than the one before."""
_NOTHING, _UNNAMED = "–", "(no category)"
_EDGES: Mapping[str, Any] = {"edgecolor": "#BBBBBB", "linewidth": 0.5}


def categories(data: ReportData, panel: Panel) -> Figure | None:
    """The panel's harmful rates by category, by the judge the report goes by; None where no suite has several categories."""
    shown = category_map(data, panel)
    if shown is None:
        return None
    arms = drawn_arms(data, panel)
    found = [[shown.rows.get((arm, category)) for category in shown.categories] for arm in arms]
    values = [[None if row is None or row.value is None else round(100 * steady(row.value), 2) for row in line] for line in found]
    title = f"harmful prompts of {shown.suite} complied with"
    return heat_map(title, [arm_label(arm) for arm in arms], [category or _UNNAMED for category in shown.categories], values)


def shade(value: float) -> str:
    """The colour of a rate in per cent, as `#RRGGBB`."""
    step = min(int(value // 25), len(_STOPS) - 2)
    part = (value - _SCALE[step]) / 25
    ends = [[int(stop[i : i + 2], 16) for i in (1, 3, 5)] for stop in _STOPS[step : step + 2]]
    return "#" + "".join(f"{round(low + part * (high - low)):02X}" for low, high in zip(*ends, strict=True))


def ink(colour: str) -> str:
    """Black or white, whichever stands out more on the colour."""
    return "#000000" if (luminance(colour) + 0.05) / 0.05 >= 1.05 / (luminance(colour) + 0.05) else "#FFFFFF"


def heat_map(title: str, rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float | None]]) -> Figure:
    """Draw rates in per cent; `values` has a list a row with an entry a column, None where nothing was judged.

    Where there are many columns, rows and columns change places; what is then still too wide stands in blocks one below the other.
    """
    if len(columns) > _MOST_ACROSS:
        rows, columns, values = columns, rows, list(zip(*values, strict=True))
    label_width = min(_WIDEST_ROW, max(map(width_of, rows)) + 0.02)
    labels = [wrapped(name, label_width) for name in rows]
    heights = [max(_ROW, tall(label) + 0.06) for label in labels]
    left = _EDGE + label_width + _GAP
    room = WIDTH - left - _EDGE
    across = min(len(columns), int(room / _NARROWEST))
    cell = min(_WIDEST_CELL, room / across)
    heads = _Heads.of(columns, cell)
    name = wrapped(f"{title}, per cent", WIDTH - 2 * _EDGE)
    block = heads.height + _GAP + sum(heights) + _BELOW
    starts = range(0, len(columns), across)
    top = _EDGE + tall(name) + 0.1
    figure = sheet(top + len(starts) * block + LINE + _EDGE)
    written(figure, _EDGE, _EDGE, name)
    for start in starts:
        heads.write(figure, left, top + heads.height, range(start, min(start + across, len(columns))))
        places = list(accumulate(heights, initial=top + heads.height + _GAP))
        for label, place, height in zip(labels, places, heights, strict=False):
            written(figure, _EDGE, place + (height - tall(label)) / 2, label)
        own = [row[start : start + across] for row in values]
        axes = placed(figure, left, places[0], cell * len(own[0]), sum(heights))
        _cells(axes, own, cell, heights)
        top += block
    _legend(figure, left, top)
    return figure


class _Heads(NamedTuple):
    """The names over the columns: level where each fits its column without being broken inside a word, else upright."""

    texts: Sequence[str]
    cell: float
    upright: bool
    height: float

    @classmethod
    def of(cls, names: Sequence[str], cell: float) -> _Heads:
        width = cell - 0.08
        words = [word for name in names for word in re.split(r"(?<=[-_/.,])|\s", name)]
        upright = cell < _LEVEL or any(width_of(word) > width for word in words)
        texts = [_upright(name, cell) if upright else wrapped(name, width) for name in names]
        height = max(max(map(width_of, text.split("\n"))) if upright else tall(text) for text in texts)
        return cls(texts, cell, upright, height)

    def write(self, figure: Figure, left: float, bottom: float, columns: Sequence[int]) -> None:
        """Set those of some columns, the first `left` inches from the sheet's edge, to end `bottom` inches from its top."""
        # Level names stand on one line whether or not a letter reaches below it.
        place = "bottom" if self.upright else "baseline"
        for number, column in enumerate(columns):
            middle, base = (left + (number + 0.5) * self.cell) / WIDTH, 1 - bottom / figure.get_figheight()
            figure.text(middle, base, self.texts[column], ha="center", va=place, rotation=90 if self.upright else 0, linespacing=1.1)


def _upright(name: str, cell: float) -> str:
    """A name in no more lines than stand side by side in a column."""
    width = _TALLEST_HEAD
    while tall(text := wrapped(name, width)) > max(cell, LINE):
        width += 0.2
    return text


def _cells(axes: Axes, values: Sequence[Sequence[float | None]], width: float, heights: Sequence[float]) -> None:
    """The cells with their figures, in inches from the upper left corner."""
    from matplotlib.patches import Rectangle

    axes.set_xlim(0, width * len(values[0]))
    axes.set_ylim(sum(heights), 0)
    axes.set_axis_off()
    for row, top, height in zip(values, accumulate(heights, initial=0.0), heights, strict=False):
        for column, value in enumerate(row):
            colour = "#FFFFFF" if value is None else shade(value)
            hatch = "////" if value is None else None
            axes.add_patch(Rectangle((column * width, top), width, height, facecolor=colour, hatch=hatch, **_EDGES))
            text = _NOTHING if value is None else f"{value:.0f}"
            white = {"facecolor": "white", "edgecolor": "none", "pad": 1.0} if value is None else None
            axes.text((column + 0.5) * width, top + height / 2, text, ha="center", va="center", color=ink(colour), bbox=white)


def _legend(figure: Figure, left: float, top: float) -> None:
    """The shades at five rates, and the hatching."""
    from matplotlib.patches import Rectangle

    entries = [(f"{value} %", shade(value), None) for value in _SCALE] + [("nothing judged", "#FFFFFF", "////")]
    axes = placed(figure, left, top, WIDTH - left, LINE)
    axes.set_xlim(0, WIDTH - left)
    axes.set_ylim(LINE, 0)
    axes.set_axis_off()
    across = 0.0
    for label, colour, hatch in entries:
        axes.add_patch(Rectangle((across, 0.02), 0.22, LINE - 0.04, facecolor=colour, hatch=hatch, **_EDGES))
        axes.text(across + 0.28, LINE / 2, label, ha="left", va="center", fontsize=SIZE)
        across += 0.28 + width_of(label) + 0.2
