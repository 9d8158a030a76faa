"""The dose-response figure, and the same numbers along the dose for those who read text.

The figure itself is drawn by `socsafe.stats.figures`; the report's stage writes it beside the report.
"""

from __future__ import annotations

from socsafe.markdown import NOTHING, code, percent, table
from socsafe.records import HARMFUL_RATE, OVER_REFUSAL_RATE
from socsafe.report_data import CONTROL, Arm, Panel, ReportData, SuiteFacts, by_style
from socsafe.sections._headings import panel_heading

TITLE = "Dose and response"
ORDER = 30


def render(data: ReportData) -> str:
    """One figure and one table a panel."""
    blocks = []
    for panel in data.panels():
        blocks += panel_heading(data, panel)
        alt = "Harmful rate and over-refusal rate against the number of harmful prompts refused in training, one line a style"
        blocks.append(f"![{alt}]({data.figure(panel)}.svg)\n")
        if suite := data.headline:
            blocks.append(f"Harmful rate / over-refusal rate on {code(suite.name)}, in per cent, by count:\n")
            blocks.append(_along_the_dose(data, panel, suite))
    return "\n".join(blocks)


def _along_the_dose(data: ReportData, panel: Panel, suite: SuiteFacts) -> str:
    """A line for each style, a column for each count; the control is every style's count 0."""
    arms = data.arms(panel)
    counts = sorted({arm.count for arm in arms})
    controls = [arm for arm in arms if arm.style == CONTROL]
    rows = []
    for style, treated in by_style(arms).items():
        at = {arm.count: arm for arm in [*controls, *treated]}
        rows.append([code(style), *(_pair(data, at.get(count), suite) for count in counts)])
    return table(["style", *map(str, counts)], rows, "l" + "r" * len(counts))


def _pair(data: ReportData, arm: Arm | None, suite: SuiteFacts) -> str:
    """`12.5 / 3.1`: harmful, over-refusal."""
    rows = [data.row(arm, suite.name, metric) if arm else None for metric in (HARMFUL_RATE, OVER_REFUSAL_RATE)]
    return " / ".join(percent(row.estimate.value) if row else NOTHING for row in rows)
