"""What two reports do not share, as Markdown for a pull request or as JSON for machines.

>>> print(markdown(compare(before, after)))
### What moved
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from socsafe.diffs.compare import Compared, Moved
from socsafe.diffs.figures import Key
from socsafe.markdown import NOTHING, code, escape, judged, listed, table, with_interval
from socsafe.provenance import Difference
from socsafe.records import Estimate
from socsafe.report_data import Arm
from socsafe.rounding import steady
from socsafe.sections._differences import MINUS

MOST_ROWS = 60
"""Main figures shown: GitHub takes no comment of more than 65,536 characters."""
MOST_BESIDE = 20
"""Of each other table, and of differences of which something else is said."""
MOST_NAMES = 20
_KINDS = {
    "study": "study",
    "inputs": "data",
    "recipes": "recipe",
    "training": "training",
    "sampling": "engine",
    "suites": "suite",
    "judges": "judge",
    "seeds": "seeds",
    "conditions": "condition",
    "unfinished": "unfinished",
    "versions": "version",
}
_TABLES = {
    "arms": "Main figures",
    "ability": "Ability",
    "comparisons": "Comparisons",
    "categories": "By category",
    "forms": "By form",
}
_DIGEST = 64


def markdown(found: Compared) -> str:
    """What moved, what is said otherwise, what came and went, what changed to cause it."""
    title = f"**Report: {escape(found.before)} → {escape(found.after)}**\n"
    return "\n".join([title, *_moved(found), *_said_otherwise(found), *_came_and_went(found), *_causes(found)])


def json_text(found: Compared) -> str:
    """The same as one JSON object."""
    content = asdict(found)
    content["moved"] = [
        _keyed(one.key)
        | {"mean": one.mean, "before": asdict(one.before), "after": asdict(one.after), "difference": one.difference}
        | {"beyond_intervals": one.beyond, "verdicts": one.verdicts, "causes": [_KINDS[kind] for kind in one.causes]}
        for one in found.moved
    ]
    content |= {name: [_keyed(key) for key in getattr(found, name)] for name in ("appeared", "vanished")}
    return json.dumps(content, indent=1, sort_keys=True) + "\n"


def _keyed(key: Key) -> dict[str, object]:
    return {name: asdict(value) if isinstance(value, Arm) else value for name, value in key._asdict().items()}


def _moved(found: Compared) -> list[str]:
    if not found.moved:
        return [f"**Nothing moved**: all {found.compared} figures that both reports have are the same.\n"]
    beyond = sum(one.beyond for one in found.moved)
    whole = [one for one in found.moved if not one.only_interval]
    blocks = [
        "### What moved\n",
        f"{len(whole)} of {found.compared} figures moved, {beyond} of them beyond the intervals: neither the two 95 % intervals nor, "
        "for the main figures, the seeds' own figures touch. Shares are in per cent and differences in points; a mean is in units of its "
        "own. Seeds are pooled. n: replies judged + those that could not be. *Changed too*: what bears on the figure, of all that changed "
        "(below).\n",
    ]
    if found.plain:
        where = listed([escape(name) for name in found.plain])
        blocks.append(f"For want of an `arms.csv` beside {where} the main figures of both have plain Wilson intervals.\n")
    for name, title in _TABLES.items():
        blocks += _table(title, [one for one in whole if one.key.table == name], MOST_ROWS if name == "arms" else MOST_BESIDE)
    if rest := len(found.moved) - len(whole):
        blocks.append(
            f"Of {rest} more figures the interval alone is another, as how far seeds move a figure is told from all arms together; "
            "`--json` lists them.\n"
        )
    return blocks


def _table(title: str, moved: Sequence[Moved], most: int) -> list[str]:
    """One table of a report, as far as it moved."""
    if not moved:
        return []
    several_panels = len({(one.key.arm.base, one.key.arm.setting, one.key.arm.form) for one in moved if one.key.arm.form}) > 1
    several_judges = len({one.key.judge for one in moved}) > 1
    rows = [_row(one, several_panels, several_judges) for one in moved[:most]]
    beyond = sum(one.beyond for one in moved)
    head = ["arm", "suite", "figure", "before", "after", "moved by", "n", "beyond", "changed too"]
    blocks = [f"**{title}**: {len(moved)} moved, {beyond} beyond the intervals.\n", table(head, rows, "lllrrrrll")]
    if more := len(moved) - len(rows):
        blocks.append(f"And {more} more, each a smaller move or within the intervals: `--json` lists all.\n")
    return blocks


def _row(one: Moved, with_panel: bool, with_judge: bool) -> list[str]:
    n, n_after = judged(one.before), judged(one.after)
    return [
        _arm(one.key.arm, with_panel),
        code(one.key.suite),
        _figure(one.key, with_judge),
        _shown(one, one.before),
        _shown(one, one.after),
        _difference(one),
        n if n == n_after else f"{n} → {n_after}",
        "**yes**" if one.beyond else "no",
        ", ".join(_KINDS[kind] for kind in one.causes) or NOTHING,
    ]


def _figure(key: Key, with_judge: bool) -> str:
    name = code(key.metric) + (f" by {code(key.judge)}" if with_judge and key.judge else "")
    if not key.detail:
        return name
    return f"{name} against {code(key.detail)}" if key.table == "comparisons" else f"{name}, {escape(key.detail)}"


def _shown(one: Moved, estimate: Estimate) -> str:
    if any(one.verdicts):
        return _signed(estimate, one.mean)
    return with_interval(estimate, mean=one.mean)


def _signed(estimate: Estimate, mean: bool) -> str:
    """`−12.5 (−18.0 to −6.0)`: a difference within one report."""
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return NOTHING
    value, low, high = (_moved_by(end, mean) for end in (estimate.value, estimate.low, estimate.high))
    return f"{value} ({low} to {high})"


def _said_otherwise(found: Compared) -> list[str]:
    """Differences of which the later report says something else: what a reader of the first would now read otherwise."""
    other = [one for one in found.moved if one.said_otherwise]
    if not other:
        return []
    rows = [
        [_arm(one.key.arm, True), code(one.key.suite), _figure(one.key, True), one.verdicts[0] or NOTHING, one.verdicts[1] or NOTHING]
        for one in other[:MOST_BESIDE]
    ]
    more = len(other) - len(rows)
    return [
        "### What is said otherwise\n",
        f"Of {len(other)} difference{'s' * (len(other) > 1)} the later report says something else, after Holm's correction in each:\n",
        table(["arm", "suite", "figure", "before", "after"], rows, "lllll"),
        *([f"And {more} more: `--json` lists all.\n"] if more else []),
    ]


def _arm(arm: Arm, with_panel: bool) -> str:
    panel = [code(part) for part in (arm.base, arm.setting, arm.form) if part] if with_panel else []
    return " ".join([", ".join([*panel, code(arm.style)]), *([str(arm.count)] if arm.count else [])])


def _difference(one: Moved) -> str:
    return NOTHING if one.difference is None else _moved_by(one.difference, one.mean)


def _moved_by(difference: float, mean: bool) -> str:
    """`+12.5` points, or a mean's own units with two decimals."""
    text = f"{steady(difference):+.2f}" if mean else f"{100 * steady(difference):+.1f}"
    return text.replace("-", MINUS)


def _came_and_went(found: Compared) -> list[str]:
    lines = []
    for words, conditions, keys in (
        ("Appeared", found.conditions_appeared, found.appeared),
        ("Vanished", found.conditions_vanished, found.vanished),
    ):
        if conditions:
            lines.append(f"- {words}, conditions: {_names(conditions)}.")
        if keys:
            main = Counter((key.suite, key.judge, key.metric) for key in keys if key.table == "arms")
            figures = [f"{code(metric)} on {code(suite)} by {code(judge)} ({n} arms)" for (suite, judge, metric), n in main.items()]
            beside = Counter(key.table for key in keys if key.table != "arms")
            figures = _short(figures) + [f"{n} of `{name}.csv`" for name, n in beside.items()]
            lines.append(f"- {words}, figures: {listed(figures)}.")
    return ["### What appeared and what vanished\n", "\n".join(lines) + "\n"] if lines else []


def _names(names: Sequence[str]) -> str:
    return listed(_short([code(name) for name in names]))


def _short(names: Sequence[str]) -> list[str]:
    return list(names) if len(names) <= MOST_NAMES else [*names[:MOST_NAMES], f"{len(names) - MOST_NAMES} more"]


def _causes(found: Compared) -> list[str]:
    heading = "### What changed in what the reports were made with\n"
    if found.causes is None:
        where = listed([escape(name) for name in found.silent])
        return [heading, f"Not known, for want of a `provenance.json` beside {where}: `socsafe report STUDY` writes one.\n"]
    if not found.causes:
        if not found.moved:
            return [heading, "Nothing.\n"]
        return [
            heading,
            "**Nothing that is recorded**: data, recipes, settings, judges and versions are the same, and figures moved all the same.\n",
        ]
    rows = [[_KINDS[one.kind], code(one.name), _value(one.before), _value(one.after)] for one in _grouped(found.causes)]
    shown = rows[:MOST_ROWS]
    more = [f"And {len(rows) - len(shown)} more: `--json` lists all.\n"] if len(rows) > len(shown) else []
    return [heading, table(["what", "name", "before", "after"], shown, "llll"), *more]


def _grouped(causes: Sequence[Difference]) -> list[Difference]:
    """Recipes and conditions told by their number where there are several: what changed in them stands under training."""
    found = []
    for kind in dict.fromkeys(one.kind for one in causes):
        own = [one for one in causes if one.kind == kind]
        if kind in ("recipes", "conditions") and len(own) > 3:
            gone, new = sum(one.after is None for one in own), sum(one.before is None for one in own)
            told = (
                [f"{len(own) - gone - new} changed"] * (len(own) > gone + new) + [f"{new} new"] * bool(new) + [f"{gone} gone"] * bool(gone)
            )
            found.append(Difference(kind, f"{len(own)} of them", "", ", ".join(told)))
        else:
            found += own
    return found


def _value(value: str | None) -> str:
    if value is None or value == "":
        return NOTHING
    is_digest = len(value) == _DIGEST and all(digit in "0123456789abcdef" for digit in value)
    return code(value[:12] if is_digest else value[:200])
