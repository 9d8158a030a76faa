"""Proving that evaluation feeds a model the prompt tokens it was trained on, for every condition.

>>> failures = check(plan, plan.conditions, PlainProgress())

The tokens that were trained on are read from the data set that Axolotl prepared. Where that is not here (the adapter was
trained elsewhere), or is no longer what was trained on, they come from the sample that training leaves beside the adapter
(`training.json`), so the proof does not need Axolotl. An adapter that was copied in without either is `unchecked`; one whose
tokens differ is noted as `differs`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from socsafe.data.fingerprints import Fingerprints, prepared_is_whole
from socsafe.engines.chat import Encoder, chat_encoder
from socsafe.engines.holding import OneEngine
from socsafe.engines.parity import Detokenizer, TokenRow, check_parity, match_rows, read_prepared
from socsafe.errors import Problem, RunError, apart
from socsafe.files import require_files, write_text
from socsafe.manifest import Step, inputs_now, is_current, record
from socsafe.progress import Progress, noting
from socsafe.records import Example, Message
from socsafe.study.account import RowAccount, origin, read_account
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
    if not todo:
        return {}
    failures: dict[str, str] = {}
    with progress.task("token parity", len(todo)) as advance, OneEngine(slots=1, context=64, threads=1) as engines:
        for condition in todo:
            with apart(noting(failures, progress, condition.id)):
                _check_one(plan, condition, engines)
            advance(1)
    return failures


def _check_one(plan: Plan, condition: Condition, engines: OneEngine) -> None:
    step, study = parity_step(plan, condition), plan.argument
    result = step.outputs[0]
    # What an earlier check found is no longer known to hold, whatever comes of this one.
    result.unlink(missing_ok=True)
    require_files(step.inputs[:1], "is not trained yet", "a trained adapter", f"socsafe train {study}")
    model = model_file(plan, condition)
    require_files([model], "is not here", "the GGUF of a trained condition", f"socsafe quantize {study}")
    inputs = inputs_now(step)
    engine = engines.load(model)
    encode = chat_encoder(chat_template(plan.study, engine.chat_template), engine)
    rows = _trained_rows(plan, condition, encode, engine.detokenize)
    mismatches = check_parity(rows, encode, engine.detokenize)
    if mismatches:
        # Not recorded: the report says so, and the next run checks again.
        _write(result, {"parity": "differs", "rows": len(rows), "differing": len(mismatches)})
        shown = "\n".join(str(mismatch) for mismatch in mismatches[:SHOWN])
        got = f"{len(mismatches)} of {len(rows)} training rows have other prompt tokens in evaluation:\n{shown}"
        raise RunError(Problem(condition.id, got, "the very tokens that were trained on", f"check training: template in {study}"))
    _write(result, {"parity": "equal" if rows else "unchecked", "rows": len(rows)})
    record(step, inputs)


def _trained_rows(plan: Plan, condition: Condition, encode: Encoder, detokenize: Detokenizer) -> list[TokenRow]:
    """Dialogues with the tokens they became in training; none where nothing tells."""
    run = plan.project.run(plan.study.name, condition.id)
    files = training_files(plan, condition)
    prepared = plan.project.prepared(plan.study.name, Fingerprints(plan).of(condition))
    # What was prepared here says nothing of an adapter that was trained elsewhere.
    if origin(run) == "trained" and prepared_is_whole(plan, condition) and all(file.is_file() for file in files):
        examples = [example for file in files for example in records(read_rows(file, Example), Example)[:ROWS]]
        rows, unmatched = match_rows([example.messages for example in examples], read_prepared(prepared), encode, detokenize)
        if unmatched:
            row = examples[unmatched[0]]
            got = f"{len(unmatched)} training rows are not in Axolotl's prepared data set, the first being {row.source} {row.id}"
            raise RunError(Problem(condition.id, got, "all rows of the mixture", f"rm -r {plan.project.relative(prepared)}"))
        return rows
    account = read_account(run / "training.json")
    return [_token_row(row) for row in account.sample] if account else []


def _token_row(row: RowAccount) -> TokenRow:
    return TokenRow(tuple(Message(turn.role, turn.content, turn.train) for turn in row.messages), row.input_ids, row.labels)


def _write(result: Path, content: Mapping[str, str | int]) -> None:
    write_text(result, json.dumps(content) + "\n")
