"""The compute block that is proposed for a machine and written into a study."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from socsafe.stages.compute import compute_line, propose, write_compute
from socsafe.study.checked import load_study
from tests.conftest import Folder, Left

OWN = {"training": {"sequence_len": 300}, "sampling": {"max_tokens": 100}}


def test_the_context_holds_the_longest_row_and_a_whole_reply(folder: Folder) -> None:
    assert propose(folder.plan(**OWN)).context == 512


def test_the_context_is_never_longer_than_the_base_s(folder: Folder) -> None:
    assert propose(folder.plan(bases=["micro"], training={"sequence_len": 1000}, sampling={"max_tokens": 900})).context == 1024


@pytest.mark.parametrize(
    "block",
    ["", "compute: {threads: 3}\n", "compute:\n  threads: 3\n\n  # of the old machine\n  slots: 4\n", "compute:   # later\n  threads: 3\n"],
)
@pytest.mark.parametrize("after", ["# a last word\nnotes: [One.]\n", "\n\n# after two empty lines\nnotes: [One.]\n", ""])
def test_the_block_is_put_in_place_of_the_old_one_and_all_else_stays(folder: Folder, block: str, after: str) -> None:
    path = folder.study()
    before = path.read_text()
    path.write_text(before + block + after)
    plan = load_study(path)
    proposed = propose(plan)
    write_compute(plan, proposed)
    line = compute_line(proposed) + "\n"
    assert path.read_text() == (before + line + after if block else before + after + line)
    assert load_study(path).study.compute == proposed


def test_a_block_at_the_very_end_of_a_file_without_a_last_newline_is_replaced(folder: Folder) -> None:
    path = folder.study()
    before = path.read_text()
    path.write_text(before + "compute: {threads: 3}")
    plan = load_study(path)
    write_compute(plan, propose(plan))
    assert path.read_text() == before + compute_line(propose(plan)) + "\n"


def test_the_command_prints_the_block_and_writes_it_only_when_told(here: Folder, socsafe: Callable[..., Left]) -> None:
    path = here.study()
    before = path.read_bytes()
    shown = socsafe("recipe", "compute", path)
    assert (shown.code, path.read_bytes()) == (0, before)
    told = socsafe("recipe", "compute", path, "--write")
    assert told.out == f"{shown.out}written to recipes/tiny/study.yml\n"
    assert path.read_text() == before.decode() + shown.out
