"""What every source owes: its description makes sense, and where its data are here they are what it declares."""

from __future__ import annotations

from pathlib import Path

import pytest

from socsafe.catalogue import members
from socsafe.data.fetch import fetch
from socsafe.data.load import load_examples, load_items, load_prompts
from socsafe.records import Example, Item, Prompt
from socsafe.study.sources import Source, load_source
from tests.conftest import REPO, SHARED

SOURCES = members("sources", ".yml")
PUBLISHED = [name for name in SOURCES if load_source(name, REPO).file is not None]


def load(name: str, source: Source, root: Path) -> tuple[Item, ...] | tuple[Example, ...] | tuple[Prompt, ...]:
    if source.kind == "items":
        return load_items(name, source, root)
    return load_examples(name, source, root) if source.kind == "examples" else load_prompts(name, source, root)


def test_there_are_sources_of_every_kind() -> None:
    assert {load_source(name, REPO).kind for name in SOURCES} == {"items", "examples", "prompts"}
    assert len(PUBLISHED) >= 5


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_has_a_title_and_a_licence(name: str) -> None:
    source = load_source(name, REPO)
    assert source.title.strip()
    assert source.licence.strip()


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_source_is_pinned_and_says_where_it_is_from(name: str) -> None:
    source = load_source(name, REPO)
    assert source.sha256
    assert len(source.sha256) == 64
    assert source.rows
    assert source.citation
    assert source.origin
    assert source.origin.path.endswith(source.file or "-")


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_source_loads_with_the_declared_rows_and_checksum(name: str, tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"published data are not here: set SOCSAFE_SHARED_DATA to a folder that holds {name}")
    source = load_source(name, REPO)
    fetch(name, source, tmp_path, SHARED)
    rows = load(name, source, tmp_path)
    assert len(rows) == source.rows
    assert len({row.id for row in rows}) == len(rows)


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in PUBLISHED])
def test_a_composed_source_composes(name: str) -> None:
    rows = load(name, load_source(name, REPO), REPO)
    assert len({row.id for row in rows}) == len(rows) >= 10


def test_xstest_expects_200_refusals_and_250_answers(tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip("published data are not here: set SOCSAFE_SHARED_DATA to a folder that holds xstest")
    source = load_source("xstest", REPO)
    fetch("xstest", source, tmp_path, SHARED)
    prompts = load_prompts("xstest", source, tmp_path)
    assert [sum(prompt.expects == expected for prompt in prompts) for expected in ("refuse", "comply")] == [200, 250]
    assert all((prompt.expects == "refuse") == prompt.category.startswith("contrast_") for prompt in prompts)
