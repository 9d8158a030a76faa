"""`socsafe data review`: from drafts to a mixture, and nothing past the reviewer."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from socsafe.progress import SilentProgress
from socsafe.stages.mix import build_mixtures
from tests.cli.making.conftest import FROM, Socsafe, ids, review
from tests.conftest import Folder
from tests.loopback.faulty import Faulty
from tests.loopback.writer import write


def test_nothing_unreviewed_enters_a_mixture(drafted: Folder, socsafe: Socsafe) -> None:
    study = drafted.study(safety={"source": "mine"}, styles=["none", "refusal", "reasons-long"], counts=[2])
    left = socsafe("recipe", "render", study)
    assert (left.code, "unknown source mine" in left.err) == (2, True)
    first, _rejected, _skipped, fourth = ids(drafted)
    assert review("mine", answers="a\n").exit_code == 1, "input ended in the middle"
    left = socsafe("recipe", "render", study)
    assert left.code == 2, "one accepted item is not enough for two"
    review("mine", answers="reject\ns\na\n")
    build_mixtures(drafted.plan(safety={"source": "mine"}, styles=["none", "refusal", "reasons-long"], counts=[2]), SilentProgress())
    files = list((drafted.root / "datasets" / "mixtures" / "tiny").glob("*.jsonl"))
    rows = [row for file in files for line in file.read_text().splitlines() if (row := json.loads(line))["source"] == "mine"]
    assert sorted((row["id"], row["style"]) for row in rows) == sorted(
        (name, style) for name in (first, fourth) for style in ("refusal", "reasons-long")
    )


def test_decisions_are_remembered_and_counted(drafted: Folder) -> None:
    shown = review("mine", answers="a\nr\nq\n")
    assert shown.exit_code == 0
    assert "mine: 4 drafts; 1 accepted, 0 edited, 1 rejected, 2 to review" in shown.output
    assert "safety: {source: mine}" in shown.output
    status = review("mine", "--status")
    assert "1 accepted, 0 edited, 1 rejected, 2 to review, 0 changed since they were reviewed, 0 not whole" in status.output
    more = review("mine", answers="s\ns\n")
    assert "1 of 2" in more.output
    assert "2 to review" in more.output
    changed = review("mine", "--id", ids(drafted)[0], answers="r\n")
    assert "0 accepted, 0 edited, 2 rejected" in changed.output
    assert not (drafted.root / "datasets" / "sources" / "mine.yml").exists()


def editor(folder: Folder, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Make a real program the editor: `code` turns `text` into what is saved."""
    script = folder.root / "editor.py"
    script.write_text(f"import sys, pathlib\npath = pathlib.Path(sys.argv[1])\ntext = path.read_text()\n{code}\n")
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
    monkeypatch.delenv("VISUAL", raising=False)


def test_an_edited_draft_enters_in_the_persons_words(drafted: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(drafted, monkeypatch, 'path.write_text(text.replace("I can\'t help with that.", "I won\'t help with that."))')
    shown = review("mine", answers="e\na\nq\n")
    assert "1 accepted, 1 edited" in shown.output
    (row,) = [json.loads(line) for line in (drafted.root / "datasets" / "mine.jsonl").read_text().splitlines()]
    assert row["refusal"] == "I won't help with that."
    assert row["edited"] is True
    assert row["reasons-long"].startswith(row["reasons-short"])
    assert row["reasons-short"].startswith("I won't help with that.")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ('path.write_text("all gone")', "is missing"),
        ('path.write_text(text.replace("I can\'t help with that.", ""))', "refusal is empty"),
        ("sys.exit(3)", "the editor failed"),
        ("", "nothing was changed"),
    ],
)
def test_an_edit_that_goes_wrong_changes_nothing(drafted: Folder, monkeypatch: pytest.MonkeyPatch, code: str, message: str) -> None:
    editor(drafted, monkeypatch, code)
    shown = review("mine", answers="e\nq\n")
    assert shown.exit_code == 0
    assert message in shown.output
    assert "0 accepted, 0 edited" in shown.output


def test_an_edit_that_the_rules_find_odd_is_noted_and_left_to_the_person(drafted: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(drafted, monkeypatch, 'path.write_text(text.replace("I can\'t help with that.", "Sure, here is how: step one."))')
    shown = review("mine", answers="e\nq\n")
    assert "note: refusal does not plainly decline" in shown.output


def test_a_models_control_characters_do_not_reach_the_terminal(here: Folder, socsafe: Socsafe) -> None:
    """The rules refuse them in replies, but a prompt of a source may hold some."""
    items = [{"key": f"item{n}", "ask": f"Ask\x1b[31m {n} \u202e[bold]x[/bold]", "reply": "No.", "topic": "t"} for n in range(4)]
    here.data("tiny-safety", "items.jsonl", "".join(json.dumps(item) + "\n" for item in items))
    with Faulty(reply=write) as server:
        assert socsafe("data", "generate", "mine", *FROM, "--endpoint", server.url).code == 0
    shown = review("mine", answers="q\n")
    assert "Ask\\x1b[31m" in shown.output
    assert "\\u202e[bold]x[/bold]" in shown.output
    assert "\x1b" not in shown.output


def test_there_is_no_way_to_accept_all_at_once(drafted: Folder) -> None:
    assert review("mine", "--accept-all").exit_code == 2
    assert "accept-all" not in review("--help").output


def test_drafts_that_are_not_there_are_the_users_mistake(here: Folder, socsafe: Socsafe) -> None:
    left = socsafe("data", "review", "mine")
    assert (left.code, "no drafts mine" in left.err) == (2, True)


def test_a_review_on_a_real_terminal_shows_the_draft_and_takes_the_answer(drafted: Folder) -> None:
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "socsafe.cli.main", "data", "review", "mine"]
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    process = subprocess.Popen(command, cwd=drafted.root, stdin=child, stdout=child, stderr=child, env=env, close_fds=True)
    os.close(child)
    seen = read_until(parent, "[q]uit")
    assert ids(drafted)[0] in seen
    assert "I can't help with that." in seen
    os.write(parent, b"x\n")
    assert "is not one of" in read_until(parent, "[q]uit")
    os.write(parent, b"a\n")
    read_until(parent, "[q]uit")
    os.write(parent, b"q\n")
    assert "1 accepted" in read_until(parent, "source: mine")
    assert process.wait(timeout=20) == 0
    os.close(parent)
    assert [json.loads(line)["id"] for line in (drafted.root / "datasets" / "mine.jsonl").read_text().splitlines()] == [ids(drafted)[0]]


def read_until(terminal: int, text: str) -> str:
    """What the terminal shows, up to `text`."""
    seen, deadline = "", time.monotonic() + 20
    while text not in seen and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                seen += os.read(terminal, 4096).decode(errors="replace")
            except OSError:
                break
    assert text in seen, seen
    return seen


def test_reviewing_needs_no_network_and_no_model(drafted: Folder) -> None:
    code = "import sys\nfrom socsafe.cli.main import main\nsys.argv = ['socsafe', 'data', 'review', 'mine', '--status']\n"
    code += "try:\n    main()\nfinally:\n    print('LOADED', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=drafted.root, capture_output=True, text=True, check=True)
    loaded = done.stdout.rpartition("LOADED")[2].split()
    assert [name for name in ("openai", "torch", "polars", "llama_cpp") if name in loaded] == []
    assert Path(drafted.root / "datasets" / "drafts" / "mine.jsonl").is_file()
