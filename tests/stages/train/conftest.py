"""Adapters as peft writes them, and a script that stands for the command `axolotl`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from socsafe.manifest import read_manifest
from socsafe.pipeline import prepare
from socsafe.progress import SilentProgress
from socsafe.stages.train import train, train_step
from socsafe.study.bases import known_bases
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
