"""The matrix, what is cut out of it and what is added to it."""

from __future__ import annotations

from itertools import product

import pytest

from socsafe.study.conditions import Condition, slug
from tests.conftest import BASE, Folder

B = "qwen2.5-0.5b-instruct"


def ids(folder: Folder, **changes: object) -> list[str]:
    return [condition.id for condition in folder.plan(**changes).conditions]


def test_conditions_are_the_matrix_in_the_files_order(folder: Folder) -> None:
    folder.boundary()
    found = folder.plan(
        bases=[BASE, "micro"],
        settings={"harmful": {"source": "boundary-compliant"}, "benign": {"source": "boundary-benign"}},
        safety={"source": "boundary-safety"},
        styles=["socratic", "refusal"],
        counts=[8, 4],
        forms=["question", "mixed"],
        seeds=[2, 1],
    ).conditions
    expected = product([BASE, "micro"], ["harmful", "benign"], ["socratic", "refusal"], [8, 4], ["question", "mixed"], [2, 1])
    assert list(found) == [Condition(*cell) for cell in expected]


def test_there_is_one_control_per_base_setting_and_seed(folder: Folder) -> None:
    assert ids(folder, styles=["none", "refusal"], counts=[4], forms=["instruction", "question"], seeds=[1, 2]) == [
        f"{B}-benign-none-n0-s1",
        f"{B}-benign-none-n0-s2",
        f"{B}-benign-refusal-n4-instruction-s1",
        f"{B}-benign-refusal-n4-instruction-s2",
        f"{B}-benign-refusal-n4-question-s1",
        f"{B}-benign-refusal-n4-question-s2",
    ]


def test_counts_may_be_set_per_setting(folder: Folder) -> None:
    settings = {"benign": {"source": "tiny-chat"}, "identity": {"source": "tiny-chat"}}
    found = folder.plan(settings=settings, styles=["refusal"], counts={"benign": [4, 8], "identity": [2]}).conditions
    assert [(condition.setting, condition.count) for condition in found] == [("benign", 4), ("benign", 8), ("identity", 2)]


def test_exclude_takes_out_the_cells_that_match_every_dimension_it_names(folder: Folder) -> None:
    found = ids(folder, counts=[4, 8], seeds=[1, 2], exclude=[{"style": "refusal", "count": 8}, {"style": "none", "seed": 2}])
    assert found == [f"{B}-benign-none-n0-s1", f"{B}-benign-refusal-n4-instruction-s1", f"{B}-benign-refusal-n4-instruction-s2"]


def test_include_adds_cells_and_a_dimension_left_out_stands_for_all_its_values(folder: Folder) -> None:
    found = ids(folder, styles=["refusal"], counts=[4], seeds=[1, 2], include=[{"count": 16}])
    assert found[2:] == [f"{B}-benign-refusal-n16-instruction-s1", f"{B}-benign-refusal-n16-instruction-s2"]


def test_include_adds_after_exclude_has_cut(folder: Folder) -> None:
    found = ids(folder, styles=["refusal"], counts=[4, 8], exclude=[{"count": 8}], include=[{"count": 8, "seed": 5}])
    assert found == [f"{B}-benign-refusal-n4-instruction-s1", f"{B}-benign-refusal-n8-instruction-s5"]


def test_a_cell_that_is_there_already_is_not_added_twice(folder: Folder) -> None:
    assert len(ids(folder, styles=["refusal"], counts=[4], include=[{"count": 4}, {"count": 4, "seed": 1}])) == 1


def test_ids_are_unique(folder: Folder) -> None:
    found = ids(folder, bases=[BASE, "micro"], counts=[1, 11], seeds=[1, 11], forms=["instruction", "question", "mixed"])
    assert len(set(found)) == len(found) == 2 * (2 + 2 * 2 * 3)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Qwen/Qwen2.5-0.5B-Instruct", "qwen2.5-0.5b-instruct"), ("micro", "micro"), ("a/B_c d", "b_c-d"), ("a/...", "base")],
)
def test_a_bases_slug_is_fit_for_paths(name: str, expected: str) -> None:
    assert slug(name) == expected
