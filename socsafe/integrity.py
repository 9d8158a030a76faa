"""Everything that a study has made, and whether it is still what was made: looked at before it is used, and by `socsafe verify`.

>>> reread(plan, plan.conditions, STAGES, progress)         # at the start of a run
>>> [finding.path for finding in verify(plan, progress) if finding.wrong]
[PosixPath('.../runs/quickstart/micro-benign-none-n0-s1/completions/boundary-pairs.jsonl')]

When a file is read in full, and when its size and times are believed: docs/decisions/0016-every-byte-is-read-before-use.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

from socsafe.errors import Problem, RunError
from socsafe.manifest import Step, hash_of, noted_outputs, read_manifest
from socsafe.progress import Progress
from socsafe.study.account import noted as noted_training
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition

if TYPE_CHECKING:
    from socsafe.stages.verify import Finding

_CHECKED_AGAINST = "GGUF to check against"
MADE_BY = {
    "mixtures": "train",
    "leakage": "train",
    "base": "train",
    "adapters": "train",
    "GGUF": "quantize",
    _CHECKED_AGAINST: "quantize",
    "parity": "parity",
    "drift": "drift",
    "fidelity": "fidelity",
    "completions": "generate",
    "ability": "ability",
    "verdicts": "judge",
}
"""Kind of artefact -> the stage of `socsafe.pipeline` that makes it."""
_TOLD = ("leakage", "adapters", "parity", "drift", "fidelity", "completions", "ability", "verdicts")
"""Kinds of which a report reads something."""
_WEIGHTS = (".safetensors", ".gguf")
_MEGA = 1_000_000
_SHOWN = 1 << 30
"""Bytes from which on reading them is worth a progress bar."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """What one unit of work has made or will make."""

    kind: str
    """One of `MADE_BY`."""
    condition: str
    """The condition's id; empty for what conditions share."""
    step: Step


def artefacts(plan: Plan) -> Iterator[Artefact]:
    """All of a study, in the order in which they are made."""
    from socsafe.stages.base import base_step
    from socsafe.stages.leakage import leakage_step
    from socsafe.stages.mix import mixture_step
    from socsafe.stages.quantize import base_step as gguf_step
    from socsafe.study.models import REFERENCE

    yield Artefact("mixtures", "", mixture_step(plan))
    yield Artefact("leakage", "", leakage_step(plan))
    for name in plan.study.bases:
        if plan.bases[name].made_here:
            yield Artefact("base", "", base_step(plan.project, plan.bases[name]))
        if plan.study.quantization.mode == "adapter":
            yield Artefact("GGUF", "", gguf_step(plan, name))
            if (reference := gguf_step(plan, name, REFERENCE)).manifest.is_file():
                yield Artefact(_CHECKED_AGAINST, "", reference)
    for condition in plan.conditions:
        yield from (Artefact(kind, condition.id, step) for kind, step in _of_condition(plan, condition))


def _of_condition(plan: Plan, condition: Condition) -> Iterator[tuple[str, Step]]:
    from socsafe.stages.ability import ability_steps
    from socsafe.stages.drift import SIDES, compare_step, side_step
    from socsafe.stages.fidelity import fidelity_step
    from socsafe.stages.generate import completions_step
    from socsafe.stages.judge import verdicts_step
    from socsafe.stages.parity import parity_step
    from socsafe.stages.quantize import condition_step
    from socsafe.stages.train import train_step
    from socsafe.study.models import REFERENCE

    suites = plan.study.suite_uses()
    yield "adapters", train_step(plan, condition)
    yield "GGUF", condition_step(plan, condition)
    if plan.study.quantization.mode == "merged" and (reference := condition_step(plan, condition, REFERENCE)).manifest.is_file():
        yield _CHECKED_AGAINST, reference
    yield "parity", parity_step(plan, condition)
    yield from (("completions", completions_step(plan, condition, suite)) for suite in suites)
    yield from (("ability", step) for step in ability_steps(plan, condition).values())
    # Asked for apart: where nobody has, there is nothing to look at.
    if plan.project.drift(plan.study.name, condition.id, "any").parent.is_dir():
        yield from (("drift", side_step(plan, condition, side)) for side in SIDES)
        yield "drift", compare_step(plan, condition)
        yield "fidelity", fidelity_step(plan, condition)
    yield from (("verdicts", verdicts_step(plan, condition, suite, use.judge)) for suite in suites for use in plan.study.judge_uses())


def reread(plan: Plan, conditions: Sequence[Condition], stages: Sequence[str], progress: Progress) -> None:
    """Read in full all that these stages may use, and name what is damaged; what they make themselves they then make anew.

    Raises `RunError` for what is damaged and is made by other stages, or for other conditions.
    """
    from socsafe.stages.train import is_adopted

    every, ids = list(artefacts(plan)), {condition.id for condition in conditions}
    own = [one for one in every if MADE_BY[one.kind] in stages and (not one.condition or one.condition in ids)]
    used = {path for one in own for path in (*one.step.inputs, *one.step.if_here, *one.step.outputs) if path.is_file()}
    _read(used, progress)
    if "train" in stages:
        _drop_prepared(plan, progress)
    if "judge" in stages:
        _drop_answers(plan, progress)
    beyond: list[Problem] = []
    for one in every:
        for path in _damaged(one, used):
            got = "is not what was made (by its SHA-256)" if path != one.step.manifest else "is damaged: it does not have its own hash"
            if one in own and one.kind == "adapters" and path != one.step.manifest and is_adopted(path.parent):
                continue  # It may have been replaced on purpose, which training tells.
            if one in own:
                progress.say(f"{plan.project.relative(path)}: {got}; made anew as far as it is needed")
            else:
                beyond.append(Problem(str(path), got, "what was made, byte for byte", f"socsafe run {plan.argument}"))
    if beyond:
        raise RunError(beyond)


def read_for_report(plan: Plan, progress: Progress) -> None:
    """Read in full all that a report may tell of, so that what is damaged counts as not done and is left out."""
    told = [one for one in artefacts(plan) if one.kind in _TOLD]
    used = {path for one in told for path in one.step.outputs if path.is_file() and path.suffix not in _WEIGHTS}
    report = noted_outputs(_report_manifest(plan), plan.project.root)
    _read(used | {path for path in report if path.is_file()}, progress)
    for one in told:
        for path in _damaged(one, used):
            progress.say(f"{plan.project.relative(path)}: is damaged and left out. To make it anew: socsafe run {plan.argument}")


def verify(plan: Plan, progress: Progress) -> list[Finding]:
    """Every artefact of the study, each read in full, in the order in which they are made."""
    from socsafe.data.parts import part_folders
    from socsafe.stages.verify import check_answers, check_dropped, check_manifest, check_parts, check_step
    from socsafe.study.dropped import dropped_file

    run = plan.project.study_run(plan.study.name)
    dropped = dropped_file(plan.project, plan.study.name)
    found = (
        check_dropped("rows left out", dropped, f"rm {dropped}, then socsafe data check {plan.argument} --drop")
        if dropped.is_file()
        else []
    )
    if any(finding.wrong for finding in found):
        return found  # Mixtures and recipes follow from it, and so does all else.
    found += _recipes(plan)
    every, prepared, report = list(artefacts(plan)), sorted((run / "prepared").glob("*.manifest.json")), _report_manifest(plan)
    noted = [noted_outputs(one.step.manifest, one.step.root) for one in every]
    noted += [noted_outputs(manifest, plan.project.root) for manifest in (*prepared, report)]
    _read({path for outputs in noted for path in outputs if path.is_file()}, progress)
    for manifest in prepared:
        found += check_manifest("prepared data", manifest, plan.project.root)
    for one in every:
        mend = f"socsafe quantize {plan.argument} --check" if one.kind == _CHECKED_AGAINST else ""
        found += [replace(finding, mend=mend) for finding in check_step(one.kind, one.step)]
        for folder in part_folders(one.step.outputs[0]):
            found += check_parts(f"{one.kind}, in the making", folder)
    for path in sorted((run / "answers").glob("*.jsonl")):
        found += check_answers("answers of judges' models", path)
    return found + (check_manifest("report", report, plan.project.root) if report.is_file() else [])


def _recipes(plan: Plan) -> list[Finding]:
    """Each recipe, held against what the study renders to.

    One that is not that was left behind by a change of the study where it is what the condition was trained on, and that was another
    training. Else nobody can tell a change of the study, or of its data, from one of the recipe.
    """
    from socsafe.stages.render import render_recipes
    from socsafe.stages.train import recipe_hash
    from socsafe.stages.verify import Finding

    mend = f"socsafe recipe render {plan.argument}"
    rendered = render_recipes(plan)

    def look(condition: Condition) -> Finding:
        recipe = plan.project.recipe(plan.study.name, condition.id)
        trained_on, wanted = noted_training(plan.project.run(plan.study.name, condition.id)).get("recipe"), rendered[recipe].encode()
        if not recipe.is_file():
            return Finding("recipes", recipe, "gone", mend=mend) if trained_on else Finding("recipes", recipe, "not made yet")
        content = recipe.read_bytes()
        if content == wanted:
            return Finding("recipes", recipe, "whole", files=1, size=len(content))
        if recipe_hash(content) == trained_on != recipe_hash(wanted):
            return Finding("recipes", recipe, "stale", "the study has changed since it was trained on", 1, len(content))
        return Finding("recipes", recipe, "differs", "it was edited, or the study or its data were", mend=mend)

    return [look(condition) for condition in plan.conditions]


def _report_manifest(plan: Plan) -> Path:
    return plan.project.study_run(plan.study.name) / "report.manifest.json"


def _read(paths: set[Path], progress: Progress) -> None:
    """Hash the files, so that all that asks for their hashes in this process has those of their content."""
    size, done = sum(path.stat().st_size for path in paths), 0
    with progress.task("reading what is there, MB", size // _MEGA) if size > _SHOWN else nullcontext(lambda _: None) as advance:
        for path in sorted(paths):
            hash_of(path)
            before, done = done, done + path.stat().st_size
            # Not each file's own megabytes: thousands of small ones have none.
            advance(done // _MEGA - before // _MEGA)


def _damaged(one: Artefact, used: set[Path]) -> Iterator[Path]:
    """The manifest where it is damaged, else every output among `used` that is not what it says."""
    manifest = one.step.manifest
    if not manifest.is_file() or used.isdisjoint(one.step.outputs):
        return
    noted = noted_outputs(manifest, one.step.root)
    if not noted and read_manifest(manifest) is None:
        yield manifest
    yield from (path for path in one.step.outputs if path in used and path in noted and noted[path] != hash_of(path))


def _drop_prepared(plan: Plan, progress: Progress) -> None:
    """Remove what Axolotl prepared where it is no longer that: it is a copy of the mixtures, and needed for training alone."""
    from socsafe.stages.verify import check_manifest

    for manifest in sorted((plan.project.study_run(plan.study.name) / "prepared").glob("*.manifest.json")):
        if any(finding.wrong for finding in check_manifest("prepared data", manifest, plan.project.root)):
            folder = manifest.with_name(manifest.name.removesuffix(".manifest.json"))
            progress.say(f"{plan.project.relative(folder)}: is damaged; removed, for it is made anew when it is needed")
            rmtree(folder, ignore_errors=True)
            manifest.unlink()


def _drop_answers(plan: Plan, progress: Progress) -> None:
    """Take the damaged lines out of the caches of answers, also where no answer is needed now."""
    from socsafe.engines.answers import AnswerCache, damaged_lines

    for path in sorted((plan.project.study_run(plan.study.name) / "answers").glob("*.jsonl")):
        if lines := damaged_lines(path):
            AnswerCache(path)
            where = ", ".join(map(str, lines[:5]))
            progress.say(f"{plan.project.relative(path)}: is damaged in line {where}; what is lost is asked again where it is needed")
