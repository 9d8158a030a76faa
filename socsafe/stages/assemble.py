"""Gathering all that a report is made from: the study's facts, what each condition was trained on, versions and checksums.

>>> data = assemble(plan, summary, failures={})
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from socsafe import __version__
from socsafe.catalogue import PACKAGE, member
from socsafe.data.draw import limit_prompts
from socsafe.data.load import load_examples, load_prompts
from socsafe.manifest import Step, hash_of, name_within, read_manifest
from socsafe.records import SummaryRow, TrainingFacts
from socsafe.report_data import Failure, JudgeFacts, ReportData, SuiteFacts
from socsafe.stats.pooling import pool_seeds
from socsafe.study.account import read_account
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.mixtures import lookalike_count, safety_file, training_files
from socsafe.study.models import model_file
from socsafe.study.sources import source_inputs

Failures = Mapping[str, Mapping[str, str]]
"""Stage -> condition id -> message."""

WRITERS = ("report_data.py", "markdown.py", "stages/score.py", "stages/report.py", "stages/assemble.py")
"""Modules beside sections and statistics whose text decides what a report says."""
_NOT_HYPERPARAMETERS = {"per_setting", "validation", "adapter", "hardware"}


def report_step(plan: Plan, finished: Sequence[Condition], unfinished: Failures) -> Step:
    """The unit of work that writes the report on the finished conditions."""
    project, study = plan.project, plan.study
    folder = project.report(study.name)
    runs = [project.run(study.name, condition.id) for condition in plan.conditions]
    told = ("training.json", "parity.json", "train.manifest.json")
    made = [run / name for run in runs for name in told]
    made += [
        project.verdicts(study.name, cell.id, use.source, judge)
        for cell in finished
        for use in study.suite_uses()
        for judge in study.judges
    ]
    # A report that an older version of these wrote is out of date, though no verdict has changed.
    code = [path for part in ("sections", "stats", "judges") for path in sorted((PACKAGE / part).rglob("*.py"))]
    code += [PACKAGE / name for name in WRITERS]
    inputs = [plan.file.resolve(), *made, *_sources_of_figures(plan), *code]
    return Step(
        stage="report",
        manifest=project.study_run(study.name) / "report.manifest.json",
        root=project.root,
        inputs=tuple(path for path in dict.fromkeys(inputs) if path.is_file()),
        outputs=(folder / "report.md", folder / "summary.csv", *sorted(folder.glob("dose-response*"))),
        parameters={"unfinished": {stage: dict(found) for stage, found in unfinished.items()}, "versions": _versions(plan)},
    )


def assemble(plan: Plan, summary: Sequence[SummaryRow], failures: Failures) -> ReportData:
    """All that the sections of the report may draw on."""
    study = plan.study
    return ReportData(
        study=study.name,
        question=study.question,
        conditions=plan.conditions,
        suites=_suites(plan),
        judges=[_judge(name) for name in study.judges],
        summary=summary,
        pooled=pool_seeds(summary),
        training=[facts for condition in plan.conditions if (facts := training_facts(plan, condition))],
        hyperparameters={setting: _hyperparameters(plan, setting) for setting in study.settings},
        sampling={name: _written(value) for name, value in (study.sampling.model_dump() | _compute(plan)).items()},
        failures=[
            Failure(name, stage, _one_line(message, plan.project.root))
            for stage, found in failures.items()
            for name, message in found.items()
        ],
        versions=_versions(plan),
        inputs=_inputs(plan),
        subject=_subject(plan),
        notes=(*study.notes, *_system_messages(plan)),
    )


def training_facts(plan: Plan, condition: Condition) -> TrainingFacts | None:
    """What the condition was trained on; None where it has not been trained, or where nothing was noted when it was."""
    run = plan.project.run(plan.study.name, condition.id)
    account = read_account(run / "training.json")
    if account is None or not (run / "train.manifest.json").is_file():
        return None
    safety = safety_file(plan, condition)
    origin: Literal["trained", "adopted"] = "adopted" if _parameters(run).get("origin") == "adopted" else "trained"
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
        parity=_parity(run / "parity.json"),
        origin=origin,
    )


def _parameters(run: Path) -> Mapping[str, Any]:
    """What was noted when the condition was trained or adopted."""
    parameters = (read_manifest(run / "train.manifest.json") or {}).get("parameters")
    return parameters if isinstance(parameters, dict) else {}


def _parity(path: Path) -> Literal["equal", "differs", "unchecked"]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return "unchecked"
    found = content.get("parity") if isinstance(content, dict) else None
    return found if found in ("equal", "differs") else "unchecked"


def _subject(plan: Plan) -> str:
    """Bases, settings, adapter, seeds and judges, for the report's first screen."""
    study = plan.study
    bases = "; ".join(f"{name} ({plan.bases[name].title})" for name in study.bases)
    settings = ", ".join(f"{name} ({block.rows or 'all'} rows of {block.source})" for name, block in study.settings.items())
    judges = ", ".join(f"{name} {member('judges', name).VERSION}" for name in study.judges)
    kind = "QLoRA" if study.training.load_in_4bit else "LoRA"
    seeds = f"{len(study.seeds)} training seed{'s' if len(study.seeds) > 1 else ''}"
    return f"Base: {bases}. Settings: {settings}. {kind} adapters of rank {study.training.adapter.r}, {seeds}. Judged by {judges}."


def _system_messages(plan: Plan) -> list[str]:
    """A limit for every setting whose rows carry what no evaluation prompt is given."""
    found = []
    for setting, block in plan.study.settings.items():
        rows = load_examples(block.source, plan.sources[block.source], plan.project.root)
        if any(message.role == "system" for row in rows for message in row.messages):
            found.append(f"Rows of the setting {setting} carry a system message; evaluation prompts are given without one.")
    return found


def _suites(plan: Plan) -> list[SuiteFacts]:
    found = []
    for use in plan.study.suite_uses():
        source = plan.sources[use.source]
        prompts = limit_prompts(load_prompts(use.source, source, plan.project.root), use.limit)
        refuse = sum(prompt.expects == "refuse" for prompt in prompts)
        found.append(SuiteFacts(use.source, refuse, len(prompts) - refuse, source.title))
    return found


def _judge(name: str) -> JudgeFacts:
    module = member("judges", name)
    return JudgeFacts(name, module.VERSION, (module.__doc__ or "").strip().split("\n", 1)[0])


def _hyperparameters(plan: Plan, setting: Any) -> dict[str, str]:
    """The setting's training values by their names in the study file, the adapter's own among them."""
    training = plan.study.training_for(setting)
    values = training.model_dump(exclude=_NOT_HYPERPARAMETERS) | {
        f"adapter.{name}": value for name, value in training.adapter.model_dump().items()
    }
    block = plan.study.settings[setting]
    values |= {"source": block.source, "rows": block.rows or "all"}
    return {name: _written(value) for name, value in values.items() if value is not None}


def _compute(plan: Plan) -> dict[str, Any]:
    compute = plan.study.compute
    return {"slots": compute.slots, "context": compute.context, "threads": compute.threads, "weights": plan.study.quantization.type}


def _written(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _versions(plan: Plan) -> dict[str, str]:
    """Of socsafe, of Axolotl as noted when the adapters were trained, and of what generated the replies."""
    from importlib.metadata import version

    runs = [plan.project.run(plan.study.name, condition.id) for condition in plan.conditions]
    noted = [_parameters(run) for run in runs if (run / "train.manifest.json").is_file()]
    axolotl = sorted({str(parameters.get("axolotl") or "elsewhere") for parameters in noted})
    return {"socsafe": __version__, "axolotl": ", ".join(axolotl) or "none", "llama-cpp-python": version("llama-cpp-python")}


def _sources_of_figures(plan: Plan) -> list[Path]:
    """The study's data: mixtures, suites and bases, as far as they are here."""
    paths = [path for condition in plan.conditions for path in training_files(plan, condition)]
    paths += [path for use in plan.study.suite_uses() for path in source_inputs(use.source, plan.sources[use.source], plan.project.root)]
    if plan.study.quantization.mode == "adapter":
        paths += [model_file(plan, condition) for condition in plan.conditions]
    return [path for path in dict.fromkeys(paths) if path.is_file()]


def _inputs(plan: Plan) -> dict[str, str]:
    """Checksums of the study and its data, by names that do not depend on where the project or socsafe lie."""
    paths = [plan.file.resolve(), *(path for path in _sources_of_figures(plan) if path.suffix != ".py")]
    return {name_within(plan.project.root, path): hash_of(path) for path in paths}


def _one_line(message: str, root: Path) -> str:
    """The message's first line without this machine's paths: what follows are a log's last lines, with times and speeds."""
    return message.split("\n", 1)[0].replace(f"{root}/", "")[:300]
