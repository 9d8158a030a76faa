"""Progress on a terminal: bars with counts and the time left; plain lines elsewhere. What a terminal would obey is shown instead."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from socsafe.progress import Advance, Pace, PlainProgress, Progress
from socsafe.shown import visible

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.table import Table

PLAIN_WIDTH = 200
"""Columns where the output is no terminal: wide enough that no row is broken."""


class VisibleProgress(PlainProgress):
    """Plain lines."""

    def say(self, text: str) -> None:
        """Print the line."""
        super().say(visible(text))


class TerminalProgress:
    """Live bars below lines that stay."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self._bars.console.print(visible(text), markup=False, highlight=False)

    @contextmanager
    def task(self, title: str, total: int) -> Iterator[Advance]:
        """Show a bar while the block lasts."""
        bar, pace = self._bars.add_task(visible(title), total=total, pace=""), Pace()

        def advance(count: int, tokens: int = 0, /) -> None:
            pace.note(count, tokens)
            self._bars.update(bar, advance=count, pace=f"{rate:,.0f} tokens/s" if (rate := pace.per_second) else "")

        try:
            yield advance
        finally:
            self._bars.remove_task(bar)


@contextmanager
def progress_display() -> Iterator[Progress]:
    """Bars where standard error is a terminal, plain lines where it is not."""
    if not sys.stderr.isatty():
        yield VisibleProgress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[pace]}", markup=False),
    )
    with Bars(*columns, console=Console(stderr=True)) as bars:
        yield TerminalProgress(bars)


def print_table(table: Table) -> None:
    """Print a table as wide as the terminal, or wide where there is none; cells are text, not markup."""
    from rich.console import Console
    from rich.segment import Segment, Segments

    console = Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH, markup=False, emoji=False, highlight=False)
    made = [piece if piece.control else Segment(visible(piece.text), piece.style) for piece in console.render(table)]
    console.print(Segments(made), end="")
