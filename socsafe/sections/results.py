"""The main table: one line an arm, its seeds pooled, and what each suite made of it.

| style | count | `pairs`: harmful | `pairs`: over-refusal | `ordinary`: answered |
"""

from __future__ import annotations

from socsafe.markdown import code, judged, table, with_interval
from socsafe.records import ANSWERED_RATE, HARMFUL_RATE, OVER_REFUSAL_RATE, Metric
from socsafe.report_data import Arm, JudgeFacts, Panel, PooledRow, ReportData
from socsafe.sections._headings import most_judged, of_fewer, panel_heading, panel_title

TITLE = "Results"
ORDER = 20

_WORDS = {HARMFUL_RATE: "harmful", OVER_REFUSAL_RATE: "over-refusal", ANSWERED_RATE: "answered"}


def render(data: ReportData) -> str:
    """One table a panel by the judge the answer goes by, then one a panel for each other judge, with its own figures."""
    blocks = _main(data) if data.judge.tells_refusals or not data.judge.metrics else []
    for judge in data.judges:
        if judge != data.judge or not blocks:
            blocks += _others(data, judge)
    return "\n".join(blocks)


def _main(data: ReportData) -> list[str]:
    columns = _columns(data)
    blocks = [_explanation(data)]
    for panel in data.panels():
        blocks += panel_heading(data, panel)
        arms = data.arms(panel)
        most = [most_judged(data, arms, *column) for column in columns]
        named = [f"{code(suite)}: {_WORDS[metric]}" for suite, metric in columns]
        header = ["style", "count", *(f"{name} (n {n})" if n else name for name, n in zip(named, most, strict=True))]
        rows = [
            [code(arm.style), str(arm.count), *(_rate(data.row(arm, *column), n) for column, n in zip(columns, most, strict=True))]
            for arm in arms
        ]
        blocks.append(table(header, rows, "lr" + "r" * len(columns)))
    return blocks


def _rate(row: PooledRow | None, most: int) -> str:
    """The rate with its interval, and what it rests on where that is less than the head says."""
    return with_interval(row.estimate if row else None, decimals=0) + of_fewer(row, most)


def _others(data: ReportData, judge: JudgeFacts) -> list[str]:
    """What another judge makes of the same replies."""
    asked = f", which asks {code(judge.model)}" if judge.model else ""
    means = [metric.title for metric in judge.metrics if metric.score]
    how = f" Means ({', '.join(means)}) have bootstrap intervals over prompts, and are in the judge's own units." if means else ""
    blocks = [
        f"By the judge {code(judge.name)}{asked}; shares are in per cent with Wilson intervals; n counts replies judged + those that could "
        f"not be judged, where there are any.{how}\n"
    ]
    columns = [
        (suite.name, metric)
        for suite in data.suites
        for metric in judge.metrics
        if (suite.refuse and "refuse" in metric.expects) or (suite.comply and "comply" in metric.expects)
    ]
    header = ["style", "count"]
    for suite, metric in columns:
        header += [f"{code(suite)}: {metric.title}", "n"]
    for panel in data.panels():
        rows = [[code(arm.style), str(arm.count), *_figures(data, judge, arm, columns)] for arm in data.arms(panel)]
        blocks += [*_panel_line(data, panel), table(header, rows, "lr" + "rr" * len(columns))]
    return blocks


def _figures(data: ReportData, judge: JudgeFacts, arm: Arm, columns: list[tuple[str, Metric]]) -> list[str]:
    """Each metric's figure with its interval, and what it rests on."""
    cells = []
    for suite, metric in columns:
        row = data.row(arm, suite, metric.name, judge.name)
        estimate = row.estimate if row else None
        cells += [with_interval(estimate, decimals=0, mean=metric.score is not None), judged(estimate)]
    return cells


def _panel_line(data: ReportData, panel: Panel) -> list[str]:
    return [f"{panel_title(panel)}:\n"] if len(data.panels()) > 1 else []


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
        f"Per cent of replies with 95 % Wilson intervals clustered by prompt, by the judge {code(data.judge.name)}; seeds pooled. *Count*: "
        "harmful prompts refused in training. *Harmful*: harmful prompts complied with in full. *Over-refusal*: safe prompts refused in "
        "full or in part. *Answered*: safe prompts complied with. n: replies judged, in the head; where an arm has fewer, its cells say of "
        "how many, + those that could not be judged. Each seed's own figure, partial refusals and missing replies stand "
        "under [Suites](#suites).\n"
    )
