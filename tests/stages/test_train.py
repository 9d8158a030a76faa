"""Adapters: adopted where they were trained elsewhere, trained where they were not, and each kind of broken one told apart.

Training runs a command named `axolotl` on PATH. Here that is a script that stands for it, in a Python that has every
package but Axolotl; the real one is run by tests/end_to_end.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml

from socsafe.engines.process import last_lines
from socsafe.errors import RunError
from socsafe.files import sha256_file
from socsafe.manifest import read_manifest, why_stale
from socsafe.pipeline import prepare
from socsafe.progress import SilentProgress
from socsafe.stages.train import is_adoptable, train, train_step
from socsafe.study.account import read_account
from socsafe.study.bases import ATTENTION, known_bases
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.mixtures import training_files
from tests.conftest import Folder

Socsafe = Callable[..., CompletedProcess[str]]
TARGETS = list(known_bases()["qwen2.5-0.5b-instruct"].lora_targets)
WEIGHTS = "adapter_model.safetensors"


def safetensors(fill: bytes = b"\0") -> bytes:
    """A whole file of one tensor of four bytes."""
    header = json.dumps({"__metadata__": {"format": "pt"}, "w": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}}).encode()
    return len(header).to_bytes(8, "little") + header + fill * 4


def put(run: Path, content: bytes | None = None, **changes: object) -> Path:
    """An adapter as peft writes it, as if copied to the run's folder."""
    run.mkdir(parents=True, exist_ok=True)
    (run / WEIGHTS).write_bytes(safetensors() if content is None else content)
    config = {"r": 8, "lora_alpha": 16, "target_modules": TARGETS, "peft_type": "LORA", **changes}
    (run / "adapter_config.json").write_text(json.dumps(config))
    return run


@pytest.fixture
def plan(folder: Folder) -> Plan:
    """Recipes and mixtures of a control and one treated condition, both to be trained."""
    made = folder.plan(counts=[4])
    prepare(made, SilentProgress())
    return made


def run_of(plan: Plan, condition: Condition) -> Path:
    return plan.project.run("tiny", condition.id)


def origin(plan: Plan, condition: Condition) -> str:
    noted = read_manifest(train_step(plan, condition).manifest)
    assert noted is not None
    return str(noted["parameters"]["origin"])


def account_of(plan: Plan, condition: Condition, **changes: object) -> str:
    files = [{"file": plan.project.relative(path), "rows": 4, "loss_tokens": 9} for path in training_files(plan, condition)]
    told = {"base_model": plan.bases[condition.base].model, "seed": condition.seed, "steps": 7, "train_loss": 1.5, "eval_loss": None}
    return json.dumps({**told, "files": files, "sample": [], **changes})


def adopt_all(plan: Plan) -> dict[str, str]:
    return train(plan, plan.conditions, SilentProgress())


def put_all(plan: Plan) -> list[Path]:
    return [put(run_of(plan, condition)) for condition in plan.conditions]


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


STAND_IN = f"""#!{sys.executable}
import json, os, pathlib, sys, yaml
recipe = pathlib.Path(sys.argv[2])
told_to = yaml.safe_load(recipe.read_text())
run, prepared = pathlib.Path(told_to["output_dir"]), pathlib.Path(told_to["dataset_prepared_path"])
told = [os.environ.get(name) for name in ("AXOLOTL_DO_NOT_TRACK", "OMP_NUM_THREADS")]
print(sys.argv[1:], *told, prepared.exists(), (run / "training.started").exists())
if ("refusal" in recipe.name or MODE == "all fail") and MODE not in ("good", "interrupted"):
    print("step 1\\rstep 2\\rthe last words")
    sys.exit(0 if MODE == "leaves nothing" else 3)
(run / "{WEIGHTS}").write_bytes({safetensors()!r})
(run / "adapter_config.json").write_text(json.dumps({{"r": 8, "lora_alpha": 16, "target_modules": {TARGETS!r}}}))
if MODE != "interrupted":
    files = [{{"file": entry["path"], "rows": 1, "loss_tokens": 1}} for entry in told_to["datasets"]]
    rest = {{"steps": 1, "train_loss": 1.5, "eval_loss": None, "files": files, "sample": []}}
    (run / "training.json").write_text(json.dumps({{"base_model": told_to["base_model"], "seed": told_to["seed"], **rest}}))
"""


@pytest.fixture
def with_stand_in(folder: Folder, without_axolotl: Socsafe, tmp_path: Path) -> Socsafe:
    def call(mode: str, command_word: str = "train") -> CompletedProcess[str]:
        command = tmp_path / "bin" / "axolotl"
        command.parent.mkdir(exist_ok=True)
        command.write_text(STAND_IN.replace("MODE", repr(mode)))
        command.chmod(0o755)
        return without_axolotl(command_word, "recipes/tiny/study.yml", cwd=folder.root, path=f"{command.parent}:/usr/bin:/bin")

    return call


def test_a_training_that_fails_shows_its_last_lines_and_its_log_and_the_others_go_on(
    folder: Folder, plan: Plan, with_stand_in: Socsafe
) -> None:
    control, treated = plan.conditions
    done = with_stand_in("fails")
    assert done.returncode == 1
    assert f"{treated.id}.yml: axolotl left with code 3; its last lines:" in done.stderr
    assert "      | the last words" in done.stderr
    assert f"to mend:  less {run_of(plan, treated) / 'train.log'}" in done.stderr
    assert "Traceback" not in done.stderr
    assert train_step(plan, control).manifest.exists()
    assert (run_of(plan, treated) / "training.started").exists()

    # What the first run finished is kept; what it left half-done, an adapter even, is trained again.
    put(run_of(plan, treated))
    stale_cache = folder.root / yaml.safe_load(plan.project.recipe("tiny", treated.id).read_text())["dataset_prepared_path"]
    stale_cache.mkdir(parents=True)
    (run_of(plan, control) / "train.log").unlink()
    again = with_stand_in("good")
    assert (again.returncode, again.stderr.count("adopted")) == (0, 0), again.stderr
    assert not (run_of(plan, control) / "train.log").exists()
    assert not (run_of(plan, treated) / "training.started").exists()
    assert origin(plan, treated) == "trained"
    log = (run_of(plan, treated) / "train.log").read_text()
    assert f"['train', 'recipes/tiny/{treated.id}.yml', '--launcher', 'python'] 1 1 False True" in log
    assert not stale_cache.exists()


def test_a_training_that_leaves_no_adapter_has_failed(plan: Plan, with_stand_in: Socsafe) -> None:
    done = with_stand_in("leaves nothing")
    assert done.returncode == 1
    assert f"no {WEIGHTS} and no adapter_config.json" in done.stderr
    assert not train_step(plan, plan.conditions[1]).manifest.exists()


def test_a_training_that_ends_well_without_its_account_was_interrupted(plan: Plan, with_stand_in: Socsafe) -> None:
    done = with_stand_in("interrupted")
    assert done.returncode == 1
    for condition in plan.conditions:
        assert f"{run_of(plan, condition) / 'training.json'}: is missing: training did not come to its end" in done.stderr
        assert not train_step(plan, condition).manifest.exists()
        assert not is_adoptable(plan, condition)


def test_a_run_whose_every_training_fails_names_them_all(plan: Plan, with_stand_in: Socsafe) -> None:
    done = with_stand_in("all fail", "run")
    assert done.returncode == 1
    for condition in plan.conditions:
        assert f"error: {condition.id}: failed in stage train" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_last_lines_of_a_log_are_those_that_a_terminal_would_show(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(b"one\n10%\r20%\rdone\n\xff\n\n")
    assert last_lines(log, 2) == "      | done\n      | \ufffd"
    assert last_lines(tmp_path / "gone.log").strip() == "|"
