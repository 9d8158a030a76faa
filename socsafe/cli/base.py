"""`socsafe base`: the catalogue of base models, and making those that socsafe makes itself."""

from __future__ import annotations

from pathlib import Path

import click

from socsafe.cli.display import print_table, progress_display


@click.group()
def base() -> None:
    """List base models; make the micro base."""


@base.command("list", epilog="\b\nExample:\n  socsafe base list")
def list_bases() -> None:
    """Show the bases that the catalogue knows; any other hub id may stand in a study too."""
    from rich.table import Table

    from socsafe.study.bases import known_bases

    table = Table()
    for column in ("base", "model", "context", "chat template", "gated", "licence"):
        table.add_column(column, no_wrap=column == "base")
    for name, known in known_bases().items():
        marks = ["yes" if flag else "no" for flag in (known.chat_template, known.gated)]
        table.add_row(name, known.model, str(known.context), *marks, known.licence)
    print_table(table)


@base.command(epilog="\b\nExample:\n  socsafe base build micro")
@click.argument("name", default="micro")
@click.option(
    "--project", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="The project's folder.", show_default="here"
)
def build(name: str, project: Path) -> None:
    """Make a base that socsafe trains itself, unless it is up to date."""
    from socsafe.catalogue import did_you_mean
    from socsafe.errors import InputError, Problem
    from socsafe.leftovers import bases_held
    from socsafe.paths import Project
    from socsafe.stages.base import build_base
    from socsafe.study.bases import known_bases

    own = {name: known for name, known in known_bases().items() if known.made_here}
    if name not in own:
        raise InputError(Problem(name, "no base that socsafe makes", did_you_mean(name, own), "socsafe base list"))
    where = Project(project.resolve())
    with progress_display() as progress, bases_held(where, progress.say):
        build_base(where, own[name], progress)
    click.echo(own[name].model)
