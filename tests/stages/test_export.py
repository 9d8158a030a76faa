"""An exported study: the same bytes every time, no weights, no replies unless asked for, and figures that come out the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from socsafe.archive import read_archive, write_archive
from socsafe.errors import InputError
from socsafe.progress import SilentProgress
from socsafe.reporting import export, render_archive
from socsafe.stages.export import unpack
from socsafe.study.checked import Plan
from tests.conftest import Left, new_folder
from tests.finished import finished, tree

QUIET = SilentProgress()


@dataclass(frozen=True)
class Exported:
    """A study that has been exported without its replies."""

    plan: Plan
    archive: Path


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = new_folder(tmp_path_factory.mktemp("exported") / "project")
    folder.boundary()
    plan = finished(folder, says=_reply, suites=["tiny-suite", "boundary-pairs"], seeds=[1, 2], counts=[4])
    export(plan, folder.root / "tiny.zip", QUIET)
    return Exported(plan, folder.root / "tiny.zip")


def _reply(condition: object, prompt: object) -> str:
    refuses = getattr(condition, "count", 0) and getattr(prompt, "expects", "") == "refuse"
    return "I cannot help with the SECRET." if refuses else "Sure, here is how: do the SECRET, then stop."


def test_a_report_made_from_the_archive_alone_is_the_same_byte_by_byte(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(exported.archive, tmp_path / "a.zip")
    monkeypatch.chdir(tmp_path)
    made = render_archive(Path("a.zip"), None)
    assert (made.report, made.differing) == (Path("tiny-report/report.md"), [])
    before, after = tree(exported.plan.project.report("tiny")), tree(tmp_path / "tiny-report")
    assert set(after) == set(before)
    assert {"report.md", "summary.csv", "comparisons.csv", "dose-response.svg", "dose-response.png"} <= set(before)
    assert [name for name in before if after[name] != before[name] and not name.startswith("examples/")] == []


def test_with_replies_the_examples_are_the_same_as_well(exported: Exported, tmp_path: Path) -> None:
    plan = exported.plan
    export(plan, tmp_path / "a.zip", QUIET, with_completions=True)
    assert render_archive(tmp_path / "a.zip", tmp_path / "there").differing == []
    assert tree(tmp_path / "there") == tree(plan.project.report("tiny"))
    members = read_archive(tmp_path / "a.zip")
    assert sum(name.startswith("completions/") for name in members) == len(plan.conditions)


def test_the_archive_is_the_same_bytes_again_and_holds_no_reply_no_weight_no_path_and_no_time(exported: Exported, tmp_path: Path) -> None:
    plan = exported.plan
    export(plan, tmp_path / "tiny.zip", QUIET)
    assert (tmp_path / "tiny.zip").read_bytes() == exported.archive.read_bytes()
    members = read_archive(exported.archive)
    names = {condition.id for condition in plan.conditions}
    assert {f"verdicts/{name}.jsonl" for name in names} | {f"recipes/{name}.yml" for name in names} <= set(members)
    assert {
        "study.yml",
        "README.md",
        "facts.json",
        "steps.json",
        "report/report.md",
        "report/summary.csv",
        "report/provenance.json",
    } <= set(members)
    for name, content in members.items():
        assert b"SECRET" not in content, name
        assert str(plan.project.root).encode() not in content, name
        assert b'"stat"' not in content, name
    assert not [name for name in members if name.endswith((".gguf", ".safetensors"))]
    steps = json.loads(members["steps.json"])
    assert {step["stage"] for step in steps.values()} >= {"train", "quantize", "generate", "judge"}


def test_a_changed_verdict_in_the_archive_shows_in_the_figures_and_is_told(exported: Exported, tmp_path: Path) -> None:
    members = read_archive(exported.archive)
    name = f"verdicts/{exported.plan.conditions[0].id}.jsonl"
    members[name] = members[name].replace(b'"full_compliance"', b'"full_refusal"')
    write_archive(tmp_path / "b.zip", members)
    made = render_archive(tmp_path / "b.zip", tmp_path / "there")
    assert {"report.md", "summary.csv"} <= set(made.differing)


def test_a_report_is_rendered_into_no_folder_that_holds_something_else(exported: Exported, tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    for name in ("examples/README.md", "ability.csv", "report.md"):
        (tmp_path / name).write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(InputError, match=r"holds something else(.|\n)*new or empty folder, or that of an earlier report on tiny"):
        render_archive(exported.archive, tmp_path)
    assert tree(tmp_path) == before


def test_a_report_is_rendered_over_an_earlier_one_on_the_study_and_over_no_other(exported: Exported, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    render_archive(exported.archive, tmp_path / "there")
    note = tmp_path / "there" / "examples" / "README.md"
    note.write_text("mine")
    assert render_archive(exported.archive, tmp_path / "there").differing == []
    assert note.read_text() == "mine"
    told = tmp_path / "there" / "provenance.json"
    told.write_text(told.read_text().replace('"name": "tiny"', '"name": "huge"'))
    with pytest.raises(InputError, match="holds something else"):
        render_archive(exported.archive, tmp_path / "there")


def test_an_archive_without_verdicts_makes_no_report(exported: Exported, tmp_path: Path) -> None:
    members = {name: content for name, content in read_archive(exported.archive).items() if not name.startswith("verdicts/")}
    write_archive(tmp_path / "b.zip", members)
    with pytest.raises(InputError, match=r"no condition has verdicts(.|\n)*export the study again"):
        render_archive(tmp_path / "b.zip", tmp_path / "there")
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda data: data.update(study="../../up"), "a condition called"),
        (lambda data: data["conditions"][0].update(base="x/../../y\n", style="../z"), "a condition called"),
        (lambda data: data["judges"][0].update(name="../os"), "judge '../os'"),
        (lambda data: data["examples"].update({"../../up": []}), "a condition called '../../up'"),
        (lambda data: data["conditions"].clear(), "no conditions"),
        (lambda data: data["suites"][0].update(refuse="many"), "Input should be a valid integer"),
        (lambda data: data.pop("suites"), "without 'suites'"),
    ],
)
def test_facts_that_no_export_wrote_are_refused_in_words(
    exported: Exported, tmp_path: Path, change: Callable[[dict[str, object]], None], told: str
) -> None:
    members = read_archive(exported.archive)
    facts = json.loads(members["facts.json"])
    change(facts["data"])
    members["facts.json"] = json.dumps(facts).encode()
    write_archive(tmp_path / "b.zip", members)
    with pytest.raises(InputError) as raised:
        unpack(tmp_path / "b.zip")
    assert told in str(raised.value)
    assert not (tmp_path.parent / "up").exists()


def test_the_commands_write_the_archive_and_the_report_and_say_so(
    exported: Exported, monkeypatch: pytest.MonkeyPatch, socsafe: Callable[..., Left], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    left = socsafe("export", exported.plan.file)
    assert (left.code, left.out) == (0, "tiny.zip\n")
    left = socsafe("report", "render", "--from", "tiny.zip")
    assert left.code == 0
    assert left.out.splitlines() == ["tiny-report/report.md", "every file of the exported report came out the same, byte by byte"]
    members = read_archive(Path("tiny.zip"))
    members["report/report.md"] += b"\n"
    write_archive(Path("other.zip"), members)
    left = socsafe("report", "render", "--from", "other.zip", "--to", "x")
    assert left.code == 1
    assert "report.md: came out otherwise" in left.err
    left = socsafe("report", "render", "--from", exported.plan.file)
    assert left.code == 2
    assert "not readable as a ZIP file" in left.err
