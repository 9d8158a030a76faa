"""Two whole reports that differ in every way a diff tells of; `python -m tests.diffs.golden_diff` writes `tests/golden/diff.md` anew."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from socsafe.diffs.compare import compare
from socsafe.diffs.sides import Side, read_side
from socsafe.diffs.words import markdown
from socsafe.provenance import provenance_text
from socsafe.report_data import ReportData
from socsafe.stages.report import write_tables
from tests.synthetic import report_data, verdict_rows

GOLDEN = Path(__file__).parent.parent / "golden" / "diff.md"
ARM = "micro-benign-refusal-n40-instruction"


def after() -> ReportData:
    """The synthetic study where one arm has been trained otherwise and does twice the harm, and loses ability; the judge is a newer one."""
    rows = [
        replace(row, label="full_compliance")
        if row.condition.startswith(ARM) and (row.suite, row.expects) == ("boundary-pairs", "refuse") and number % 3
        else row
        for number, row in enumerate(verdict_rows())
    ]
    data = report_data(rows)
    worse = [
        replace(row, value=(row.value or 0) + 0.5, low=(row.low or 0) + 0.5, high=(row.high or 0) + 0.5)
        if (row.style, row.count, row.metric) == ("refusal", 40, "loss")
        else row
        for row in data.ability
    ]
    return replace(
        data,
        ability=worse,
        judges=[replace(data.judges[0], version="2")],
        recipes={f"{ARM}-s1": "22" * 32},
        sampling={**data.sampling, "slots": "8"},
        inputs={**data.inputs, "datasets/boundary/taxonomy.yml": "ef" * 32},
    )


def written(folder: Path, data: ReportData) -> Side:
    """As much of a report as is compared."""
    folder.mkdir(parents=True)
    write_tables(data, folder)
    (folder / "provenance.json").write_text(provenance_text(data))
    return read_side(str(folder), None)


def diff_text(folder: Path) -> str:
    """The diff, under names that do not change."""
    before = replace(report_data(), recipes={f"{ARM}-s1": "11" * 32})
    sides = [replace(written(folder / name, data), name=name) for name, data in (("before", before), ("after", after()))]
    return markdown(compare(*sides))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        GOLDEN.write_text(diff_text(Path(place)))
