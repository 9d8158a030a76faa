"""Studies of any shape to draw, with made-up rates and no verdict behind them; and where the text of a figure lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from itertools import combinations
from typing import TYPE_CHECKING

from socsafe.facts.breakdown import CategoryRow
from socsafe.records import ANSWERED_RATE, HARMFUL_RATE, OVER_REFUSAL_RATE, Estimate
from socsafe.report_data import Arm, JudgeFacts, PooledRow, ReportData, SuiteFacts
from socsafe.stats.intervals import wilson
from socsafe.study.conditions import Condition

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N = 80
LONG = "a-style-whose-name-somebody-thought-about-for-a-very-long-time"
PLAIN = (SuiteFacts("pairs", N, N), SuiteFacts("ordinary", 0, N))


def study(
    treated: Sequence[tuple[str, int]],
    seeds: Sequence[int] = (1, 2),
    suites: Sequence[SuiteFacts] = PLAIN,
    settings: Sequence[str] = ("benign",),
    missing: Sequence[int] = (),
    categories: Sequence[str] = ("fraud", "violence"),
) -> ReportData:
    """A control and the treated arms (style, count) in each setting; those at the places `missing` were never judged."""
    arms = [("none", 0), *treated]
    conditions = [
        Condition("micro", setting, style, count, "instruction" if count else None, seed)
        for setting in settings
        for style, count in arms
        for seed in seeds
    ]
    pooled = [
        PooledRow(
            _arm(setting, *arm),
            suite.name,
            "refusal",
            metric,
            _estimate(place, len(arms), metric, len(seeds)),
            _each(place, arms, metric, seeds),
        )
        for setting in settings
        for place, arm in enumerate(arms)
        if place not in missing
        for suite in suites
        for metric, prompts in ((HARMFUL_RATE, suite.refuse), (OVER_REFUSAL_RATE, suite.comply), (ANSWERED_RATE, suite.comply))
        if prompts
    ]
    rows = [
        _category(_arm(setting, *arm), suites[0].name, category, place)
        for setting in settings
        for place, arm in enumerate(arms)
        if place not in missing
        for number, category in enumerate(categories)
        if (place + number) % 9 != 8
    ]
    return ReportData("drawn", "", conditions, suites, [JudgeFacts("refusal", "1")], (), pooled, categories=rows)


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that lie on each other by more than half a pixel; and texts that leave the sheet, paired with `sheet`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    figure.draw_without_rendering()
    boxes = []
    for text in _texts(figure):
        box = text.get_window_extent(canvas.get_renderer())
        boxes.append((text.get_text(), box.x0 + 0.5, box.y0 + 0.5, box.x1 - 0.5, box.y1 - 0.5))
    width, height = canvas.get_width_height()
    found = [(one[0], "sheet") for one in boxes if one[1] < 0 or one[2] < 0 or one[3] > width or one[4] > height]
    for one, other in combinations(boxes, 2):
        if one[1] < other[3] and other[1] < one[3] and one[2] < other[4] and other[2] < one[4]:
            found.append((one[0], other[0]))
    return found


def texts(figure: Figure) -> list[str]:
    """Every text that shows."""
    return [text.get_text() for text in _texts(figure)]


def _texts(figure: Figure) -> list:  # type: ignore[type-arg]
    from matplotlib.text import Text

    ticks = {label for axes in figure.axes if not axes.axison for label in (*axes.get_xticklabels(), *axes.get_yticklabels())}
    outside = {
        tick.label1
        for axes in figure.axes
        for axis, (low, high) in ((axes.xaxis, sorted(axes.get_xlim())), (axes.yaxis, sorted(axes.get_ylim())))
        for tick in axis.get_major_ticks()
        if not low <= tick.get_loc() <= high
    }
    found = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [text for text in found if text not in ticks and text not in outside]


def _arm(setting: str, style: str, count: int) -> Arm:
    return Arm("micro", setting, style, count, "instruction" if count else "")


def _category(arm: Arm, suite: str, category: str, place: int) -> CategoryRow:
    found = wilson(7 * place % 20, 20)
    figures = (found.value, found.low, found.high, found.n, found.n_unjudged)
    return CategoryRow(*astuple(arm), None, suite, "refusal", HARMFUL_RATE, category, False, *figures)


def _hits(place: int, arms: int, metric: str, shift: int = 0) -> int:
    """Of N: less harm and more over-refusal from arm to arm, but not evenly, so that some fall on one another."""
    falling = round(N * (1 - place / arms) ** 2 / (1 + place % 3)) + shift
    hits = falling if metric != OVER_REFUSAL_RATE else N // 2 - falling // 2 - place % 2
    return min(max(hits, 0), N)


def _estimate(place: int, arms: int, metric: str, seeds: int) -> Estimate:
    return wilson(seeds * _hits(place, arms, metric), seeds * N)


def _each(place: int, arms: Sequence[object], metric: str, seeds: Sequence[int]) -> tuple[tuple[int, Estimate], ...]:
    return tuple((seed, wilson(_hits(place, len(arms), metric, shift=3 * (seed % 3 - 1)), N)) for seed in seeds)
