"""`socsafe run`, `socsafe status`, and each stage as a command of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from socsafe.cli.display import progress_display
from socsafe.cli.options import budget_option, only_option, study_argument

if TYPE_CHECKING:
    from socsafe.stages.judge import Choice

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
@budget_option
def run(study: Path, base: str | None, only: tuple[str, ...], llama_cpp: Path | None, budget: float | None) -> None:
    """Do every stage of a study, skipping what is up to date: recipes, training, GGUF, replies, verdicts, report."""
    from socsafe.pipeline import STAGES
    from socsafe.stages.judge import Choice

    run_stages(study, base, only, STAGES, llama_cpp, Choice(budget=budget))


@click.command(epilog=EXAMPLE.format("train"))
@study_argument
@only_option
def train(study: Path, base: str | None, only: tuple[str, ...]) -> None:
    """Train every condition's adapter with Axolotl, or adopt those that were copied to runs/<study>/<condition>/."""
    run_stages(study, base, only, ("train",))


@click.command(
    epilog="\b\nExamples:\n  socsafe quantize recipes/quickstart/study.yml\n  socsafe quantize recipes/quickstart/study.yml --check"
)
@study_argument
@only_option
@CONVERTERS
@click.option(
    "--check",
    is_flag=True,
    help="Also answer some of the suites' prompts with F16 weights and with the study's, and count the replies and verdicts that change.",
)
@click.option(
    "--against-transformers",
    is_flag=True,
    help="Also hold llama.cpp's greedy replies and logits against those of transformers, on the same prompts, for one condition of each "
    "base (of those that --only names). Needs the base's weights and memory for them in 32 bits.",
)
def quantize(study: Path, base: str | None, only: tuple[str, ...], llama_cpp: Path | None, check: bool, against_transformers: bool) -> None:
    """Convert bases and adapters to GGUF, and check that evaluation feeds the tokens that were trained on."""
    checks = (*(("drift",) if check else ()), *(("fidelity",) if against_transformers else ()))
    run_stages(study, base, only, ("quantize", "parity", *checks), llama_cpp)
    if checks:
        from socsafe.cli.weights import show_drift, show_fidelity
        from socsafe.study.checked import load_study

        plan = load_study(study, base)
        if check:
            show_drift(plan, only)
        if against_transformers:
            show_fidelity(plan, only)


@click.command(epilog=EXAMPLE.format("generate"))
@study_argument
@only_option
@budget_option
def generate(study: Path, base: str | None, only: tuple[str, ...], budget: float | None) -> None:
    """Answer every suite's prompts with every model, on this machine's CPU or by way of the server that the study names."""
    from socsafe.stages.judge import Choice

    run_stages(study, base, only, ("generate",), choice=Choice(budget=budget))


@click.command(epilog=EXAMPLE.format("ability"))
@study_argument
@only_option
def ability(study: Path, base: str | None, only: tuple[str, ...]) -> None:
    """Measure every model's loss on held-out replies, and its accuracy on questions, as far as the study asks for it."""
    run_stages(study, base, only, ("ability",))


@click.command(epilog=EXAMPLE.format("status"))
@study_argument
def status(study: Path, base: str | None) -> None:
    """Show what is done: stage by condition."""
    from rich.table import Table

    from socsafe.cli.display import print_table
    from socsafe.reporting import status as states
    from socsafe.study.checked import load_study

    rows = states(load_study(study, base))
    table = Table(caption="done: up to date   stale: made from something that has changed   -: not done yet   n/m: n of m parts done")
    table.add_column("condition", no_wrap=True)
    for stage in next(iter(rows.values())):
        table.add_column(stage, justify="center")
    for condition, marks in rows.items():
        table.add_row(condition, *marks.values())
    print_table(table)


def run_stages(
    study: Path,
    base: str | None,
    only: Sequence[str],
    stages: Sequence[str],
    llama_cpp: Path | None = None,
    choice: Choice | None = None,
) -> None:
    """Run the stages, say where the report is, and raise where something failed."""
    from socsafe.pipeline import run as run_pipeline
    from socsafe.study.checked import load_study

    plan = load_study(study, base)
    with progress_display() as progress:
        outcome = run_pipeline(plan, only, progress, stages, llama_cpp, choice)
    if outcome.report is not None:
        click.echo(plan.project.relative(outcome.report))
    outcome.raise_if_failed()
