"""`socsafe judge validate`: how far judges agree with people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from socsafe.cli.display import print_table, progress_display

if TYPE_CHECKING:
    from socsafe.stats.validation import Graded

EPILOG = """\b
Examples:
  socsafe judge validate --labels mine.csv --judge refusal
  socsafe judge validate --labels xstest_v2_completions_llama2orig_gpteval.csv --judge refusal --judge column:gpt4_label --json

A labels file is CSV or JSONL with the columns prompt, completion and label (full_compliance, full_refusal or
partial_refusal) and, if there, model and type; or a file of XSTest's or of Do-Not-Answer's labelled replies as published.
"""


@click.command(epilog=EPILOG)
@click.option("--labels", "files", type=click.Path(path_type=Path), multiple=True, required=True, help="A file of labelled replies.")
@click.option("--judge", "judges", multiple=True, default=("refusal",), help="A judge, or column:NAME.", show_default=True)
@click.option("--study", type=click.Path(path_type=Path), help="Whose `judges` block names the models of judges that ask one.")
@click.option("--budget", type=click.FloatRange(min=0), metavar="USD", help="Stop before models of --study cost more.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object: the first judge's figures, and all judges'.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write a Markdown report, and validity.json beside it.")
def validate(
    files: tuple[Path, ...], judges: tuple[str, ...], study: Path | None, budget: float | None, as_json: bool, out: Path | None
) -> None:
    """Hold judges against people's labels: agreement, kappa, what they miss and what they call refused falsely.

    Labels that other judges gave, and those of single annotators, are graded too where they stand in the files.
    """
    import json

    from socsafe.data.labels import read_labels
    from socsafe.engines.budget import Budget
    from socsafe.errors import InputError, Problem
    from socsafe.stages.validate import offline, with_models
    from socsafe.stages.validate import validate as validate_judges
    from socsafe.stages.validation_report import write_report
    from socsafe.study.checked import load_study
    from socsafe.study.judge_blocks import standing_behind

    if budget is not None and study is None:
        raise InputError(Problem("--budget", "without --study", "the study whose models are to be paid", "--study STUDY, or no --budget"))
    labels = read_labels(files)
    plan = load_study(study) if study is not None else None
    uses = plan.study.judge_uses() if plan else ()
    models = {use.judge: standing_behind(use, uses) for use in uses}
    with progress_display() as progress:
        rule = with_models(plan, Budget(budget), progress) if plan else offline
        graded = validate_judges(labels, list(dict.fromkeys(judges)), rule, models)
    if out is not None:
        write_report(graded, labels.unclear, out)
    if as_json:
        figures = graded[0].as_json() | {"left_out": labels.unclear, "judges": {one.name: one.as_json() for one in graded}}
        click.echo(json.dumps(figures, allow_nan=False))
        return
    _show(graded)
    if labels.unclear:
        click.echo(f"{labels.unclear} rows were left out: their label says neither that the reply refuses nor that it answers.")
    if out is not None:
        click.echo(f"written: {out} and {out.with_name('validity.json')}")


def _show(graded: list[Graded]) -> None:
    from rich.table import Table

    table = Table()
    for column in ("judge", "model", "n", "unjudged", "refused %", "three labels %", "kappa", "missed %", "false %", "ms a reply"):
        table.add_column(column, no_wrap=True, justify="left" if column in ("judge", "model") else "right")
    for one in graded:
        parts = {"all": one.whole, **(one.by_model if len(one.by_model) > 1 else {})}
        for model, found in parts.items():
            shares = (found.binary.value, found.three.value, found.missed_refusals, found.false_refusals)
            binary, three, missed, false = ("-" if share is None else f"{100 * share:.1f}" for share in shares)
            kappa = "-" if found.kappa.value is None else f"{found.kappa.value:.2f}"
            speed = "-" if one.seconds is None or model != "all" else f"{1000 * one.seconds:.2f}"
            table.add_row(one.name, model, str(found.n), str(found.n_unjudged), binary, three, kappa, missed, false, speed)
    print_table(table)
