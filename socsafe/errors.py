"""What can go wrong, in two kinds: what the user wrote (exit code 2) and what failed while running (exit code 1).

>>> raise InputError([Problem(where="study.yml:7", got="stlyes", expected="one of: styles, settings", mend="rename the key")])

Every message names the place, what was found there, what was expected, and what mends it; a config with five
mistakes yields one `InputError` with five `Problem`s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

LONGEST = 1000
"""Characters of each part of a message that are shown."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, with all that is needed to mend it."""

    where: str
    """`file:line` where the mistake stands, or the file or option alone when there is no line."""
    got: str
    """What was found there, in the user's own words."""
    expected: str = ""
    """What would have been right."""
    mend: str = ""
    """The edit or the command that mends it."""

    def __str__(self) -> str:
        got = _shortened(self.got)
        text = f"{self.where}: {got}" if self.where else got
        if self.expected:
            text += f"\n    expected: {_shortened(self.expected)}"
        if self.mend:
            text += f"\n    to mend:  {self.mend}"
        return text


def _shortened(text: str) -> str:
    """What a file holds may be of any length, and a message must stay one that is read."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text) - LONGEST:,} more characters)"


class SocsafeError(Exception):
    """The root of all errors that socsafe raises on purpose; the command line prints it and leaves with `exit_code`."""

    exit_code = 1

    def __init__(self, problems: Problem | Iterable[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = Problem(where="", got=problems)
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class InputError(SocsafeError):
    """A study, a source, a data file or an option is wrong: the user mends it and runs again."""

    exit_code = 2


class RunError(SocsafeError):
    """Something failed while running: a subprocess, a model, the disk. What was finished before it is kept."""

    exit_code = 1


class DiskError(RunError):
    """The disk takes nothing more. What would fail for every condition alike ends the run: going on would compute what cannot be kept."""


@contextmanager
def apart(note: Callable[[SocsafeError], object]) -> Iterator[None]:
    """Hand what goes wrong in the block to `note`, so that the rest goes on; a `DiskError` is everybody's and is raised."""
    try:
        yield
    except DiskError:
        raise
    except SocsafeError as error:
        note(error)
