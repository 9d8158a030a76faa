from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib
import pytest

from socsafe.paths import report_files
from socsafe.records import SummaryRow
from socsafe.report_data import ReportData
from socsafe.stages.report import build_report, report_text
from socsafe.tables import parse_csv
from tests.synthetic import FAILED, report_data, verdict_rows

GOLDEN = Path(__file__).parent.parent / "golden" / "report"


@pytest.fixture(scope="module")
def data() -> ReportData:
    return report_data()


@pytest.mark.parametrize("name", [str(path.relative_to(GOLDEN)) for path in sorted(GOLDEN.rglob("*.*"))])
def test_the_report_is_the_golden_one(data: ReportData, tmp_path: Path, name: str) -> None:
    """If the change is wanted: `python -m tests.synthetic tests/golden/report`, and read the diff."""
    build_report(data, tmp_path)
    assert (tmp_path / name).read_text().splitlines() == (GOLDEN / name).read_text().splitlines()


def test_another_process_elsewhere_with_other_settings_writes_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "matplotlibrc").write_text("font.size: 20\nsvg.fonttype: none\nlines.linewidth: 9\n")
    environment = {**os.environ, "PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "MATPLOTLIBRC": str(tmp_path), "LC_ALL": "C"}
    environment.pop("SOURCE_DATE_EPOCH", None)
    root = Path(__file__).parent.parent.parent
    subprocess.run([sys.executable, "-m", "tests.synthetic", str(tmp_path / "there")], cwd=root, env=environment, check=True)
    files = build_report(report_data(), tmp_path / "here")
    assert {"report.md", "summary.csv", "dose-response.svg", "dose-response.png"} <= {path.name for path in files}
    for path in files:
        assert (tmp_path / "there" / path.relative_to(tmp_path / "here")).read_bytes() == path.read_bytes(), path.name


def test_a_second_report_touches_no_file(data: ReportData, tmp_path: Path) -> None:
    stamps = {path: path.stat().st_mtime_ns for path in build_report(data, tmp_path)}
    assert {path: path.stat().st_mtime_ns for path in build_report(data, tmp_path)} == stamps


def test_a_figure_that_is_no_longer_shown_is_removed_and_nothing_else(data: ReportData, tmp_path: Path) -> None:
    (tmp_path / "report.md").write_text("![an earlier one](dose-response-micro-harmful.svg)\n")
    for name in ("dose-response-micro-harmful.svg", "dose-response-micro-harmful.png"):
        (tmp_path / name).write_text("old")
    mine = {"notes.md", "mine.svg", "dose-response-for-a-talk.svg", "trade-off-old.png"}
    for name in mine:
        (tmp_path / name).write_text("mine")
    files = build_report(data, tmp_path)
    left = {path for path in tmp_path.rglob("*") if path.is_file()} - set(files)
    assert {path.name for path in left} == mine


def test_of_the_examples_only_a_page_of_them_is_removed(data: ReportData, tmp_path: Path) -> None:
    folder = tmp_path / "examples"
    folder.mkdir()
    (folder / "README.md").write_text("# What struck me\n")
    (folder / "gone.md").write_text("# Examples of `gone`\n")
    build_report(data, tmp_path)
    assert {path.name for path in folder.iterdir()} == {"README.md"} | {f"{name}.md" for name in data.examples}
    assert folder / "README.md" not in report_files(tmp_path), "a note is no part of the report: it is neither exported nor verified"


def test_one_changed_verdict_changes_only_lines_about_its_arm(data: ReportData) -> None:
    rows = verdict_rows()
    condition = "micro-benign-refusal-n40-instruction-s1"
    changed = next(
        i for i, row in enumerate(rows) if row.condition == condition and row.suite == "boundary-targets" and row.expects == "refuse"
    )
    other = {"full_refusal": "full_compliance", "full_compliance": "full_refusal"}
    rows[changed] = replace(rows[changed], label=other[rows[changed].label or ""])
    before, after = report_text(data).splitlines(), report_text(report_data(rows)).splitlines()
    assert len(before) == len(after)
    moved = [new for old, new in zip(before, after, strict=True) if old != new]
    rates = [line for line in moved if " to " not in line and not line.startswith("**What could be seen.**")]
    assert len(rates) == 2, "one line of the main table and one of the suite's own"
    assert all(line.startswith("| `refusal` | 40 |") for line in rates)
    compared = [line for line in moved if " to " in line]
    assert len(compared) <= 12, "the arm's own comparisons; of others' the p values, which are corrected together, and what seeds move"


def test_summary_csv_holds_every_condition_that_was_judged(data: ReportData, tmp_path: Path) -> None:
    build_report(data, tmp_path)
    frame = parse_csv((tmp_path / "summary.csv").read_bytes(), SummaryRow, "summary.csv")
    assert frame.height == len(data.summary)
    assert set(frame["condition"]) == {condition.id for condition in data.conditions} - {FAILED}


def test_the_report_opens_with_the_question_and_the_answer(data: ReportData) -> None:
    lines = report_text(data).splitlines()
    assert [line for line in lines if line.startswith(("# ", "## "))][:3] == ["# synthetic", "## Answer", "## Results"]
    assert lines[2].startswith("**Question.**")


def test_no_clock_host_or_path_is_in_a_report(data: ReportData, tmp_path: Path) -> None:
    for path in build_report(data, tmp_path):
        for word in (str(tmp_path), f"{Path.home()}/", "<dc:date>", "tIME", f"matplotlib v{matplotlib.__version__}"):
            assert word.encode() not in path.read_bytes(), (path.name, word)
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", report_text(data))
