"""The registry of everything of which there are several: the listing of a folder, read without importing anything.

>>> members("styles", ".py")
('none', 'reasons-long', 'reasons-short', 'refusal', 'socratic')

A style, a judge or a report section is one Python file; a source or a base is one YAML file. A file whose name begins
with `_` is a helper, not a member; `_` inside a Python file's name stands for `-`.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType

PACKAGE = Path(__file__).parent


@cache
def members(folder: str, suffix: str = ".py") -> tuple[str, ...]:
    """The names in `socsafe/<folder>`, sorted."""
    stems = (path.stem for path in (PACKAGE / folder).glob(f"*{suffix}") if not path.stem.startswith("_"))
    return tuple(sorted(stem.replace("_", "-") if suffix == ".py" else stem for stem in stems))


def member(folder: str, name: str) -> ModuleType:
    """Import the Python member `name` of `socsafe/<folder>`; the caller has checked that it is one."""
    return importlib.import_module(f"socsafe.{folder}.{name.replace('-', '_')}")


def did_you_mean(got: str, known: Iterable[str]) -> str:
    """`did you mean refusal? ` or nothing, and then all that is known, for an error's expectation."""
    choices = sorted(known)
    close = difflib.get_close_matches(got, choices, n=1, cutoff=0.5)
    listed = "one of: " + ", ".join(choices) if choices else "nothing is known here"
    return (f"did you mean {close[0]}? " if close else "") + listed
