"""Whether llama.cpp computes the model that was trained: its greedy replies and logits held against those of transformers.

>>> failures = compare_with_transformers(plan, [condition], PlainProgress(), checkout=None)

On the same prompts as the check of quantization, with F16 weights, for a condition with its adapter; and, where the study applies adapters
at run time, against the adapter merged into its base. Needs torch, transformers and memory for the base in 32 bits, so it is done where
it is asked for and for few conditions: what it tells of one adapter it tells of all of a base.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

from socsafe.data.sample import check_sample
from socsafe.data.suites import suite_inputs, turns
from socsafe.engines.base_folder import base_folder, made_files
from socsafe.engines.chat import chat_encoder
from socsafe.engines.condition_model import computed_with, open_model, require_models
from socsafe.engines.converters import convert_base, find_converters, merge_adapter, require_modules
from socsafe.engines.holding import OneEngine
from socsafe.engines.parity_job import Job
from socsafe.engines.process import last_lines, run_logged
from socsafe.errors import Problem, RunError, apart
from socsafe.facts.parity import ParityRow
from socsafe.files import scratch_folder, write_text
from socsafe.manifest import Step, inputs_now, installed, is_current, read_manifest, record
from socsafe.paths import cache_folder
from socsafe.progress import Progress, noting
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.models import REFERENCE, adapter_file, model_file
from socsafe.study.templates import chat_template
from socsafe.tables import read_rows, records, write_rows

MAX_TOKENS = 32
"""Of a reply; fewer where the study allows fewer."""


def fidelity_step(plan: Plan, condition: Condition) -> Step:
    """The unit of work that compares one condition."""
    study, run = plan.study, plan.project.run(plan.study.name, condition.id)
    out = plan.project.drift(study.name, condition.id, "transformers")
    manifest, base = out.with_suffix(".manifest.json"), plan.bases[condition.base]
    suites = tuple(path for suite in study.suite_uses() for path in suite_inputs(plan, suite))
    return Step(
        stage="fidelity",
        manifest=manifest,
        root=plan.project.root,
        inputs=(run / "adapter_model.safetensors", run / "adapter_config.json", *dict.fromkeys(suites)),
        if_here=(model_file(plan, condition, REFERENCE), *made_files(plan, condition.base)),
        outputs=(out,),
        parameters={
            "prompts": study.quantization.check,
            "suites": [suite.model_dump() for suite in study.suite_uses()],
            "seed": study.sampling.seed,
            "max_tokens": min(MAX_TOKENS, study.sampling.max_tokens),
            "mode": study.quantization.mode,
            "system": study.settings[condition.setting].eval_system,
            "template": study.training.template,
            "base": [base.model, base.revision],
            **computed_with(plan),
            **_versions(manifest),
        },
    )


def _versions(manifest: Path) -> dict[str, Any]:
    """Of what computes the other side; where it is not installed, and nothing can be compared anew, those noted the last time."""
    noted = (read_manifest(manifest) or {}).get("parameters")
    noted = noted if isinstance(noted, dict) else {}
    found: dict[str, Any] = {}
    for package in ("torch", "transformers", "peft"):
        try:
            found[package] = installed(package)
        except PackageNotFoundError:
            found[package] = noted.get(package)
    return found


def one_a_base(conditions: Sequence[Condition]) -> list[Condition]:
    """Of every base the first condition with safety data, or the first there is."""
    chosen: dict[str, Condition] = {}
    for condition in sorted(conditions, key=lambda condition: condition.control):
        chosen.setdefault(condition.base, condition)
    return [condition for condition in conditions if chosen[condition.base] == condition]


def compare_with_transformers(plan: Plan, conditions: Sequence[Condition], progress: Progress, checkout: Path | None) -> dict[str, str]:
    """Bring the comparison of every condition up to date; condition id -> message for those that failed.

    Their F16 models must be here (`quantize`). `checkout` is `quantize`'s.
    """
    todo = [condition for condition in conditions if not is_current(fidelity_step(plan, condition))]
    failures: dict[str, str] = {}
    with progress.task("against transformers", len(todo)) as advance:
        for condition in todo:
            with apart(noting(failures, progress, condition.id)):
                _compare(plan, condition, checkout)
            advance(1)
    return failures


def fidelity_files(plan: Plan, conditions: Sequence[Condition]) -> list[Path]:
    """The files of those conditions that were compared as they are now, in the study's order."""
    return [step.outputs[0] for condition in conditions if is_current(step := fidelity_step(plan, condition))]


def read_fidelity(plan: Plan, conditions: Sequence[Condition]) -> list[ParityRow]:
    """What was found, of `fidelity_files`."""
    return [row for file in fidelity_files(plan, conditions) for row in records(read_rows(file, ParityRow), ParityRow)]


def _compare(plan: Plan, condition: Condition, checkout: Path | None) -> None:
    step, run = fidelity_step(plan, condition), plan.project.run(plan.study.name, condition.id)
    require_modules("torch", "transformers", "peft")
    require_models(plan, condition, REFERENCE, "--against-transformers")
    inputs, log = inputs_now(step), run / "transformers.log"
    adapter = adapter_file(plan, condition)
    base = base_folder(plan, condition.base, weights=True)
    prompts, left_out = _prompts(plan, condition)
    with scratch_folder(step.outputs[0]) as scratch:
        if adapter is not None:
            merge_adapter(base, run, scratch / "merged", log=log)
            convert_base(scratch / "merged", scratch / "merged.gguf", tools=find_converters(cache_folder(), checkout), log=log)
        job = Job(
            condition=condition.id,
            base=str(base),
            adapter=str(run),
            model=str(model_file(plan, condition, REFERENCE)),
            model_adapter=str(adapter or ""),
            merged=str(scratch / "merged.gguf") if adapter is not None else "",
            prompts=prompts,
            max_tokens=min(MAX_TOKENS, plan.study.sampling.max_tokens),
            context=plan.study.compute.context,
            threads=plan.study.compute.threads,
        )
        rows = _run(job, scratch, log)
    write_rows(step.outputs[0], [replace(row, left_out=left_out) for row in rows])
    record(step, inputs)


def _prompts(plan: Plan, condition: Condition) -> tuple[list[list[int]], int]:
    """The sample in the tokens that generation feeds, without prompts that leave no room for a reply; how many those are."""
    limit = plan.study.compute.context - MAX_TOKENS
    with OneEngine(slots=1, context=64, threads=1) as engines:
        engine = open_model(plan, condition, engines, REFERENCE)
        encode = chat_encoder(chat_template(plan.study, engine.chat_template), engine)
        prompts = [encode(turns(plan, condition, asked), True) for asked in check_sample(plan)]
    fitting = [prompt for prompt in prompts if 0 < len(prompt) <= limit]
    if not fitting:
        where = plan.project.relative(plan.file)
        raise RunError(Problem(where, f"no prompt of the sample has {limit} tokens or fewer", "room for a reply", "raise compute: context"))
    return fitting, len(prompts) - len(fitting)


def _run(job: Job, scratch: Path, log: Path) -> list[ParityRow]:
    """What the process finds; its output is in `log`."""
    job_file, result_file = scratch / "job.json", scratch / "result.json"
    write_text(job_file, json.dumps(job))
    environment = {"OMP_NUM_THREADS": str(job["threads"]), "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    code = run_logged([sys.executable, "-m", "socsafe.engines.parity_job", str(job_file), str(result_file)], log, environment)
    found = json.loads(result_file.read_text("utf-8")) if result_file.is_file() else {"error": f"it left with code {code}"}
    if isinstance(found, dict):
        got = f"transformers could not be compared with: {found['error']}; the last lines:\n{last_lines(log)}"
        raise RunError(Problem(job["condition"], got, "two models that compute numbers, and memory for the base in 32 bits", f"less {log}"))
    return [ParityRow(**row) for row in found]
