"""Gathering all that a report is made from: the study's facts, what each condition was trained on, versions and checksums.

>>> data = assemble(plan, verdicts, summary, failures={})
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from socsafe import __version__
from socsafe.catalogue import PACKAGE, member
from socsafe.data.back_end import back_end, written_by_files
from socsafe.data.draw import in_several_forms
from socsafe.data.examples import example_replies
from socsafe.data.load import load_examples
from socsafe.data.overlaps import leakage_file, read_overlaps
from socsafe.data.published import published_figures
from socsafe.data.source_facts import source_facts
from socsafe.data.suites import suite_inputs, suite_prompts
from socsafe.facts.ability import ChoiceScore, ReplyLoss
from socsafe.facts.drift import DriftReply
from socsafe.facts.parity import ParityRow
from socsafe.manifest import Step, hash_of, is_whole, name_within
from socsafe.paths import report_files
from socsafe.records import SummaryRow, TrainingFacts
from socsafe.report_data import Failure, JudgeFacts, ReportData, SuiteFacts
from socsafe.stats.ability import ability_rows
from socsafe.stats.derive import derive
from socsafe.stats.drift import drift_rows
from socsafe.stats.validity import read_validity, validity_file
from socsafe.study.account import MANIFEST, noted, origin, read_account
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.judge_blocks import JudgeUse, standing_behind
from socsafe.study.mixtures import lookalike_count, safety_file, trained_on
from socsafe.study.models import model_file

if TYPE_CHECKING:
    import polars as pl

Failures = Mapping[str, Mapping[str, str]]
"""Stage -> condition id -> message."""

WRITERS = (
    *(
        "report_data.py",
        "markdown.py",
        "provenance.py",
        "shown.py",
        "study/account.py",
        "study/hypotheses.py",
        "data/back_end.py",
    ),
    *(
        "figure_names.py",
        "trade_off.py",
        "data/examples.py",
        "data/source_facts.py",
        "stages/score.py",
        "stages/report.py",
        "stages/assemble.py",
    ),
)
"""Modules beside sections and statistics whose text decides what a report says."""
_NOT_HYPERPARAMETERS = {"per_setting", "validation", "adapter", "hardware", "gpu"}


def report_step(plan: Plan, finished: Sequence[Condition], unfinished: Failures, beside: Sequence[Path]) -> Step:
    """The unit of work that writes the report on the finished conditions.

    `beside` are the files that hold what was measured beside verdicts, as far as they are up to date: a report that left one out is
    out of date once it is, though no byte of the file has changed.
    """
    project, study = plan.project, plan.study
    folder = project.report(study.name)
    runs = [project.run(study.name, condition.id) for condition in plan.conditions]
    told = ("training.json", "parity.json", MANIFEST)
    made = [run / name for run in runs for name in told]
    made.append(leakage_file(project, study.name))
    made += [project.recipe(study.name, condition.id) for condition in plan.conditions]
    made += written_by_files(plan)
    made += beside
    made += [project.completions(study.name, cell.id, use.name) for cell in finished for use in study.suite_uses()]
    made += [
        project.verdicts(study.name, cell.id, use.name, judge.judge)
        for cell in finished
        for use in study.suite_uses()
        for judge in study.judge_uses()
    ]
    # A report that an older version of these wrote is out of date, though no verdict has changed.
    code = [path for part in ("facts", "sections", "stats", "judges") for path in sorted((PACKAGE / part).rglob("*.py"))]
    code += [PACKAGE / name for name in WRITERS]
    inputs = [plan.file.resolve(), validity_file(plan.project), *made, *_sources_of_figures(plan), *code]
    return Step(
        stage="report",
        manifest=project.study_run(study.name) / "report.manifest.json",
        root=project.root,
        inputs=tuple(path for path in dict.fromkeys(inputs) if path.is_file()),
        outputs=report_files(folder),
        parameters={"unfinished": {stage: dict(found) for stage, found in unfinished.items()}, "versions": _versions(plan)},
    )


def assemble(
    plan: Plan,
    verdicts: pl.DataFrame,
    summary: Sequence[SummaryRow],
    failures: Failures,
    measured: tuple[Sequence[ReplyLoss], Sequence[ChoiceScore]] = ((), ()),
    weights: tuple[Sequence[DriftReply], Sequence[ParityRow]] = ((), ()),
) -> ReportData:
    """All that the sections of the report may draw on; `summary` is what `score` made of `verdicts`.

    `measured` is what `read_ability` gave, `weights` what `read_drift` and `read_fidelity` gave.
    """
    study = plan.study
    judges = [_judge(use, study.judge_uses()) for use in study.judge_uses()]
    facts = ReportData(
        study=study.name,
        question=study.question,
        conditions=plan.conditions,
        suites=_suites(plan),
        judges=judges,
        summary=summary,
        pooled=(),
        published=published_figures(study),
        sources=source_facts(plan),
        overlaps=read_overlaps(plan.project, study.name),
        validity=read_validity(validity_file(plan.project), judges),
        training=[facts for condition in plan.conditions if (facts := training_facts(plan, condition))],
        hyperparameters={setting: _hyperparameters(plan, setting) for setting in study.settings},
        sampling={name: _written(value) for name, value in (study.sampling.model_dump() | back_end(plan)).items()},
        failures=[
            Failure(name, stage, _one_line(message, plan.project.root))
            for stage, found in failures.items()
            for name, message in found.items()
        ],
        versions=_versions(plan),
        inputs=_inputs(plan),
        subject=_subject(plan),
        notes=(*study.notes, *_system_messages(plan)),
        recipes=_recipes(plan),
        ability=ability_rows(*measured, plan.conditions),
        drift=drift_rows(weights[0], study.quantization.type),
        fidelity=weights[1],
    )
    examples = example_replies(plan, verdicts, facts.judge.name)
    return replace(derive(facts, verdicts, study.hypotheses), examples=examples)


def training_facts(plan: Plan, condition: Condition) -> TrainingFacts | None:
    """What the condition was trained on; None where it has not been trained, or where nothing was noted when it was."""
    run = plan.project.run(plan.study.name, condition.id)
    if not is_whole(run / "training.json", run / MANIFEST, plan.project.root):
        return None
    account = read_account(run / "training.json")
    if account is None:
        return None
    safety = safety_file(plan, condition)
    return TrainingFacts(
        condition=condition.id,
        setting_rows=account.files[0].rows,
        safety_rows=condition.count,
        lookalike_rows=lookalike_count(plan, condition.count),
        safety_loss_tokens=account.files[-1].loss_tokens if safety is not None else 0,
        loss_tokens=sum(file.loss_tokens for file in account.files),
        steps=account.steps,
        train_loss=account.train_loss,
        eval_loss=account.eval_loss,
        parity=_parity(run, plan.project.root),
        origin=origin(run),
    )


def _parity(run: Path, root: Path) -> Literal["equal", "differs", "unchecked"]:
    """What the check found; that tokens are equal holds only with the manifest of the check."""
    try:
        content = json.loads((run / "parity.json").read_bytes())
    except (OSError, ValueError):
        return "unchecked"
    found = content.get("parity") if isinstance(content, dict) else None
    if found == "differs":
        return "differs"
    return "equal" if found == "equal" and is_whole(run / "parity.json", run / "parity.manifest.json", root) else "unchecked"


def _subject(plan: Plan) -> str:
    """Bases, settings, adapter, seeds and judges, for the report's first screen."""
    study = plan.study
    bases = "; ".join(f"{name} ({plan.bases[name].title})" for name in study.bases)
    settings = ", ".join(f"{name} ({block.rows or 'all'} rows of {block.source})" for name, block in study.settings.items())
    judges = ", ".join(f"{use.judge} {member('judges', use.judge).VERSION}" for use in study.judge_uses())
    kind = "QLoRA" if study.training.load_in_4bit else "LoRA"
    seeds = f"{len(study.seeds)} training seed{'s' if len(study.seeds) > 1 else ''}"
    return f"Base: {bases}. Settings: {settings}. {kind} adapters of rank {study.training.adapter.r}, {seeds}. Judged by {judges}."


def _system_messages(plan: Plan) -> list[str]:
    """A limit for every setting whose rows carry what no evaluation prompt is given."""
    found = []
    for setting, block in plan.study.settings.items():
        rows = load_examples(block.source, plan.sources[block.source], plan.project.root)
        if block.eval_system is None and any(message.role == "system" for row in rows for message in row.messages):
            found.append(f"Rows of the setting {setting} carry a system message; evaluation prompts are given without one.")
    return found


def _suites(plan: Plan) -> list[SuiteFacts]:
    found = []
    for use in plan.study.suite_uses():
        prompts = suite_prompts(plan, use)
        refuse = sum(prompt.expects == "refuse" for prompt in prompts)
        title = plan.sources[use.source].title + (", each after the Socratic preamble" if use.eval_preamble else "")
        items = {prompt.id: prompt.pair for prompt in prompts} if in_several_forms(prompts) else {}
        found.append(SuiteFacts(use.name, refuse, len(prompts) - refuse, title, items))
    return found


def _judge(use: JudgeUse, uses: Sequence[JudgeUse]) -> JudgeFacts:
    module = member("judges", use.judge)
    about = (module.__doc__ or "").strip().split("\n", 1)[0]
    return JudgeFacts(use.judge, module.VERSION, about, standing_behind(use, uses), module.METRICS)


def _hyperparameters(plan: Plan, setting: Any) -> dict[str, str]:
    """The setting's training values by their names in the study file, the adapter's own among them."""
    training = plan.study.training_for(setting)
    values = training.model_dump(exclude=_NOT_HYPERPARAMETERS) | {
        f"adapter.{name}": value for name, value in training.adapter.model_dump().items()
    }
    block = plan.study.settings[setting]
    values |= {"source": block.source, "rows": block.rows or "all"}
    return {name: _written(value) for name, value in values.items() if value is not None}


def _written(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _versions(plan: Plan) -> dict[str, str]:
    """Of socsafe, of Axolotl as noted when the adapters were trained, and of what generated the replies."""
    from importlib.metadata import version

    runs = [plan.project.run(plan.study.name, condition.id) for condition in plan.conditions]
    axolotl = sorted({str(noted(run).get("axolotl") or "elsewhere") for run in runs if (run / MANIFEST).is_file()})
    return {"socsafe": __version__, "axolotl": ", ".join(axolotl) or "none", "llama-cpp-python": version("llama-cpp-python")}


def _sources_of_figures(plan: Plan) -> list[Path]:
    """The study's data: mixtures, suites and bases, as far as they are here."""
    paths = list(trained_on(plan))
    paths += [path for use in plan.study.suite_uses() for path in suite_inputs(plan, use)]
    if plan.study.quantization.mode == "adapter":
        paths += [model_file(plan, condition) for condition in plan.conditions]
    return [path for path in dict.fromkeys(paths) if path.is_file()]


def _recipes(plan: Plan) -> dict[str, str]:
    """Checksums of the recipes, as far as they are here."""
    paths = {condition.id: plan.project.recipe(plan.study.name, condition.id) for condition in plan.conditions}
    return {name: hash_of(path) for name, path in paths.items() if path.is_file()}


def _inputs(plan: Plan) -> dict[str, str]:
    """Checksums of the study and its data, by names that do not depend on where the project or socsafe lie."""
    paths = [plan.file.resolve(), *(path for path in _sources_of_figures(plan) if path.suffix != ".py")]
    return {name_within(plan.project.root, path): hash_of(path) for path in paths}


def _one_line(message: str, root: Path) -> str:
    """The message's first line without this machine's paths: what follows are a log's last lines, with times and speeds."""
    return message.split("\n", 1)[0].replace(f"{root}/", "")[:300]
