from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from socsafe.engines.retry import RetryPolicy, retry_after


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "9" * 400}, None),
        ({"retry-after-ms": "x", "retry-after": "2"}, 2.0),
        ({"retry-after": formatdate(0)}, 0.0),
        # By the server's clock, however wrong that of this machine is.
        ({"date": formatdate(5_000_000_000, usegmt=True), "retry-after": formatdate(5_000_000_030, usegmt=True)}, 30.0),
        ({"date": formatdate(0, usegmt=True), "retry-after": formatdate(12)}, 12.0),
    ],
)
def test_a_wait_is_read_from_seconds_milliseconds_or_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_date_to_come_is_the_seconds_until_then() -> None:
    assert 28 <= (retry_after({"retry-after": formatdate(time.time() + 30, usegmt=True)}) or 0) <= 31


def test_waits_double_within_their_bounds() -> None:
    policy = RetryPolicy(first_wait=1, longest_wait=20)
    assert [policy.wait(tries, None, 1.0) for tries in range(7)] == [1, 2, 4, 8, 16, 20, 20]
    assert [policy.wait(tries, None, 0.0) for tries in range(3)] == [0.5, 1, 2]
    assert policy.wait(10**6, None, 0.5) == 15


def test_what_the_server_asks_for_is_waited_in_full() -> None:
    policy = RetryPolicy(first_wait=1, longest_wait=20)
    assert (policy.wait(5, 3.0, 0.5), policy.wait(0, 86_400.0, 0.5), policy.wait(0, 0.0, 1.0)) == (3.0, 86_400.0, 0.0)


def test_a_call_may_take_a_few_times_as_long_as_the_slowest_answer_once_the_pace_is_known() -> None:
    policy = RetryPolicy(paced=True)
    assert policy.limit(0, answered=19, slowest=1.0, timeout=60.0) == 60.0
    assert [policy.limit(tries, answered=20, slowest=2.0, timeout=60.0) for tries in range(4)] == [10.0, 20.0, 40.0, 60.0]
    assert policy.limit(0, answered=500, slowest=0.01, timeout=60.0) == 5.0, "a moment in which a machine is busy is no silence"
    assert policy.limit(10**6, answered=500, slowest=0.01, timeout=3.0) == 3.0


def test_a_call_may_take_its_whole_timeout_where_answers_are_of_any_length() -> None:
    assert RetryPolicy().limit(0, answered=500, slowest=0.01, timeout=600.0) == 600.0


def test_a_question_is_given_up_after_so_many_tries_or_so_long_but_not_before_three_whole_calls() -> None:
    policy = RetryPolicy(attempts=6, patience=600.0)
    assert [policy.exhausted(tries, 10.0, 60.0, limited=False) for tries in (5, 6)] == [False, True]
    assert not policy.exhausted(60, 599.0, 60.0, limited=True), "being told to slow down is no try"
    assert [policy.exhausted(2, seconds, 60.0, limited=True) for seconds in (600.0, 601.0)] == [False, True]
    assert [policy.exhausted(3, seconds, 600.0, limited=False) for seconds in (1800.0, 1801.0)] == [False, True]
