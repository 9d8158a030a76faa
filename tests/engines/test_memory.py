"""What control groups leave a process of the machine's memory, whichever of them has the limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from socsafe.engines.memory import left_by_groups

FILES = {
    2: ("memory.max", "memory.current", "inactive_file"),
    1: ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}
NONE = {2: "max", 1: str(2**63 - 4096)}


def group(folder: Path, version: int, most: str) -> None:
    """A control group that holds 300 bytes, 100 of which are of files."""
    folder.mkdir(parents=True, exist_ok=True)
    limit, used, given_up = FILES[version]
    (folder / limit).write_text(f"{most}\n")
    (folder / used).write_text("300\n")
    (folder / "memory.stat").write_text(f"anon 200\n{given_up} 100\n")


@pytest.mark.parametrize(
    ("version", "told", "at"),
    [
        (2, "0::/slurm/job_7/step_0/task_1", ""),
        (1, "9:cpu:/other\n4:memory,hugetlb:/slurm/job_7/step_0/task_1\n0::/", "memory"),
    ],
)
def test_the_limit_of_a_group_above_is_kept_too(tmp_path: Path, version: int, told: str, at: str) -> None:
    job = tmp_path / at / "slurm" / "job_7"
    group(job, version, "5000")
    group(job / "step_0" / "task_1", version, NONE[version])
    assert list(left_by_groups(told, tmp_path)) == [5000 - 300 + 100]
    group(job / "step_0" / "task_1", version, "1000")
    assert list(left_by_groups(told, tmp_path)) == [800, 4800]


@pytest.mark.parametrize("path", ["/", "/docker/0123", "/../../system.slice"])
@pytest.mark.parametrize(("version", "line", "at"), [(2, "0::", ""), (1, "4:memory:", "memory")])
def test_a_container_sees_its_own_group_as_the_root(tmp_path: Path, version: int, line: str, at: str, path: str) -> None:
    group(tmp_path / at, version, "1000")
    assert list(left_by_groups(line + path, tmp_path)) == [800]


def test_a_group_that_holds_more_than_its_limit_leaves_nothing_and_no_groups_limit_nothing(tmp_path: Path) -> None:
    assert list(left_by_groups("", tmp_path)) == list(left_by_groups("0::/", tmp_path)) == []
    group(tmp_path, 2, "100")
    assert list(left_by_groups("0::/", tmp_path)) == [0]
