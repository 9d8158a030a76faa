"""Two runs of one study at once, and what a run that was killed leaves to the next."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from socsafe.locks import held
from tests.conftest import Folder, Left
from tests.finished import finished, tree


def test_the_second_of_two_runs_says_who_is_at_work_and_touches_nothing(here: Folder, socsafe: Callable[..., Left]) -> None:
    plan = finished(here)
    lock = plan.project.study_run("tiny") / "lock"
    with held(lock, "study tiny", wait=False):
        before = tree(here.root)
        left = socsafe("run", "recipes/tiny")
        assert left.code == 1
        assert f"{lock}: process {os.getpid()} on " in left.err
        assert "is working on study tiny" in left.err
        assert "then run the same command again" in left.err
        assert tree(here.root) == before
    assert socsafe("judge", "recipes/tiny").code == 0


@pytest.mark.parametrize(
    "command", [("data", "check"), ("data", "check", "--drop"), ("recipe", "render"), ("recipe", "render", "--recipes-only")]
)
def test_what_a_run_reads_is_not_written_meanwhile(here: Folder, socsafe: Callable[..., Left], command: tuple[str, ...]) -> None:
    plan = finished(here)
    here.study(settings={"benign": {"source": "tiny-chat", "rows": 12}})
    lock = plan.project.study_run("tiny") / "lock"
    with held(lock, "study tiny", wait=False):
        before = tree(here.root)
        left = socsafe(*command, "recipes/tiny")
        assert left.code == 1
        assert "is working on study tiny" in left.err
        assert tree(here.root) == before
        assert "is working" not in socsafe("recipe", "render", "recipes/tiny", "--check").err
    assert socsafe(*command, "recipes/tiny").code == 0
    assert tree(here.root) != before


def test_what_a_killed_run_was_writing_is_gone_after_the_next_and_the_lock_it_left_holds_nobody_up(
    here: Folder, socsafe: Callable[..., Left]
) -> None:
    plan = finished(here)
    verdicts = plan.project.verdicts("tiny", plan.conditions[0].id, "tiny-suite", "refusal")
    whole = verdicts.read_bytes()
    verdicts.unlink()
    killed = """
import os, signal, sys
from pathlib import Path
from socsafe.files import atomic_path
from socsafe.locks import held
with held(Path(sys.argv[1]), "study tiny", wait=False), atomic_path(Path(sys.argv[2])) as part:
    part.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", killed, plan.project.study_run("tiny") / "lock", verdicts], check=False)
    assert len(list(here.root.rglob(".*.part"))) == 1
    assert socsafe("judge", "recipes/tiny").code == 0
    assert list(here.root.rglob(".*.part")) == []
    assert verdicts.read_bytes() == whole
