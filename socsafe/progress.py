"""How a stage tells what it is doing. The command line brings a live display; without one there are plain lines.

>>> with progress.task("train", total=18) as advance:
...     advance(1)
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Progress(Protocol):
    """What a stage may ask of a display."""

    def say(self, text: str) -> None:
        """One line that stays."""

    def task(self, title: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """A piece of work of `total` units; the block is given a function that takes how many more are done."""


class PlainProgress:
    """Lines on standard error: one at each tenth of a task, the last at its end."""

    def say(self, text: str) -> None:
        """Print the line."""
        print(text, file=sys.stderr, flush=True)

    @contextmanager
    def task(self, title: str, total: int) -> Iterator[Callable[[int], None]]:
        """Print a line at every tenth of the work."""
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            before, done = done, done + count
            if total and done * 10 // total > before * 10 // total:
                self.say(f"{title}: {done} of {total}")

        yield advance


class SilentProgress:
    """Says nothing, for library users and tests."""

    def say(self, text: str) -> None:
        """Say nothing."""

    @contextmanager
    def task(self, title: str, total: int) -> Iterator[Callable[[int], None]]:  # noqa: ARG002 the protocol's signature
        """Show nothing."""
        yield lambda _count: None
