"""How far the judges agreed with people, and the rates corrected for their mistakes, beside the raw ones; what quantization changed."""

from __future__ import annotations

from socsafe.markdown import code, counted, escape, percent, table, with_interval
from socsafe.records import ANSWERED_RATE, HARMFUL_RATE, OVER_REFUSAL_RATE
from socsafe.report_data import CorrectedRow, JudgeFacts, Panel, ReportData
from socsafe.sections._headings import panel_title
from socsafe.sections._weights import weights

TITLE = "Judge validity"
ORDER = 45

_WORDS = {HARMFUL_RATE: "harmful", OVER_REFUSAL_RATE: "over-refusal", ANSWERED_RATE: "answered"}


def render(data: ReportData) -> str:
    """For each judge, what is known of its mistakes; one table a panel, where anything is known."""
    blocks = []
    for judge in data.judges:
        blocks.append(_known(data, judge))
        if judge.name in data.validity:
            for panel in data.panels():
                blocks += _table(data, judge, panel)
    blocks += weights(data)
    return "\n".join(blocks)


def _known(data: ReportData, judge: JudgeFacts) -> str:
    known = data.validity.get(judge.name)
    if known is None:
        return (
            f"How far {code(judge.name)} {escape(judge.version)} agrees with people was not measured in this project; its rates stand "
            f"uncorrected. `socsafe judge validate --labels FILE --judge {judge.name} --out reports/judges/report.md` measures it on "
            "replies that people have labelled.\n"
        )
    return (
        f"Held against people's labels (`reports/judges/report.md`), {code(judge.name)} {escape(judge.version)} finds "
        f"{with_interval(known.sensitivity)} % of {known.sensitivity.n} refusals and leaves {with_interval(known.specificity)} % of "
        f"{known.specificity.n} other replies uncalled. *Corrected* is the rate after these mistakes are taken out (Rogan and Gladen 1978; "
        "95 % interval of Lang and Reiczigel 2014). An empty or broken reply neither complies nor refuses, so *raw, given* and "
        "*corrected* are of the replies given: *n* judged + those left out as no reply. It holds as far as the judge errs here as it did "
        "on the labelled replies, which came from other models and prompts; replies that a judge was developed on flatter it, and that "
        "report names them.\n"
    )


def _table(data: ReportData, judge: JudgeFacts, panel: Panel) -> list[str]:
    """The rates of a panel, raw and corrected, one line an arm, suite and rate."""
    arms = data.arms(panel)
    rows = [_line(data, row) for row in data.corrected if row.judge == judge.name and row.arm in arms]
    if not rows:
        return []
    title = [f"{panel_title(panel)}:\n"] if len(data.panels()) > 1 else []
    return [*title, table(["suite", "rate", "style", "count", "raw", "raw, given", "corrected", "n"], rows, "lllrrrrr")]


def _line(data: ReportData, row: CorrectedRow) -> list[str]:
    raw = data.row(row.arm, row.suite, row.metric, row.judge)
    return [
        code(row.suite),
        _WORDS[row.metric],
        code(row.arm.style),
        str(row.arm.count),
        percent(raw.estimate.value if raw else None),
        percent(row.given.value),
        with_interval(row.rate),
        counted(row.rate.n, row.no_reply),
    ]
