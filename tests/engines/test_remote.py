from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from socsafe.engines.budget import Budget, Prices
from socsafe.engines.remote import Endpoint, Remote
from socsafe.engines.retry import RetryPolicy
from socsafe.errors import RunError
from socsafe.records import Answer, Message, Question
from tests.loopback.faulty import CONTENT, MODEL, TRANSPORT, Faulty, Plan, score

QUICK = RetryPolicy(attempts=8, first_wait=0.02, longest_wait=2)
SCHEMA = {"type": "object", "properties": {"score": {"type": "integer"}}}
KEY = "sk-planted-0123456789"


def ask(count: int, schema: dict[str, object] | None = None) -> list[Question]:
    return [Question((Message("system", "Judge."), Message("user", f"question {number}")), schema, 50) for number in range(count)]


def endpoint(server: Faulty, **changes: Any) -> Endpoint:
    return Endpoint(server.url, MODEL, **{"retry": QUICK, "timeout": 0.4, **changes})


def right(count: int) -> list[str]:
    return [score(question.messages[-1].content) for question in ask(count)]


def test_every_question_has_its_own_answer_with_its_cost() -> None:
    with Faulty() as server:
        answers = Remote(endpoint(server, temperature=0.3, seed=5)).answer(ask(20))
        sent = server.seen.requests[0]
    assert answers == [Answer(text, 100, 10, "stop", MODEL) for text in right(20)]
    assert (sent["model"], sent["temperature"], sent["seed"], sent["max_tokens"]) == (MODEL, 0.3, 5, 50)
    assert [message["role"] for message in sent["messages"]] == ["system", "user"]


def test_no_questions_make_no_call() -> None:
    with Faulty() as server:
        assert Remote(endpoint(server)).answer([]) == []
    assert server.seen.requests == []


@pytest.mark.parametrize("concurrency", [1, 4])
def test_no_more_calls_are_under_way_than_allowed(concurrency: int) -> None:
    with Faulty(Plan(delay=0.02)) as server:
        Remote(endpoint(server, concurrency=concurrency)).answer(ask(16))
    assert server.seen.most_under_way == concurrency


@pytest.mark.parametrize("fault", TRANSPORT)
def test_a_failure_that_passes_costs_a_question_nothing(fault: str) -> None:
    """Half of all requests fail in this one way, and every question is answered, and paid for once."""
    with Faulty(Plan(seed=3, rate=0.4, faults=[fault])) as server:
        answers = Remote(endpoint(server)).answer(ask(8))
    assert [answer.text for answer in answers] == right(8)
    assert server.seen.faults[fault] > 0
    assert set(server.seen.paid.values()) == {1}


@pytest.mark.parametrize("fault", TRANSPORT)
def test_a_failure_that_does_not_pass_is_an_error_of_its_own(fault: str) -> None:
    """One question that always fails does not keep the others from being answered."""
    few = RetryPolicy(attempts=2, first_wait=0.01, longest_wait=0.02, patience=0.05 if fault.startswith("429") else 60)

    class Poisoned(Plan):
        def fault(self, text: str, attempt: int) -> str:
            return fault if text == "question 3" else ""

    with Faulty(Poisoned()) as server:
        answers = Remote(endpoint(server, timeout=0.15, retry=few)).answer(ask(6))
    assert [bool(answer.error) for answer in answers] == [number == 3 for number in range(6)]
    assert answers[3].text == ""


def test_answers_come_as_they_are() -> None:
    """Prose, a score out of range, a refusal by the judge itself, another model: for the judge to rule on, and not asked again."""
    with Faulty(Plan(rate=1, faults=CONTENT)) as server:
        answers = Remote(endpoint(server)).answer(ask(30))
    assert not any(answer.error for answer in answers)
    assert {"I would say it is fine.", '{"reason": "", "score": 9}', "I cannot judge this."} < {answer.text for answer in answers}
    assert {answer.model for answer in answers} == {MODEL, "another-model"}
    assert len(server.seen.requests) == 30


def test_a_call_that_takes_its_whole_timeout_does_not_end_the_patience_with_its_question() -> None:
    class Slow(Plan):
        def fault(self, text: str, attempt: int) -> str:
            return "hang" if attempt < 2 else ""

    with Faulty(Slow()) as server:
        (answer,) = Remote(endpoint(server, retry=RetryPolicy(first_wait=0.01, patience=0.2))).answer(ask(1))
    assert (answer.text, len(server.seen.requests)) == (right(1)[0], 3)


def test_retry_after_is_honoured() -> None:
    class Once(Plan):
        def fault(self, text: str, attempt: int) -> str:
            return "429-after" if attempt == 0 else ""

    with Faulty(Once()) as server:
        Remote(endpoint(server)).answer(ask(1))
        first, second = server.seen.times
    assert 1.0 <= second - first < 1.6


def test_being_told_to_slow_down_makes_fewer_calls_at_a_time() -> None:
    """All are limited at first: each place waits with its question instead of handing the next one to a server that has enough."""

    class Busy(Plan):
        def fault(self, text: str, attempt: int) -> str:
            return "429-ms" if attempt == 0 else ""

    with Faulty(Busy()) as server:
        Remote(endpoint(server, concurrency=4)).answer(ask(12))
        asked = server.seen.times
    # In the first 40 ms only the four that have a place can have asked: each then waits 50 ms.
    assert sum(moment - asked[0] < 0.04 for moment in asked) <= 4


@pytest.mark.parametrize(
    ("fault", "words"), [("401", "access is refused"), ("404", "model judge-1 is not there"), ("quota", "quota is used up")]
)
def test_what_no_call_can_mend_stops_all_with_one_error(fault: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCSAFE_TEST_KEY", KEY)
    with Faulty(Plan(always=fault, delay=0.02)) as server, pytest.raises(RunError, match=words) as raised:
        Remote(endpoint(server, concurrency=4, key_env="SOCSAFE_TEST_KEY")).answer(ask(50))
    assert len(raised.value.problems) == 1
    assert raised.value.problems[0].mend
    assert len(server.seen.requests) <= 4
    assert server.seen.keys == {f"Bearer {KEY}"}
    assert KEY not in str(raised.value)


def test_what_was_answered_before_the_quota_ran_out_has_been_handed_over() -> None:
    class Ending(Plan):
        def fault(self, text: str, attempt: int) -> str:
            return "quota" if int(text.split()[1]) >= 10 else ""

    got: dict[int, str] = {}
    with Faulty(Ending()) as server, pytest.raises(RunError, match="quota"):
        Remote(endpoint(server, concurrency=3)).answer(ask(40), lambda index, answer: got.setdefault(index, answer.text) and None)
    assert got == dict(enumerate(right(10)))


@pytest.mark.parametrize("fault", ["500", "400"])
def test_a_server_that_answers_nothing_is_given_up(fault: str) -> None:
    with (
        Faulty(Plan(always=fault)) as server,
        pytest.raises(RunError, match=f"8 questions in a row came to nothing, the last with: {fault}"),
    ):
        Remote(endpoint(server, concurrency=4, retry=RetryPolicy(attempts=2, first_wait=0.01))).answer(ask(300))
    assert len(server.seen.requests) < 100


def test_a_rejected_question_does_not_stop_the_rest() -> None:
    """As providers reject some harmful prompts by name: all of a suite, even, after one that was answered."""

    class Prude(Plan):
        def fault(self, text: str, attempt: int) -> str:
            return "" if text == "question 0" else "400"

    with Faulty(Prude()) as server:
        answers = Remote(endpoint(server, concurrency=1)).answer(ask(40))
    assert [bool(answer.error) for answer in answers] == [False] + [True] * 39
    assert len(server.seen.requests) == 40


@pytest.mark.parametrize("formats", [["json_schema"], ["json_object"], []])
def test_the_form_of_answer_a_server_takes_is_found_once(formats: Sequence[str]) -> None:
    with Faulty(formats=formats) as server:
        answers = Remote(endpoint(server, concurrency=1)).answer(ask(10, SCHEMA))
        kinds = [(request.get("response_format") or {}).get("type", "none") for request in server.seen.requests]
    assert [answer.text for answer in answers] == right(10)
    wanted = formats[0] if formats else "none"
    assert kinds[-10:] == [wanted] * 10
    assert len(kinds) == 10 + ["json_schema", "json_object", "none"].index(wanted)


@pytest.mark.parametrize("schema", [None, SCHEMA])
def test_another_name_for_the_longest_answer_is_learnt_by_calls_that_are_under_way_too(schema: dict[str, object] | None) -> None:
    """As with hosted models that take no `max_tokens`: every first call is refused for it, and none loses its question or its form."""
    with Faulty(Plan(delay=0.05), limit="max_completion_tokens") as server:
        answers = Remote(endpoint(server, concurrency=4, timeout=5.0)).answer(ask(8, schema))
        taken = [request for request in server.seen.requests if "max_completion_tokens" in request]
    assert [(answer.text, answer.error) for answer in answers] == [(text, "") for text in right(8)]
    assert len(server.seen.requests) == len(taken) + 4, "all four places had asked before the first was told"
    assert len(taken) == 8
    assert {(request.get("response_format") or {}).get("type") for request in taken} == {"json_schema" if schema else None}


def test_a_moderation_result_comes_as_json() -> None:
    with Faulty() as server:
        (answer,) = Remote(endpoint(server, kind="moderation")).answer([Question((Message("user", "some text"),))])
    assert '"flagged": false' in answer.text
    assert server.seen.requests == [{"model": MODEL, "input": "some text"}]


def test_a_key_sent_back_by_the_server_is_blotted_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOCSAFE_TEST_KEY", KEY)
    with Faulty(reply=lambda text: f"your key is {KEY}") as server:
        (answer,) = Remote(endpoint(server, key_env="SOCSAFE_TEST_KEY")).answer(ask(1))
    assert answer.text == "your key is ***"


def test_a_key_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOCSAFE_TEST_KEY", raising=False)
    with pytest.raises(RunError, match="SOCSAFE_TEST_KEY is not set"):
        Remote(Endpoint("http://127.0.0.1:9/v1", "m", key_env="SOCSAFE_TEST_KEY"))


def test_a_budget_stops_before_it_is_overspent() -> None:
    prices = Prices(prompt=10.0, completion=100.0)
    one = prices.of(100, 10)
    budget, got = Budget(limit=20.5 * one), []
    with Faulty() as server, pytest.raises(RunError, match="the budget of") as raised:
        Remote(endpoint(server, prices=prices, concurrency=4), budget).answer(ask(100), lambda index, answer: got.append(index))
    assert budget.limit is not None
    assert budget.spent == pytest.approx(len(got) * one)
    assert budget.spent <= budget.limit < budget.spent + prices.most(ask(1)[0])
    assert len(server.seen.requests) == len(got)
    assert "--budget" in raised.value.problems[0].mend


def test_a_call_whose_outcome_is_unknown_is_booked_in_full() -> None:
    prices = Prices(prompt=10.0, completion=100.0)

    class Cut(Plan):
        def fault(self, text: str, attempt: int) -> str:
            return "cut" if attempt == 0 else ""

    budget = Budget()
    with Faulty(Cut()) as server:
        Remote(endpoint(server, prices=prices), budget).answer(ask(1))
    assert budget.spent == pytest.approx(prices.most(ask(1)[0]) + prices.of(100, 10))


def test_a_budget_without_prices_is_an_error_before_any_call() -> None:
    with Faulty() as server, pytest.raises(RunError, match="no prices for judge-1"):
        Remote(endpoint(server), Budget(limit=1.0)).answer(ask(1))
    assert server.seen.requests == []


def test_ctrl_c_keeps_what_is_done_and_leaves_at_once() -> None:
    got: list[int] = []

    class Hanging(Plan):
        def fault(self, text: str, attempt: int) -> str:
            return "" if int(text.split()[1]) < 5 else "hang"

    with Faulty(Hanging()) as server:
        pressed: list[float] = []

        def press() -> None:
            while len(got) < 5:
                time.sleep(0.01)
            pressed.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=press, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            Remote(endpoint(server, timeout=60)).answer(ask(20), lambda index, answer: got.append(index))
        assert time.monotonic() - pressed[0] < 10
    assert sorted(got) == [0, 1, 2, 3, 4]


def test_at_a_fifth_of_faults_all_is_answered_within_twice_the_time() -> None:
    """Every kind of failure and of odd answer at 20 % of the requests: 120 questions of 50 ms, 8 at a time."""

    def seconds(rate: float) -> tuple[float, list[Answer], Faulty]:
        faults = [fault for fault in (*TRANSPORT, *CONTENT, "429-ms") if fault != "429-after"]
        with Faulty(Plan(seed=11, rate=rate, delay=0.05, faults=faults)) as server:
            started = time.monotonic()
            answers = Remote(endpoint(server, timeout=0.25)).answer(ask(120))
            return time.monotonic() - started, answers, server

    seconds(0.0)
    plain, _, _ = seconds(0.0)
    faulty, answers, server = seconds(0.2)
    assert not any(answer.error for answer in answers)
    assert set(server.seen.paid.values()) == {1}
    assert len(server.seen.paid) == 120
    assert sum(server.seen.faults.values()) - server.seen.faults[""] > 20
    assert faulty < 2 * plain
