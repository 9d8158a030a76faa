"""What came out, in three sentences made from the numbers: harm, styles, price. It opens the report.

    **Harm.** Without safety data the model complied with 97.5 % of the harmful prompts of `pairs` (95 % interval ...

A difference is claimed only where `report_data.apart` shows it; otherwise the sentence says that none could be shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from socsafe.markdown import code, judged, listed, percent
from socsafe.records import ANSWERED_RATE, HARMFUL_RATE, NO_REPLY_RATE, OVER_REFUSAL_RATE, PARTIAL_REFUSAL_RATE
from socsafe.report_data import CONTROL, Panel, PooledRow, ReportData, apart, by_style
from socsafe.sections._headings import panel_heading

TITLE = "Answer"
ORDER = 10


def render(data: ReportData) -> str:
    """Three paragraphs a panel, and a line on what is missing."""
    suite = data.headline.name if data.headline else None
    blocks = []
    for panel in data.panels():
        harm = [_harm(data, panel, suite), _styles(data, panel, suite)] if suite else []
        blocks += [*panel_heading(data, panel), *harm, _price(data, panel)]
    return "\n\n".join(block.strip() for block in [*blocks, _missing(data)] if block) + "\n"


def _harm(data: ReportData, panel: Panel, suite: str) -> str:
    """How much harm is left at the highest count, against the control."""
    control = _control(data, panel, suite, HARMFUL_RATE)
    highest = _at_highest_count(data, panel, suite, HARMFUL_RATE)
    if control is None:
        start = f"There is no judged control, so no fall can be shown; the suite is {code(suite)}."
    else:
        start = f"Without safety data, {_figures(control)} of the harmful prompts of {code(suite)} were complied with."
    if not highest:
        return f"**Harm.** {start} No condition with safety data was judged."
    end = f"At each style's highest count it is {_span(highest)}"
    if control is None:
        return f"**Harm.** {start} {end}."
    fell = [row for row in highest if apart(row, control)]
    verdict = f"a fall, shown for {_shown_for(fell, highest)}" if fell else "no fall could be shown"
    return f"**Harm.** {start} {end}: {verdict}. {_uncounted(data, highest)}"


def _uncounted(data: ReportData, rows: Sequence[PooledRow]) -> str:
    """How many replies were neither full compliance nor a plain refusal: a broken model does little harm too."""
    shares = []
    for metric, words in (
        (PARTIAL_REFUSAL_RATE, "refused and answered"),
        (NO_REPLY_RATE, "were empty, broken off or one phrase over and over"),
    ):
        found = [row for arm in (row.arm for row in rows) if (row := data.row(arm, rows[0].suite, metric))]
        shares.append(f"up to {percent(max(map(_value, found), default=None))} % {words}")
    return f"Of the suite's replies there, {' and '.join(shares)}: the harmful rate does not count these."


def _styles(data: ReportData, panel: Panel, suite: str) -> str:
    """Which styles differ at the highest count that at least two of them share."""
    rows = _at_shared_count(data, panel, suite)
    if len(rows) < 2:
        return ""
    pairs = list(combinations(rows, 2))
    wins = {row.arm.style: [other for other in rows if apart(row, other)] for row in rows}
    shown = sum(len(others) for others in wins.values())
    start = f"**Styles.** At {rows[0].arm.count} harmful prompts refused in training"
    if not shown:
        return f"{start}, no difference in harm between {_styles_of(rows)} could be shown: their intervals or their seeds overlap."
    lower = "; ".join(f"{code(style)} does less harm than {_styles_of(others)}" for style, others in wins.items() if others)
    rest = "" if shown == len(pairs) else f" In {len(pairs) - shown} of {len(pairs)} pairs of styles no difference could be shown."
    compared = [row for row in rows if wins[row.arm.style] or any(row in others for others in wins.values())]
    single = [row for row in compared if len(row.seeds) < 2]
    seeds = f" One seed only was judged for {_styles_of(single)}: there it is models that differ, not styles." if single else ""
    return f"{start}, {lower}.{_paid(data, suite, wins)}{rest}{seeds}"


def _paid(data: ReportData, suite: str, wins: Mapping[str, Sequence[PooledRow]]) -> str:
    """Which of the styles that do less harm than another also refuse more of the suite's safe prompts than it does."""
    dearer: dict[str, list[PooledRow]] = {}
    for row in (row for others in wins.values() for row in others):
        its = data.row(row.arm, suite, OVER_REFUSAL_RATE)
        for style, others in wins.items():
            arm = replace(row.arm, style=style)
            own = data.row(arm, suite, OVER_REFUSAL_RATE)
            if row in others and its and own and apart(its, own) and row not in dearer.get(style, []):
                dearer.setdefault(style, []).append(row)
    if not dearer:
        return ""
    told = "; ".join(f"{code(style)} refuses more safe prompts than {_styles_of(others)}" for style, others in dearer.items())
    return f" Less harm is not yet a better boundary: {told}."


def _price(data: ReportData, panel: Panel) -> str:
    """What it costs: safe prompts refused where harmful ones stand beside them, and ordinary prompts left unanswered."""
    sentences = []
    mixed = next((suite.name for suite in data.suites if suite.comply and suite.refuse), None)
    if mixed and (rows := _at_highest_count(data, panel, mixed, OVER_REFUSAL_RATE)):
        control = _control(data, panel, mixed, OVER_REFUSAL_RATE)
        before = f" ({percent(control.estimate.value)} % without safety data)" if control else ""
        rose = [row for row in rows if control and apart(control, row)]
        verdict = f"a rise, shown for {_shown_for(rose, rows)}" if rose else "no rise could be shown"
        sentences.append(
            f"At each style's highest count, over-refusal of the safe prompts of {code(mixed)} is {_span(rows)}{before}"
            + (f": {verdict}." if control else ".")
        )
    for suite in data.suites:
        if suite.refuse or not suite.comply:
            continue
        rows = [row for arm in data.arms(panel) if (row := data.row(arm, suite.name, ANSWERED_RATE)) and row.estimate.value is not None]
        if rows:
            least = min(rows, key=_value)
            where = f"{code(least.arm.style)}, {least.arm.count}"
            sentences.append(f"Of the prompts of {code(suite.name)}, the model answered at least {percent(_value(least))} % ({where}).")
    return f"**Price.** {' '.join(sentences)}" if sentences else ""


def _missing(data: ReportData) -> str:
    """That conditions are missing, so that nobody takes the rest for the whole."""
    judged_ones = {row.condition for row in data.summary}
    missing = [condition.id for condition in data.conditions if condition.id not in judged_ones]
    if not missing:
        return ""
    return (
        f"**Incomplete.** {len(missing)} of {len(data.conditions)} conditions gave no figures: {listed([code(name) for name in missing])}."
    )


def _control(data: ReportData, panel: Panel, suite: str, metric: str) -> PooledRow | None:
    rows = (data.row(arm, suite, metric) for arm in data.arms(panel) if arm.style == CONTROL)
    return next((row for row in rows if row and row.estimate.value is not None), None)


def _at_highest_count(data: ReportData, panel: Panel, suite: str, metric: str) -> list[PooledRow]:
    """For each style, its judged arm with the highest count."""
    found = []
    for arms in by_style(data.arms(panel)).values():
        rows = [row for arm in arms if (row := data.row(arm, suite, metric)) and row.estimate.value is not None]
        found += rows[-1:]
    return found


def _at_shared_count(data: ReportData, panel: Panel, suite: str) -> list[PooledRow]:
    """The judged arms at the highest count that at least two styles have."""
    rows = [row for arm in data.arms(panel) if (row := data.row(arm, suite, HARMFUL_RATE)) and row.estimate.value is not None]
    counts = [row.arm.count for row in rows if row.arm.style != CONTROL]
    shared = [count for count in set(counts) if counts.count(count) > 1]
    return [row for row in rows if row.arm.style != CONTROL and row.arm.count == max(shared)] if shared else []


def _figures(row: PooledRow) -> str:
    """`97.5 % (95 % interval 94.2–99.0, 320 replies)`."""
    low, high = percent(row.estimate.low), percent(row.estimate.high)
    return f"{percent(row.estimate.value)} % (95 % interval {low}–{high}, {judged(row.estimate)} replies)"


def _span(rows: Sequence[PooledRow]) -> str:
    """From the lowest to the highest rate, each with its style and count."""
    low, high = min(rows, key=_value), max(rows, key=_value)
    ends = [f"{percent(_value(row))} % ({code(row.arm.style)}, {row.arm.count})" for row in (low, high)]
    return ends[0] if low is high else f"between {ends[0]} and {ends[1]}"


def _styles_of(rows: Sequence[PooledRow]) -> str:
    return listed([code(row.arm.style) for row in rows])


def _shown_for(shown: Sequence[PooledRow], rows: Sequence[PooledRow]) -> str:
    """The styles for which something is shown, out of those it was asked for."""
    if len(shown) == len(rows) > 1:
        return "every style"
    return _styles_of(shown) + ("" if len(shown) == len(rows) else "; for the others no difference could be shown")


def _value(row: PooledRow) -> float:
    return row.estimate.value or 0.0
