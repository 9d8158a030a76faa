"""A server that drafts, the journal it fills, and a set that is drafted and not yet reviewed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from socsafe.cli.main import cli
from socsafe.data.making.journal import Journal
from socsafe.data.making.planning import drafts
from tests.conftest import Folder, Left
from tests.loopback.faulty import Faulty
from tests.loopback.writer import write

Socsafe = Callable[..., Left]
FROM = ("--from", "tiny-safety", "--style", "refusal", "--style", "reasons-long", "--limit", "4", "--model", "m")


@pytest.fixture
def server() -> Iterator[Faulty]:
    with Faulty(reply=write) as started:
        yield started


def journal(here: Folder, name: str = "mine") -> Journal:
    return Journal(here.root / "datasets" / "drafts" / f"{name}.jsonl")


def review(*arguments: str, answers: str = "") -> Result:
    return CliRunner().invoke(cli, ["data", "review", *arguments], input=answers)


@pytest.fixture
def drafted(here: Folder, socsafe: Socsafe, server: Faulty) -> Folder:
    """Four drafts, in the order of the draw."""
    assert socsafe("data", "generate", "mine", *FROM, "--endpoint", server.url).code == 0
    return here


def ids(here: Folder) -> list[str]:
    return [draft.id for draft in drafts(journal(here))]
