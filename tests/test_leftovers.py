"""What a killed run leaves is taken away, and nothing else is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from socsafe.leftovers import bases_held, remove_leftovers, remove_parts
from socsafe.paths import Project

WRITTEN = ("recipes/tiny", "datasets/mixtures/tiny", "runs/tiny/cell/completions", "quantized/tiny", "reports/tiny/examples")
KILLED = """
import os, signal, sys
from contextlib import ExitStack
from pathlib import Path
from socsafe.files import atomic_path
with ExitStack() as stack:
    for path in sys.argv[1:]:
        stack.enter_context(atomic_path(Path(path))).write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_while_writing(*paths: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, *map(str, paths)], check=False)


def hidden(root: Path) -> list[str]:
    return sorted(path.parent.relative_to(root).as_posix() for path in root.rglob(".*.part"))


def test_what_a_killed_run_was_writing_goes_wherever_in_the_study_it_lies(tmp_path: Path) -> None:
    project = Project(tmp_path)
    killed_while_writing(*(tmp_path / folder / "x.json" for folder in (*WRITTEN, "runs/other", "quantized/bases")))
    assert len(hidden(tmp_path)) == len(WRITTEN) + 2
    remove_leftovers(project, "tiny")
    assert hidden(tmp_path) == ["quantized/bases", "runs/other"]
    with bases_held(project, print):
        assert hidden(tmp_path) == ["runs/other"]


def test_parts_go_with_the_conditions_that_the_stage_has_finished_and_with_no_others(tmp_path: Path) -> None:
    project = Project(tmp_path)
    for place in ("a/completions/s", "a/ability/s", "b/completions/s"):
        part = tmp_path / "runs" / "tiny" / f"{place}.parts-5e3c" / "00000-1f.jsonl"
        part.parent.mkdir(parents=True)
        part.write_text("{}\n")
        part.parents[1].joinpath("s.jsonl").write_text("{}\n")
    remove_parts(project, "tiny", "generate", ["a"])
    remove_parts(project, "tiny", "judge", ["b"])
    left = sorted(path.relative_to(tmp_path / "runs" / "tiny").as_posix() for path in tmp_path.rglob("s*"))
    assert left == [
        "a/ability/s.jsonl",
        "a/ability/s.parts-5e3c",
        "a/completions/s.jsonl",
        "b/completions/s.jsonl",
        "b/completions/s.parts-5e3c",
    ]
