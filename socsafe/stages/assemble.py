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
from socsafe.data.load import load_prompts
from socsafe.manifest import Step, hash_of, read_manifest
from socsafe.records import SummaryRow, TrainingFacts
from socsafe.report_data import Failure, JudgeFacts, ReportData, SuiteFacts
from socsafe.stats.pooling import pool_seeds
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


def report_step(plan: Plan, failures: Failures) -> Step:
    """The unit of work that writes the report."""
    project, study = plan.project, plan.study
    folder = project.report(study.name)
    runs = [project.run(study.name, condition.id) for condition in plan.conditions]
    made = [path for run in runs for path in (run / "training.json", run / "parity.json", *sorted(run.glob("verdicts/*/*.jsonl")))]
    # A report that an older version of these wrote is out of date, though no verdict has changed.
    code = [*sorted((PACKAGE / "sections").glob("*.py")), *sorted((PACKAGE / "stats").glob("*.py")), *(PACKAGE / name for name in WRITERS)]
    return Step(
        stage="report",
        manifest=project.study_run(study.name) / "report.manifest.json",
        root=project.root,
        inputs=(plan.file.resolve(), *(path for path in made if path.is_file()), *code),
        outputs=(folder / "report.md", folder / "summary.csv", *sorted(folder.glob("dose-response*"))),
        parameters={"failures": {stage: dict(found) for stage, found in failures.items()}, "versions": _versions(plan)},
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
        notes=study.notes,
    )


def training_facts(plan: Plan, condition: Condition) -> TrainingFacts | None:
    """What the condition was trained on; None where it has not been trained, or where nothing was noted when it was."""
    run = plan.project.run(plan.study.name, condition.id)
    account = _json(run / "training.json")
    manifest = read_manifest(run / "train.manifest.json")
    if account is None or manifest is None:
        return None
    files = account["files"]
    safety = safety_file(plan, condition)
    safety_tokens = files[-1]["loss_tokens"] if safety is not None else 0
    origin: Literal["trained", "adopted"] = "adopted" if manifest["parameters"].get("origin") == "adopted" else "trained"
    return TrainingFacts(
        condition=condition.id,
        setting_rows=files[0]["rows"],
        safety_rows=condition.count,
        lookalike_rows=lookalike_count(plan, condition.count),
        safety_loss_tokens=safety_tokens,
        loss_tokens=sum(file["loss_tokens"] for file in files),
        steps=account["steps"],
        train_loss=account["train_loss"],
        eval_loss=account["eval_loss"],
        parity=(_json(run / "parity.json") or {}).get("parity", "unchecked"),
        origin=origin,
    )


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

    run = plan.project.study_run(plan.study.name)
    noted = [read_manifest(run / condition.id / "train.manifest.json") for condition in plan.conditions]
    axolotl = sorted({str(manifest["parameters"].get("axolotl", "elsewhere")) for manifest in noted if manifest})
    return {"socsafe": __version__, "axolotl": ", ".join(axolotl) or "none", "llama-cpp-python": version("llama-cpp-python")}


def _inputs(plan: Plan) -> dict[str, str]:
    """Checksums of the study, the mixtures, the suites' files and the bases."""
    paths = [plan.file.resolve()]
    paths += [path for condition in plan.conditions for path in training_files(plan, condition)]
    paths += [path for use in plan.study.suite_uses() for path in source_inputs(use.source, plan.sources[use.source], plan.project.root)]
    if plan.study.quantization.mode == "adapter":
        paths += [model_file(plan, condition) for condition in plan.conditions]
    inside = [path for path in dict.fromkeys(paths) if path.is_file() and path.is_relative_to(plan.project.root)]
    return {plan.project.relative(path): hash_of(path) for path in inside}


def _one_line(message: str, root: Path) -> str:
    """The message without line breaks and without this machine's paths."""
    return " ".join(message.replace(f"{root}/", "").split())[:300]


def _json(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
