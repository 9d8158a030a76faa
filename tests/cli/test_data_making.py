"""`socsafe data generate` and `socsafe data review`, from a model's replies to a mixture, and nothing past the reviewer."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from socsafe.cli.main import cli
from socsafe.data.making.journal import Journal
from socsafe.data.making.planning import drafts
from socsafe.progress import SilentProgress
from socsafe.stages.mix import build_mixtures
from tests.conftest import Folder, Left
from tests.loopback.faulty import Faulty, Plan
from tests.loopback.writer import write

Socsafe = Callable[..., Left]
FROM = ("--from", "tiny-safety", "--style", "refusal", "--style", "reasons-long", "--limit", "4", "--model", "m")


@pytest.fixture
def server() -> Iterator[Faulty]:
    with Faulty(reply=write) as started:
        yield started


def journal(here: Folder, name: str = "mine") -> Journal:
    return Journal(here.root / "datasets" / "drafts" / f"{name}.jsonl")


def review(*arguments: str, answers: str = "") -> Result:
    return CliRunner().invoke(cli, ["data", "review", *arguments], input=answers)


def test_a_run_says_what_it_made_what_it_cost_and_what_is_next(here: Folder, socsafe: Socsafe, server: Faulty) -> None:
    left = socsafe("data", "generate", "mine", *FROM, "--endpoint", server.url, "--prices", "1/2")
    assert (left.code, "draft: 8 of 8" in left.err) == (0, True)
    for line in ("replies taken", "8 ", "800 tokens read, 80 written", "$0.0010", "4 of 4", "next: socsafe data review mine"):
        assert line in left.out
    again = socsafe("data", "generate", "mine", *FROM, "--endpoint", server.url)
    assert (again.code, len(server.seen.requests)) == (0, 8)


def test_a_dry_run_asks_nothing_and_shows_the_first_question(here: Folder, socsafe: Socsafe) -> None:
    left = socsafe("data", "generate", "mine", *FROM, "--dry-run", "--prices", "1/2")
    assert left.code == 0
    assert "Ask " in left.out
    assert "8 calls" in left.out
    assert not (here.root / "datasets" / "drafts" / "mine.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        ((), ("neither --from nor --category", "--endpoint: no http")),
        (("--from", "tiny-safety", "--category", "fraud", "--endpoint", "http://x/v1"), ("both --from", "--category: without --items")),
        (("--from", "tiny-sfety", "--endpoint", "http://x/v1", "--style", "refusal"), ("did you mean tiny-safety?",)),
        (("--from", "tiny-suite", "--endpoint", "http://x/v1", "--style", "refusal"), ("would spoil the suite",)),
        (("--from", "tiny-safety", "--endpoint", "http://x/v1"), ("--style socratic", "holds no category")),
        (("--category", "fraud", "--items", "2", "--endpoint", "http://x/v1"), ("--category", "holds no category")),
        (("--from", "tiny-safety", "--items", "3", "--endpoint", "ftp://x"), ("--items: without --category", "--endpoint: no http")),
        (("--from", "tiny-safety", "--budget", "1", "--endpoint", "http://x/v1"), ("--budget: without --prices",)),
        (("--from", "tiny-safety", "--prices", "cheap", "--endpoint", "http://x/v1"), ("--prices cheap: no prices",)),
    ],
)
def test_options_that_make_no_sense_are_named_all_at_once(
    here: Folder, socsafe: Socsafe, arguments: tuple[str, ...], messages: tuple[str, ...]
) -> None:
    left = socsafe("data", "generate", "mine", "--model", "m", *arguments)
    assert (left.code, left.out) == (2, "")
    for message in messages:
        assert message in left.err
    assert not (here.root / "datasets" / "drafts" / "mine.jsonl").exists()


def test_an_unknown_category_gets_a_suggestion(here: Folder, socsafe: Socsafe) -> None:
    here.boundary()
    left = socsafe("data", "generate", "mine", "--category", "frod", "--items", "1", "--model", "m", "--endpoint", "http://x/v1")
    assert (left.code, "did you mean fraud?" in left.err) == (2, True)


def test_a_name_that_a_source_has_already_is_refused(here: Folder, socsafe: Socsafe) -> None:
    left = socsafe("data", "generate", "tiny-safety", *FROM, "--endpoint", "http://x/v1")
    assert (left.code, "there is a source tiny-safety already" in left.err) == (2, True)


def test_the_key_comes_from_the_variable_that_is_named_and_lands_in_no_file(
    here: Folder, socsafe: Socsafe, monkeypatch: pytest.MonkeyPatch, server: Faulty
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    monkeypatch.setenv("MY_KEY", "sk-named")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert socsafe("data", "generate", "mine", *FROM, "--endpoint", server.url).code == 0
    assert server.seen.keys == {"Bearer none"}, "a key is not sent to a server that was named without it"
    assert socsafe("data", "generate", "mine2", *FROM, "--endpoint", server.url, "--key-env", "MY_KEY").code == 0
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    assert socsafe("data", "generate", "mine3", *FROM).code == 0
    assert server.seen.keys == {"Bearer none", "Bearer sk-named", "Bearer sk-environment"}
    assert not any(b"sk-" in file.read_bytes() for file in (here.root / "datasets").rglob("*") if file.is_file())


def test_a_model_of_which_nothing_can_be_used_is_a_failed_run_that_keeps_all_it_said(here: Folder, socsafe: Socsafe) -> None:
    with Faulty(Plan(always="prose"), reply=write) as server:
        left = socsafe("data", "generate", "mine", *FROM, "--endpoint", server.url, "--attempts", "2")
    assert left.code == 1
    assert "no reply could be used: 16 were unusable" in left.err
    assert "no JSON object" in left.out
    assert {reply.raw for replies in journal(here).replies.values() for reply in replies} == {"I would say it is fine."}


def test_ctrl_c_keeps_what_came_and_the_same_command_goes_on(here: Folder) -> None:
    with Faulty(Plan(delay=0.2), reply=write) as server:
        command = [
            sys.executable,
            "-m",
            "socsafe.cli.main",
            "data",
            "generate",
            "mine",
            *FROM,
            "--endpoint",
            server.url,
            "--concurrency",
            "2",
        ]
        process = subprocess.Popen(command, cwd=here.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started = time.monotonic()
        while sum(server.seen.paid.values()) < 3 and time.monotonic() - started < 30:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        kept = sum(len(replies) for replies in journal(here).replies.values())
        assert process.returncode == 130
        assert "run the same command again to go on" in err
        assert "Traceback" not in err
        assert "replies taken" in out
        assert 1 <= kept < 8
        asked = len(server.seen.requests)
        assert subprocess.run(command, cwd=here.root, capture_output=True, check=False).returncode == 0
        assert len(server.seen.requests) - asked == 8 - kept
    assert all(not draft.waiting for draft in drafts(journal(here)))


def test_two_runs_on_one_set_at_a_time_are_refused(here: Folder, socsafe: Socsafe) -> None:
    import fcntl

    lock = here.root / "datasets" / "drafts" / "mine.lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        left = socsafe("data", "generate", "mine", *FROM, "--endpoint", "http://127.0.0.1:9/v1")
    assert (left.code, "the drafts of mine" in left.err) == (1, True)


@pytest.fixture
def drafted(here: Folder, socsafe: Socsafe, server: Faulty) -> Folder:
    """Four drafts, in the order of the draw."""
    assert socsafe("data", "generate", "mine", *FROM, "--endpoint", server.url).code == 0
    return here


def ids(here: Folder) -> list[str]:
    return [draft.id for draft in drafts(journal(here))]


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
