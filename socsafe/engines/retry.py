"""When to ask a remote model again, and after how long.

>>> policy = RetryPolicy(first_wait=1.0)
>>> policy.wait(attempt=3, asked=None, jitter=0.5)     # the fourth try: 8 s, of which the half is jitter
6.0
>>> policy.wait(attempt=3, asked=20.0, jitter=0.5)     # Retry-After: 20
20.0

Waits double (with "equal jitter", M. Brooker 2015, "Exponential Backoff And Jitter", aws.amazon.com/builders-library) and are drawn
from a seeded generator. A server's `Retry-After` goes before: seconds or a date (RFC 9110, 10.2.3), or OpenAI's `retry-after-ms`.

A call that hangs must not hold its place for the whole of a timeout that is meant for the longest answer. Where all answers are of much
the same length, as a judge's are, the policy may be `paced`: once a server has answered often enough for its pace to be known, a first try
(one that is under way, too) is given a few times as long as its slowest answer took, and each further try twice as long as the one before.
Free text is not: refusals of a second come first, and answers of half a minute would be cut, paid for and lost.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

KNOWN = 20
"""Answers after which a server's pace is known."""
_SLOWER = 5.0
"""How many times as long as the slowest answer a first try may then take."""
_SHORTEST = 5.0
"""Seconds that any try may take, where the timeout allows it."""
_WHOLE_CALLS = 3
"""So many calls may take the whole of their timeout before patience ends."""
_MOST_DOUBLINGS = 60
"""2.0 ** 2000 would overflow."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, how long, and when to give up."""

    attempts: int = 6
    """Most tries of one question when the server fails; being told to slow down (429) does not count."""
    first_wait: float = 1.0
    """Seconds before the second try; doubled for each that follows."""
    longest_wait: float = 60.0
    """Most seconds of one wait of our own choosing; what the server asks for is waited in full."""
    patience: float = 600.0
    """Most seconds that calls and waits of one question may take together, where three calls at their longest do not take more: a
    server that asks for more is given up."""
    paced: bool = False
    """Whether a try may be given less than the timeout, by how long other answers took: only where they are of much the same length."""

    def wait(self, attempt: int, asked: float | None, jitter: float) -> float:
        """Seconds to wait after try number `attempt` (from 0); `asked` is the server's wish, `jitter` lies in 0..1."""
        if asked is not None:
            return max(asked, 0.0)
        full = min(self.longest_wait, self.first_wait * 2.0 ** min(attempt, _MOST_DOUBLINGS))
        return full / 2 + jitter * full / 2

    def limit(self, attempt: int, answered: int, slowest: float, timeout: float) -> float:
        """Seconds that try number `attempt` (from 0) may take, after so many answers of which the slowest took `slowest`."""
        if not self.paced or answered < KNOWN:
            return timeout
        return min(timeout, max(_SHORTEST, _SLOWER * slowest) * 2.0 ** min(attempt, _MOST_DOUBLINGS))

    def exhausted(self, tries: int, seconds: float, timeout: float, *, limited: bool) -> bool:
        """Whether a question is given up that failed in `tries` tries, which took so many seconds with their waits.

        `limited` says that the server has just asked for fewer calls, which counts for no try of its own.
        """
        return (tries >= self.attempts and not limited) or seconds > max(self.patience, _WHOLE_CALLS * timeout)


class PassingError(Exception):
    """A try that failed in a way that may pass."""

    def __init__(
        self, message: str, *, wait: float | None = None, limited: bool = False, billed: bool = False, reached: bool = True
    ) -> None:
        super().__init__(message)
        self.wait = wait
        """Seconds the server asks to be left alone; None where it does not say."""
        self.limited = limited
        """The server wants fewer calls."""
        self.billed = billed
        """The server may have answered, and charged for it, without the answer having come through."""
        self.reached = reached
        """Whether there was a server at all."""


class RejectedError(Exception):
    """The server will not answer this question, however often it is asked; it may well answer others."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that a response asks to wait; None where it says nothing that can be read."""
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        text = headers.get(name, "")
        try:
            seconds = float(text) * unit
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    date = _seconds(headers.get("retry-after", ""))
    if date is None:
        return None
    # By the server's own clock, where it tells the time: that of this machine may be wrong, or be set while we wait.
    now = _seconds(headers.get("date", ""))
    return max(0.0, date - (time.time() if now is None else now))


def _seconds(text: str) -> float | None:
    """The moment that an HTTP date names, in seconds; None for what is none."""
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
