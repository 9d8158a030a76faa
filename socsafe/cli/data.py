"""`socsafe data`: the catalogue of sources, and fetching what is published elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from socsafe.cli.display import print_table

if TYPE_CHECKING:
    from socsafe.study.sources import Source

PROJECT = click.option(
    "--project", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="The project's folder.", show_default="here"
)


@click.group()
def data() -> None:
    """List sources, show one, fetch its data."""


@data.command("list", epilog="\b\nExample:\n  socsafe data list")
@PROJECT
def list_sources(project: Path) -> None:
    """Show every source: training sets and evaluation suites."""
    from rich.table import Table

    from socsafe.data.fetch import is_here
    from socsafe.study.sources import load_source, source_names

    root = project.resolve()
    table = Table()
    for column in ("source", "kind", "rows", "licence", "here", "what"):
        table.add_column(column, no_wrap=column in ("source", "kind"))
    for name in source_names(root):
        source = load_source(name, root)
        here = "composed" if source.format == "boundary" else "yes" if is_here(name, source, root) else "no"
        table.add_row(name, source.kind, str(source.rows or "-"), source.licence, here, source.title)
    print_table(table)


@data.command(epilog="\b\nExample:\n  socsafe data show xstest")
@click.argument("name")
@PROJECT
def show(name: str, project: Path) -> None:
    """Show one source: what it holds, where it was published, its licence, and whether its data are here."""
    from socsafe.data.fetch import is_here, where_from

    root = project.resolve()
    source = _known(name, root)
    click.echo(f"{name}: {source.title}")
    for key, value in source.model_dump(exclude_none=True, exclude={"title", "origin", "header"}).items():
        if value not in ({}, ()):
            click.echo(f"  {key}: {value}")
    if source.origin:
        click.echo(f"  {where_from(source)}")
    click.echo(f"  here: {'yes' if is_here(name, source, root) else f'no; socsafe data fetch {name} --from FILE-OR-FOLDER'}")


@data.command(
    epilog="\b\nExamples:\n  socsafe data fetch xstest --from xstest_prompts.csv\n  socsafe data fetch xstest advbench --from ~/Downloads"
)
@click.argument("names", nargs=-1, required=True)
@click.option("--from", "origin", type=click.Path(path_type=Path), required=True, help="The published file, or a folder that holds it.")
@click.option("--force", is_flag=True, help="Fetch again what is already here.")
@PROJECT
def fetch(names: tuple[str, ...], origin: Path, force: bool, project: Path) -> None:
    """Copy published files into datasets/fetched/, each checked against its checksum."""
    from socsafe.data.fetch import fetch as fetch_source
    from socsafe.data.fetch import is_here

    root = project.resolve()
    sources = {name: _known(name, root) for name in names}
    for name, source in sources.items():
        # Without a declared checksum nothing tells an old copy from a new file, so it is fetched again.
        if is_here(name, source, root) and (source.sha256 or source.format == "boundary") and not force:
            click.echo(f"{name}: already here")
            continue
        path = fetch_source(name, source, root, origin)
        click.echo(f"{name}: {path.relative_to(root)}")


def _known(name: str, root: Path) -> Source:
    from socsafe.catalogue import did_you_mean
    from socsafe.errors import InputError, Problem
    from socsafe.study.sources import load_source, source_file, source_names

    if source_file(name, root) is None:
        raise InputError(Problem(name, "no such source", did_you_mean(name, source_names(root)), "socsafe data list"))
    return load_source(name, root)
