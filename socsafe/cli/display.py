"""Progress on a terminal: bars with counts and the time left; plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from socsafe.progress import PlainProgress, Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.table import Table

PLAIN_WIDTH = 200
"""Columns where the output is no terminal: wide enough that no row is broken."""


class TerminalProgress:
    """Live bars below lines that stay."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self._bars.console.print(text, markup=False, highlight=False)

    @contextmanager
    def task(self, title: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show a bar while the block lasts."""
        bar = self._bars.add_task(title, total=total)
        try:
            yield lambda count: self._bars.advance(bar, count)
        finally:
            self._bars.remove_task(bar)


@contextmanager
def progress_display() -> Iterator[Progress]:
    """Bars where standard error is a terminal, plain lines where it is not."""
    if not sys.stderr.isatty():
        yield PlainProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True)) as bars:
        yield TerminalProgress(bars)


def print_table(table: Table) -> None:
    """Print a table as wide as the terminal, or wide where there is none."""
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH).print(table)
