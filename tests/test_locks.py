"""One process at a time, told by name; a lock whose holder is dead holds nobody up."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from socsafe.errors import RunError
from socsafe.locks import held

HOLDER = """
import sys, time
from pathlib import Path
from socsafe.locks import held
with held(Path(sys.argv[1]), "the study", wait=False):
    print("held", flush=True)
    time.sleep(60)
"""


def holder(lock: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(lock)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_who_comes_second_is_told_who_is_at_work_and_on_which_machine(tmp_path: Path) -> None:
    with holder(tmp_path / "lock") as process:
        told = f"process {process.pid} on {platform.node()} is working on the study"
        with pytest.raises(RunError, match=told), held(tmp_path / "lock", "the study", wait=False):
            pass
        process.kill()


def test_a_lock_is_free_as_soon_as_its_holder_is_killed(tmp_path: Path) -> None:
    with holder(tmp_path / "lock") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with held(tmp_path / "lock", "the study", wait=False):
            assert (tmp_path / "lock").read_text() == f"{os.getpid()} on {platform.node()}"


@pytest.mark.parametrize("left", ["", "1 on another-machine", str(os.getpid()), "\0\xff" * 300], ids=["empty", "elsewhere", "own", "torn"])
def test_what_a_lock_file_says_holds_nobody_up(tmp_path: Path, left: str) -> None:
    (tmp_path / "lock").write_text(left)
    with held(tmp_path / "lock", "the study", wait=False):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()} on {platform.node()}"


def test_who_waits_says_for_whom_and_goes_on_when_it_is_free(tmp_path: Path) -> None:
    said: list[str] = []
    with holder(tmp_path / "lock") as process:
        threading.Timer(0.3, process.kill).start()
        with held(tmp_path / "lock", "the bases", wait=True, waiting=said.append):
            pass
    assert said == [f"waiting: process {process.pid} on {platform.node()} is working on the bases"]


def test_a_lock_that_cannot_be_made_is_a_failed_run_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"), held(tmp_path / "file" / "lock", "the study", wait=False):
        pass
