"""What several commands take: the study file, and which of its conditions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def study_argument(command: Command) -> Command:
    """The study file, or the folder that holds it, and the base to take in the place of its own."""
    text = "Run the study on this base instead, with what its `variants` block says for it, as <study>-<base>."
    with_base = click.option("--base", metavar="NAME", help=text)(command)
    return click.argument("study", type=click.Path(path_type=Path), metavar="STUDY")(with_base)


def only_option(command: Command) -> Command:
    """Which conditions."""
    text = "Only this condition; may be given several times, and may hold * (see `socsafe recipe list`)."
    return click.option("--only", multiple=True, metavar="CONDITION", help=text)(command)


def budget_option(command: Command) -> Command:
    """What models behind an endpoint may cost."""
    text = "Stop before more than this is spent in this run, by the prices in the study's `generation` and `judges` blocks."
    return click.option("--budget", type=click.FloatRange(min=0), metavar="USD", help=text)(command)
