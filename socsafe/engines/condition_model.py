"""A condition's model as files and as an open engine: what generation, ability and the check of quantization begin with.

>>> require_models(plan, condition)
>>> engine = open_model(plan, condition, engines)

A LoRA fits any base of the same shape, and on the wrong one it answers fluently and wrongly. So before anything is loaded the records
that `socsafe quantize` and `socsafe train` left are held against each other (whether the files are still those that the records speak of
is asked in `socsafe.integrity`). Files without records (made elsewhere)
are taken as they are, as far as llama.cpp takes them, which is tried where it can do no harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from socsafe.engines.batching import SCHEDULE
from socsafe.engines.holding import OneEngine
from socsafe.engines.llamacpp import Engine
from socsafe.engines.trial import survive
from socsafe.errors import InputError, Problem
from socsafe.files import require_files
from socsafe.manifest import installed, read_manifest
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.models import adapter_file, model_file

_WEIGHTS = "model.safetensors"
_SHOWN = 12
"""Characters of a checksum in a message."""


def require_models(plan: Plan, condition: Condition, kind: str = "", option: str = "") -> None:
    """Raise `RunError` where a GGUF of the condition is missing, and `InputError` where one is not what it is taken for, or unreadable.

    `kind` is the type of weights, the study's where empty; `option` what `socsafe quantize` is given to make them.
    """
    model, adapter = model_file(plan, condition, kind), adapter_file(plan, condition)
    files = (model, *((adapter,) if adapter else ()))
    mend = f"socsafe quantize {plan.argument}{option and f' {option}'}"
    require_files(files, "is not here", "the GGUF of a trained condition", mend)
    if problems := list(_other_base(plan, condition, model, adapter, mend)):
        raise InputError(problems)
    if not all(map(_record, files)):
        survive(model, adapter)


def open_model(plan: Plan, condition: Condition, engines: OneEngine, kind: str = "") -> Engine:
    """The condition's model with its adapter on it; the files must be here (`require_models`). Raises as `Engine` does."""
    engine = engines.load(model_file(plan, condition, kind))
    engine.use_adapter(adapter_file(plan, condition))
    return engine


def computed_with(plan: Plan) -> dict[str, Any]:
    """What decides the replies that llama.cpp writes here, beside models, prompts and sampling, as parameters of a step.

    Not the slots: no reply depends on how many are written at a time.
    """
    compute = plan.study.compute
    return {
        "compute": {"threads": compute.threads, "context": compute.context, "schedule": SCHEDULE},
        "llama-cpp-python": installed("llama-cpp-python"),
    }


def _other_base(plan: Plan, condition: Condition, model: Path, adapter: Path | None, mend: str) -> Iterator[Problem]:
    """That the base is another one than the adapter was trained on, as far as their records say."""
    wanted = plan.bases[condition.base].model
    for file in (model, *((adapter,) if adapter else ())):
        named = _part(_record(file), "parameters").get("model")
        if named is not None and named != wanted:
            yield Problem(str(file), f"was made from, or for, the base {named}", f"one of {wanted}", f"rm {file} && {mend}")
    trained = _sha(_part(read_manifest(plan.project.run(plan.study.name, condition.id) / "train.manifest.json"), "if_here"), _WEIGHTS)
    converted = _sha(_part(_record(model), "if_here"), _WEIGHTS)
    if adapter is not None and trained and converted and trained != converted:
        got = f"holds other weights than {adapter.name} was trained on (SHA-256 {converted[:_SHOWN]}, trained on {trained[:_SHOWN]})"
        yield Problem(str(model), got, "the base that the adapter was trained on", f"socsafe train {plan.argument} && {mend}")


def _record(file: Path) -> dict[str, Any] | None:
    return read_manifest(file.with_name(f"{file.name}.json"))


def _part(record: dict[str, Any] | None, name: str) -> dict[str, Any]:
    part = (record or {}).get(name)
    return part if isinstance(part, dict) else {}


def _sha(entries: dict[str, Any], name: str) -> str:
    """The checksum noted for the file of that name; empty where there is none."""
    found = (entry for path, entry in entries.items() if path.rsplit("/", 1)[-1] == name and isinstance(entry, dict))
    return str(next(found, {}).get("sha256") or "")
