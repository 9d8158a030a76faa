"""The dose-response figure, and the same numbers along the dose for those who read text.

The figure itself is drawn by `socsafe.stats.figures`; the report's stage writes it beside the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from socsafe.figure_names import rates_judged
from socsafe.markdown import NOTHING, code, percent, table
from socsafe.records import HARMFUL_RATE, OVER_REFUSAL_RATE
from socsafe.report_data import CONTROL, Arm, Panel, PooledRow, ReportData, SuiteFacts, by_style
from socsafe.sections._headings import ONE_SEED, image, most_judged, of_fewer, one_seed_key, panel_heading, seed_mark

TITLE = "Dose and response"
ORDER = 30

_MOST_TOLD = 6
"""Styles whose rates stand one by one in the words for the figure."""


def render(data: ReportData) -> str:
    """One figure and one table a panel."""
    blocks = []
    for panel in data.panels():
        blocks += panel_heading(data, panel)
        if not rates_judged(data, panel):
            blocks.append(_nothing_to_draw(data))
            continue
        blocks.append(image(data, panel, "dose-response", _in_words(data, panel)))
        if suite := data.headline:
            most = {metric: most_judged(data, data.arms(panel), suite.name, metric) for metric in (HARMFUL_RATE, OVER_REFUSAL_RATE)}
            rows = _along_the_dose(data, panel, suite, most)
            blocks.append(
                f"Harmful rate / over-refusal rate on {code(suite.name)}, in per cent, by count (n {' / '.join(map(str, most.values()))} "
                "where a cell does not say of how many). *From*: the smallest count at which "
                "the 95 % interval of the paired difference from the control excludes zero, each by itself, without correction, for less "
                "harm / for more over-refusal."
                f"{one_seed_key(ONE_SEED in rows)}\n"
            )
            blocks.append(rows)
    return "\n".join(blocks)


def _nothing_to_draw(data: ReportData) -> str:
    """Why there is no figure."""
    if data.judge.metrics and not data.judge.tells_refusals:
        return (
            f"The judge {code(data.judge.name)} scores replies and does not say which refuse, so there is no harmful or over-refusal rate "
            "to draw along the dose: its own figures stand under [Results](#results) and, against the control, in "
            "[comparisons.csv](comparisons.csv).\n"
        )
    return "No condition has been judged here, so there is nothing to draw.\n"


def _in_words(data: ReportData, panel: Panel) -> str:
    """What the figure shows, for those who cannot see it: from the control to each style's highest count."""
    start = "Rates against the number of harmful prompts refused in training, one line a style"
    if data.headline is None:
        return start
    told = []
    for metric, name in ((HARMFUL_RATE, "harmful rate"), (OVER_REFUSAL_RATE, "over-refusal rate")):
        rows = {arm: row for arm in data.arms(panel) if (row := data.row(arm, data.headline.name, metric)) and row.estimate.n}
        ends = [[arm for arm in arms if arm in rows][-1:] for arms in by_style(data.arms(panel)).values()]
        told_of = _told_of([rows[arm] for last in ends for arm in last])
        treated = [f"{row.arm.style} {percent(row.estimate.value)} % at {row.arm.count}" for row in told_of]
        control = [f"{percent(row.estimate.value)} % without safety data" for arm, row in rows.items() if arm.style == CONTROL]
        if control or treated:
            told.append(f"{name}: {', '.join([*control, *treated])}")
    return f"{start}. On {data.headline.name}, {'; '.join(told)}" if told else start


def _told_of(rows: Sequence[PooledRow]) -> Sequence[PooledRow]:
    """All of a few styles; of many the one with the lowest rate and the one with the highest."""
    ranked = sorted(rows, key=lambda row: row.estimate.value or 0.0)
    return rows if len(rows) <= _MOST_TOLD else [ranked[0], ranked[-1]]


def _along_the_dose(data: ReportData, panel: Panel, suite: SuiteFacts, most: Mapping[str, int]) -> str:
    """A line for each style, a column for each count; the control is every style's count 0. `most` are the usual n of each metric."""
    arms = data.arms(panel)
    counts = sorted({arm.count for arm in arms})
    controls = [arm for arm in arms if arm.style == CONTROL]
    rows = []
    for style, treated in by_style(arms).items():
        at = {arm.count: arm for arm in [*controls, *treated]}
        start = " / ".join(_from(data, treated, suite, metric) for metric in most)
        rows.append([code(style), *(_pair(data, most, at.get(count), suite) for count in counts), start])
    return table(["style", *map(str, counts), "from"], rows, "l" + "r" * len(counts) + "r")


def _from(data: ReportData, treated: Sequence[Arm], suite: SuiteFacts, metric: str) -> str:
    """The smallest count at which harm is below the control's, or over-refusal above it."""
    for arm in treated:
        one = data.comparison(arm, Arm.control(arm.base, arm.setting), suite.name, metric)
        if one and one.excludes_zero and ((one.difference or 0.0) < 0) == (metric == HARMFUL_RATE):
            return f"{arm.count}{seed_mark(one.n_seeds)}"
    return NOTHING


def _pair(data: ReportData, most: Mapping[str, int], arm: Arm | None, suite: SuiteFacts) -> str:
    """`12.5 / 3.1`: harmful, over-refusal; `12.5 / 3.1 of 116 + 4` where other arms have more, which are `most` of each metric."""
    found = []
    for metric, usual in most.items():
        row = data.row(arm, suite.name, metric) if arm else None
        found.append((percent(row.estimate.value) if row else NOTHING, of_fewer(row, usual)))
    if len({fewer for _, fewer in found}) == 1:
        return " / ".join(rate for rate, _ in found) + found[0][1]
    return " / ".join(rate + fewer for rate, fewer in found)
