"""Data sources, training sets and evaluation suites alike: one YAML file each in `socsafe/sources`, a user's own in `datasets/sources`.

    title: XSTest v2
    kind: prompts
    file: xstest_prompts.csv
    columns: {id: id, prompt: prompt, category: type}
    expects: {column: type, refuse: [contrast_]}
    licence: CC-BY-4.0

A file that is not part of the project lies in `datasets/fetched/<name>/<file>`, where `socsafe data fetch` puts it. Safety items may
carry a reply in every style and a prompt in every form, so that styles are compared on the same prompts:

    kind: items
    prompts: {instruction: ask, question: question}
    replies: {refusal: refusal, reasons-short: short, answer: answer}
    expects: {column: label, refuse: [harmful]}
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from socsafe.catalogue import PACKAGE
from socsafe.errors import InputError, Problem
from socsafe.paths import Project, unfit_name
from socsafe.strict_yaml import Document, load_yaml
from socsafe.study.block import Block
from socsafe.study.load import validate
from socsafe.study.spec import SettingName

SPLITS: dict[str, tuple[str, ...]] = {
    "items": ("train", "natural"),
    "examples": ("benign", "everyday", "obedient", "compliant"),
    "prompts": ("pairs", "targets", "actions", "ordinary", "forms", "natural-forms"),
    "choices": ("facts",),
}
"""Parts of the boundary set, by the kind of source that each makes."""
NATURAL = "boundary_items.py"
"""The module of `socsafe/data` that makes items of the boundary set's natural language."""
OF_NATURAL = ("natural", "natural-forms")
"""The parts that are made from those items."""
_WORD = r"[^/.\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]*"
_PART, _FILE = rf"^{_WORD}$", rf"^{_WORD}(/{_WORD})?$"
"""What a file may be called: never a path that leads elsewhere, never one that is hidden."""


class ExpectsRule(Block):
    """What is expected of each prompt, told by a column."""

    column: str
    """The column to look at."""
    refuse: Annotated[tuple[str, ...], Field(min_length=1)]
    """Beginnings of its value that mean `refuse`; anything else means `comply`."""


class Origin(Block):
    """Where the file was published."""

    host: Literal["github", "hub"] = "github"
    """GitHub, or the Hugging Face hub (a data set there)."""
    repository: Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]
    """Hub id or GitHub owner/name."""
    path: Annotated[str, Field(pattern=r"^[^/\\\x00-\x1f\x7f][^\\\x00-\x1f\x7f]*$", max_length=400)]
    """The file's path there; the folder, for a source in `parts`."""
    revision: Annotated[str, Field(pattern=r"^[\w.-]+$")] | None = None
    """Commit or tag; None where it is not known: then what is newest is fetched, and only `sha256` tells whether it is the same."""


class Source(Block):
    """A data set: where it is, what its columns mean, what is expected, under which licence."""

    title: str
    """One line for lists and reports."""
    kind: Literal["items", "examples", "prompts", "choices"]
    """`items`: safety data to refuse; `examples`: a setting's instruction data; `prompts`: an evaluation suite; `choices`: questions
    with answers to choose from (`socsafe.data.choices`)."""
    format: Literal["csv", "json", "jsonl", "parquet", "boundary"] = "csv"
    """The file's format; `boundary` is composed from `datasets/boundary`."""
    file: Annotated[str, Field(pattern=_FILE, max_length=200)] | None = None
    """The file's name, for an authored one within a folder or not; None for `boundary`. Files packed with gzip are read as they are."""
    parts: dict[Annotated[str, Field(pattern=_PART, max_length=200)], str] = Field(default={})
    """Where the data are published as several CSV files: each one's name -> what stands in the first column of its rows once
    `socsafe data fetch` has joined them into `file`."""
    authored: bool = False
    """Whether the file is part of the project: it lies in `datasets/<file>`, and nothing is fetched."""
    access: Literal["open", "gated", "yours"] = "open"
    """`gated`: the hub asks for an agreement first; `yours`: no file is published, the user brings one."""
    split: (
        Literal[
            "train", "natural", "benign", "everyday", "obedient", "compliant", "pairs", "targets", "actions", "ordinary", "forms",
            "natural-forms", "facts",
        ]
        | None
    ) = None  # fmt: skip
    """Which part of the boundary set, for `boundary`."""
    header: bool = True
    """Whether a CSV's first line names its columns; without it columns are `column_1`, `column_2` ..."""
    columns: dict[Literal["id", "prompt", "input", "reply", "system", "category", "choices", "answer"], str] = Field(default={})
    """Our name -> the file's column. `input` is added below the prompt, as Alpaca does; `system` is a system message before it.
    `choices` holds a JSON list of answers, `answer` the right one's number from 0, its letter, or its text."""
    choices: Annotated[tuple[str, ...], Field(min_length=2)] | None = None
    """For answers that stand in columns of their own: those columns, in order. Instead of `columns: {choices: ...}`."""
    prompts: dict[Literal["instruction", "question", "opinion"], str] = Field(default={})
    """For items that come in several forms: form -> the file's column. Instead of `columns: {prompt: ...}` and `form`."""
    replies: dict[Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,39}$")], str] = Field(default={})
    """For items that carry several replies: what styles are made from (`refusal`, `reasons-short`, `reasons-long`, `preamble`,
    `socratic`, and `answer` for look-alikes) -> the file's column. Instead of `columns: {reply: ...}` and `style`. A cell may be empty."""
    dialogue: bool = False
    """Whether the prompt's column holds a dialogue (a list of turns, or text with `Human:` and `Assistant:` before each turn): its
    first user turn is the prompt."""
    distinct: bool = False
    """Leave out a row whose prompt stood in an earlier one."""
    drop_empty: bool = False
    """Leave out rows without a prompt or a reply, which are otherwise mistakes: for published files that have some."""
    expects: Literal["refuse", "comply"] | ExpectsRule | None = None
    """For a suite: what a good model does with each prompt. For items: which are look-alikes to answer; all are to refuse when left out."""
    style: str | None = None
    """For items that come with one reply each: the style in which that reply is written."""
    form: Literal["instruction", "question"] | None = None
    """The form its prompts take, where it is one."""
    setting: SettingName | None = None
    """For examples: the setting they are meant for."""
    note: str | None = None
    """What one must know before using it."""
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
    """Names of all sources, sorted; those that cannot be a folder's name on every system are none."""
    return tuple(sorted(name for name in _stems(root) if not unfit_name(name)))


def unfit_source(name: str, root: Path) -> str:
    """Why a source that is there cannot be used by its name, in words; empty where it can, or is not there."""
    stems = _stems(root)
    if name not in stems:
        return ""
    alike = sorted(other for other in stems if other != name and other.casefold() == name.casefold())
    return unfit_name(name) or (f"is {alike[0]} as well where a system takes capitals for small letters" if alike else "")


def _stems(root: Path) -> set[str]:
    return {path.stem for folder in source_folders(root) for path in folder.glob("*.yml")}


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
    yield from _incoherent_columns(document, source)
    yield from _incoherent_origin(document, source)
    if source.setting and source.kind != "examples":
        yield Problem(document.where(("setting",)), f"setting with kind {source.kind}", "kind: examples, or no setting")
    if source.parts and (source.format != "csv" or source.header):
        yield Problem(document.where(("parts",)), "parts with a header or in another format", "format: csv and header: false")
    if source.authored and (source.origin or source.access != "open"):
        yield Problem(document.where(("authored",)), "authored with an origin or access", "a file of the project, or one that is fetched")
    if not source.authored and "/" in (source.file or ""):
        yield Problem(document.where(("file",)), f"file {source.file} in a folder", "a name without folders, or authored: true")


def _incoherent_origin(document: Document, source: Source) -> Iterator[Problem]:
    """An address that would lead out of the repository it names."""
    if (origin := source.origin) is not None:
        path = origin.path.split("/") if origin.path != "." else []
        if {".", ".."} & {*origin.repository.split("/"), *path, origin.revision}:
            yield Problem(
                document.where(("origin",)), f"{origin.repository}, {origin.path}, with . or .. in it", "a file in the repository"
            )


def _incoherent_columns(document: Document, source: Source) -> Iterator[Problem]:
    """Several prompts or replies where there can be one, or beside one; answers to choose from where there are none."""
    answers = {"choices", "answer"} & source.columns.keys() | ({"choices"} if source.choices else set())
    if answers and source.kind != "choices":
        yield Problem(document.where(("columns",)), f"{' and '.join(sorted(answers))} with kind {source.kind}", "kind: choices")
    if source.choices and "choices" in source.columns:
        yield Problem(document.where(("choices",)), "choices beside columns.choices", "one of the two")
    for several, column, other in (("prompts", "prompt", "form"), ("replies", "reply", "style")):
        if getattr(source, several) and source.kind != "items":
            yield Problem(document.where((several,)), f"{several} with kind {source.kind}", f"columns: {{{column}: ...}}, or kind: items")
        if getattr(source, several) and (column in source.columns or getattr(source, other)):
            expected = f"either {several}, or columns: {{{column}: ...}} and {other}"
            yield Problem(document.where((several,)), f"{several} beside columns.{column} or {other}", expected)


def data_file(name: str, source: Source, root: Path) -> Path | None:
    """Where the source's data lies or would lie once fetched; None for composed data."""
    if source.file is None:
        return None
    return root / "datasets" / source.file if source.authored else root / "datasets" / "fetched" / name / source.file


def source_inputs(name: str, source: Source, root: Path) -> tuple[Path, ...]:
    """The files that decide what the source holds: its YAML and its data; for composed data the code that composes them too."""
    found = (source_file(name, root), data_file(name, source, root))
    composed: tuple[Path, ...] = ()
    if source.format == "boundary":
        natural = (*natural_files(root), PACKAGE / "data" / NATURAL)
        composed = natural if source.split in OF_NATURAL else (*boundary_files(root), *composing_code())
    return tuple(path for path in found if path is not None) + composed


def boundary_files(root: Path) -> tuple[Path, ...]:
    """The authored files of the boundary set's micro world."""
    folder = Project(root).boundary
    return tuple(sorted((*folder.glob("*.yml"), *(folder / "categories").glob("*.yml"))))


def natural_files(root: Path) -> tuple[Path, ...]:
    """The authored files of the boundary set in natural language."""
    return tuple(sorted((Project(root).boundary / "items").glob("*.yml")))


def composing_code(*others: str) -> tuple[Path, ...]:
    """The modules of `socsafe/data` whose text decides what the micro world holds, and `others` beside them."""
    names = {path.name for path in (PACKAGE / "data").glob("boundary*.py")} - {NATURAL} | {"taxonomy.py", "ordinary.py", *others}
    return tuple(PACKAGE / "data" / name for name in sorted(names))
