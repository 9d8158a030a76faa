"""`socsafe report`: write a study's report, read it in a terminal, compare two, or make one anew from an archive.

socsafe report recipes/quickstart/study.yml      the same as `socsafe report write recipes/quickstart/study.yml`
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from socsafe.cli.display import progress_display
from socsafe.cli.groups import WithDefault
from socsafe.cli.options import study_argument
from socsafe.shown import visible

EXAMPLES = """\b
Examples:
  socsafe report recipes/quickstart/study.yml
  socsafe report show recipes/quickstart/study.yml
  socsafe report diff main:reports/quickstart reports/quickstart
"""
DIFF_EXAMPLES = """\b
Examples:
  socsafe report diff main:reports/quickstart reports/quickstart
  socsafe report diff main HEAD --study quickstart
  socsafe report diff reports/quickstart ../other/reports/quickstart --json
"""


@click.group(cls=WithDefault, default="write", epilog=EXAMPLES)
def report() -> None:
    """Write a study's report (`socsafe report STUDY`), read it, compare two, or make one from an archive."""


@report.command(epilog="\b\nExample:\n  socsafe report write recipes/quickstart/study.yml")
@study_argument
def write(study: Path, base: str | None) -> None:
    """Write the report from the verdicts that are there."""
    from socsafe.leftovers import study_held
    from socsafe.reporting import report as write_report
    from socsafe.study.checked import load_study

    plan = load_study(study, base)
    with progress_display() as progress, study_held(plan.project, plan.study.name, reading=True):
        path = write_report(plan, progress)
    click.echo(plan.project.relative(path))


@report.command(epilog="\b\nExamples:\n  socsafe report show recipes/quickstart/study.yml\n  socsafe report show reports/quickstart")
@click.argument("place", type=click.Path(path_type=Path), metavar="STUDY|FOLDER")
@click.option("--base", metavar="NAME", help="The report on this base instead, where STUDY is a study's file.")
def show(place: Path, base: str | None) -> None:
    """Read a report here: a study's, or the one in a folder."""
    from socsafe.cli.terminal_report import report_lines, report_of, terminal_width

    terminal = sys.stdout.isatty()
    text = report_lines(report_of(place, base), terminal_width(), colour=terminal)
    if terminal and text.count("\n") >= shutil.get_terminal_size().lines:
        click.echo_via_pager(text, color=True)
    else:
        click.echo(text, nl=False)


@report.command(epilog=DIFF_EXAMPLES)
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--study", metavar="NAME", help="A and B are git revisions, and the report is reports/NAME in each.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of Markdown.")
def diff(before: str, after: str, study: str | None, as_json: bool) -> None:
    """Say, as Markdown for a pull request, what moved from report A to report B and what changed to cause it.

    A and B are folders, or `REVISION:FOLDER` in git. Nothing is checked out, and a difference is no error.
    """
    from socsafe.diffs.compare import compare
    from socsafe.diffs.sides import read_side
    from socsafe.diffs.words import json_text, markdown

    found = compare(read_side(before, study), read_side(after, study))
    click.echo(visible(json_text(found) if as_json else markdown(found)), nl=False)


@report.command(epilog="\b\nExample:\n  socsafe report render --from quickstart.zip --to there")
@click.option("--from", "archive", type=click.Path(path_type=Path), metavar="ARCHIVE", required=True, help="What `socsafe export` wrote.")
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Where; <study>-report here.")
def render(archive: Path, folder: Path | None) -> None:
    """Work a study's figures out anew from its verdicts in an archive, and compare the report with the one exported."""
    from socsafe import __version__
    from socsafe.errors import Problem, RunError
    from socsafe.reporting import render_archive

    made = render_archive(archive, folder)
    click.echo(str(made.report))
    if made.differing:
        expected = "the bytes of the report that was exported"
        mend = f"exported by socsafe {made.version}, and this is {__version__}; if they are the same, the archive has been changed"
        raise RunError([Problem(str(made.report.parent / name), "came out otherwise", expected, mend) for name in made.differing])
    click.echo("every file of the exported report came out the same, byte by byte")
