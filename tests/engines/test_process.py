from __future__ import annotations

from pathlib import Path

import pytest

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
