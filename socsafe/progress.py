"""How a stage tells what it is doing. The command line brings a live display; without one there are plain lines.

>>> with progress.task("train", total=18) as advance:
...     advance(1)
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Protocol

from socsafe.errors import SocsafeError


class Advance(Protocol):
    """Takes how much of a task has been done."""

    def __call__(self, count: int, tokens: int = 0, /) -> None:
        """`count` more units, and the tokens that were written for them, where that is what the work is."""


class Progress(Protocol):
    """What a stage may ask of a display."""

    def say(self, text: str) -> None:
        """One line that stays."""

    def task(self, title: str, total: int) -> AbstractContextManager[Advance]:
        """A piece of work of `total` units; the block is given a function that takes how many more are done."""


def noting(failures: dict[str, str], progress: Progress, name: str) -> Callable[[SocsafeError], None]:
    """For `apart`: puts the failure of what is so named among `failures` and says it."""

    def note(error: SocsafeError) -> None:
        failures[name] = str(error)
        progress.say(f"failed: {name}\n{error}")

    return note


class Pace:
    """How fast tokens are written, and how long the rest takes at that pace. What was there before the first token counts for nothing."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._units = self._tokens = 0

    def note(self, count: int, tokens: int) -> None:
        """`count` more units are done, with so many tokens; units that cost no token were on the disk already, or failed."""
        if tokens:
            self._units += count
            self._tokens += tokens

    @property
    def per_second(self) -> float | None:
        """Tokens a second since the task began; None while none was written."""
        return self._tokens / max(time.monotonic() - self._start, 1e-3) if self._tokens else None

    def told(self, left: int) -> str:
        """ ", 812 tokens/s, 0:03:20 left"; empty where no token was written. `left` units are still to be done."""
        if not self._units or (pace := self.per_second) is None:
            return ""
        seconds = int((time.monotonic() - self._start) / self._units * left)
        return f", {pace:,.0f} tokens/s" + (f", {timedelta(seconds=seconds)} left" if left else "")


_SILENCE = 60.0
"""Seconds after which a plain display tells where it is, even within a tenth."""


class PlainProgress:
    """Lines on standard error: one at each tenth of a task and after each minute, the last at its end."""

    def say(self, text: str) -> None:
        """Print the line."""
        print(text, file=sys.stderr, flush=True)

    @contextmanager
    def task(self, title: str, total: int) -> Iterator[Advance]:
        """Print a line at every tenth of the work and every minute, with the pace and the time left where tokens are written."""
        done, told, pace = 0, time.monotonic(), Pace()

        def advance(count: int, tokens: int = 0, /) -> None:
            nonlocal done, told
            before, done = done, done + count
            pace.note(count, tokens)
            now = time.monotonic()
            if total and (done * 10 // total > before * 10 // total or now - told >= _SILENCE):
                told = now
                self.say(f"{title}: {done} of {total}{pace.told(total - done)}")

        yield advance


class SilentProgress:
    """Says nothing, for library users and tests."""

    def say(self, text: str) -> None:
        """Say nothing."""

    @contextmanager
    def task(self, title: str, total: int) -> Iterator[Advance]:  # noqa: ARG002 the protocol's signature
        """Show nothing."""
        yield lambda _count, _tokens=0, /: None
