"""Data sources, training sets and evaluation suites alike: one YAML file each in `socsafe/sources`, a user's own in `datasets/sources`.

    title: XSTest v2
    kind: prompts
    file: xstest_prompts.csv
    columns: {id: id, prompt: prompt, category: type}
    expects: {column: type, refuse: [contrast_]}
    licence: CC-BY-4.0

A file that is not part of the project lies in `datasets/fetched/<name>/<file>`, where `socsafe data fetch` puts it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from socsafe.catalogue import PACKAGE
from socsafe.errors import InputError, Problem
from socsafe.strict_yaml import Document, load_yaml
from socsafe.study.load import validate
from socsafe.study.spec import Block

SPLITS: dict[str, tuple[str, ...]] = {
    "items": ("train",),
    "examples": ("benign", "obedient", "compliant"),
    "prompts": ("pairs", "targets", "actions", "ordinary"),
}
"""Parts of the boundary set, by the kind of source that each makes."""


class ExpectsRule(Block):
    """What is expected of each prompt, told by a column."""

    column: str
    """The column to look at."""
    refuse: Annotated[tuple[str, ...], Field(min_length=1)]
    """Beginnings of its value that mean `refuse`; anything else means `comply`."""


class Origin(Block):
    """Where the file was published."""

    repository: str
    """Hub id or GitHub owner/name."""
    path: str
    """The file's path there."""
    revision: str | None = None
    """Commit or tag; None where the publisher names none."""


class Source(Block):
    """A data set: where it is, what its columns mean, what is expected, under which licence."""

    title: str
    """One line for lists and reports."""
    kind: Literal["items", "examples", "prompts"]
    """`items`: safety data to refuse; `examples`: a setting's instruction data; `prompts`: an evaluation suite."""
    format: Literal["csv", "json", "jsonl", "parquet", "boundary"] = "csv"
    """The file's format; `boundary` is composed from `datasets/boundary`."""
    file: Annotated[str, Field(pattern=r"^[^/.\\\x00][^/\\\x00]*$", max_length=200)] | None = None
    """The file's name, without folders; None for `boundary`."""
    split: Literal["train", "benign", "obedient", "compliant", "pairs", "targets", "actions", "ordinary"] | None = None
    """Which part of the boundary set, for `boundary`."""
    header: bool = True
    """Whether a CSV's first line names its columns; without it columns are `column_1`, `column_2` ..."""
    columns: dict[Literal["id", "prompt", "input", "reply", "system", "category"], str] = Field(default={})
    """Our name -> the file's column. `input` is added below the prompt, as Alpaca does."""
    expects: Literal["refuse", "comply"] | ExpectsRule | None = None
    """For a suite: what a good model does with each prompt."""
    style: str | None = None
    """For items that come with one reply each: the style in which that reply is written."""
    form: Literal["instruction", "question"] | None = None
    """The form its prompts take, where it is one."""
    licence: str
    """SPDX identifier or plain words."""
    citation: str | None = None
    """Who published it and where."""
    origin: Origin | None = None
    """Where the file was published; None for data of the project's own."""
    rows: int | None = None
    """Rows the file must hold."""
    sha256: str | None = None
    """Checksum the file must have."""


def source_folders(root: Path) -> tuple[Path, ...]:
    """Where source files are looked for: the package's catalogue, then the project's own."""
    return PACKAGE / "sources", root / "datasets" / "sources"


def source_names(root: Path) -> tuple[str, ...]:
    """Names of all sources, sorted."""
    return tuple(sorted({path.stem for folder in source_folders(root) for path in folder.glob("*.yml")}))


def source_file(name: str, root: Path) -> Path | None:
    """The YAML file of the source; the project's own wins over the package's; None when there is none."""
    if name not in source_names(root):  # never a path that leads elsewhere, such as ../x
        return None
    package, own = (folder / f"{name}.yml" for folder in source_folders(root))
    return own if own.is_file() else package


def load_source(name: str, root: Path) -> Source:
    """Read the source's YAML; the caller has checked that it is there. Raises `InputError` with every mistake in it."""
    path = source_file(name, root)
    if path is None:
        raise KeyError(name)
    document = load_yaml(path)
    source = validate(document, Source)
    problems = list(_incoherent(document, source))
    if problems:
        raise InputError(problems)
    return source


def _incoherent(document: Document, source: Source) -> Iterator[Problem]:
    """What each key may be alone and the source may not be as a whole."""
    composed = source.format == "boundary"
    if composed and source.split not in SPLITS[source.kind]:
        got = f"split {source.split or 'left out'} with kind {source.kind}"
        yield Problem(document.where(("split",)), got, f"one of: {', '.join(SPLITS[source.kind])}")
    if not composed and source.split is not None:
        yield Problem(document.where(("split",)), f"split {source.split} with format {source.format}", "no split, or format: boundary")
    if composed and source.file is not None:
        yield Problem(document.where(("file",)), f"file {source.file} with format boundary", "no file: it is composed")
    if not composed and source.file is None:
        yield Problem(document.where(()), "key file is missing", "the data file's name")
    if source.kind == "prompts" and not composed and source.expects is None:
        yield Problem(document.where(()), "key expects is missing", "refuse, comply, or {column: ..., refuse: [...]}")


def data_file(name: str, source: Source, root: Path) -> Path | None:
    """Where the source's data lies or would lie once fetched; None for composed data."""
    return None if source.file is None else root / "datasets" / "fetched" / name / source.file


def source_inputs(name: str, source: Source, root: Path) -> tuple[Path, ...]:
    """The files that decide what the source holds: its YAML and its data; for composed data the code that composes them too."""
    found = (source_file(name, root), data_file(name, source, root))
    composed = (*boundary_files(root), *composing_code()) if source.format == "boundary" else ()
    return tuple(path for path in found if path is not None) + composed


def boundary_files(root: Path) -> tuple[Path, ...]:
    """The authored files of the boundary set."""
    return tuple(sorted((root / "datasets" / "boundary").rglob("*.yml")))


def composing_code(*others: str) -> tuple[Path, ...]:
    """The modules of `socsafe/data` whose text decides what the boundary set holds, and `others` beside them."""
    names = {path.name for path in (PACKAGE / "data").glob("boundary*.py")} | {"taxonomy.py", "ordinary.py", *others}
    return tuple(PACKAGE / "data" / name for name in sorted(names))
