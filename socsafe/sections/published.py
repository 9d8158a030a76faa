"""Figures that others published, beside the study's own where it has the like."""

from __future__ import annotations

from collections.abc import Iterator

from socsafe.facts.published import PublishedValue
from socsafe.markdown import NOTHING, code, escape, judged, table, with_interval
from socsafe.report_data import Arm, PooledRow, ReportData

TITLE = "Published figures"
ORDER = 58


def render(data: ReportData) -> str:
    """One table for each publication."""
    if not data.published:
        return ""
    blocks = [
        "Figures under *published* are others': other prompts, other training and other judges lie behind them, as each source says. They "
        "are shown for orientation, and nothing is tested against them. Shares are in per cent, means in the judge's units.\n"
    ]
    for publication in data.published:
        note = f" {escape(publication.note)}" if publication.note else ""
        rows = [row for figure in publication.figures for row in _rows(data, figure)]
        blocks += [
            f"**{escape(publication.source)}**{note}\n",
            table(["condition", "suite", "metric", "published", "here (95 % interval)", "n"], rows, "lllrrr"),
        ]
    return "\n".join(blocks)


def _rows(data: ReportData, figure: PublishedValue) -> Iterator[list[str]]:
    """A line for each arm that the figure stands beside; one without an arm where there is none."""
    found = [(arm, row) for arm in _arms(data, figure) if (row := _own(data, arm, figure)) is not None]
    for arm, row in found:
        own = with_interval(row.estimate, mean=not figure.share)
        yield [_named(arm), code(row.suite), code(figure.metric), _written(figure), own, judged(row.estimate)]
    if not found:
        label = escape(figure.label) if figure.label else escape(_asked(figure))
        yield [label, code(figure.suite) if figure.suite else NOTHING, code(figure.metric), _written(figure), NOTHING, NOTHING]


def _arms(data: ReportData, figure: PublishedValue) -> list[Arm]:
    if figure.label:
        return []
    arms = dict.fromkeys(arm for panel in data.panels() for arm in data.arms(panel))
    return [arm for arm in arms if all(getattr(arm, name) == value for name, value in figure.cell.items())]


def _own(data: ReportData, arm: Arm, figure: PublishedValue) -> PooledRow | None:
    # Several judges may have the metric, and none is named beside a published figure: the one the answer goes by comes first.
    judges = dict.fromkeys([data.judge.name, *(judge.name for judge in data.judges)])
    suites = [figure.suite] if figure.suite else [suite.name for suite in data.suites]
    return next((row for judge in judges for suite in suites if (row := data.row(arm, suite, figure.metric, judge))), None)


def _named(arm: Arm) -> str:
    parts = [arm.base, arm.setting, arm.style, str(arm.count), arm.form]
    return code(" ".join(part for part in parts if part))


def _asked(figure: PublishedValue) -> str:
    return ", ".join(str(value) for value in figure.cell.values()) or "all conditions"


def _written(figure: PublishedValue) -> str:
    return f"{100 * figure.value:.1f}" if figure.share else f"{figure.value:.2f}"
