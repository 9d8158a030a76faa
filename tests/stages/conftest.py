"""The tiny models of the engines' tests, for the stages that run one."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from socsafe.progress import Advance, SilentProgress
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.models import adapter_file, model_file
from tests.conftest import BASE, Folder
from tests.engines.conftest import Models, tiny, tools

__all__ = ["Said", "put_ggufs", "tiny", "tools", "two_bases"]


class Said:
    """Keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    def task(self, title: str, total: int) -> AbstractContextManager[Advance]:
        return SilentProgress().task(title, total)


@pytest.fixture
def two_bases(folder: Folder) -> Plan:
    """Two conditions of the base that is made here, then two of one from the hub."""
    return folder.plan(bases=["micro", BASE], counts=[4], compute={"threads": 1, "slots": 8, "context": 128}, sampling={"max_tokens": 6})


def put_ggufs(plan: Plan, condition: Condition, tiny: Models, number: int = 0) -> tuple[Path, Path]:
    """Put the tiny base and an adapter where the condition's are looked for."""
    model, adapter = model_file(plan, condition), adapter_file(plan, condition)
    assert adapter is not None
    for source, target in ((tiny.q8, model), (tiny.adapter_ggufs[number], adapter)):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    return model, adapter
