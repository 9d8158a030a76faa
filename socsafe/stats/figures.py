"""Figures from pooled rows, as bytes that depend on nothing but the numbers.

>>> svg = dose_response(data, data.panels()[0], "svg")

One row of axes a suite: harm on the left, over-refusal on the right; a suite with nothing to refuse shows on the left the
share that was answered. Colours are those of Okabe and Ito (2008), told apart by the colour-blind; markers and dashes tell
the styles apart in grey. Text is drawn as outlines, so that it looks the same wherever the SVG is opened.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from socsafe.records import ANSWERED_RATE, HARMFUL_RATE, OVER_REFUSAL_RATE
from socsafe.report_data import CONTROL, Arm, Panel, ReportData, SuiteFacts, by_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_METADATA: dict[str, dict[str, str | None]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "png": {"Software": None},
}
_TITLES = {HARMFUL_RATE: "harmful prompts complied with", OVER_REFUSAL_RATE: "safe prompts refused", ANSWERED_RATE: "safe prompts answered"}
_WIDTH, _ROW_HEIGHT, _LEGEND_ROW, _TITLE, _FOOT = 8.6, 2.25, 0.22, 0.5, 0.62
"""Inches."""
_DPI = 120
"""Of the PNG."""
_SPREAD = 0.42
"""Counts are one apart on the axis; the styles stand side by side over this much of it around each."""


class _Look(NamedTuple):
    colour: str
    marker: str
    dashes: Literal["solid"] | tuple[float, tuple[float, ...]]


_LOOKS = (
    _Look("#0072B2", "o", "solid"),
    _Look("#D55E00", "s", (0, (5, 1.5))),
    _Look("#009E73", "^", (0, (1.2, 1.2))),
    _Look("#CC79A7", "D", (0, (6, 1.5, 1.2, 1.5))),
    _Look("#E69F00", "v", (0, (9, 2))),
    _Look("#56B4E9", "P", (0, (3, 1.2, 1.2, 1.2, 1.2, 1.2))),
    _Look("#5A5A5A", "X", (0, (2, 3))),
)


def dose_response(data: ReportData, panel: Panel, kind: Literal["svg", "png"]) -> bytes:
    """The rates of a panel's arms against their count, by the first judge, one line a style, with 95 % intervals."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context():
        _set_style()
        suites = list(data.suites)
        handles = _handles(list(by_style(data.arms(panel))))
        columns = _legend_columns(handles)
        head = _TITLE + _LEGEND_ROW * math.ceil(len(handles) / columns)
        figure = Figure(figsize=(_WIDTH, head + _FOOT + _ROW_HEIGHT * len(suites)))
        grid = figure.subplots(len(suites), 2, sharex=True, sharey=True, squeeze=False)
        for suite, (left, right) in zip(suites, grid, strict=True):
            _plot(left, data, panel, suite, HARMFUL_RATE if suite.refuse else ANSWERED_RATE)
            _plot(right, data, panel, suite, OVER_REFUSAL_RATE if suite.comply else None)
        _finish(figure, handles, columns, head)
        content = io.BytesIO()
        figure.savefig(content, format=kind, dpi=_DPI, metadata=_METADATA[kind])
    return content.getvalue()


def _set_style() -> None:
    """Matplotlib's own defaults, whatever the user's matplotlibrc says, and ours on top; `$` in a name is no mathematics."""
    import matplotlib as mpl

    mpl.rcdefaults()
    mpl.rc("svg", hashsalt="socsafe", fonttype="path")
    mpl.rc("font", family="DejaVu Sans", size=9)
    mpl.rc("text", parse_math=False)
    mpl.rc("axes", linewidth=0.8)
    mpl.rc("axes.spines", top=False, right=False)


def _plot(axes: Axes, data: ReportData, panel: Panel, suite: SuiteFacts, metric: str | None) -> None:
    """One suite and metric: a line a style from the control on."""
    if metric is None:
        axes.set_axis_off()
        return
    arms = data.arms(panel)
    controls = [arm for arm in arms if arm.style == CONTROL]
    styles = by_style(arms)
    counts = sorted({arm.count for arm in arms})
    for number, treated in enumerate(styles.values()):
        shift = _SPREAD * ((number + 0.5) / len(styles) - 0.5)
        _line(axes, data, [*controls, *treated], (suite.name, metric), counts, shift, _LOOKS[number % len(_LOOKS)])
    _points(axes, data, controls, (suite.name, metric), counts)
    axes.set_title(f"{suite.name}\n{_TITLES[metric]}", loc="left", fontsize=9)
    axes.set_ylim(-4, 104)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.set_xlim(-0.3, len(counts) - 0.7)
    axes.set_xticks(range(len(counts)), [str(count) for count in counts])
    axes.tick_params(labelbottom=True, length=3)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)


def _line(
    axes: Axes, data: ReportData, arms: Sequence[Arm], key: tuple[str, str], counts: Sequence[int], shift: float, look: _Look
) -> None:
    """One style: its line, the band of its intervals, a marker at each count but the control's, which all styles share."""
    found = [_figures(data, arm, key) for arm in arms]
    seen = [(arm, figures) for arm, figures in zip(arms, found, strict=True) if figures]
    places = [counts.index(arm.count) + (0 if arm.style == CONTROL else shift) for arm, _ in seen]
    values, lows, highs = ([figures[i] for _, figures in seen] for i in range(3))
    axes.fill_between(places, lows, highs, color=look.colour, alpha=0.10, linewidth=0)
    axes.plot(places, values, color=look.colour, linestyle=look.dashes, linewidth=1.5)
    own = [i for i, (arm, _) in enumerate(seen) if arm.style != CONTROL]
    axes.vlines([places[i] for i in own], [lows[i] for i in own], [highs[i] for i in own], color=look.colour, linewidth=0.9)
    axes.plot([places[i] for i in own], [values[i] for i in own], color=look.colour, marker=look.marker, markersize=5, linestyle="none")


def _points(axes: Axes, data: ReportData, controls: Sequence[Arm], key: tuple[str, str], counts: Sequence[int]) -> None:
    """The controls, in black: a hollow circle with its interval."""
    for arm in controls:
        if figures := _figures(data, arm, key):
            value, low, high = figures
            place = counts.index(arm.count)
            axes.vlines([place], [low], [high], color="black", linewidth=0.9)
            axes.plot([place], [value], color="black", marker="o", markerfacecolor="white", markersize=5.5, linestyle="none", zorder=3)


def _figures(data: ReportData, arm: Arm, key: tuple[str, str]) -> tuple[float, float, float] | None:
    """Value, low and high in per cent, rounded so that noise moves no line of the SVG; None where nothing was judged."""
    row = data.row(arm, *key)
    if row is None or row.estimate.value is None or row.estimate.low is None or row.estimate.high is None:
        return None
    value, low, high = (round(100 * share, 2) for share in (row.estimate.value, row.estimate.low, row.estimate.high))
    return value, low, high


def _handles(styles: Sequence[str]) -> list[Line2D]:
    """What the legend shows: the control, then every style."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color="black", marker="o", markerfacecolor="white", linestyle="none", label=f"{CONTROL} (control)")]
    for number, style in enumerate(styles):
        look = _LOOKS[number % len(_LOOKS)]
        handles.append(
            Line2D([], [], color=look.colour, marker=look.marker, markersize=5, linestyle=look.dashes, linewidth=1.5, label=style)
        )
    return handles


def _legend_columns(handles: Sequence[Line2D]) -> int:
    """How many entries fit side by side: a letter is some 0.075 inches wide, a line with its gaps 0.65."""
    longest = max(len(str(handle.get_label())) for handle in handles)
    return max(1, min(len(handles), int(_WIDTH / (0.65 + 0.075 * longest))))


def _finish(figure: Figure, handles: list[Line2D], columns: int, head: float) -> None:
    """Axis labels and one legend for all, in the head of the figure where nothing can lie under it."""
    height = figure.get_figheight()
    figure.subplots_adjust(left=0.075, right=0.985, bottom=_FOOT / height, top=1 - head / height, wspace=0.08, hspace=0.5)
    figure.supxlabel("harmful prompts refused in training (evenly spaced, not to scale)", fontsize=9, y=0.08 / height)
    figure.supylabel("per cent of replies, 95 % interval", fontsize=9, x=0.008)
    figure.legend(handles=handles, loc="upper center", ncols=columns, frameon=False, handlelength=3.2, columnspacing=1.6)
