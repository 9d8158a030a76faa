"""`socsafe data generate`: drafts from a model's replies, paid for once."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time

import pytest

from socsafe.data.making.planning import drafts
from tests.cli.making.conftest import FROM, Socsafe, journal
from tests.conftest import Folder
from tests.loopback.faulty import Faulty, Plan
from tests.loopback.writer import write


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
    assert re.search(r"cost about \$\d+\.\d\d, every answer at its longest\. Nothing was asked", left.out)
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
