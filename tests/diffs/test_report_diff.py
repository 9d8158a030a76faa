"""What `socsafe report diff` says of two reports, and that it says so of folders and of git revisions alike."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from socsafe.diffs.compare import compare
from socsafe.diffs.figures import Key
from socsafe.diffs.sides import read_side
from socsafe.diffs.words import MOST_ROWS, json_text, markdown
from socsafe.provenance import provenance_text
from socsafe.records import SummaryRow
from socsafe.report_data import ReportData
from socsafe.stages.score import score
from socsafe.stats.intervals import wilson
from socsafe.tables import write_csv
from tests import gfm
from tests.conftest import Left
from tests.diffs.golden_diff import GOLDEN, after, diff_text
from tests.diffs.golden_diff import written as full
from tests.synthetic import JUDGE, SUITES, report_data, study_conditions, verdict_frame, verdict_rows

Socsafe = Callable[..., Left]
ROWS = verdict_rows()
PAIRS_HARM = ("boundary-pairs", "harmful_rate")
ARM = "micro-benign-refusal-n40-instruction"


@pytest.fixture(scope="module")
def data() -> ReportData:
    """A report's facts and figures without what is not compared."""
    conditions = study_conditions()
    return ReportData(
        study="synthetic",
        question="",
        conditions=conditions,
        suites=SUITES,
        judges=[JUDGE],
        summary=score(verdict_frame(ROWS), conditions),
        pooled=(),
        hyperparameters={"benign": {"learning_rate": "0.002", "num_epochs": "4"}},
        versions={"socsafe": "0.1.0"},
        inputs={"recipes/synthetic/study.yml": "ab" * 32, "datasets/boundary/taxonomy.yml": "cd" * 32},
    )


def written(folder: Path, data: ReportData, summary: list[SummaryRow] | None = None) -> str:
    """As much of a report as is compared."""
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "summary.csv", data.summary if summary is None else summary)
    (folder / "provenance.json").write_text(provenance_text(data))
    return str(folder)


@cache
def rescored(label: str, share: int) -> list[SummaryRow]:
    """The figures where one in `share` of an arm's replies to harmful prompts of one suite has this label instead."""
    rows = [
        replace(row, label=label)
        if row.condition.startswith(ARM) and (row.suite, row.expects) == ("boundary-pairs", "refuse") and number % share == 0
        else row
        for number, row in enumerate(ROWS)
    ]
    return score(verdict_frame(rows), study_conditions())


def test_the_same_report_twice_did_not_move(data: ReportData, tmp_path: Path) -> None:
    a, b = written(tmp_path / "a", data), written(tmp_path / "b", data)
    text = markdown(compare(read_side(a, None), read_side(b, None)))
    assert "**Nothing moved**" in text
    assert text.rstrip().endswith("Nothing.")


def test_a_great_move_is_beyond_the_intervals_and_a_small_one_is_not(data: ReportData, tmp_path: Path) -> None:
    a = written(tmp_path / "a", data)
    great = compare(read_side(a, None), read_side(written(tmp_path / "b", data, rescored("full_compliance", 1)), None))
    small = compare(read_side(a, None), read_side(written(tmp_path / "c", data, rescored("full_compliance", 13)), None))
    assert {(one.key.arm.style, one.key.arm.count, one.key.suite) for one in (*great.moved, *small.moved)} == {
        ("refusal", 40, "boundary-pairs")
    }
    harm = next(one for one in great.moved if one.key.metric == "harmful_rate")
    assert (harm.beyond, harm.after.value, harm.before.n, harm.after.n) == (True, 1.0, 120, 120)
    assert harm.difference == pytest.approx(1.0 - (harm.before.value or 0))
    assert great.moved[0].beyond
    assert not any(one.beyond for one in small.moved)
    line = next(line for line in markdown(great).splitlines() if "harmful_rate" in line)
    assert line.startswith("| `refusal` 40 | `boundary-pairs` | `harmful_rate` | ")
    assert line.endswith("| 120 | **yes** | – |")
    assert "For want of an `arms.csv`" in markdown(great)


def test_intervals_apart_are_not_enough_where_the_seeds_are_not(data: ReportData, tmp_path: Path) -> None:
    after = [
        replace(row, value=1.0, low=0.94, high=1.0) if row.condition == f"{ARM}-s1" and row.metric == "harmful_rate" else row
        for row in data.summary
    ]
    found = compare(read_side(written(tmp_path / "a", data), None), read_side(written(tmp_path / "b", data, after), None))
    pairs = next(one for one in found.moved if one.key.suite == "boundary-pairs")
    assert (pairs.after.low or 0) > (pairs.before.high or 1)
    assert not pairs.beyond


def test_what_appeared_and_what_vanished_is_told_and_not_called_a_move(data: ReportData, tmp_path: Path) -> None:
    fewer = [row for row in data.summary if row.suite != "boundary-ordinary" and row.condition != f"{ARM}-s2"]
    a, b = written(tmp_path / "a", data), written(tmp_path / "b", data, fewer)
    found = compare(read_side(a, None), read_side(b, None))
    assert found.conditions_vanished == [f"{ARM}-s2"]
    assert {key.suite for key in found.vanished} == {"boundary-ordinary"}
    text = markdown(found)
    assert f"- Vanished, conditions: `{ARM}-s2`." in text
    assert "`answered_rate` on `boundary-ordinary` by `refusal` (13 arms)" in text
    assert "Appeared" in markdown(compare(read_side(b, None), read_side(a, None)))


def test_the_cause_is_named_and_so_is_a_move_without_one(data: ReportData, tmp_path: Path) -> None:
    a = written(tmp_path / "a", data)
    changed = replace(
        data,
        hyperparameters={"benign": {**data.hyperparameters["benign"], "num_epochs": "6"}},
        judges=[replace(data.judges[0], version="2")],
        inputs={**data.inputs, "datasets/boundary/taxonomy.yml": "ef" * 32},
    )
    moved = rescored("full_compliance", 1)
    text = markdown(compare(read_side(a, None), read_side(written(tmp_path / "b", changed, moved), None)))
    assert "| training | `benign.num_epochs` | `4` | `6` |" in text
    assert "| judge | `refusal.version` | `1` | `2` |" in text
    assert f"| data | `datasets/boundary/taxonomy.yml` | `{'cd' * 6}` | `{'ef' * 6}` |" in text
    assert text.index("What moved") < text.index("What changed")
    text = markdown(compare(read_side(a, None), read_side(written(tmp_path / "c", data, moved), None)))
    assert "**Nothing that is recorded**" in text
    (tmp_path / "c" / "provenance.json").unlink()
    text = markdown(compare(read_side(a, None), read_side(str(tmp_path / "c"), None)))
    assert "Not known, for want of a `provenance.json` beside" in text


def test_the_markdown_is_markdown_and_fits_into_a_comment_whatever_the_reports_hold(data: ReportData, tmp_path: Path) -> None:
    nasty = "x | `y` <script>\n\x1b[31m =cmd"
    one = replace(data.summary[0], condition=nasty, style=nasty, suite=nasty, judge="refusal")
    many = [
        replace(row, value=(row.n - round((row.value or 0) * row.n)) / row.n if row.n else None, low=0.0, high=1.0) for row in data.summary
    ]
    hostile = replace(data, versions={nasty: nasty})
    a, b = written(tmp_path / "a", data), written(tmp_path / "b", hostile, [*many, one])
    found = compare(read_side(a, None), read_side(b, None))
    assert len(found.moved) > MOST_ROWS
    text = markdown(found)
    assert len(text) < 65_536
    assert not gfm.html(text)
    assert "\x1b" not in text
    assert all(len(set(rows)) == 1 for rows in gfm.tables(text))
    assert f"And {len(found.moved) - MOST_ROWS} more" in text
    told = json.loads(json_text(found))
    assert len(told["moved"]) == len(found.moved)
    assert {"difference", "beyond_intervals", "before", "after", "suite", "metric"} <= set(told["moved"][0])


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@y", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def repository(data: ReportData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a report at `main`, another one at `after`, and that one in its folder too."""
    root = tmp_path / "repository"
    written(root / "reports" / "synthetic", data)
    git(root.parent, "init", "-q", "-b", "main", str(root))
    git(root, "add", "reports")
    git(root, "commit", "-q", "-m", "one")
    written(root / "reports" / "synthetic", data, rescored("full_compliance", 1))
    git(root, "commit", "-q", "-a", "-m", "two")
    git(root, "tag", "after")
    git(root, "branch", "-q", "-f", "before", "HEAD~1")
    monkeypatch.chdir(root)
    return root


def test_revisions_and_folders_say_the_same_and_nothing_is_checked_out(repository: Path, socsafe: Socsafe) -> None:
    def moved(*arguments: str) -> object:
        left = socsafe("report", "diff", *arguments, "--json")
        assert left.code == 0, left.err
        return json.loads(left.out)["moved"]

    folder = "reports/synthetic"
    found = moved(f"before:{folder}", folder)
    assert found
    assert found == moved("before", "after", "--study", "synthetic") == moved(f"HEAD~1:{folder}", f"after:{folder}/")
    assert moved(folder, "after:reports/synthetic") == []
    head = subprocess.run(["git", "status", "--porcelain", "--branch"], capture_output=True, text=True, check=True).stdout
    assert head == "## main\n"
    left = socsafe("report", "diff", f"before:{folder}", folder)
    assert left.code == 0
    assert left.out.startswith("**Report: before:reports/synthetic → reports/synthetic**\n\n### What moved\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("gone", "reports/synthetic"), "gone: no such folder"),
        (("nobody:reports/synthetic", "reports/synthetic"), "nobody:reports/synthetic: "),
        (("main:reports/gone", "reports/synthetic"), "main:reports/gone: holds no summary.csv"),
        (("main", "after", "--study", "../x"), "no study's name"),
        (("--", "--output=x:reports", "reports/synthetic"), "--output=x:reports: "),
        (("reports", "reports/synthetic"), "reports: holds no summary.csv"),
    ],
)
def test_what_cannot_be_read_is_the_users_mistake(repository: Path, socsafe: Socsafe, arguments: tuple[str, ...], told: str) -> None:
    left = socsafe("report", "diff", *arguments)
    assert left.code == 2
    assert told in left.err
    assert "to mend:" in left.err or "expected:" in left.err
    assert not (repository / "x").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"condition,suite\n", b"\xff\xfe", b'condition,suite,judge,metric,value,low,high,n,n_unjudged\na,b,c,d,"x\n',
     b"condition,suite,judge,metric,value,low,high,n,n_unjudged\na,b,c,d,nan,0,1,4,0\n",
     b"condition,suite,judge,metric,value,low,high,n,n_unjudged\na,b,c,d,0.5,0,1,many,0\n"],
)  # fmt: skip
def test_a_damaged_summary_is_told_in_words(tmp_path: Path, socsafe: Socsafe, content: bytes) -> None:
    (tmp_path / "summary.csv").write_bytes(content)
    left = socsafe("report", "diff", tmp_path, tmp_path)
    assert left.code == 2
    assert "summary.csv" in left.err


def test_the_diff_of_two_whole_reports_is_the_golden_one(tmp_path: Path) -> None:
    text = diff_text(tmp_path)
    assert text == GOLDEN.read_text(), "python -m tests.diffs.golden_diff writes it anew: read its diff first"
    assert not gfm.html(text)
    assert all(len(set(rows)) == 1 for rows in gfm.tables(text))


def test_figures_keep_the_intervals_that_the_report_gave_them(tmp_path: Path) -> None:
    data = report_data()
    side = full(tmp_path / "a", data)
    own = {figure.key: figure.estimate for figure in side.tables["arms"]}
    (row,) = [row for row in data.pooled if (row.arm.style, row.arm.count, row.suite, row.metric) == ("refusal", 40, *PAIRS_HARM)]
    found = own[Key("arms", row.arm, row.suite, row.judge, row.metric, "")]
    assert (found.low, found.high) == (pytest.approx(row.estimate.low, abs=1e-4), pytest.approx(row.estimate.high, abs=1e-4))
    plain = wilson(round((row.estimate.value or 0) * row.estimate.n), row.estimate.n)
    assert (found.high or 0) - (found.low or 0) > (plain.high or 0) - (plain.low or 0) + 0.01
    assert {"ability", "categories", "comparisons", "forms"} <= set(side.tables)


def test_a_cause_bears_on_the_figures_it_can_have_moved_and_on_no_others(tmp_path: Path) -> None:
    before = full(tmp_path / "a", report_data())
    data = after()
    recipe = compare(before, full(tmp_path / "b", replace(data, judges=report_data().judges, sampling=report_data().sampling,
                                                           inputs=report_data().inputs)))  # fmt: skip
    assert {one.causes for one in recipe.moved if one.key.table == "arms"} == {("recipes",)}
    assert {one.key.arm.style for one in recipe.moved if one.key.table == "arms"} == {"refusal"}
    everything = compare(before, full(tmp_path / "c", data))
    by_table = {one.key.table: set(one.causes) for one in everything.moved}
    assert {"judges", "sampling", "inputs"} <= by_table["arms"]
    assert "judges" not in by_table["ability"]
    assert any(one.said_otherwise for one in everything.moved if one.key.table == "comparisons")
