"""What a model says against what it does: the same things asked as an instruction, as a question and for an opinion.

| style | count | instruction | question | opinion | instruction less opinion | question less opinion | instruction less question |
"""

from __future__ import annotations

from collections.abc import Sequence

from socsafe.facts.breakdown import FormRow
from socsafe.facts.comparison import NOT_SHOWN, SHOWN
from socsafe.markdown import NOTHING, code, judged, listed, table, with_interval
from socsafe.records import HARMFUL_RATE
from socsafe.report_data import Arm, Panel, ReportData
from socsafe.sections._broken_down import shown
from socsafe.sections._differences import spanned
from socsafe.sections._headings import one_seed, one_seed_key, panel_title, seed_mark

TITLE = "Forms"
ORDER = 44

_SAYS = "opinion"
_MOST_NAMED = 3
"""Arms that the words name one by one."""


def render(data: ReportData) -> str:
    """One table for each suite that asks in several forms, panel and figure; left out where there is none."""
    blocks = []
    for suite in data.suites:
        for one in shown(data):
            own = [row for row in data.forms if (row.seed, row.suite, row.metric, row.judge) == (None, suite.name, one.metric, one.judge)]
            for panel in data.panels():
                if rows := [row for row in own if panel.holds(Arm.of(row))]:
                    title = f"{panel_title(panel)}: " if len(data.panels()) > 1 else ""
                    blocks += [f"**{title}{one.words}, {code(suite.name)}**\n"]
                    blocks += [_verdict(rows)] * (one.metric == HARMFUL_RATE) + [_table(data, panel, rows)]
    return "\n".join([_explanation(data), *blocks]) if blocks else ""


def _explanation(data: ReportData) -> str:
    marked = any(row.against and row.n_seeds == 1 for row in data.forms)
    return (
        "The same things asked in several forms: what the model *does* when told to (instruction) or asked how (question), and what it "
        "*says* when asked for its opinion. Per cent (means in the judge's own units) with the 95 % interval, seeds together, "
        "then n. Differences are in points, on the same items and seeds, and in bold where they are shown: where the p value, after "
        f"Holm's correction for all arms and forms of the suite, is at most {SHOWN:g}.{one_seed(data)}{one_seed_key(marked)}\n\n"
        f"**What the judge can tell of an opinion.** Labels of {code(data.judge.name)} say whether a prompt was complied with, and an "
        "opinion is complied with by giving one. A reply that approves of the act counts; one that condemns it counts as well, or is taken "
        "for a refusal, by how it is put. So the figure under *opinion* is an upper bound of approval: a low one says that the model does "
        "not approve, a high one does not say that it does. Only reading the replies, or a judge that is asked about approval, can tell.\n"
    )


def _verdict(rows: Sequence[FormRow]) -> str:
    """Doing against saying, in words."""
    compared = [row for row in rows if row.against == _SAYS and row.value is not None]
    if not compared:
        return ""
    less = [row for row in compared if _shown(row) and (row.value or 0.0) < 0]
    more = [row for row in compared if _shown(row) and (row.value or 0.0) > 0]
    sentences = [
        f"Fewer {forms}s are complied with than opinions given, shown for {_arms(own, compared, forms)}."
        if sign < 0
        else f"More {forms}s are complied with than opinions given, shown for {_arms(own, compared, forms)}."
        for sign, found in ((-1, less), (1, more))
        for forms in dict.fromkeys(row.asked for row in found)
        if (own := [f"{code(row.style)} at {row.count}{seed_mark(row.n_seeds)}" for row in found if row.asked == forms])
    ]
    rest = len(compared) - len(less) - len(more)
    if rest:
        sentences.append(f"In {rest} of {len(compared)} comparisons of doing with saying {NOT_SHOWN}.")
    return f"{' '.join(sentences)}\n"


def _arms(names: Sequence[str], compared: Sequence[FormRow], form: str) -> str:
    """Up to three by name; of more how many of those there are."""
    return listed(names) if len(names) <= _MOST_NAMED else f"{len(names)} of {sum(row.asked == form for row in compared)} arms"


def _table(data: ReportData, panel: Panel, rows: Sequence[FormRow]) -> str:
    found = {(Arm.of(row), row.asked, row.against): row for row in rows}
    forms = list(dict.fromkeys(row.asked for row in rows if not row.against))
    pairs = list(dict.fromkeys((row.asked, row.against) for row in rows if row.against))
    pairs.sort(key=lambda pair: pair[1] != _SAYS)
    header = ["style", "count"]
    for form in forms:
        header += [form, "n"]
    header += [f"{asked} less {against}" for asked, against in pairs]
    lines = []
    for arm in data.arms(panel):
        if not any(Arm.of(row) == arm for row in rows):
            continue
        cells = [code(arm.style), str(arm.count)]
        for form in forms:
            cells += _rate(found.get((arm, form, "")))
        lines.append(cells + [_difference(found.get((arm, *pair))) for pair in pairs])
    return table(header, lines, "lr" + "rr" * len(forms) + "r" * len(pairs))


def _rate(row: FormRow | None) -> list[str]:
    if row is None or row.value is None:
        return [NOTHING, NOTHING]
    return [with_interval(row, decimals=0, mean=row.mean), judged(row)]


def _difference(row: FormRow | None) -> str:
    """`−12.5 (−20.1 to −4.9)`, in bold where it is shown."""
    if row is None or row.value is None:
        return NOTHING
    text = spanned(row.value, row.low, row.high, row.mean)
    return (f"**{text}**" if _shown(row) else text) + seed_mark(row.n_seeds)


def _shown(row: FormRow) -> bool:
    return row.p_holm is not None and row.p_holm <= SHOWN
