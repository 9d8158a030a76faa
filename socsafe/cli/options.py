"""What several commands take: the study file, and which of its conditions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def study_argument(command: Command) -> Command:
    """The study file, or the folder that holds it."""
    return click.argument("study", type=click.Path(path_type=Path), metavar="STUDY")(command)


def only_option(command: Command) -> Command:
    """Which conditions."""
    text = "Only this condition; may be given several times, and may hold * (see `socsafe recipe list`)."
    return click.option("--only", multiple=True, metavar="CONDITION", help=text)(command)
