"""`socsafe data generate`: drafts of safety data, written by a model behind an OpenAI-compatible endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from socsafe.catalogue import members
from socsafe.cli.data_sources import PROJECT
from socsafe.cli.display import print_table, progress_display
from socsafe.shown import visible

if TYPE_CHECKING:
    from socsafe.data.making.journal import Journal
    from socsafe.data.making.wanted import Wanted
    from socsafe.engines.budget import Budget, Forecast, Prices
    from socsafe.records import Question
    from socsafe.stages.draft import Tally

EPILOG = """\b
Examples:
  socsafe data generate my-replies --from bianchi-safety --style refusal --style reasons-short --limit 100 \\
      --endpoint http://127.0.0.1:8080/v1 --model some-model
  socsafe data generate my-boundary --category fraud --category privacy --items 20 --endpoint https://api.openai.com/v1 \\
      --model some-model --key-env OPENAI_API_KEY --prices 0.15/0.60 --budget 2.00
  socsafe data generate my-boundary --category fraud --items 20 --dry-run --prices 0.15/0.60 --model some-model

Every reply is kept in datasets/drafts/NAME.jsonl; run the same command again to go on. Nothing enters a mixture before
`socsafe data review NAME`.
"""
STYLES = [name for name in members("styles") if name != "none"]
KEY = "OPENAI_API_KEY"
MOST_SHOWN = 8
"""Kinds of mistakes that are printed."""


@click.command(epilog=EPILOG)
@click.argument("name")
@click.option("--from", "source", metavar="SOURCE", help="Reply to the prompts of this source of kind items.")
@click.option(
    "--style",
    "styles",
    type=click.Choice(STYLES),
    multiple=True,
    help="A style of reply; may be given several times.  [default: every style]",
)
@click.option("--forms", is_flag=True, help="With --from: word the prompts in the forms that they lack, too.")
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="With --from: at most so many prompts, drawn by --seed in turn from each category."
)
@click.option(
    "--category", "categories", multiple=True, help="Invent requests of this category of the boundary set; may be given several times."
)
@click.option("--items", type=click.IntRange(1, 9999), metavar="N", help="With --category: requests to refuse of each category.")
@click.option(
    "--lookalikes", type=click.IntRange(0, 10), metavar="N", help="With --category: harmless look-alikes of each request.  [default: 1]"
)
@click.option("--endpoint", envvar="OPENAI_BASE_URL", show_envvar=True, metavar="URL", help="Base of the server's API, /v1 included.")
@click.option("--model", required=True, help="The model, in the server's words.")
@click.option(
    "--key-env",
    metavar="VAR",
    help=f"Environment variable that holds the key.  [default: {KEY} if the endpoint is from the environment too]",
)
@click.option("--prices", metavar="IN/OUT", help="US dollars a million tokens, read and written, such as 0.15/0.60.")
@click.option("--budget", type=click.FloatRange(0), metavar="USD", help="Stop before this run costs more; needs --prices.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 100),
    default=0,
    show_default=True,
    help="Of the first attempts; each further one takes the next.",
)
@click.option("--temperature", type=click.FloatRange(0, 2), default=0.7, show_default=True, help="Above 0, so that asking again can help.")
@click.option(
    "--attempts", type=click.IntRange(1, 20), default=3, show_default=True, help="Unusable replies to one question before it is given up."
)
@click.option("--again", is_flag=True, help="Ask once more for what earlier runs gave up.")
@click.option("--concurrency", type=click.IntRange(1, 256), default=8, show_default=True, help="Most calls under way at a time.")
@click.option("--timeout", type=click.FloatRange(0.1), default=120.0, show_default=True, help="Seconds that one call may take.")
@click.option("--dry-run", is_flag=True, help="Show what would be asked and what it may cost; ask nothing.")
@PROJECT
@click.pass_context
def generate(
    ctx: click.Context, name: str, source: str | None, styles: tuple[str, ...], forms: bool, limit: int | None, categories: tuple[str, ...],
    items: int | None, lookalikes: int | None, endpoint: str | None, model: str, key_env: str | None, prices: str | None,
    budget: float | None, seed: int, temperature: float, attempts: int, again: bool, concurrency: int, timeout: float, dry_run: bool,
    project: Path,
) -> None:  # fmt: skip
    """Let a model write safety replies in some styles, or new borderline requests, as drafts to be reviewed.

    With --from it replies to a source's prompts; with --category it invents harmful requests and harmless look-alikes, in three
    forms each, and then replies to these. Replies are checked: their shape, that refusals decline and answers answer, and that
    no request is there twice. What fails is asked for again, and kept as failed in the end.
    """
    from socsafe.data.making.journal import Journal, drafts_file
    from socsafe.data.making.planning import widened
    from socsafe.data.making.publish import check_name
    from socsafe.data.making.wanted import Wanted, subjects_for
    from socsafe.engines.budget import Budget
    from socsafe.engines.remote import Endpoint, Remote
    from socsafe.locks import held
    from socsafe.stages.draft import Settings, Tally, make_drafts, plan_cost

    root = project.resolve()
    wanted = Wanted(styles or tuple(STYLES), source, forms, limit, categories, items or 0, 1 if lookalikes is None else lookalikes, seed)
    _check(wanted, lookalikes, endpoint, dry_run, budget, prices)
    check_name(name, root)
    costs = _prices(prices)
    settings = Settings(model, seed, temperature, attempts, again)
    path = drafts_file(root, name)
    with held(path.with_suffix(".lock"), f"the drafts of {name}", wait=False):
        found, known = subjects_for(wanted, root)
        journal = Journal(path)
        subjects = [widened(subject, journal) for subject in found]
        if dry_run:
            _show_plan(*plan_cost(subjects, journal, known, settings, costs))
            return
        if key_env is None and ctx.get_parameter_source("endpoint") is click.core.ParameterSource.ENVIRONMENT:
            import os

            key_env = KEY if os.environ.get(KEY) else None
        spent, tally = Budget(budget), Tally()

        def open_model(with_seed: int) -> Remote:
            return Remote(
                Endpoint(endpoint or "", model, key_env, concurrency, timeout, temperature, with_seed, prices=costs), budget=spent
            )

        try:
            with progress_display() as progress:
                make_drafts(subjects, journal, known, settings, open_model, tally, progress)
        finally:
            _show(name, journal, tally, spent, costs)
    _fail_if_nothing(tally, path)


def _check(wanted: Wanted, lookalikes: int | None, endpoint: str | None, dry_run: bool, budget: float | None, prices: str | None) -> None:
    """Options that do not fit together, all at once."""
    from socsafe.errors import InputError, Problem

    problems = []
    if (wanted.source is None) == (not wanted.categories):
        got = "neither --from nor --category" if wanted.source is None else "both --from and --category"
        problems.append(Problem("socsafe data generate", got, "one of them", "socsafe data generate --help"))
    if wanted.categories and not wanted.items:
        problems.append(Problem("--category", "without --items", "how many requests of each category", "--items 20, for example"))
    if not wanted.categories:
        extra = [option for option, value in (("--items", wanted.items), ("--lookalikes", lookalikes)) if value]
        problems += [Problem(option, "without --category", "--category, or no such option") for option in extra]
    if wanted.source is None:
        extra = [option for option, value in (("--forms", wanted.forms), ("--limit", wanted.limit)) if value]
        problems += [Problem(option, "without --from", "--from, or no such option") for option in extra]
    if not dry_run and not (endpoint or "").startswith(("http://", "https://")):
        mend = "--endpoint http://127.0.0.1:8080/v1, for example, or export OPENAI_BASE_URL=..."
        problems.append(Problem("--endpoint", "no http or https address", "the base of an OpenAI-compatible server", mend))
    if budget is not None and prices is None:
        problems.append(Problem("--budget", "without --prices", "prices, so that costs are known", "--prices 0.15/0.60, for example"))
    if problems:
        raise InputError(problems)


def _prices(text: str | None) -> Prices | None:
    """Two numbers with a slash between. Raises `InputError` for anything else."""
    from socsafe.engines.budget import Prices
    from socsafe.errors import InputError, Problem

    if text is None:
        return None
    try:
        read, written = (float(part) for part in text.split("/"))
        if not (0 <= read < 1e6 and 0 <= written < 1e6):
            raise ValueError
    except ValueError as error:
        raise InputError(
            Problem(f"--prices {text}", "no prices", "US dollars a million tokens, read/written", "--prices 0.15/0.60")
        ) from error
    return Prices(read, written)


def _show_plan(forecast: Forecast, first: Question | None) -> None:
    if first is None:
        click.echo("nothing is to be asked: all of it is there, or was given up (--again)")
        return
    click.echo(f"The first of {forecast.calls} questions:\n")
    for message in first.messages:
        click.echo(visible(f"[{message.role}]\n{message.content}\n"))
    cost = f"cost about ${forecast.cost:.2f}, every answer at its longest" if forecast.cost is not None else "cost unknown without --prices"
    click.echo(
        f"{forecast.calls} calls where every first reply can be used; about {forecast.prompt_tokens:,} tokens read, at most "
        f"{forecast.completion_tokens:,} written; {cost}. Nothing was asked."
    )


def _show(name: str, journal: Journal, tally: Tally, spent: Budget, prices: Prices | None) -> None:
    """What this run has come to and where the set stands."""
    from rich.table import Table

    from socsafe.data.making.planning import drafts

    made = list(drafts(journal))
    whole = sum(not draft.waiting for draft in made)
    table = Table(show_header=False)
    table.add_row("replies taken", str(tally.ok))
    table.add_row("replies unusable", str(tally.unusable))
    table.add_row("questions without a reply", str(tally.unanswered))
    table.add_row("tokens", tally.tokens())
    table.add_row("cost", f"${spent.spent:.4f}" if prices else "unknown without --prices")
    table.add_row("drafts whole", f"{whole} of {len(made)}")
    print_table(table)
    for counts in (tally.errors, tally.reasons):
        for reason, times in sorted(counts.items(), key=lambda pair: -pair[1])[:MOST_SHOWN]:
            click.echo(f"  {times} x {visible(reason)}")
    if whole:
        click.echo(f"next: socsafe data review {name}")


def _fail_if_nothing(tally: Tally, path: Path) -> None:
    from socsafe.errors import Problem, RunError

    if not tally.ok and (tally.unusable or tally.unanswered):
        got = f"no reply could be used: {tally.unusable} were unusable, {tally.unanswered} did not come"
        raise RunError(Problem(str(path), got, "a model that follows instructions", "read what it said there; then try another --model"))
