"""`socsafe data review`: a person accepts, edits or rejects what a model drafted, one draft at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from socsafe.cli.data_sources import PROJECT
from socsafe.shown import visible

if TYPE_CHECKING:
    from socsafe.data.making.draft import Draft
    from socsafe.data.making.session import Session

EPILOG = """\b
Examples:
  socsafe data review my-set
  socsafe data review my-set --status
  socsafe data review my-set --id fraud-0003
"""
ASK = "[a]ccept, [e]dit, [r]eject, [s]kip, [q]uit"
ANSWERS = {word[0]: word for word in ("accept", "edit", "reject", "skip", "quit")}
SORTS = ("accepted", "edited", "rejected", "to review", "changed since they were reviewed", "not whole")


@click.command(epilog=EPILOG)
@click.argument("name")
@click.option("--status", is_flag=True, help="Only count the drafts of each sort.")
@click.option("--id", "names", multiple=True, metavar="ID", help="Review this draft, decided on or not; may be given several times.")
@PROJECT
def review(name: str, status: bool, names: tuple[str, ...], project: Path) -> None:
    """Show each draft that nobody has decided on: accept, edit ($EDITOR), reject or skip it.

    Decisions are kept at once, in datasets/drafts/NAME.reviews.jsonl, and hold for the very text that was shown. What is
    accepted is written to datasets/NAME.jsonl and datasets/sources/NAME.yml, so that a study can name the source NAME.
    """
    from socsafe.data.making.reviews import reviews_file
    from socsafe.data.making.session import Session
    from socsafe.locks import held

    root = project.resolve()
    session = Session.open(name, root)
    if status:
        _count(session)
        return
    with held(reviews_file(root, name).with_suffix(".lock"), f"the review of {name}", wait=False):
        session = Session.open(name, root)
        session.publish()
        queue = session.named(names) if names else session.open_drafts()
        for number, draft in enumerate(queue, start=1):
            if not _review(session, draft, f"{number} of {len(queue)}"):
                break
        _count(session)
    if session.counts()["accepted"]:
        click.echo(f"a study can name it now: safety: {{source: {name}}}")


def _review(session: Session, draft: Draft, place: str) -> bool:
    """Show a draft until it is decided on or skipped; False where the person has had enough."""
    while True:
        _show(session, draft, place)
        answer = click.prompt(ASK, type=click.Choice([*ANSWERS, *ANSWERS.values()], case_sensitive=False), show_choices=False)
        chosen = ANSWERS[answer[0].lower()]
        if chosen in ("skip", "quit"):
            return chosen == "skip"
        if chosen == "edit":
            _edit(session, draft)
            continue
        session.decide(draft, "accept" if chosen == "accept" else "reject")
        return True


def _edit(session: Session, draft: Draft) -> None:
    """Let the person change the texts; what comes back wrong is said, and nothing is changed."""
    from socsafe.data.making.session import from_edit, to_edit
    from socsafe.errors import InputError

    before = session.reviews.standing(draft).texts
    try:
        text = click.edit(to_edit(before), extension=".txt")
        if text is None:
            click.echo("nothing was changed: the editor was left without saving")
            return
        session.reviews.edit(draft, from_edit(text, before, session.categories))
    except InputError as error:
        click.echo(visible(f"not taken: {error}"))
    except click.ClickException as error:
        click.echo(f"the editor failed: {error.message}. Set EDITOR to one that works.")


def _show(session: Session, draft: Draft, place: str) -> None:
    """The draft's texts, each below its name, with what is odd about them."""
    from rich.console import Console
    from rich.rule import Rule
    from rich.text import Text

    from socsafe.data.making.draft import TEXTS

    console, standing, subject = Console(highlight=False), session.reviews.standing(draft), draft.subject
    wanted = "to be refused" if subject.expects == "refuse" else "a look-alike, to be answered"
    kind = f" ({subject.kind.replace('_', ' ')})" if subject.kind else ""
    console.print(Rule(Text(f"{visible(draft.id)}   {place}")))
    console.print(
        Text(f"{wanted}{kind}; by {visible(', '.join(draft.models))}; {standing.status}{', edited' if standing.edited else ''}", "dim")
    )
    if standing.stale:
        console.print(Text("this text has changed since it was reviewed", "yellow"))
    for name in TEXTS:
        if name in standing.texts:
            console.print(Text(name, "bold cyan"))
            console.print(Text(visible(standing.texts[name])))
    for note in session.notes(draft):
        console.print(Text(f"note: {visible(note)}", "yellow"))


def _count(session: Session) -> None:
    counts = session.counts()
    click.echo(f"{session.name}: {len(session.drafts)} drafts; " + ", ".join(f"{counts[sort]} {sort}" for sort in SORTS))
