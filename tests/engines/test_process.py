from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import socsafe.engines.process
from socsafe.engines.process import last_lines, run_logged
from socsafe.errors import RunError


def test_a_program_gives_its_code_and_leaves_its_output_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "deep" / "log"
    assert run_logged(["sh", "-c", 'echo "$SEEN" >&2; exit 3'], log, {"SEEN": "yes"}) == 3
    assert log.read_text() == "yes\n"
    assert last_lines(log) == "      | yes"


@pytest.mark.parametrize("name", ["folder", "file/log"])
def test_a_log_that_cannot_be_written_is_one_clear_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=f"{name}: cannot be written"):
        run_logged(["true"], tmp_path / name, {})


def test_a_program_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no-such-program: cannot be run: No such file"):
        run_logged(["no-such-program"], tmp_path / "log", {})


STARTER = """
import polars  # as every run has by then: from here on the system goes on with a wait that Ctrl-C interrupts
from pathlib import Path
from socsafe.engines.process import run_logged
run_logged(["sh", "-c", "echo $$ > pid; exec sleep 60"], Path("log"), {})
"""


def started(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """A process that runs a program, in a session of its own; and the program's number."""
    process = subprocess.Popen([sys.executable, "-c", STARTER], cwd=folder, start_new_session=True, stderr=subprocess.DEVNULL)
    while not (folder / "pid").is_file() or not (folder / "pid").read_text().endswith("\n"):
        assert process.poll() is None
        time.sleep(0.01)
    return process, int((folder / "pid").read_text())


def ended(number: int) -> bool:
    """Whether a process is gone, or will be as soon as somebody asks for its exit code."""
    for _ in range(200):
        try:
            if Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a program with the one that started it")
def test_a_program_ends_with_the_process_that_started_it_though_that_is_killed(tmp_path: Path) -> None:
    process, program = started(tmp_path)
    process.kill()
    process.wait()
    assert ended(program)


def test_ctrl_c_ends_a_program_without_reaching_it_by_itself(tmp_path: Path) -> None:
    process, program = started(tmp_path)
    assert os.getpgid(program) != os.getpgid(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(20) != 0
    assert ended(program)


def test_a_program_that_will_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socsafe.engines.process, "GRACE", 0.2)
    stubborn = [
        sys.executable,
        "-c",
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)",
    ]

    def meanwhile() -> None:
        if (tmp_path / "log").read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_logged(stubborn, tmp_path / "log", {}, meanwhile=meanwhile)
