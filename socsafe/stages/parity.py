"""Proving that evaluation feeds a model the prompt tokens it was trained on, for every condition.

>>> failures = check(plan, plan.conditions, PlainProgress())

The tokens that were trained on are read from the data set that Axolotl prepared. Where that is not here (the adapter was
trained elsewhere) they come from the sample that training leaves beside the adapter (`training.json`), so the proof does not
need Axolotl. An adapter that was copied in without either is `unchecked`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from socsafe.data.fingerprints import Fingerprints
from socsafe.engines.chat import Encoder, chat_encoder
from socsafe.engines.llamacpp import Engine
from socsafe.engines.parity import Detokenizer, TokenRow, check_parity, match_rows, read_prepared
from socsafe.errors import Problem, RunError, SocsafeError
from socsafe.files import write_text
from socsafe.manifest import Step, is_current, record
from socsafe.progress import Progress
from socsafe.records import Example, Message
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.mixtures import training_files
from socsafe.study.models import model_file
from socsafe.study.templates import chat_template
from socsafe.tables import read_rows, records

SHOWN = 3
"""Mismatches an error shows."""
ROWS = 64
"""Rows of each data file that are compared with the prepared data set."""


def parity_step(plan: Plan, condition: Condition) -> Step:
    """The unit of work that checks one condition."""
    run = plan.project.run(plan.study.name, condition.id)
    account = run / "training.json"
    return Step(
        stage="parity",
        manifest=run / "parity.manifest.json",
        root=plan.project.root,
        inputs=(run / "adapter_model.safetensors", *((account,) if account.is_file() else ()), model_file(plan, condition)),
        outputs=(run / "parity.json",),
        parameters={"template": plan.study.training.template},
    )


def check(plan: Plan, conditions: Sequence[Condition], progress: Progress) -> dict[str, str]:
    """Check every condition that has not been checked; condition id -> message for those whose tokens differ."""
    todo = [condition for condition in conditions if not is_current(parity_step(plan, condition))]
    failures: dict[str, str] = {}
    with progress.task("token parity", len(todo)) as advance, ExitStack() as stack:
        engine: Engine | None = None
        loaded: Path | None = None
        for condition in todo:
            try:
                model = model_file(plan, condition)
                if engine is None or loaded != model:
                    stack.close()
                    engine = stack.enter_context(Engine.open(model, slots=1, context=64, threads=1))
                    loaded = model
                _check_one(plan, condition, engine)
            except SocsafeError as error:
                failures[condition.id] = str(error)
                progress.say(f"failed: {condition.id}\n{error}")
            advance(1)
    return failures


def _check_one(plan: Plan, condition: Condition, engine: Engine) -> None:
    step = parity_step(plan, condition)
    encode = chat_encoder(chat_template(plan.study, engine.chat_template), engine)
    rows = _trained_rows(plan, condition, encode, engine.detokenize)
    if not rows:
        _write(step, {"parity": "unchecked", "rows": 0})
        return
    mismatches = check_parity(rows, encode, engine.detokenize)
    if mismatches:
        shown = "\n".join(str(mismatch) for mismatch in mismatches[:SHOWN])
        got = f"{len(mismatches)} of {len(rows)} training rows have other prompt tokens in evaluation:\n{shown}"
        raise RunError(Problem(condition.id, got, "the very tokens that were trained on", "check the study's training: template"))
    _write(step, {"parity": "equal", "rows": len(rows)})


def _trained_rows(plan: Plan, condition: Condition, encode: Encoder, detokenize: Detokenizer) -> list[TokenRow]:
    """Dialogues with the tokens they became in training; none where nothing tells."""
    files = training_files(plan, condition)
    prepared = plan.project.prepared(plan.study.name, Fingerprints(plan).of(condition))
    if prepared.is_dir() and all(file.is_file() for file in files):
        examples = [example for file in files for example in records(read_rows(file, Example), Example)[:ROWS]]
        rows, unmatched = match_rows([example.messages for example in examples], read_prepared(prepared), encode, detokenize)
        if unmatched:
            row = examples[unmatched[0]]
            got = f"{len(unmatched)} training rows are not in Axolotl's prepared data set, the first being {row.source} {row.id}"
            raise RunError(Problem(condition.id, got, "all rows of the mixture", f"rm -r {plan.project.relative(prepared)}"))
        return rows
    account = plan.project.run(plan.study.name, condition.id) / "training.json"
    return _sampled_rows(account) if account.is_file() else []


def _sampled_rows(account: Path) -> list[TokenRow]:
    try:
        sample = json.loads(account.read_bytes())["sample"]
        return [
            TokenRow(tuple(Message(**turn) for turn in row["messages"]), tuple(row["input_ids"]), tuple(row["labels"])) for row in sample
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(
            Problem(str(account), f"not an account of training: {error!r}", "the file that training writes", "socsafe train")
        ) from error


def _write(step: Step, content: dict[str, Any]) -> None:
    write_text(step.outputs[0], json.dumps(content) + "\n")
    record(step)
