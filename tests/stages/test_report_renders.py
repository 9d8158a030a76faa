"""Reports as GitHub, a spreadsheet and a machine take them, and how little one changed verdict changes."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socsafe.facts.example_replies import ExampleReply
from socsafe.provenance import differences, provenance, provenance_text
from socsafe.records import SummaryRow
from socsafe.report_data import Failure, ReportData
from socsafe.stages.report import build_report
from socsafe.tables import parse_csv, records, write_csv
from tests import gfm
from tests.conftest import REPO
from tests.synthetic import FAILED, report_data, verdict_rows

CONDITION = "micro-benign-refusal-n40-instruction-s1"


@pytest.fixture(scope="module")
def data() -> ReportData:
    shown = ExampleReply("boundary-pairs", "refuse-1", 0, "refuse", "violence", "full_compliance", "stop", 5, 2, "How?", "So.")
    made = report_data()
    return replace(made, examples={cell.id: [shown] for cell in made.conditions if cell.id != FAILED})


def test_github_renders_a_report_and_its_pages_without_a_warning(data: ReportData, tmp_path: Path) -> None:
    for path in build_report(data, tmp_path):
        if path.suffix == ".md":
            gfm.check(path, folds=path.parent.name == "examples")
    assert len(list((tmp_path / "examples").iterdir())) == len(data.conditions) - 1


@pytest.mark.parametrize("path", sorted((REPO / "reports").glob("*/report.md")), ids=lambda path: path.parent.name)
def test_github_renders_every_committed_report_without_a_warning(path: Path) -> None:
    gfm.check(path)


def test_one_changed_verdict_changes_a_few_lines_and_only_those_that_it_must(data: ReportData, tmp_path: Path) -> None:
    rows = verdict_rows()
    at = next(i for i, row in enumerate(rows) if (row.condition, row.suite, row.expects) == (CONDITION, "boundary-actions", "refuse"))
    other = {"full_refusal": "full_compliance", "full_compliance": "full_refusal"}
    rows[at] = replace(rows[at], label=other[rows[at].label or ""])
    build_report(data, tmp_path / "a")
    build_report(replace(report_data(rows), examples=data.examples), tmp_path / "b")
    before, after = ((tmp_path / side / "summary.csv").read_text().splitlines() for side in "ab")
    moved = [new for old, new in zip(before, after, strict=True) if old != new]
    assert len(moved) == 1
    assert moved[0].startswith(f"{CONDITION},")
    for path in (tmp_path / "a").rglob("*"):
        if path.suffix in (".json", ".md") and path.name != "report.md":
            assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()
    before, after = ((tmp_path / side / "report.md").read_text().splitlines() for side in "ab")
    assert len(before) == len(after)
    moved = [(old.split(" | "), new.split(" | ")) for old, new in zip(before, after, strict=True) if old != new]
    own = [new for _, new in moved if new[:2] == ["| `refusal`", "40"] or (new[1:3] == ["40", "`refusal`"])]
    assert 2 <= len(own) <= 8
    for old, new in moved:
        # Of others' comparisons no figure moves but its interval and p value: how far seeds move a figure is told from the whole study.
        assert new in own or _figures(old) == _figures(new) or new[0].startswith("**")
    assert len(moved) <= len(before) / 20


def _figures(cells: list[str]) -> list[str]:
    return [re.sub(r"\(.*\)", "", cell) for cell in cells[:-3]]


FORMULAS = st.sampled_from(["=cmd|' /C calc'!A0", "+1", "-1+2", "@SUM(A1)", "\t=1", "'=1", "''=1", "'x", "=", "a,b", 'a"b', "x\ny", "-"])


@given(st.lists(FORMULAS, min_size=1, max_size=5, unique=True))
def test_no_cell_of_a_table_is_a_formula_and_every_name_comes_back(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "formulas.csv"
    rows = [SummaryRow(name, name, "", name, 0, "", 1, name, "refusal", "harmful_rate", 0.5, 0.25, 0.75, 4, 0) for name in names]
    write_csv(path, rows)
    with path.open(newline="") as handle:
        cells = [cell for row in csv.reader(handle) for cell in row]
    assert not [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell]
    assert records(parse_csv(path.read_bytes(), SummaryRow, "table.csv"), SummaryRow) == rows


def test_provenance_is_sorted_and_names_all_that_decides_the_figures(data: ReportData) -> None:
    written = json.loads(provenance_text(data))
    assert list(written) == sorted(written)
    assert written["versions"] == dict(data.versions)
    assert written["inputs"] == dict(data.inputs)
    assert written["training"]["benign"]["num_epochs"] == "4"
    assert written["judges"] == {"refusal": {"version": "1", "model": ""}}
    assert written["seeds"] == {"training": [1, 2]}
    assert written["unfinished"] == {FAILED: "train"}
    assert differences(written, provenance(data)) == []


@pytest.mark.parametrize(
    ("change", "kind", "name"),
    [
        ({"versions": {"socsafe": "9"}}, "versions", "socsafe"),
        ({"inputs": {}}, "inputs", "recipes/synthetic/study.yml"),
        ({"recipes": {CONDITION: "ab" * 32}}, "recipes", CONDITION),
        ({"sampling": {"temperature": "1"}}, "sampling", "temperature"),
        ({"failures": [Failure(CONDITION, "judge", "x")]}, "unfinished", CONDITION),
        ({"question": "Why?"}, "study", "question"),
    ],
)
def test_whatever_changes_is_told_by_its_kind_and_name(data: ReportData, change: dict[str, object], kind: str, name: str) -> None:
    found = differences(provenance(data), provenance(replace(data, **change)))  # type: ignore[arg-type]
    assert (kind, name) in {(one.kind, one.name) for one in found}
    assert {one.kind for one in found} == {kind}
