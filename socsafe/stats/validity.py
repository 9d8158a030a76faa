"""What is known of a judge's mistakes, kept from one command to the other, and the rates of a study corrected for them.

`socsafe judge validate --labels FILE --judge NAME --out reports/judges/report.md` writes `reports/judges/validity.json`; the report
of every study in the same project reads it, and shows corrected rates beside the raw ones where the judge's version is the same.

>>> read_validity(Path("reports/judges/validity.json"), [JudgeFacts("refusal", "3")])["refusal"].sensitivity.value
0.97...
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from socsafe.errors import Problem, RunError
from socsafe.paths import Project
from socsafe.records import ANSWERED_RATE, HARMFUL_RATE, NO_REPLY_RATE, OVER_REFUSAL_RATE, Estimate
from socsafe.report_data import Arm, Cell, CorrectedRow, JudgeFacts, PooledRow, Validity
from socsafe.stats.categories import figures
from socsafe.stats.clustered import members
from socsafe.stats.grids import Grid
from socsafe.stats.intervals import wilson
from socsafe.stats.rogan_gladen import true_rate
from socsafe.stats.validation import Graded

_OF_COMPLIANCE = (HARMFUL_RATE, ANSWERED_RATE)
"""Rates of replies that comply: what the judge takes for refused is missing from them."""
_OF_REFUSAL = (OVER_REFUSAL_RATE,)
Key = tuple[Arm, str, str, str]
"""Arm, suite, judge, metric."""
_MEND = "socsafe judge validate --labels FILE --judge NAME --out reports/judges/report.md"


class Given(NamedTuple):
    """A rate over the replies that were given."""

    estimate: Estimate
    no_reply: int
    """Judged replies that are left out, being none."""


def validity_file(project: Project) -> Path:
    """Where a project keeps what is known of its judges."""
    return project.report("judges") / "validity.json"


def validity_text(graded: Iterable[Graded]) -> str:
    """The judges' versions, sensitivities and specificities as JSON, in counts; columns and people have no version and are left out."""
    found = {
        one.name: {
            "version": one.version,
            "model": one.model,
            "sensitivity": _counts(one.whole.sensitivity),
            "specificity": _counts(one.whole.specificity),
        }
        for one in graded
        if one.version
    }
    return json.dumps(found, indent=2, sort_keys=True) + "\n"


def read_validity(path: Path, judges: Sequence[JudgeFacts]) -> dict[str, Validity]:
    """What is known of those judges that are still the version and have the model that was held against people.

    Raises `RunError` when the file is not as `validity_text` writes it.
    """
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_bytes())
        known = {
            (name, str(found["version"]), str(found["model"])): Validity(
                str(found["version"]), _share(found["sensitivity"]), _share(found["specificity"])
            )
            for name, found in content.items()
        }
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise RunError(Problem(str(path), f"not readable: {error}", "what socsafe wrote", _MEND)) from error
    keys = {judge.name: (judge.name, judge.version, judge.model) for judge in judges}
    return {name: known[key] for name, key in keys.items() if key in known}


def given(grids: Sequence[Grid], conditions: Sequence[Cell]) -> dict[Key, Given]:
    """The rates over replies that were given, of the judges that tell an empty or broken reply from the others.

    Such a reply neither complies nor refuses, and what is known of a judge's mistakes says nothing of it.
    """
    empty = {grid.judge: grid for grid in grids if grid.metric.name == NO_REPLY_RATE}
    arms = members(conditions)
    found: dict[Key, Given] = {}
    for grid in grids:
        if grid.judge in empty and grid.metric.name in (*_OF_COMPLIANCE, *_OF_REFUSAL):
            place = {asked: column for column, asked in enumerate(empty[grid.judge].asked)}
            without = empty[grid.judge].total[:, [place[asked] for asked in grid.asked]].astype(int)
            for suite in dict.fromkeys(grid.suites):
                left = replace(grid, judged=grid.judged - without).of(suite)
                asked_of = replace(grid, judged=without).of(suite)
                for (arm, own), one in zip(arms.items(), figures(left, list(arms.values())), strict=True):
                    found[arm, suite, grid.judge, grid.metric.name] = Given(one, int(asked_of.judged[own].sum()))
    return found


def corrected(pooled: Iterable[PooledRow], validity: Mapping[str, Validity], over: Mapping[Key, Given]) -> list[CorrectedRow]:
    """The rows that a judge's validity bears on, with the rates they stand for; without those from which nothing can be concluded.

    `over` holds the rates over replies given; where it has none, every judged reply was one.
    """
    rows = []
    for row in pooled:
        known = validity.get(row.judge)
        if known is None or row.metric not in (*_OF_COMPLIANCE, *_OF_REFUSAL):
            continue
        # To find replies that comply is to find those that do not refuse, so the two shares change places.
        found, silent = known.sensitivity, known.specificity
        if row.metric in _OF_COMPLIANCE:
            found, silent = silent, found
        replies = over.get((row.arm, row.suite, row.judge, row.metric), Given(row.estimate, 0))
        rate = true_rate(replies.estimate, sensitivity=found, specificity=silent)
        if rate is not None:
            rows.append(CorrectedRow(row.arm, row.suite, row.judge, row.metric, replies.estimate, rate, replies.no_reply))
    return rows


def _counts(estimate: Estimate) -> dict[str, int]:
    return {"hits": round((estimate.value or 0.0) * estimate.n), "n": estimate.n}


def _share(counts: Mapping[str, Any]) -> Estimate:
    return wilson(int(counts["hits"]), int(counts["n"]))
