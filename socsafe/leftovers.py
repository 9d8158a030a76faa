"""What a killed run leaves behind that nobody will need again, and taking it away.

>>> remove_leftovers(project, "quickstart")

Whoever calls these holds the study's lock, or that of the bases. What a living process is writing stays (`socsafe.files`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from shutil import rmtree

from socsafe.files import remove_abandoned
from socsafe.locks import held
from socsafe.paths import Project

_IN_PARTS = {"generate": "completions", "ability": "ability", "drift": "drift"}
"""Stages whose units are made in parts (`socsafe.data.parts`) -> the folder of a condition's run that they are made in."""


def remove_leftovers(project: Project, study: str) -> None:
    """Remove the files and folders that killed runs of the study were writing."""
    written = (project.mixtures(study), project.study_run(study), project.adapter_gguf(study, "any").parent, project.report(study))
    for folder in (project.recipe(study, "any").parent, *written):
        remove_abandoned(folder, deep=True)


def remove_parts(project: Project, study: str, stage: str, finished: Iterable[str]) -> None:
    """Remove the parts that units were made in, of the conditions that the stage has finished.

    A run that was killed when it had just noted a unit as done left them there.
    """
    if stage in _IN_PARTS:
        for condition in finished:
            for parts in list((project.run(study, condition) / _IN_PARTS[stage]).glob("*.parts-*")):
                rmtree(parts)


@contextmanager
def study_held(project: Project, study: str, reading: bool = False) -> Iterator[None]:
    """The study for this process alone while the block runs. Raises `RunError` where another process is working on it.

    With `reading`, for what makes nothing or a report alone: a study of which nothing was made, or that can only be read, is not locked.
    """
    folder = project.study_run(study)
    if reading and not folder.is_dir():
        yield
        return
    with held(folder / "lock", f"study {study}", wait=False, reading=reading):
        yield


@contextmanager
def bases_held(project: Project, waiting: Callable[[str], None]) -> Iterator[None]:
    """The bases and their GGUF files, which studies share, for this process alone while the block runs."""
    with held(project.bases_lock, "the bases", wait=True, waiting=waiting):
        for folder in (project.bases_lock.parent, project.base_gguf("any", "any").parent):
            remove_abandoned(folder)
        yield
