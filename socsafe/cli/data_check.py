"""`socsafe data check`: evaluation prompts in the training data."""

from __future__ import annotations

from pathlib import Path

import click

from socsafe.cli.display import print_table, progress_display
from socsafe.cli.options import study_argument


@click.command(epilog="\b\nExamples:\n  socsafe data check recipes/quickstart/study.yml\n  socsafe data check recipes/my-study --drop")
@study_argument
@click.option("--drop", is_flag=True, help="Leave the rows concerned out of training: list them in recipes/<study>/dropped.yml.")
@click.option("--all", "everything", is_flag=True, help="Show every training file and pair of suites, those that share nothing too.")
def check(study: Path, base: str | None, drop: bool, everything: bool) -> None:
    """Look for the suites' prompts in the training data, and in one another; fail beyond the study's `leakage` thresholds."""
    from rich.table import Table

    from socsafe.facts.overlap import EVERYTHING
    from socsafe.leftovers import study_held
    from socsafe.pipeline import drop_leaking_rows
    from socsafe.stages.leakage import check_leakage, refuse_leakage
    from socsafe.stages.mix import build_mixtures
    from socsafe.study.checked import load_study
    from socsafe.study.dropped import dropped_file

    plan = load_study(study, base)
    with progress_display() as progress, study_held(plan.project, plan.study.name):
        build_mixtures(plan, progress)
        dropped = drop_leaking_rows(plan, progress) if drop else 0
        overlaps = check_leakage(plan, progress)
    table = Table(caption="each of exact, normalised and near includes the one before it; 8-grams are counted apart")
    for column in ("suite", "found in", "prompts", "exact", "normalised", "near", "8-grams"):
        table.add_column(column, justify="left" if column in ("suite", "found in") else "right", overflow="fold")
    for one in overlaps:
        if everything or one.left == EVERYTHING or one.near or one.eight_grams:
            table.add_row(one.right, one.left, *map(str, (one.prompts, one.exact, one.normalised, one.near, one.eight_grams)))
    print_table(table)
    if drop:
        file = plan.project.relative(dropped_file(plan.project, plan.study.name))
        click.echo(f"{dropped} rows left out of training, as {file} says" if dropped else "no row repeats a prompt")
        if dropped:
            # Recipes name what they train on, so every one of them has changed.
            click.echo(f"next: socsafe recipe render {plan.argument}")
    refuse_leakage(plan, overlaps)
