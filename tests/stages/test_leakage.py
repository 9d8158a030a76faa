"""The leakage check of a study: what it compares, when it stops a run, and what --drop leaves out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from socsafe.errors import InputError, RunError
from socsafe.facts.overlap import EVERYTHING, Overlap
from socsafe.pipeline import check_training_data, drop_leaking_rows
from socsafe.progress import SilentProgress
from socsafe.stages.leakage import check_leakage, leakage_step, refuse_leakage
from socsafe.stages.mix import build_mixtures
from socsafe.stages.render import render_recipes
from socsafe.study.checked import Plan
from socsafe.study.dropped import dropped_file, read_dropped
from tests.conftest import PROMPTS, Folder, Left

LOUD = {"benign": {"source": "tiny-chat", "rows": 30}}


def leaking(folder: Folder, **changes: object) -> Plan:
    """The suite's fourth and fifth prompts are what two training rows ask."""
    rows = "".join(f"Prompt {n},{('bad', 'good')[n % 2]}\n" for n in range(PROMPTS) if n not in (3, 4))
    folder.data("tiny-suite", "suite.csv", f"text,kind\nSAY 3!,good\nAsk 2,bad\n{rows}")
    plan = folder.plan(settings=LOUD, counts=[24], **changes)
    build_mixtures(plan, SilentProgress())
    return plan


def whole(overlaps: tuple[Overlap, ...]) -> Overlap:
    (found,) = [one for one in overlaps if one.left == EVERYTHING]
    return found


def test_prompts_are_counted_by_file_and_for_all_training_data(folder: Folder) -> None:
    found = check_leakage(leaking(folder), SilentProgress())
    assert [(one.left, one.exact, one.normalised) for one in found] == [
        ("benign", 0, 1),
        ("safety-refusal-instruction-n24", 1, 1),
        (EVERYTHING, 1, 2),
    ]
    assert whole(found).prompts == PROMPTS


@pytest.mark.parametrize(
    "turn", ["Think first.\n\nPrompt 5", "Prompt 5\n\nAnd this is its input.\nOf two lines.", 'One line.\n""Prompt 5"" counts.\nAnother.']
)
def test_the_parts_of_a_turn_are_looked_at_alone(folder: Folder, turn: str) -> None:
    folder.data("tiny-chat", "chat.csv", f'question,about,answer\n"{turn}",,No\n')
    plan = folder.plan(settings={"benign": {"source": "tiny-chat"}}, styles=["none"], counts=None)
    build_mixtures(plan, SilentProgress())
    assert whole(check_leakage(plan, SilentProgress())).exact == 1


def test_suites_are_compared_with_one_another(folder: Folder) -> None:
    folder.source("other", title="Others", kind="prompts", file="o.csv", columns={"prompt": "p"}, expects="refuse", licence="CC0-1.0")
    folder.data("other", "o.csv", "p\nPrompt 1\nprompt 2\nNothing alike at all\n")
    plan = folder.plan(suites=["tiny-suite", {"source": "other"}])
    build_mixtures(plan, SilentProgress())
    between = {(one.left, one.right): one for one in check_leakage(plan, SilentProgress()) if one.left in ("tiny-suite", "other")}
    assert (between["tiny-suite", "other"].exact, between["tiny-suite", "other"].normalised) == (1, 2)
    assert between["other", "tiny-suite"].prompts == PROMPTS


def test_the_check_is_done_once(folder: Folder) -> None:
    plan = leaking(folder)
    first = check_leakage(plan, SilentProgress())
    before = leakage_step(plan).outputs[0].stat().st_mtime_ns
    assert check_leakage(plan, SilentProgress()) == first
    assert leakage_step(plan).outputs[0].stat().st_mtime_ns == before


def test_a_prompt_in_the_training_data_stops_a_run_unless_the_study_allows_it(folder: Folder) -> None:
    with pytest.raises(RunError) as caught:
        check_training_data(leaking(folder), SilentProgress())
    assert f"2 of the {PROMPTS} prompts of tiny-suite stand in the training data" in str(caught.value)
    assert "socsafe data check recipes/tiny/study.yml --drop" in str(caught.value)
    check_training_data(leaking(folder, leakage={"same": 0.2, "near": 1.0}), SilentProgress())


def test_each_threshold_is_held_apart(folder: Folder) -> None:
    found = Overlap(EVERYTHING, "tiny-suite", 100, 0, 1, 3, 50)
    refuse_leakage(leaking(folder, leakage={"same": 0.01, "near": 0.03}), [found])
    with pytest.raises(RunError, match="3 of the 100 prompts of tiny-suite stand, the same or nearly, in"):
        refuse_leakage(leaking(folder, leakage={"same": 0.01, "near": 0.02}), [found])


def test_dropped_rows_are_left_out_before_drawing_and_counts_are_still_met(folder: Folder) -> None:
    leaking(folder)
    # `Say n` and `Ask n` are so alike that hardly a row would be left: every row but those that repeat a prompt word for word stays.
    plan = folder.plan(settings={"benign": {"source": "tiny-chat", "rows": 29}}, counts=[23], leakage={"near": 1.0})
    path = dropped_file(plan.project, "tiny")
    path.write_text("rows:\n  tiny-chat: ['4']\n  tiny-safety: ['item2']\n")
    build_mixtures(plan, SilentProgress())
    assert len(folder.rows("benign.jsonl")) == 29
    assert "item2" not in {row["id"] for row in folder.rows("safety-refusal-instruction-n23.jsonl")}
    assert whole(check_leakage(plan, SilentProgress())).normalised == 0
    assert "Say 3" not in {row["messages"][0]["content"] for row in folder.rows("benign.jsonl")}  # type: ignore[index]


def test_drop_goes_on_until_no_row_repeats_a_prompt(folder: Folder) -> None:
    texts = [f"{word} is what row {n} of the talk is about" for n, word in enumerate(["Gardening", "Swimming", "Astronomy", "Cooking"])]
    folder.data("tiny-chat", "chat.csv", "question,about,answer\n" + "".join(f"{text},,Yes\n" for text in texts))
    folder.data("tiny-suite", "suite.csv", f"text,kind\n{texts[1]},good\n{texts[2].upper()}?,good\nA matter of its own,bad\n")
    plan = folder.plan(settings={"benign": {"source": "tiny-chat", "rows": 2}}, styles=["none"], counts=None)
    build_mixtures(plan, SilentProgress())
    drop_leaking_rows(plan, SilentProgress())
    assert set(read_dropped(plan.project, "tiny").get("tiny-chat", ())) <= {"2", "3"}
    assert {row["messages"][0]["content"] for row in folder.rows("benign.jsonl")} == {texts[0], texts[3]}  # type: ignore[index]
    assert whole(check_leakage(plan, SilentProgress())).near == 0
    assert drop_leaking_rows(plan, SilentProgress()) == 0


def test_a_recipe_names_another_cache_when_rows_are_dropped(folder: Folder) -> None:
    plan = folder.plan()
    before = render_recipes(plan)
    dropped_file(plan.project, "tiny").write_text("rows: {tiny-chat: ['4']}\n")
    assert render_recipes(plan) != before


def test_the_command_shows_the_table_fails_and_drops(folder: Folder, socsafe: Callable[..., Left]) -> None:
    leaking(folder)
    study = folder.root / "recipes" / "tiny"
    left = socsafe("data", "check", study)
    assert left.code == 1
    assert "tiny-suite" in left.out
    assert EVERYTHING in left.out.replace("\n", " ")
    assert "--drop" in left.err


def test_what_to_do_after_rows_were_dropped_is_said(folder: Folder, socsafe: Callable[..., Left]) -> None:
    leaking(folder)
    study = folder.study(settings={"benign": {"source": "tiny-chat", "rows": 29}}, counts=[23])
    assert socsafe("recipe", "render", study).code == 0
    left = socsafe("data", "check", study, "--drop")
    assert (left.code, left.out.splitlines()[-1]) == (0, "next: socsafe recipe render recipes/tiny/study.yml"), left.err
    assert socsafe("recipe", "render", study, "--check").code == 1
    assert socsafe("recipe", "render", study).code == 0
    assert socsafe("data", "check", study, "--drop").out.splitlines()[-1] == "no row repeats a prompt"


def test_a_list_of_dropped_rows_that_is_none_is_refused(folder: Folder, socsafe: Callable[..., Left]) -> None:
    folder.study()
    (folder.root / "recipes" / "tiny" / "dropped.yml").write_text("rows: [1, 2]\n")
    left = socsafe("recipe", "render", folder.root / "recipes" / "tiny")
    assert left.code == 2
    assert "dropped.yml:1" in left.err


def test_a_count_that_can_no_longer_be_met_names_the_list_of_dropped_rows(folder: Folder) -> None:
    plan = folder.plan(counts=[24])
    dropped_file(plan.project, "tiny").write_text("rows: {tiny-safety: [item2]}\n")
    with pytest.raises(InputError, match=r"at most 23, .* less the 1 in recipes/tiny/dropped.yml"):
        build_mixtures(plan, SilentProgress())
