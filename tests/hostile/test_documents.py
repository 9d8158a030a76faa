"""What a stranger wrote (a reply, a prompt, a category, a title, a judge's reason) is text in every document, and nothing else."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from socsafe.progress import SilentProgress
from socsafe.reporting import export, export_replies, report
from socsafe.study.checked import Plan
from tests import gfm
from tests.conftest import Left, new_folder
from tests.finished import HOSTILE, finished, polite
from tests.loopback.faulty import MODEL, Faulty

QUIET = SilentProgress()
MARK = "HOSTILEMARK"
TEXTS = {
    "question": f"{MARK} | a | <script>alert(1)</script> [l](javascript:alert(1)) $x$ \x1b[31m \u202e me@evil.example www.evil.example",
    "title": f"{MARK} </details><img src=x onerror=alert(1)> \x9b2J https://evil.example",
    "note": f"{MARK} # heading\n\n- list <iframe src=//evil.example> `code` ![i](//evil.example/i.png) \u2066",
}
CATEGORIES = (
    '=HYPERLINK("//evil.example")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "-2+3",
    "\t=1",
    "<svg onload=alert(1)>|`$x$`\x1b]0;t\x07\u202e",
)


def reason(text: str) -> str:
    """What the judging model says: an answer in form, with a reason that is none."""
    return json.dumps({"reason": HOSTILE, "score": 1 + len(text) % 5})


@dataclass(frozen=True)
class Made:
    plan: Plan
    folder: Path
    """Of the report."""
    logs: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = new_folder(tmp_path_factory.mktemp("documents") / "project")
    folder.boundary()
    rows = [(f"Prompt {n} {HOSTILE}", f"{('bad', 'good')[n % 2]}") for n in range(24)]
    path = folder.data("tiny-suite", "suite.jsonl", "".join(_line(text, kind, n) for n, (text, kind) in enumerate(rows)))
    assert path.is_file()
    columns = {"prompt": "text", "category": "topic"}
    folder.source(
        "tiny-suite", title=TEXTS["title"], note=TEXTS["note"], format="jsonl", file="suite.jsonl", columns=columns, licence=TEXTS["title"],
    )  # fmt: skip
    with Faulty(reply=reason) as server:
        policy = {"judge": "policy", "model": {"endpoint": server.url, "name": MODEL, "timeout": 10.0}}
        plan = finished(
            folder,
            says=lambda cell, prompt: HOSTILE if not cell.count else polite(cell, prompt),
            question=TEXTS["question"],
            notes=[TEXTS["note"]],
            suites=["tiny-suite", {"source": "boundary-pairs", "limit": 16}],
            styles=["none", "refusal"],
            counts=[4],
            judges=["refusal", policy],
        )
        report(plan, QUIET)
        logs = folder.root / "logs"
        export_replies(plan, QUIET, logs=logs)
        export(plan, folder.root / "tiny.zip", QUIET, with_completions=True)
    return Made(plan, plan.project.report("tiny"), logs)


def _line(text: str, kind: str, number: int) -> str:
    return json.dumps({"text": text, "kind": kind, "topic": CATEGORIES[number % len(CATEGORIES)]}) + "\n"


def documents(made: Made, suffix: str) -> list[Path]:
    found = sorted(made.folder.rglob(f"*{suffix}"))
    assert found, suffix
    return found


def obeyed(text: str) -> set[str]:
    """Characters that a terminal or a reader would obey rather than show."""
    return {character for character in text if character not in "\n" and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co")}


@pytest.mark.parametrize("suffix", [".md", ".csv", ".svg", ".json"])
def test_no_document_holds_a_character_that_is_obeyed_and_not_shown(made: Made, suffix: str) -> None:
    for path in documents(made, suffix):
        # A cell of a table for spreadsheets keeps its text as it is but for what would make it a formula.
        held = obeyed(path.read_text()) - ({"\t", "\x1b", "\x07", "\u202e"} if suffix == ".csv" else set())
        assert held == set(), path


def test_every_markdown_file_is_what_it_was_meant_to_be_and_holds_no_other_html_or_link(made: Made) -> None:
    pages = documents(made, ".md")
    assert len(pages) > len(made.plan.conditions)
    for path in pages:
        gfm.check(path, folds=path.parent.name == "examples")
        for token in gfm.tokens(path.read_text()):
            assert token.type != "text" or "me@evil" not in token.content, path
    shown = (made.folder / "report.md").read_text()
    assert shown.count(MARK) >= 2, "the question and the note are there"
    assert not re.search(r"www\.|://", shown), "nor what GitHub alone makes a link of"


def test_no_picture_holds_a_script_a_link_or_a_text_that_is_markup(made: Made) -> None:
    for path in documents(made, ".svg"):
        content = path.read_text()
        assert "<!ENTITY" not in content
        for element in ElementTree.fromstring(content).iter():
            name = element.tag.rpartition("}")[2]
            assert name not in ("script", "foreignObject", "a", "image", "iframe", "set", "animate", "handler"), path
            for attribute, value in element.attrib.items():
                assert not attribute.rpartition("}")[2].startswith("on"), path
                assert not re.search(r"javascript:|data:|//(?!www\.w3\.org|matplotlib\.org|purl\.org|creativecommons\.org)", value), (
                    path,
                    value,
                )


def test_no_cell_of_any_table_is_a_formula(made: Made) -> None:
    texts = set()
    for path in documents(made, ".csv"):
        with path.open(newline="") as handle:
            cells = [cell for row in csv.reader(handle) for cell in row]
        texts |= set(cells)
        for cell in cells:
            assert not re.match(r"[=+@\t\r]|-[^0-9.]", cell), (path, cell)
    assert '\'=HYPERLINK("//evil.example")' in texts, "the categories are there, as text"


def test_no_table_holds_a_models_own_words(made: Made) -> None:
    for path in documents(made, ".csv"):
        assert "Sure, here is how" not in path.read_text(), path


def test_a_log_of_inspect_is_json_in_plain_characters(made: Made) -> None:
    found = list(made.logs.glob("*.json"))
    assert found
    for path in found:
        text = path.read_text()
        assert text.isascii(), path
        assert obeyed(text) == set(), path
        assert (
            HOSTILE in [sample["output"]["choices"][0]["message"]["content"] for sample in json.loads(text)["samples"]]
            or "none" not in path.name
        )


def test_no_command_lets_a_stranger_speak_to_the_terminal(
    made: Made, socsafe: Callable[..., Left], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(made.plan.project.root)
    study = "recipes/tiny/study.yml"
    commands = (
        ("report", "show", study),
        ("report", "diff", "reports/tiny", "reports/tiny"),
        ("status", study),
        ("recipe", "list", study),
        ("data", "list"),
        ("data", "show", "tiny-suite"),
        ("data", "check", study),
        ("judge", "run", study, "--dry-run"),
    )
    for command in commands:
        left = socsafe(*command)
        assert obeyed(left.out + left.err) <= {"\t"}, command
        assert left.code in (0, 1, 2)
