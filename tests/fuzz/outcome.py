"""What came of feeding a file to socsafe, and whether the message is one that a person can act on."""

from __future__ import annotations

import contextlib
import io
import re
import resource
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import click

from socsafe.cli.main import cli
from socsafe.errors import Problem, SocsafeError

SUCCEEDED, REFUSED, FAULT = "succeeded", "refused", "fault"
LIMIT = 20
"""Seconds that a file may take; the bombs of the corpus have as long."""
LONGEST = 4000
"""Characters of one problem: a file must not be poured out over the terminal."""
INTERNAL = re.compile(
    r"Traceback \(most|<class '|object at 0x|site-packages|socsafe/\w+/\w+\.py|\b[A-Z]\w+(Error|Exception)\b|pydantic|set_int_max"
)
"""What only Python, or who writes socsafe, understands."""
PLACE = re.compile(r":\d+|\b(?:columns?|keys?|lines?|rows?|bytes|entries)\b|\[\d+\]|`\w+`")
"""Where in a file: its line, row, column or key; or what of the whole file is counted."""
_IN_LINES = (".csv", ".jsonl", ".parquet", ".yml")
"""Files of which a message can say where it is wrong. Others may be unreadable as a whole."""


@dataclass(frozen=True)
class Outcome:
    """One file, fed."""

    kind: str
    """`succeeded`, `refused` with a message that is fit to be shown, or `fault`."""
    said: str
    """The message, or what is wrong."""
    seconds: float


class TooLong(BaseException):
    """Not an `Exception`, so that nothing that is under test takes it for a mistake in the file."""


def outcome(call: Callable[[], object], names: tuple[str, ...], limit: int = LIMIT) -> Outcome:
    """Make the call; `names` are what a message may call the file by, one of which every problem must name."""
    started = time.perf_counter()

    def ended(kind: str, said: str) -> Outcome:
        return Outcome(kind, said, time.perf_counter() - started)

    try:
        with _alarm(limit), _quiet() as printed:
            call()
    except SocsafeError as error:
        fault = "" if error.exit_code in (1, 2) else f"exit code {error.exit_code}"
        fault = (
            fault or next(filter(None, (_fault(problem, names) for problem in error.problems)), "") or ("" if error.problems else "silent")
        )
        return ended(FAULT, f"{fault}: {error}"[:2000]) if fault else ended(REFUSED, str(error))
    except click.ClickException as error:
        return ended(REFUSED if error.exit_code == 2 else FAULT, error.format_message())
    except click.exceptions.Exit as error:
        return ended(SUCCEEDED if error.exit_code == 0 else FAULT, f"exit {error.exit_code}")
    except TooLong:
        return ended(FAULT, f"more than {limit} s")
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        return ended(FAULT, "".join(traceback.format_exception(error))[-2500:])
    said = printed.getvalue()
    return ended(FAULT, said) if INTERNAL.search(said) else ended(SUCCEEDED, "")


def command(*arguments: str | Path) -> Callable[[], object]:
    """A command of socsafe, in this process."""
    return lambda: cli.main(args=[str(argument) for argument in arguments], prog_name="socsafe", standalone_mode=False)


def _fault(problem: Problem, names: tuple[str, ...]) -> str:
    """Why the message will not do; empty where it will."""
    text = str(problem)
    try:
        text.encode()
    except UnicodeEncodeError:
        return "a message that cannot be printed"
    if found := INTERNAL.search(text):
        return f"a message that speaks of {found[0]}"
    if len(text) > LONGEST:
        return f"a message of {len(text)} characters"
    if problem.got.startswith("and ") and problem.got.endswith("more like these"):
        return ""
    if not any(name in problem.where for name in names):
        return "a message that does not name the file"
    if not problem.got.strip():
        return "a message that does not say what was found"
    if names[0].endswith(_IN_LINES) and not PLACE.search(f"{problem.where} {problem.got} {problem.expected}"):
        return "a message that does not say where in the file"
    return "" if problem.expected.strip() or problem.mend.strip() else "a message without a remedy"


@contextlib.contextmanager
def _alarm(seconds: int) -> Iterator[None]:
    def ring(number: int, frame: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _quiet() -> Iterator[io.StringIO]:
    """Keep what is printed to Python's streams, encoded as a terminal would have it."""
    kept = io.StringIO()
    with contextlib.redirect_stdout(kept), contextlib.redirect_stderr(kept):
        yield kept


def peak_megabytes() -> float:
    """The most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
