"""Adapters: adopted where they were trained elsewhere, trained where they were not, and each kind of broken one told apart.

Training runs a command named `axolotl` on PATH. Here that is a script that stands for it, in a Python that has every
package but Axolotl; the real one is run by tests/end_to_end.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from socsafe.engines.process import last_lines
from socsafe.stages.train import is_adoptable, train_step
from socsafe.study.checked import Plan
from tests.conftest import Folder
from tests.stages.train.conftest import (
    WEIGHTS,
    Socsafe,
    origin,
    put,
    run_of,
)


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
