"""`socsafe export`: what others need to check a study's figures, or to look at its replies with other tools."""

from __future__ import annotations

from pathlib import Path

import click

from socsafe.cli.display import progress_display
from socsafe.cli.options import study_argument

EXAMPLES = """\b
Examples:
  socsafe export recipes/quickstart/study.yml
  socsafe export recipes/quickstart/study.yml --to quickstart.zip --with-completions
  socsafe export recipes/quickstart/study.yml --completions quickstart.parquet --inspect logs/quickstart
"""
FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog=EXAMPLES)
@study_argument
@click.option("--to", "archive", type=FILE, metavar="FILE", help="The archive; <study>.zip here when left out.")
@click.option("--with-completions", is_flag=True, help="Put the replies into the archive too. They may hold harmful text.")
@click.option("--completions", "table", type=FILE, metavar="FILE", help="Write the replies with their verdicts as a Parquet table.")
@click.option(
    "--inspect",
    "logs",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write the replies with their verdicts as logs of Inspect AI, one a condition and suite.",
)
def export(study: Path, base: str | None, archive: Path | None, with_completions: bool, table: Path | None, logs: Path | None) -> None:
    """Write one archive from which the report can be made anew without models, or the replies in other tools' formats.

    The archive is left out where only --completions or --inspect is asked for. No weights are ever in it.
    """
    from socsafe import reporting
    from socsafe.leftovers import study_held
    from socsafe.study.checked import load_study

    plan = load_study(study, base)
    written: list[Path] = []
    with progress_display() as progress, study_held(plan.project, plan.study.name, reading=True):
        if archive or with_completions or not (table or logs):
            archive = archive or Path(f"{plan.study.name}.zip")
            reporting.export(plan, archive, progress, with_completions)
            written.append(archive)
        if table or logs:
            written += reporting.export_replies(plan, progress, table, logs)
    for path in written:
        click.echo(str(path))
