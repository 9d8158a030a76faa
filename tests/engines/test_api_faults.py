"""Servers that fail in every way there is: each question ends answered or with the reason why not, and none is paid for twice.

The figures for more questions, with the time they take, are `python benchmarks/faults.py`'s.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from socsafe.engines.answers import AnswerCache, answer_all
from socsafe.engines.judge_models import RETRY
from socsafe.engines.remote import Endpoint, Remote
from socsafe.engines.retry import RetryPolicy
from socsafe.errors import RunError
from socsafe.records import Answer, Message, Question
from tests.loopback.certificate import self_signed
from tests.loopback.faulty import ALL, MODEL, Faulty, Plan, score

KEY = "sk-planted-0123456789"
QUICK = RetryPolicy(attempts=8, first_wait=0.02, longest_wait=2)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls") / "own.pem")


def ask(count: int) -> list[Question]:
    return [Question((Message("user", f"question {number}"),), None, 50) for number in range(count)]


def asked(server: Faulty, questions: list[Question], cache: Path, **changes: object) -> list[Answer]:
    settings = {"timeout": 0.6, "retry": QUICK, "concurrency": 8, **changes}
    remote = Remote(Endpoint(server.url, MODEL, **settings))  # type: ignore[arg-type]
    return answer_all(questions, lambda: nullcontext(remote), AnswerCache(cache), {})


def test_at_a_fifth_of_faults_of_every_kind_over_tls_each_question_is_answered_and_paid_for_once(
    tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    questions = ask(160)
    with Faulty(Plan(seed=5, rate=0.2, faults=ALL), certificate=certificate) as server:
        answers = asked(server, questions, tmp_path / "answers.jsonl")
        once = len(server.seen.requests)
        assert asked(server, questions, tmp_path / "answers.jsonl") == answers
    assert set(server.seen.faults) == {"", *ALL}
    assert [answer.text for answer in answers] == [score(question.messages[-1].content) for question in questions]
    assert set(server.seen.paid.values()) == {1}
    assert len(server.seen.paid) == len(questions)
    assert len(server.seen.requests) == once, "what is in the cache is not asked again"


def test_answers_of_another_model_are_marked_as_such(tmp_path: Path) -> None:
    with Faulty(Plan(seed=2, rate=0.2, faults=["wrong-model"])) as server:
        answers = asked(server, ask(40), tmp_path / "answers.jsonl")
    others = [answer for answer in answers if answer.model == "another-model"]
    assert len(others) == server.seen.faults["wrong-model"] > 0
    assert {answer.model for answer in answers} == {MODEL, "another-model"}


def test_a_quota_that_runs_out_again_and_again_costs_no_answer_twice(tmp_path: Path) -> None:
    """Each time the run stops with one message; the same command goes on, as a user would after paying in."""
    questions, answers = ask(120), list[Answer]()
    stops: list[str] = []
    with Faulty(Plan(seed=4, rate=0.05, faults=["quota"])) as server:
        while not answers:
            try:
                answers = asked(server, questions, tmp_path / "answers.jsonl")
            except RunError as error:
                stops.append(str(error))
            assert len(stops) <= 60
    assert stops
    assert all("the account's quota is used up" in message for message in stops)
    assert not any(answer.error for answer in answers)
    assert set(server.seen.paid.values()) == {1}
    assert len(server.seen.paid) == len(questions)


def test_a_question_that_fails_for_good_says_why_and_is_not_in_the_cache(tmp_path: Path) -> None:
    class Poisoned(Plan):
        def fault(self, text: str, attempt: int) -> str:
            return "cut" if text == "question 3" else ""

    with Faulty(Poisoned()) as server:
        answers = asked(server, ask(9), tmp_path / "answers.jsonl", retry=RetryPolicy(attempts=3, first_wait=0.01))
    assert [bool(answer.error) for answer in answers] == [number == 3 for number in range(9)]
    assert "tried 3 times" in answers[3].error
    assert len((tmp_path / "answers.jsonl").read_text().splitlines()) == 8


def test_a_certificate_that_nobody_vouches_for_is_refused_at_once_and_nothing_is_sent(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOCSAFE_TEST_KEY", KEY)
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    started = time.monotonic()
    with Faulty(certificate=certificate) as server, pytest.raises(RunError, match="its certificate is refused: self-signed") as raised:
        asked(server, ask(50), tmp_path / "answers.jsonl", key_env="SOCSAFE_TEST_KEY", retry=RetryPolicy())
    assert time.monotonic() - started < 5, "no use in trying again"
    assert "SSL_CERT_FILE" in raised.value.problems[0].mend
    assert (server.seen.requests, server.seen.keys) == ([], set())


def test_a_server_that_sends_calls_elsewhere_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCSAFE_TEST_KEY", KEY)
    other = Faulty()

    class Onward(Plan):
        def fault(self, text: str, attempt: int) -> str:
            return "redirect"

    with other, Faulty(Onward()) as server, pytest.raises(RunError, match=r"sends calls on to https://other\.example/") as raised:
        asked(server, ask(20), tmp_path / "answers.jsonl", key_env="SOCSAFE_TEST_KEY")
    assert "\x07" not in str(raised.value)
    assert other.seen.requests == []


@pytest.mark.parametrize("key", ["sk-a\nX-Evil: 1", "sk a", 'sk-"a"', "sk-\u2019a", "sk-a\\b"])
def test_a_key_that_a_header_or_a_message_would_write_otherwise_is_none(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCSAFE_TEST_KEY", key)
    with pytest.raises(RunError, match="is no key") as raised:
        Remote(Endpoint("http://127.0.0.1:9/v1", MODEL, key_env="SOCSAFE_TEST_KEY"))
    assert key not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("http://api.example.com/v1", False),
        ("http://8.8.8.8/v1", False),
        ("http://[2606:4700::1111]/v1", False),
        ("https://api.example.com/v1", True),
        ("http://127.0.0.1:8080/v1", True),
        ("http://192.168.1.7/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://localhost:1234/v1", True),
        ("http://gpu-box:8000/v1", True),
        ("http://gpu.lab.internal/v1", True),
    ],
)
def test_a_key_does_not_cross_the_public_network_in_the_clear(url: str, safe: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCSAFE_TEST_KEY", KEY)
    if safe:
        Remote(Endpoint(url, MODEL, key_env="SOCSAFE_TEST_KEY"))
        return
    with pytest.raises(RunError, match="in the clear"):
        Remote(Endpoint(url, MODEL, key_env="SOCSAFE_TEST_KEY"))
    Remote(Endpoint(url, MODEL))


def test_a_judges_call_that_hangs_holds_its_place_for_a_few_answers_time_and_not_for_the_whole_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that hangs before the server's pace is known, and one after."""

    class Hanging(Plan):
        def fault(self, text: str, attempt: int) -> str:
            return "hang" if attempt == 0 and int(text.split()[1]) in (3, 40) else ""

    monkeypatch.setattr("socsafe.engines.retry._SHORTEST", 0.5)
    started = time.monotonic()
    with Faulty(Hanging()) as server:
        answers = asked(server, ask(60), tmp_path / "answers.jsonl", timeout=60.0, retry=replace(RETRY, first_wait=0.02))
    assert not any(answer.error for answer in answers)
    assert time.monotonic() - started < 15
