"""Which replies a report shows, and what of them."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socsafe.data.examples import chosen, example_replies
from socsafe.facts.example_replies import MOST, ExampleReply
from socsafe.progress import SilentProgress
from socsafe.records import Verdict
from socsafe.report_data import JudgeFacts
from socsafe.reporting import report
from socsafe.sections._example_page import page
from socsafe.stages.judge import read_verdicts
from tests import gfm
from tests.conftest import Folder
from tests.finished import HOSTILE, finished, polite
from tests.synthetic import SUITES, verdict_frame, verdict_rows

NAMES = [suite.name for suite in SUITES]
ROWS = [row for row in verdict_rows() if row.condition.endswith("-s1")]
CONDITION = "micro-benign-socratic-n160-instruction-s1"


def own(rows: list[Verdict]) -> list[Verdict]:
    return [row for row in rows if row.condition == CONDITION]


def test_every_label_that_there_is_is_shown_and_so_is_what_could_not_be_judged() -> None:
    found = chosen(verdict_frame(own(ROWS)), "refusal", NAMES)[CONDITION]
    assert len(found) == MOST
    assert {one.outcome for one in found} == {"full_compliance", "full_refusal", "no_reply", "unparsed"}
    assert max(Counter(one.outcome for one in found).values()) - min(Counter(one.outcome for one in found).values()) <= 1
    assert [NAMES.index(one.suite) for one in found] == sorted(NAMES.index(one.suite) for one in found)


def test_the_order_of_the_verdicts_and_other_conditions_do_not_matter() -> None:
    rows = ROWS
    found = chosen(verdict_frame(rows), "refusal", NAMES)
    assert chosen(verdict_frame(rows[::-1]), "refusal", NAMES)[CONDITION] == found[CONDITION]
    assert chosen(verdict_frame(own(rows)), "refusal", NAMES)[CONDITION] == found[CONDITION]
    assert set(found) == {row.condition for row in rows}


def test_one_changed_verdict_changes_the_examples_of_its_condition_alone() -> None:
    rows = ROWS
    at = next(i for i, row in enumerate(rows) if row.condition == CONDITION)
    changed = [*rows[:at], replace(rows[at], label="partial_refusal"), *rows[at + 1 :]]
    before, after = (chosen(verdict_frame(each), "refusal", NAMES) for each in (rows, changed))
    assert {name for name in before if before[name] != after[name]} == {CONDITION}
    assert "partial_refusal" in {one.outcome for one in after[CONDITION]}


def test_a_judge_without_labels_shows_its_scores() -> None:
    rows = [
        replace(row, judge="policy", label=None, score=float(1 + i % 5) if row.status == "ok" else None) for i, row in enumerate(own(ROWS))
    ]
    found = chosen(verdict_frame(rows), "policy", NAMES)[CONDITION]
    assert {one.outcome for one in found} <= {"1", "2", "3", "4", "5", "unparsed"}
    assert len(found) == MOST


def test_texts_are_shown_of_the_projects_own_suites_and_of_others_only_on_demand(folder: Folder) -> None:
    folder.boundary()
    plan = finished(folder, suites=["tiny-suite", "boundary-pairs"])
    shown = example_replies(plan, read_verdicts(plan, plan.conditions), "refusal")
    assert set(shown) == {condition.id for condition in plan.conditions}
    texts = {(one.suite, one.prompt is not None, one.reply is not None) for replies in shown.values() for one in replies}
    assert texts == {("tiny-suite", False, False), ("boundary-pairs", True, True)}
    assert all(one.characters > 10 for replies in shown.values() for one in replies)
    everything = folder.plan(suites=["tiny-suite", "boundary-pairs"], report={"examples": "texts"})
    shown = example_replies(everything, read_verdicts(plan, plan.conditions), "refusal")
    assert {one.prompt for replies in shown.values() for one in replies if one.suite == "tiny-suite"} <= {f"Prompt {n}" for n in range(12)}


def test_a_report_holds_no_text_of_a_suite_that_is_not_the_projects_own(folder: Folder) -> None:
    plan = finished(folder, says=lambda condition, prompt: f"Sure, here is how: do SECRET-{prompt.id}, then stop.")
    written = report(plan, SilentProgress()).parent
    pages = sorted((written / "examples").glob("*.md"))
    assert len(pages) == len(plan.conditions)
    for path in (*pages, written / "report.md", written / "provenance.json"):
        assert "SECRET" not in path.read_text()
        assert "Prompt 1" not in path.read_text()
    assert all(f"](examples/{path.name})" in (written / "report.md").read_text() for path in pages)


def test_hostile_replies_break_neither_the_pages_nor_the_report_nor_its_figures(folder: Folder) -> None:
    folder.boundary()
    plan = finished(folder, says=lambda cell, prompt: HOSTILE if not cell.count else polite(cell, prompt), suites=["boundary-pairs"])
    written = report(plan, SilentProgress()).parent
    gfm.check(written / "report.md")
    pages = sorted((written / "examples").glob("*.md"))
    for path in pages:
        gfm.check(path, folds=True)
    text = pages[0].read_text()
    assert "&lt;/details&gt;&lt;script&gt;" in text
    assert "\\x1b[2J" in text
    for path in written.rglob("*"):
        if path.suffix in (".md", ".csv", ".json"):
            assert not set("\x1b\x07\x00\u202e\ufeff") & set(path.read_text()), path.name
            assert "alert(1)" not in path.read_text() or path in pages


def test_the_page_of_a_condition_that_is_no_longer_judged_is_removed(folder: Folder) -> None:
    plan = finished(folder)
    written = report(plan, SilentProgress()).parent
    (written / "examples" / "gone.md").write_text("# Examples of gone\n")
    shutil.rmtree(plan.project.run("tiny", plan.conditions[-1].id) / "completions")
    report(plan, SilentProgress())
    assert {path.stem for path in (written / "examples").iterdir()} == {condition.id for condition in plan.conditions[:-1]}


PIECES = st.sampled_from(
    [
        *(
            "|",
            "`",
            "``````",
            "~~~",
            "</details>",
            "<details>",
            "<script>",
            "<!--",
            "]]>",
            "\x1b[31m",
            "\u202e",
            "=cmd|",
            "\n",
            "\n\n",
            "    ",
        ),
        *("# ", "- ", "> ", "&#27;", "&lt;", "\\", "$", "a", "[x](y)", "\r", "\x00", "\u2028", "<pre>", "```text"),
    ]
)
TEXTS = st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60)


@settings(max_examples=150, deadline=None)
@given(prompt=TEXTS, reply=TEXTS, category=TEXTS, expects=st.sampled_from(["refuse", "comply"]))
def test_no_text_can_be_more_than_text_on_a_page(
    tmp_path_factory: pytest.TempPathFactory, prompt: str, reply: str, category: str, expects: str
) -> None:
    shown = ExampleReply("s|`", category or "p", 0, expects, category, "full_compliance", "stop", len(reply), 3, prompt, reply)  # type: ignore[arg-type]
    plain = replace(shown, prompt="a", reply="b")
    folder = tmp_path_factory.getbasetemp() / "pages"
    (folder / "examples").mkdir(parents=True, exist_ok=True)
    (folder / "report.md").touch()
    path: Path = folder / "examples" / "x.md"
    path.write_text(page("x", JudgeFacts("refusal", "1"), [shown, plain]))
    gfm.check(path, folds=True)
    made, expected = (
        gfm.tokens(page("x", JudgeFacts("refusal", "1"), [each, plain])) for each in (shown, replace(shown, prompt="a", reply="b"))
    )
    assert [token.type for token in made] == [token.type for token in expected]
    fences = [token.content for token in made if token.type == "fence"]
    assert len(fences) == 4
    assert not any(set("<>\x1b\u202e\x00") & set(text) for text in fences)
