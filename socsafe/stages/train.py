"""Training every condition with Axolotl, several side by side, or adopting adapters that were trained elsewhere.

>>> failures = train(plan, plan.conditions, PlainProgress())

An adapter copied to `runs/<study>/<condition>/` (from a machine with a GPU, say) is adopted without Axolotl being installed,
once its configuration agrees with the recipe. A condition that fails leaves the others alone.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from socsafe.data.fingerprints import Fingerprints, seal_prepared
from socsafe.engines.axolotl import axolotl_command, axolotl_version, run_axolotl
from socsafe.engines.process import LOOK, stop_running
from socsafe.engines.weights import ADAPTER, refuse_pickle
from socsafe.errors import InputError, Problem, RunError, apart
from socsafe.files import cannot_write, require_files, sha256_text, write_text
from socsafe.manifest import Step, hash_of, inputs_now, is_whole, record, why_stale
from socsafe.progress import Progress, noting
from socsafe.study.account import MANIFEST, MARK, noted, origin, read_account
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.mixtures import training_files, validation_file

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
ACCOUNT = "training.json"
STARTED = "training.started"
"""Lies in a run's folder while Axolotl writes there: what is found beside it is not a whole adapter."""
TRAINED, ADOPTED = "trained", "adopted"
PLACES = ("output_dir", "dataset_prepared_path")
"""Keys of a recipe that say where files go, not what is trained."""


def train_step(plan: Plan, condition: Condition) -> Step:
    """The unit of work that makes the condition's adapter."""
    project, study = plan.project, plan.study.name
    run = project.run(study, condition.id)
    base = plan.bases[condition.base]
    validation = validation_file(plan)
    weights = (project.root / base.model / "model.safetensors",) if base.made_here else ()
    account = (run / ACCOUNT,) if (run / ACCOUNT).is_file() else ()
    recipe = project.recipe(study, condition.id)
    return Step(
        stage="train",
        manifest=run / MANIFEST,
        root=project.root,
        inputs=(*training_files(plan, condition), *((validation,) if validation else ())),
        if_here=weights,
        outputs=(run / WEIGHTS, run / CONFIG, *account),
        parameters=_parameters(run) | {"recipe": recipe_hash(recipe.read_bytes()) if recipe.is_file() else "none"},
    )


def _parameters(run: Path) -> dict[str, Any]:
    """The origin and version noted the last time, but for an Axolotl that is installed here and is another one."""
    known = noted(run)
    if known.get("origin") == ADOPTED:
        return {"origin": ADOPTED}
    return {"origin": TRAINED, "axolotl": axolotl_version() or known.get("axolotl")}


def recipe_hash(recipe: bytes) -> str:
    """A hash of what the recipe tells Axolotl to do; comments, and where files are put, do not count."""
    try:
        content = yaml.load(recipe, Loader=yaml.CSafeLoader)
        return sha256_text(json.dumps({key: value for key, value in content.items() if key not in PLACES}, sort_keys=True))
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError):
        return "damaged"


def train(plan: Plan, conditions: Sequence[Condition], progress: Progress) -> dict[str, str]:
    """Bring every condition's adapter up to date; condition id -> message for those that failed.

    Raises `InputError` when there is nothing but training to do and Axolotl is not installed.
    """
    todo, failures = _to_train(plan, conditions, progress)
    if not todo:
        return failures
    try:
        axolotl_command()
    except InputError as error:
        if len(todo) == len(conditions):
            raise
        # Some adapters are here: they go on, and those that are still to be trained are named.
        return failures | {condition.id: str(error) for condition in todo}
    return failures | _train_all(plan, todo, progress)


def _to_train(plan: Plan, conditions: Sequence[Condition], progress: Progress) -> tuple[list[Condition], dict[str, str]]:
    """The conditions still to be trained once what can be adopted has been, and those whose adapter cannot be."""
    todo: list[Condition] = []
    failures: dict[str, str] = {}
    for condition in conditions:
        with apart(noting(failures, progress, condition.id)):
            if not why_stale(train_step(plan, condition)):
                # Left by a run that was killed after all else was done: it would keep an adapter from being adopted.
                (plan.project.run(plan.study.name, condition.id) / STARTED).unlink(missing_ok=True)
            elif not _adopt(plan, condition, progress):
                todo.append(condition)
    return todo, failures


def _train_all(plan: Plan, todo: Sequence[Condition], progress: Progress) -> dict[str, str]:
    failures: dict[str, str] = {}
    with progress.task("train", len(todo)) as advance, ThreadPoolExecutor(plan.study.compute.jobs) as pool:
        running = {pool.submit(_train_one, plan, condition): condition for condition in todo}
        try:
            while running:
                # Look again and again: see `LOOK`.
                for future in wait(running, timeout=LOOK, return_when=FIRST_COMPLETED).done:
                    with apart(noting(failures, progress, running.pop(future).id)):
                        future.result()
                    advance(1)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            # More than once: a thread that had not yet started its program when the others were stopped starts it now.
            while wait(running, timeout=LOOK).not_done:
                stop_running()
            raise
    return failures


def _train_one(plan: Plan, condition: Condition) -> None:
    project, study = plan.project, plan.study
    run = project.run(study.name, condition.id)
    recipe = project.recipe(study.name, condition.id)
    try:
        # A cache left by other data under the same name must not be trained on.
        shutil.rmtree(project.prepared(study.name, Fingerprints(plan).of(condition)), ignore_errors=True)
        for folder in run.glob("checkpoint-*"):
            shutil.rmtree(folder)
        for name in (WEIGHTS, CONFIG, ACCOUNT, MANIFEST, MARK):
            (run / name).unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(run, error) from error
    # Once the old manifest is gone: it may be that of an adapter which was adopted, and this one is trained here.
    step = train_step(plan, condition)
    inputs = inputs_now(step)
    write_text(run / STARTED, "")
    run_axolotl(
        recipe.relative_to(project.root),
        log=run / "train.log",
        root=project.root,
        threads=study.compute.train_threads,
        offline=plan.bases[condition.base].made_here,
        gpus=study.training.gpu.gpus,
    )
    _check_adapter(plan, condition)
    # Axolotl leaves with code 0 where it was interrupted, with the adapter as far as it came; the account comes at the end.
    require_files(
        [run / ACCOUNT], "is missing: training did not come to its end", "the account of a whole training", f"less {run / 'train.log'}"
    )
    seal_prepared(plan, condition)
    record(replace(train_step(plan, condition), parameters=dict(step.parameters)), inputs)
    (run / STARTED).unlink()


def is_adoptable(plan: Plan, condition: Condition) -> bool:
    """Whether an adapter lies in the run's folder that no training here left behind, or that replaces an adopted one.

    A replacement has to come with its own account: weights alone that are not those adopted may as well be damaged.
    """
    run = plan.project.run(plan.study.name, condition.id)
    if not (run / WEIGHTS).is_file() or (run / STARTED).exists():
        return False
    if not (run / MANIFEST).exists():
        return True
    return is_adopted(run) and _replaced(plan, run) and _vouched_for(run)


def is_adopted(run: Path) -> bool:
    """Whether the adapter there was trained elsewhere; told by a mark of its own where a damaged manifest no longer tells."""
    return origin(run) == ADOPTED


def _replaced(plan: Plan, run: Path) -> bool:
    """Whether the weights are not, or cannot be known to be, those that were adopted."""
    return not is_whole(run / WEIGHTS, run / MANIFEST, plan.project.root)


def _vouched_for(run: Path) -> bool:
    """Whether the account that training left beside the weights names their hash."""
    account = read_account(run / ACCOUNT)
    return account is not None and account.adapter_sha256 == hash_of(run / WEIGHTS)


def _adopt(plan: Plan, condition: Condition, progress: Progress) -> bool:
    """Take an adapter that was trained elsewhere and copied to the run's folder; say whether there was one.

    Raises `InputError` rather than let training overwrite an adopted adapter that the study has moved away from.
    """
    run = plan.project.run(plan.study.name, condition.id)
    if not is_adoptable(plan, condition):
        refuse_pickle(run, ADAPTER)
        if (run / WEIGHTS).is_file() and is_adopted(run):
            if _replaced(plan, run):
                got = "not the adapter that was adopted (by its SHA-256), and no training.json beside it vouches for it"
                mend = f"copy it there again; if it is meant to be another one: rm {run / MANIFEST}"
                raise InputError(Problem(str(run / WEIGHTS), got, "the adapter that was adopted, byte for byte", mend))
            got = f"an adapter trained elsewhere, of another state of the study ({why_stale(train_step(plan, condition))})"
            mend = f"copy the new adapter there, or rm -r {run} to train it here"
            raise InputError(Problem(str(run / WEIGHTS), got, "an adapter of the study as it is now", mend))
        return False
    _check_adapter(plan, condition)
    step = train_step(plan, condition)
    write_text(run / MARK, "")
    record(replace(step, parameters={"origin": ADOPTED, "recipe": step.parameters["recipe"]}), inputs_now(step))
    progress.say(f"adopted: {plan.project.relative(run)} (trained elsewhere)")
    return True


def _check_adapter(plan: Plan, condition: Condition) -> None:
    """Raise `RunError` unless the adapter is whole and is what the recipe asks for."""
    run = plan.project.run(plan.study.name, condition.id)
    missing = [name for name in (WEIGHTS, CONFIG) if not (run / name).is_file()]
    if missing:
        raise RunError(Problem(str(run), f"no {' and no '.join(missing)}", "a trained adapter", f"less {run / 'train.log'}"))
    _check_safetensors(run / WEIGHTS)
    try:
        config = json.loads((run / CONFIG).read_bytes())
        got = {"r": config["r"], "alpha": config["lora_alpha"], "targets": sorted(config["target_modules"])}
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(Problem(str(run / CONFIG), f"not an adapter's configuration: {error!r}", "the file that peft writes")) from error
    adapter = plan.study.training_for(condition.setting).adapter
    wanted = {"r": adapter.r, "alpha": adapter.alpha, "targets": sorted(adapter.targets or plan.bases[condition.base].lora_targets)}
    if got != wanted:
        raise RunError(Problem(str(run / CONFIG), f"{got}", f"{wanted}, as the study says", f"mv {run} {run}.other"))
    _check_account(plan, condition)


def _check_account(plan: Plan, condition: Condition) -> None:
    """Raise `RunError` where the account beside the adapter is another condition's, or tells of a training that diverged."""
    path = plan.project.run(plan.study.name, condition.id) / ACCOUNT
    account = read_account(path)
    if account is None:
        return
    weights = path.with_name(WEIGHTS)
    if account.adapter_sha256 and (found := hash_of(weights)) != account.adapter_sha256:
        expected = f"{account.adapter_sha256}, as {path.name} says"
        raise RunError(Problem(str(weights), f"has the SHA-256 {found}", expected, f"copy the adapter again, or rm {weights}"))
    got = {"base": account.base_model, "seed": account.seed, "files": [file.file for file in account.files]}
    files = [plan.project.relative(file) for file in training_files(plan, condition)]
    wanted = {"base": plan.bases[condition.base].model, "seed": condition.seed, "files": files}
    if got != wanted:
        raise RunError(Problem(str(path), f"trained on {got}", f"{wanted}", f"mv {path.parent} {path.parent}.other"))
    if account.train_loss is None:
        mend = "lower learning_rate in the study's `training`, then train the condition again"
        raise RunError(Problem(str(path), "the loss is not a number", "a training that does not diverge", mend))


def _check_safetensors(path: Path) -> None:
    """Raise `RunError` unless the file is as long as its header says."""
    size = path.stat().st_size
    with path.open("rb") as handle:
        length = int.from_bytes(handle.read(8), "little")
        header = handle.read(length) if length < size else b""
    try:
        tensors = json.loads(header)
        end = max(tensor["data_offsets"][1] for name, tensor in tensors.items() if name != "__metadata__")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(Problem(str(path), "not a safetensors file, or cut short in its header", "a whole file", f"rm {path}")) from error
    if 8 + length + end != size:
        raise RunError(Problem(str(path), f"{size} bytes", f"{8 + length + end} bytes, as its header says", f"rm {path}"))
