"""What came out, in three sentences made from the numbers: harm, styles, price. It opens the report.

    **Harm.** Without safety data the model complied with 97.1 % of the harmful prompts of all suites, and at each style's highest ...

A difference is claimed only where a paired comparison shows it after Holm's correction; otherwise the sentence says that none could be
shown. With one seed a side it is said of two models, not of styles. Each of the three is short enough to be read once: of several
differences it names the smallest and the largest, and the section on comparisons has all.
"""

from __future__ import annotations

from collections.abc import Sequence

from socsafe.facts.comparison import NOT_SHOWN, Comparison
from socsafe.markdown import code, listed, percent
from socsafe.records import ANSWERED_RATE, HARMFUL_RATE, NO_REPLY_RATE, OVER_REFUSAL_RATE, PARTIAL_REFUSAL_RATE
from socsafe.report_data import CONTROL, Arm, Panel, PooledRow, ReportData, by_style
from socsafe.sections._differences import arm_words, bounds, few, harm_suite, hint, of_panel, signed, suite_words
from socsafe.sections._headings import panel_heading
from socsafe.sections._styles_told import styles_told

TITLE = "Answer"
ORDER = 10


def render(data: ReportData) -> str:
    """Three sentences a panel, what they leave out, and a line on what is missing."""
    suite = harm_suite(data)
    blocks = []
    for panel in data.panels():
        harm = [_harm(data, panel, suite), styles_told(data, panel, suite)] if suite else []
        blocks += [*panel_heading(data, panel), *harm, _price(data, panel), *_declared(data, panel), _uncounted(data, panel)]
    return "\n\n".join(block.strip() for block in [*blocks, _missing(data)] if block) + "\n"


def _harm(data: ReportData, panel: Panel, suite: str) -> str:
    """How much harm is left at the highest count, against the control."""
    found = _against_control(data, panel, suite, HARMFUL_RATE)
    if not found:
        controls = [row for arm in data.arms(panel) if arm.style == CONTROL and (row := _judged(data, arm, HARMFUL_RATE))]
        if not data.judge.tells_refusals and data.judge.metrics:
            return ""
        if not controls:
            return "**Harm.** There is no judged control, so no fall in harm can be shown."
        before = f"{percent(controls[0].estimate.value)} % of the harmful prompts of {code(controls[0].suite)}"
        return f"**Harm.** Without safety data the model complied with {before}; there is no condition with safety data to hold against it."
    control = percent(max(found, key=lambda one: one.n_pairs).against_value)
    start = f"Without safety data the model complied with {control} % of the harmful prompts of {suite_words(suite)}"
    changed = _change(found, "falls", "rises", _without_figures(data, panel, found))
    return f"**Harm.** {start}; at each style's highest count {changed}.{_models(found)}{hint(data, found)}"


def _change(found: Sequence[Comparison], down: str, up: str, silent: Sequence[str]) -> str:
    """What becomes of a rate: how far it is moved where that is shown, for which styles it is not, and of which nothing is known."""
    nothing = [f"for {few(silent)} there is nothing to compare"] if silent else []
    shown = [one for one in found if one.shown]
    if not shown:
        return "; ".join([f"{NOT_SHOWN} ({_interval_span(found)})", *nothing])
    every = " for every style" if len(shown) == len(found) > 1 and not silent and len({one.lower for one in shown}) == 1 else ""
    parts = [
        f"the rate {way} by {_span(own)}{every}"
        for way, own in ((down, [one for one in shown if one.lower]), (up, [one for one in shown if one.higher]))
        if own
    ]
    if unshown := [one for one in found if not one.shown]:
        parts.append(f"for {_styles_of(unshown)} {NOT_SHOWN}")
    return "; ".join([*parts, *nothing])


def _without_figures(data: ReportData, panel: Panel, found: Sequence[Comparison]) -> list[str]:
    """Styles of the panel that were compared at no count, so that nobody takes the others for all."""
    compared = {one.style for one in found}
    return [code(style) for style in by_style(data.arms(panel)) if style not in compared]


def _span(found: Sequence[Comparison]) -> str:
    """From the smallest to the largest difference, each with its interval, without its sign."""
    ends = sorted(found, key=lambda one: abs(one.difference or 0.0))
    ends = ends[:: len(ends) - 1] if len(ends) > 1 else ends
    words: list[str] = []
    for one in ends:
        upwards = one.turned() if one.lower else one
        unit, interval = (" points", "95 % interval ") if not words else ("", "")
        words.append(f"{signed(upwards.difference)}{unit} ({code(one.style)}, {interval}{bounds(upwards)})")
    return " to ".join(words)


def _interval_span(found: Sequence[Comparison]) -> str:
    """Where none is shown: the difference with its interval, or of several how far they and their intervals reach."""
    if len(found) == 1:
        return f"{arm_words(found[0])}: {signed(found[0].difference)} points, {bounds(found[0])}"
    ends = [signed(end([one.difference or 0.0 for one in found])) for end in (min, max)]
    reach = [signed(end([getattr(one, side) or 0.0 for one in found]), decimals=0) for end, side in ((min, "low"), (max, "high"))]
    return f"{ends[0]} to {ends[1]} points, intervals within {reach[0]} to {reach[1]}"


def _models(found: Sequence[Comparison]) -> str:
    """That a claim speaks of models where there is one seed a side."""
    single = [one for one in found if one.shown and one.of_models]
    if not single:
        return ""
    which = "" if len(single) == len(found) else f" for {_styles_of(single)}"
    return f" One seed a side{which}: these two models differ, which says nothing of styles."


def _price(data: ReportData, panel: Panel) -> str:
    """What it costs: safe prompts refused where harmful ones stand beside them, and ordinary prompts left unanswered."""
    parts = []
    mixed = data.mixed
    if mixed and (found := _against_control(data, panel, mixed.name, OVER_REFUSAL_RATE)):
        before = percent(max(found, key=lambda one: one.n_pairs).against_value)
        changed = _change(found, "falls", "rises", _without_figures(data, panel, found))
        parts.append(
            f"Of the safe prompts of {code(mixed.name)} the model refused {before} % without safety data; at each style's highest count "
            f"{changed}.{_models(found)}{hint(data, found)}"
        )
    for suite in data.suites:
        if suite.refuse or not suite.comply:
            continue
        rows = [row for arm in data.arms(panel) if (row := data.row(arm, suite.name, ANSWERED_RATE)) and row.estimate.value is not None]
        if rows:
            least = min(rows, key=_value)
            where = f"{code(least.arm.style)}, {least.arm.count}"
            start = "It" if parts else "The model"
            parts.append(f"{start} answered at least {percent(_value(least))} % of the prompts of {code(suite.name)} ({where}).")
    return f"**Price.** {' '.join(parts)}" if parts else ""


def _declared(data: ReportData, panel: Panel) -> list[str]:
    """What came of the declared comparisons that are not of the harmful rate: a sentence for each judge, metric, suite and other side."""
    groups: dict[tuple[str, str, str, str], list[Comparison]] = {}
    for one in data.comparisons:
        told = (one.judge, one.metric) == (data.judge.name, HARMFUL_RATE)
        if one.declared and not told and one.difference is not None and of_panel(panel, one):
            groups.setdefault((one.judge, one.metric, one.suite, one.against), []).append(one)
    sentences = []
    for (judge, metric, suite, against), found in groups.items():
        other = "without safety data" if against == CONTROL else f"with {code(against)}"
        parts = [
            f"{way} than {other} for {listed([f'{code(one.style)} at {one.count}' for one in own])}"
            for way, own in (("lower", [one for one in found if one.lower]), ("higher", [one for one in found if one.higher]))
            if own
        ]
        if unshown := len([one for one in found if not one.shown]):
            parts.append(f"in {unshown} of {len(found)} comparisons with the figure {other} {NOT_SHOWN}")
        name = f"{code(metric)} by {code(judge)} on {suite_words(suite)}"
        sentences.append(f"**Declared.** {name}: {'; '.join(parts)}.{_models(found)}")
    return sentences


def _uncounted(data: ReportData, panel: Panel) -> str:
    """How many replies were neither full compliance nor a plain refusal: a broken model does little harm too."""
    arms = [treated[-1] for treated in by_style(data.arms(panel)).values()]
    shares = []
    for metric, words in (
        (PARTIAL_REFUSAL_RATE, "refuse and answer"),
        (NO_REPLY_RATE, "are empty, broken off or one phrase over and over"),
    ):
        rows = [row for suite in data.suites if suite.refuse for arm in arms if (row := data.row(arm, suite.name, metric))]
        if most := max(map(_value, rows), default=0.0):
            shares.append(f"up to {percent(most)} % {words}")
    if not shares:
        return ""
    return f"**Not in the harmful rate.** At the highest counts, of a suite's replies {' and '.join(shares)}."


def _missing(data: ReportData) -> str:
    """That conditions are missing, so that nobody takes the rest for the whole."""
    judged_ones = {row.condition for row in data.summary if row.n}
    missing = [condition.id for condition in data.conditions if condition.id not in judged_ones]
    if not missing:
        return ""
    return (
        f"**Incomplete.** {len(missing)} of {len(data.conditions)} conditions gave no figures: {listed([code(name) for name in missing])}."
    )


def _against_control(data: ReportData, panel: Panel, suite: str, metric: str) -> list[Comparison]:
    """For each style, its comparison with the control at the highest count that has one."""
    control = Arm.control(panel.base, panel.setting)
    found = []
    for arms in by_style(data.arms(panel)).values():
        compared = [one for arm in arms if (one := data.comparison(arm, control, suite, metric)) and one.difference is not None]
        found += compared[-1:]
    return found


def _judged(data: ReportData, arm: Arm, metric: str) -> PooledRow | None:
    """The arm's row on the headline suite, where anything was judged."""
    row = data.row(arm, data.headline.name, metric) if data.headline else None
    return row if row and row.estimate.value is not None else None


def _styles_of(found: Sequence[Comparison]) -> str:
    return few([code(one.style) for one in found])


def _value(row: PooledRow) -> float:
    return row.estimate.value or 0.0
