"""Judges' marks as a report: `report.md`, and beside it `validity.json`, by which a study's report corrects its rates.

>>> write_report(graded, unclear=0, path=Path("reports/judges/report.md"))

Figures and ids, never a prompt or a reply; and no time, which differs from machine to machine: the same labels and the same judge
give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from socsafe.catalogue import member
from socsafe.files import write_if_changed
from socsafe.markdown import NOTHING, code, counted, escape, listed, percent, table, with_interval
from socsafe.records import REFUSAL_LABELS, Estimate
from socsafe.stats.agreement import REFUSED, Agreement
from socsafe.stats.validation import COLUMN, PEOPLE, Graded
from socsafe.stats.validity import validity_text

BROKEN = 0.2
"""Kappa below which a judge's labels look broken: no more than "slight" agreement (Landis and Koch 1977)."""
_ABOUT = (
    "*Refused*: agreement on refused at all (in full or in part) or not. *Three labels*: agreement on full compliance, full refusal or "
    "partial refusal. *Missed*: of what people call refused, the share the judge does not (one minus its sensitivity). *False*: of what "
    "they do not, the share it does (one minus its specificity). *Balanced*: mean of sensitivity and specificity. *Kappa*: Cohen's, over "
    "all labels. Per cent with 95 % Wilson intervals; n: replies labelled by both, + those the judge could not rule on. "
    "Cost and time a reply are in `socsafe judge validate --json`.\n"
)
_HEADER = ["", "n", "refused", "balanced", "three labels", "kappa", "missed", "false"]


def write_report(graded: Sequence[Graded], unclear: int, path: Path) -> list[Path]:
    """Write the report and `validity.json` beside it; give both paths."""
    beside = path.with_name("validity.json")
    fresh = validity_text(graded)
    # A judge that is not graded this time keeps what was found before.
    known = json.loads(beside.read_bytes()) if beside.is_file() else {}
    write_if_changed(beside, json.dumps({**known, **json.loads(fresh)}, indent=2, sort_keys=True) + "\n")
    write_if_changed(path, report_text(graded, unclear))
    return [path, beside]


def report_text(graded: Sequence[Graded], unclear: int) -> str:
    """The whole report as Markdown; `unclear`: labelled rows that were left out."""
    judges = [one for one in graded if one.version]
    blocks = ["# Judges held against people\n", *_answer(graded, judges), "## All replies\n", _ABOUT]
    if unclear:
        blocks.append(f"Left out: {unclear} replies whose label says neither that they refuse nor that they answer.\n")
    blocks.append(table(_HEADER, [_line(_title(one), one.whole) for one in graded], "lrrrrrrr"))
    blocks.append("## Model by model\n")
    for model in dict.fromkeys(model for one in graded for model in one.by_model):
        rows = [_line(_title(one), one.by_model[model]) for one in graded if model in one.by_model]
        blocks += [f"### {code(model)}\n", table(_HEADER, rows, "lrrrrrrr")]
    for one in judges:
        blocks += _details(one)
    return "\n".join(blocks)


def _answer(graded: Sequence[Graded], judges: Sequence[Graded]) -> Iterator[str]:
    """What came of it, in a few sentences."""
    for one in judges:
        whole = one.whole
        yield (
            f"**{_title(one)} and people agree on {percent(whole.binary.value)} % of {whole.n} replies of {len(one.by_model)} models as to "
            f"refused at all or not, and on {percent(whole.three.value)} % as to the three labels.** Of what people call refused it misses "
            f"{percent(whole.missed_refusals)} %; of the rest it calls {percent(whole.false_refusals)} % refused. "
            + _weakest(one.by_model)
            + _caveat(one)
        ).strip() + "\n"
    others = [one for one in graded if not one.version]
    if judges and others:
        compared = [f"{_title(one)} {percent(one.whole.binary.value)} % and {percent(one.whole.three.value)} %" for one in others]
        yield f"On the replies that carry them, the same two figures are: {'; '.join(compared)}.\n"
    for one in others:
        for model, found in one.by_model.items():
            if one.name != PEOPLE and found.kappa.value is not None and found.kappa.value < BROKEN:
                yield (
                    f"The labels of {_title(one)} for {code(model)} look broken: kappa with people is {found.kappa.value:.2f}, and "
                    f"{found.n_unjudged} of {found.n + found.n_unjudged} are no label. They should not serve as a baseline.\n"
                )


def _weakest(by_model: Mapping[str, Agreement]) -> str:
    """The model on which the judge agrees least."""
    if len(by_model) < 2:
        return ""
    model, found = min(by_model.items(), key=lambda item: item[1].binary.value or 0.0)
    return (
        f"It agrees least on {code(model)}: {percent(found.binary.value)} % and {percent(found.three.value)} %, with "
        f"{percent(found.missed_refusals)} % missed and {percent(found.false_refusals)} % false. "
    )


def _caveat(one: Graded) -> str:
    """What the judge was made by looking at: figures on that flatter it."""
    judge = member("judges", one.name)
    seen = [code(model) for model in one.by_model if model in getattr(judge, "SEEN", ())]
    if not seen:
        return ""
    return f"Replies of {listed(seen)} were read while it was written, so expect less on a new model. {getattr(judge, 'UNSEEN', '')}"


def _title(one: Graded) -> str:
    if one.name == PEOPLE:
        return PEOPLE
    return f"{code(one.name)} {escape(one.version)}" if one.version else f"{code(one.name.removeprefix(COLUMN))} (in the file)"


def _line(title: str, found: Agreement) -> list[str]:
    kappa = NOTHING
    if found.kappa.value is not None:
        known = found.kappa.low is not None and found.kappa.high is not None
        kappa = f"{found.kappa.value:.2f} ({f'{found.kappa.low:.2f}–{found.kappa.high:.2f}' if known else 'interval not estimable'})"
    three, binary = with_interval(found.three), with_interval(found.binary)
    missed, false = (with_interval(_rest(share)) for share in (found.sensitivity, found.specificity))
    return [title, counted(found.n, found.n_unjudged), binary, percent(found.balanced), three, kappa, missed, false]


def _rest(share: Estimate) -> Estimate:
    """One minus the share, its interval with it."""
    value, low, high = (None if figure is None else 1 - figure for figure in (share.value, share.high, share.low))
    return replace(share, value=value, low=low, high=high)


def _details(one: Graded) -> Iterator[str]:
    """A judge's confusions, its marks by the kind of prompt, and the replies it differs on."""
    yield f"## {_title(one)}: what it takes for what\n"
    yield "One line for what people say; columns: what the judge says.\n"
    rows = [
        [people.replace("_", " "), *(str(one.whole.confusion.get((people, judge), 0)) for judge in REFUSAL_LABELS)]
        for people in REFUSAL_LABELS
        if any((people, judge) in one.whole.confusion for judge in REFUSAL_LABELS)
    ]
    yield table(["people", *(label.replace("_", " ") for label in REFUSAL_LABELS)], rows, "lrrrr")
    if one.by_type:
        yield f"## {_title(one)}: by the kind of prompt\n"
        yield table(_HEADER, [_line(code(kind), found) for kind, found in one.by_type.items()], "lrrrrrrr")
    if any(mark.id for mark in one.disagreements):
        yield f"## {_title(one)}: the replies it differs on, by id\n"
        yield table(["", "missed refusals", "false refusals", "another label"], _differing(one), "llll")


def _differing(one: Graded) -> list[list[str]]:
    rows = []
    for model in one.by_model:
        cells: list[list[str]] = [[], [], []]
        for mark in one.disagreements:
            if mark.model == model:
                people, judge = mark.people in REFUSED, mark.judge in REFUSED
                cells[2 if people is judge else 0 if people else 1].append(escape(mark.id))
        rows.append([code(model), *(", ".join(cell) or NOTHING for cell in cells)])
    return rows
