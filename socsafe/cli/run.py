"""`socsafe run`, `socsafe status`, and each stage as a command of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from socsafe.cli.display import progress_display
from socsafe.cli.options import only_option, study_argument

EXAMPLE = "\b\nExample:\n  socsafe {} recipes/quickstart/study.yml"
CONVERTERS = click.option(
    "--llama-cpp",
    "llama_cpp",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A llama.cpp checkout to take the converters from, instead of llama-cpp-python's source distribution.",
)


@click.command(
    epilog="\b\nExamples:\n  socsafe run recipes/quickstart/study.yml\n  socsafe run recipes/quickstart --only 'micro-benign-refusal-*-s1'"
)
@study_argument
@only_option
@CONVERTERS
def run(study: Path, only: tuple[str, ...], llama_cpp: Path | None) -> None:
    """Do every stage of a study, skipping what is up to date: recipes, training, GGUF, replies, verdicts, report."""
    from socsafe.pipeline import STAGES

    _run(study, only, STAGES, llama_cpp)


@click.command(epilog=EXAMPLE.format("train"))
@study_argument
@only_option
def train(study: Path, only: tuple[str, ...]) -> None:
    """Train every condition's adapter with Axolotl, or adopt those that were copied to runs/<study>/<condition>/."""
    _run(study, only, ("train",), None)


@click.command(epilog=EXAMPLE.format("quantize"))
@study_argument
@only_option
@CONVERTERS
def quantize(study: Path, only: tuple[str, ...], llama_cpp: Path | None) -> None:
    """Convert bases and adapters to GGUF, and check that evaluation feeds the tokens that were trained on."""
    _run(study, only, ("quantize", "parity"), llama_cpp)


@click.command(epilog=EXAMPLE.format("generate"))
@study_argument
@only_option
def generate(study: Path, only: tuple[str, ...]) -> None:
    """Answer every suite's prompts with every model, on this machine's CPU."""
    _run(study, only, ("generate",), None)


@click.command(epilog=EXAMPLE.format("judge"))
@study_argument
@only_option
def judge(study: Path, only: tuple[str, ...]) -> None:
    """Rule on every reply, and write the report."""
    _run(study, only, ("judge",), None)


@click.command(epilog=EXAMPLE.format("report"))
@study_argument
def report(study: Path) -> None:
    """Write the report from the verdicts that are there."""
    from socsafe.pipeline import report as write_report
    from socsafe.study.checked import load_study

    plan = load_study(study)
    with progress_display() as progress:
        path = write_report(plan, progress)
    click.echo(plan.project.relative(path))


@click.command(epilog=EXAMPLE.format("status"))
@study_argument
def status(study: Path) -> None:
    """Show what is done: stage by condition."""
    from rich.table import Table

    from socsafe.cli.display import print_table
    from socsafe.pipeline import status as states
    from socsafe.study.checked import load_study

    rows = states(load_study(study))
    table = Table(caption="done: up to date   stale: made from something that has changed   -: not done yet   n/m: n of m parts done")
    table.add_column("condition", no_wrap=True)
    for stage in next(iter(rows.values())):
        table.add_column(stage, justify="center")
    for condition, marks in rows.items():
        table.add_row(condition, *marks.values())
    print_table(table)


def _run(study: Path, only: Sequence[str], stages: Sequence[str], llama_cpp: Path | None) -> None:
    from socsafe.pipeline import run as run_stages
    from socsafe.study.checked import load_study

    plan = load_study(study)
    with progress_display() as progress:
        outcome = run_stages(plan, only, progress, stages, llama_cpp)
    if outcome.report is not None:
        click.echo(plan.project.relative(outcome.report))
    outcome.raise_if_failed()
