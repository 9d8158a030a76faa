"""Adapters that were trained elsewhere: adopted once, and each kind of broken one told apart."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from socsafe.errors import RunError
from socsafe.files import sha256_file
from socsafe.manifest import read_manifest, why_stale
from socsafe.pipeline import prepare
from socsafe.progress import SilentProgress
from socsafe.stages.train import is_adoptable, train_step
from socsafe.study.account import read_account
from socsafe.study.bases import ATTENTION
from socsafe.study.checked import Plan
from tests.conftest import Folder
from tests.stages.train.conftest import (
    WEIGHTS,
    Socsafe,
    account_of,
    adopt_all,
    origin,
    put,
    put_all,
    run_of,
    safetensors,
)


def test_an_adapter_that_was_copied_in_is_adopted_once(plan: Plan) -> None:
    put_all(plan)
    assert all(is_adoptable(plan, condition) for condition in plan.conditions)
    assert adopt_all(plan) == {}
    for condition in plan.conditions:
        assert why_stale(train_step(plan, condition)) == ""
        assert origin(plan, condition) == "adopted"
        assert not is_adoptable(plan, condition)
        assert read_account(run_of(plan, condition) / "training.json") is None
    before = read_manifest(train_step(plan, plan.conditions[0]).manifest)
    assert adopt_all(plan) == {}
    assert read_manifest(train_step(plan, plan.conditions[0]).manifest) == before


def test_the_account_that_training_left_is_adopted_with_the_adapter(plan: Plan) -> None:
    run, _ = put_all(plan)
    (run / "training.json").write_text(account_of(plan, plan.conditions[0]))
    assert adopt_all(plan) == {}
    found = read_account(run / "training.json")
    assert found is not None
    assert found.steps == 7
    (run / "training.json").write_text("{")
    assert why_stale(train_step(plan, plan.conditions[0])) != ""
    with pytest.raises(RunError, match="Invalid JSON"):
        read_account(run / "training.json")


@pytest.mark.parametrize(
    "changes", [{"seed": 99}, {"base_model": "other/model"}, {"files": [{"file": "x.jsonl", "rows": 1, "loss_tokens": 1}]}]
)
def test_an_adapter_of_another_condition_is_not_adopted(plan: Plan, changes: dict[str, object]) -> None:
    run, _ = put_all(plan)
    (run / "training.json").write_text(account_of(plan, plan.conditions[0], **changes))
    failures = adopt_all(plan)
    assert list(failures) == [plan.conditions[0].id]
    assert "training.json: trained on" in failures[plan.conditions[0].id]


def test_an_adapter_whose_loss_is_not_a_number_fails_alone(plan: Plan) -> None:
    diverged, whole = plan.conditions
    run, _ = put_all(plan)
    (run / "training.json").write_text(account_of(plan, diverged, train_loss=None))
    failures = adopt_all(plan)
    assert list(failures) == [diverged.id]
    assert "training.json: the loss is not a number" in failures[diverged.id]
    assert not train_step(plan, diverged).manifest.exists()
    assert train_step(plan, whole).manifest.exists()


def test_a_comment_in_the_recipe_does_not_make_an_adapter_stale(plan: Plan) -> None:
    put_all(plan)
    adopt_all(plan)
    recipe = plan.project.recipe("tiny", plan.conditions[0].id)
    recipe.write_text("# a comment\n" + recipe.read_text())
    assert why_stale(train_step(plan, plan.conditions[0])) == ""


def test_an_adopted_adapter_that_the_study_left_behind_is_named_and_kept(folder: Folder, plan: Plan) -> None:
    put_all(plan)
    adopt_all(plan)
    other = folder.plan(counts=[4], training={"epochs": 9})
    prepare(other, SilentProgress())
    failures = adopt_all(other)
    assert set(failures) == {condition.id for condition in other.conditions}
    assert all("to train it here" in message for message in failures.values())
    assert (run_of(plan, plan.conditions[0]) / WEIGHTS).is_file()


def test_a_newer_adapter_copied_over_an_adopted_one_is_adopted_if_its_account_vouches_for_it(plan: Plan) -> None:
    put_all(plan)
    adopt_all(plan)
    condition = plan.conditions[0]
    run = put(run_of(plan, condition), safetensors(b"\1"))
    assert why_stale(train_step(plan, condition)).endswith("changed")
    failures = adopt_all(plan)
    assert list(failures) == [condition.id]
    assert "not the adapter that was adopted (by its SHA-256)" in failures[condition.id]
    assert f"rm {train_step(plan, condition).manifest}" in failures[condition.id]
    (run / "training.json").write_text(account_of(plan, condition, adapter_sha256=sha256_file(run / WEIGHTS)))
    assert adopt_all(plan) == {}
    assert why_stale(train_step(plan, condition)) == ""


def test_an_adapter_that_is_not_the_one_its_account_speaks_of_is_not_adopted(plan: Plan) -> None:
    run, _ = put_all(plan)
    condition = plan.conditions[0]
    (run / "training.json").write_text(account_of(plan, condition, adapter_sha256=sha256_file(run / WEIGHTS)))
    put(run, safetensors(b"\1"))
    failures = adopt_all(plan)
    assert list(failures) == [condition.id]
    assert "has the SHA-256" in failures[condition.id]
    assert "as training.json says" in failures[condition.id]


def test_an_adopted_adapter_whose_manifest_is_damaged_is_not_trained_over(plan: Plan, with_stand_in: Socsafe) -> None:
    put_all(plan)
    adopt_all(plan)
    condition = plan.conditions[0]
    manifest = train_step(plan, condition).manifest
    manifest.write_text(manifest.read_text().replace("adopted", "adoptee"))
    before = (run_of(plan, condition) / WEIGHTS).read_bytes()
    done = with_stand_in("good")
    assert done.returncode == 1
    assert "not the adapter that was adopted" in done.stderr
    assert (run_of(plan, condition) / WEIGHTS).read_bytes() == before


def test_an_adapter_that_is_trained_where_an_adopted_one_lay_is_noted_as_trained_here(plan: Plan, with_stand_in: Socsafe) -> None:
    gone, kept = put_all(plan)
    adopt_all(plan)
    (gone / WEIGHTS).unlink()
    assert with_stand_in("good").returncode == 0
    assert [origin(plan, condition) for condition in plan.conditions] == ["trained", "adopted"]
    assert (kept / WEIGHTS).is_file()


@pytest.mark.parametrize(
    ("break_it", "message"),
    [
        (lambda run: put(run, r=4), "{'r': 4, 'alpha': 16, "),
        (lambda run: put(run, lora_alpha=8), "'alpha': 8"),
        (lambda run: put(run, target_modules=list(ATTENTION)), "'targets': ['q_proj', 'v_proj']"),
        (lambda run: put(run, safetensors()[:-1]), " bytes\n    expected: "),
        (lambda run: put(run, safetensors() + b"\0"), " bytes\n    expected: "),
        (lambda run: put(run, safetensors()[:20]), "cut short in its header"),
        (lambda run: put(run, b""), "not a safetensors file"),
        (lambda run: put(run, b"<html>not found</html>" * 9), "not a safetensors file"),
        (lambda run: (put(run) / "adapter_config.json").write_text("{"), "not an adapter's configuration"),
        (lambda run: (put(run) / "adapter_config.json").write_text("[]"), "not an adapter's configuration"),
        (lambda run: (put(run) / "adapter_config.json").unlink(), "no adapter_config.json"),
        (lambda run: (put(run) / WEIGHTS).rename(run / "adapter_model.bin"), "an adapter saved as a pickle"),
    ],
)
def test_a_broken_adapter_is_told_apart_and_the_others_are_adopted(plan: Plan, break_it: Callable[[Path], object], message: str) -> None:
    whole, broken = plan.conditions
    put(run_of(plan, whole))
    break_it(run_of(plan, broken))
    failures = adopt_all(plan)
    assert list(failures) == [broken.id]
    assert message in failures[broken.id]
    assert why_stale(train_step(plan, whole)) == ""
    assert not train_step(plan, broken).manifest.exists()


def test_what_an_interrupted_training_left_is_not_adopted(plan: Plan) -> None:
    run = put(run_of(plan, plan.conditions[0]))
    (run / "training.started").write_text("")
    assert not is_adoptable(plan, plan.conditions[0])


def test_an_adapter_is_stale_once_its_mixture_or_its_recipe_changed(folder: Folder, plan: Plan) -> None:
    put_all(plan)
    adopt_all(plan)
    other = folder.plan(counts=[4], training={"epochs": 9})
    prepare(other, SilentProgress())
    assert why_stale(train_step(other, other.conditions[0])) == "parameters changed"
    back = folder.plan(counts=[4])
    prepare(back, SilentProgress())
    assert why_stale(train_step(back, back.conditions[0])) == ""


def test_adopting_needs_no_axolotl(folder: Folder, plan: Plan, without_axolotl: Socsafe) -> None:
    put_all(plan)
    done = without_axolotl("train", "recipes/tiny/study.yml", cwd=folder.root)
    assert (done.returncode, done.stderr.count("adopted: runs/tiny/")) == (0, 2), done.stderr


def test_without_axolotl_what_is_not_adopted_is_named_and_the_rest_goes_on(folder: Folder, plan: Plan, without_axolotl: Socsafe) -> None:
    put(run_of(plan, plan.conditions[0]))
    done = without_axolotl("train", "recipes/tiny/study.yml", cwd=folder.root)
    assert done.returncode == 1
    assert "adopted: runs/tiny/" in done.stderr
    assert f"error: {plan.conditions[1].id}: failed in stage train: axolotl: is not installed here" in done.stderr
    shutil.rmtree(folder.root / "runs")
    none = without_axolotl("train", "recipes/tiny/study.yml", cwd=folder.root)
    assert none.returncode == 2
    assert "error: axolotl: is not installed here\n    expected: Axolotl, or adapters trained elsewhere in runs/" in none.stderr
    assert "Traceback" not in done.stderr + none.stderr
