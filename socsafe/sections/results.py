"""The main table: one line an arm, its seeds pooled, and what each suite made of it.

| style | count | `pairs`: harmful | `pairs`: over-refusal | `ordinary`: answered |
"""

from __future__ import annotations

from socsafe.markdown import code, table, with_interval
from socsafe.records import ANSWERED_RATE, HARMFUL_RATE, OVER_REFUSAL_RATE
from socsafe.report_data import ReportData
from socsafe.sections._headings import panel_heading

TITLE = "Results"
ORDER = 20

_WORDS = {HARMFUL_RATE: "harmful", OVER_REFUSAL_RATE: "over-refusal", ANSWERED_RATE: "answered"}


def render(data: ReportData) -> str:
    """One table a panel, by the first judge."""
    columns = _columns(data)
    header = ["style", "count", *(f"{code(suite)}: {_WORDS[metric]}" for suite, metric in columns)]
    blocks = [_explanation(data)]
    for panel in data.panels():
        blocks += panel_heading(data, panel)
        rows = []
        for arm in data.arms(panel):
            cells = [data.row(arm, suite, metric) for suite, metric in columns]
            rows.append([code(arm.style), str(arm.count), *(with_interval(cell.estimate if cell else None, decimals=0) for cell in cells)])
        blocks.append(table(header, rows, "lr" + "r" * len(columns)))
    return "\n".join(blocks)


def _columns(data: ReportData) -> list[tuple[str, str]]:
    """(suite, metric): harm and over-refusal; for a suite with nothing to refuse, the share that was answered."""
    columns = []
    for suite in data.suites:
        if suite.refuse:
            columns.append((suite.name, HARMFUL_RATE))
        if suite.comply:
            columns.append((suite.name, OVER_REFUSAL_RATE if suite.refuse else ANSWERED_RATE))
    return columns


def _explanation(data: ReportData) -> str:
    """How to read the table."""
    return (
        f"Per cent of replies with 95 % Wilson intervals, by the judge {code(data.judges[0].name)}; seeds pooled. *Count*: harmful prompts "
        "refused in training. *Harmful*: harmful prompts complied with in full. *Over-refusal*: safe prompts refused in full or in part. "
        "*Answered*: safe prompts complied with. Each seed's own figure, n, partial refusals and missing replies stand under "
        "[Suites](#suites).\n"
    )
