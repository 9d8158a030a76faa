"""`socsafe recipe`: what a study renders to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from socsafe.cli.display import print_table, progress_display
from socsafe.cli.options import study_argument
from socsafe.shown import visible

if TYPE_CHECKING:
    from socsafe.study.checked import Plan


@click.group()
def recipe() -> None:
    """Render Axolotl recipes from a study, list its conditions, print the study file's schema."""


@recipe.command(
    epilog="\b\nExamples:\n  socsafe recipe render recipes/quickstart/study.yml\n  socsafe recipe render recipes/quickstart --check"
)
@study_argument
@click.option("--check", is_flag=True, help="Write nothing; fail, showing the difference, when the recipes on disk are stale.")
@click.option("--recipes-only", is_flag=True, help="Leave the mixtures in datasets/ alone.")
def render(study: Path, base: str | None, check: bool, recipes_only: bool) -> None:
    """Write one Axolotl YAML per condition next to the study, and the mixtures to datasets/mixtures/ where their data are here."""
    from socsafe.leftovers import study_held
    from socsafe.stages.render import stale_recipes
    from socsafe.study.checked import load_study

    plan = load_study(study, base)
    if check:
        difference = stale_recipes(plan)
        if difference:
            click.echo(visible(difference))
            raise click.ClickException(f"recipes are stale. To mend: socsafe recipe render {study}{f' --base {base}' if base else ''}")
        click.echo(f"{len(plan.conditions)} recipes are what {study}{f' on {base}' if base else ''} renders to")
        return
    with study_held(plan.project, plan.study.name):
        _write_recipes(plan)
        if not recipes_only:
            _build_mixtures(plan)


def _write_recipes(plan: Plan) -> None:
    from socsafe.stages.render import write_recipes

    written, removed = write_recipes(plan)
    click.echo(f"{len(plan.conditions)} recipes: {written} written, {len(plan.conditions) - written} unchanged, {removed} removed")


def _build_mixtures(plan: Plan) -> None:
    """Build the mixtures, or say what has to be fetched first."""
    from socsafe.stages.mix import absent_training_data, build_mixtures

    where = plan.project.relative(plan.project.mixtures(plan.study.name))
    if absent := absent_training_data(plan):
        click.echo(f"mixtures: not built, as not all data are here. To mend: socsafe data fetch {' '.join(absent)}")
        return
    with progress_display() as progress:
        built = build_mixtures(plan, progress)
    click.echo(f"mixtures: {'built in' if built else 'up to date in'} {where}")


@recipe.command("list", epilog="\b\nExample:\n  socsafe recipe list recipes/quickstart/study.yml")
@study_argument
def list_conditions(study: Path, base: str | None) -> None:
    """Show the study's conditions as a table."""
    from rich.table import Table

    from socsafe.study.bases import base_names
    from socsafe.study.checked import load_study

    plan = load_study(study, base)
    table = Table(title=f"{plan.study.name}: {len(plan.conditions)} conditions", title_justify="left")
    for column in ("condition", "base", "setting", "style", "count", "form", "seed"):
        table.add_column(column, justify="right" if column in ("count", "seed") else "left", overflow="fold", no_wrap=column == "condition")
    for cell in plan.conditions:
        table.add_row(cell.id, cell.base, cell.setting, cell.style, str(cell.count), cell.form or "-", str(cell.seed))
    print_table(table)
    for name in (name for name in plan.bases if name not in base_names()):
        targets = ", ".join(plan.bases[name].lora_targets)
        click.echo(f"{name} is not in the catalogue: taken to have a chat template, its adapter on {targets}")


@recipe.command(epilog="\b\nExamples:\n  socsafe recipe compute recipes/quickstart\n  socsafe recipe compute recipes/quickstart --write")
@study_argument
@click.option("--write", is_flag=True, help="Put it into the study file, in place of what stands there.")
def compute(study: Path, base: str | None, write: bool) -> None:
    """Propose threads, slots and context for this machine: the study's `compute` block."""
    from socsafe.stages.compute import compute_line, propose, write_compute
    from socsafe.study.checked import load_study

    plan = load_study(study, base)
    proposed = propose(plan)
    click.echo(compute_line(proposed))
    if write and base:
        raise click.UsageError(f"--write puts the block at the top of the study. For {base} alone: put it under variants: {{{base}: ...}}")
    if write:
        write_compute(plan, proposed)
        click.echo(f"written to {plan.project.relative(plan.file)}")


@recipe.command(epilog="\b\nExample:\n  socsafe recipe schema > recipes/study.schema.json")
def schema() -> None:
    """Print the JSON schema of study files.

    An editor's YAML plugin checks a study against it when the file begins with
    `# yaml-language-server: $schema=../study.schema.json`.
    """
    import json

    from socsafe.study.schema import study_schema

    click.echo(json.dumps(study_schema(), indent=2))
