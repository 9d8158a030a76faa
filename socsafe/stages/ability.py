"""Measuring what a model can do beside being safe: the loss on held-out replies, and questions with answers to choose from.

>>> failures = ability(plan, plan.conditions, PlainProgress())

Works as `generate` does: the base is loaded once, every condition and source is a unit of its own, and units are done in chunks that are
each written whole, so that a run that is cut goes on where it was. A reply is tried in the tokens that it would be trained in, after the
prompt in the tokens that generation feeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from socsafe.data.choices import load_choices
from socsafe.data.heldout import held_out_rows
from socsafe.data.parts import Parts
from socsafe.engines.chat import Encoder, chat_encoder
from socsafe.engines.condition_model import open_model, require_models
from socsafe.engines.holding import OneEngine
from socsafe.engines.likelihood import Continuation, Likelihood, continuation
from socsafe.engines.llamacpp import Engine
from socsafe.errors import SocsafeError, apart
from socsafe.facts.ability import ChoiceQuestion, ChoiceScore, ReplyLoss
from socsafe.manifest import Step, inputs_now, installed, is_current, record
from socsafe.progress import Progress, noting
from socsafe.records import Example, Message
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.mixtures import trained_on, validation_file
from socsafe.study.models import adapter_file, model_file
from socsafe.study.sources import source_inputs
from socsafe.study.templates import chat_template
from socsafe.tables import read_rows, records, write_rows

CHUNK = 64
"""Replies or questions of one unit of work."""
_FORMAT = 1
"""Of the files; those of another are made anew."""

Asked = Example | ChoiceQuestion
Measured = ReplyLoss | ChoiceScore


@dataclass(frozen=True, slots=True)
class _Part:
    """One source's share of a condition's work."""

    source: str
    asked: Sequence[Asked]
    step: Step


def ability_steps(plan: Plan, condition: Condition) -> dict[str, Step]:
    """Source -> the unit of work that measures one condition on it; nothing where the study measures no ability."""
    sources = plan.study.ability.sources() if plan.study.ability else ()
    return {source: _step(plan, condition, source) for source in sources}


def _step(plan: Plan, condition: Condition, source: str) -> Step:
    project, study = plan.project, plan.study
    out = project.ability(study.name, condition.id, source)
    adapter, validation = adapter_file(plan, condition), validation_file(plan)
    heldout = study.ability.heldout if study.ability and study.ability.heldout and study.ability.heldout.source == source else None
    trained = (*trained_on(plan), *((validation,) if validation else ())) if heldout else ()
    return Step(
        stage="ability",
        manifest=out.with_name(f"{source}.manifest.json"),
        root=project.root,
        inputs=(
            model_file(plan, condition),
            *((adapter,) if adapter else ()),
            *source_inputs(source, plan.sources[source], project.root),
        ),
        # Not needed where adapters were trained elsewhere and nothing is left to measure.
        if_here=trained,
        outputs=(out,),
        parameters={
            "heldout": heldout.model_dump() if heldout else None,
            "data_seed": study.data_seed if heldout else None,
            "system": study.settings[condition.setting].eval_system,
            "template": study.training.template,
            "compute": {"threads": study.compute.threads, "context": study.compute.context},
            "chunk": CHUNK,
            "format": _FORMAT,
            "llama-cpp-python": installed("llama-cpp-python"),
        },
    )


def stale(plan: Plan, conditions: Sequence[Condition]) -> list[tuple[Condition, str]]:
    """The condition and source of every unit that is missing or out of date."""
    return [
        (condition, source) for condition in conditions for source, step in ability_steps(plan, condition).items() if not is_current(step)
    ]


def asked_of_all(plan: Plan, sources: Sequence[str]) -> dict[str, Sequence[Asked]]:
    """Source -> what every condition is asked, held-out replies with the study's own system message where they have none.

    Raises `InputError` for faulty sources or too few rows, and `RunError` where mixtures are not built.
    """
    heldout = plan.study.ability.heldout if plan.study.ability else None
    found: dict[str, Sequence[Asked]] = {}
    for source in sources:
        if heldout and heldout.source == source:
            found[source] = held_out_rows(plan, heldout)
        else:
            found[source] = load_choices(source, plan.sources[source], plan.project.root)
    return found


def ability(plan: Plan, conditions: Sequence[Condition], progress: Progress) -> dict[str, str]:
    """Bring all that the study measures up to date; condition id -> message for those that failed."""
    todo = stale(plan, conditions)
    if not todo:
        return {}
    try:
        asked = asked_of_all(plan, list(dict.fromkeys(source for _, source in todo)))
    except SocsafeError as error:
        progress.say(f"failed: ability\n{error}")
        return {condition.id: str(error) for condition, _ in todo}
    failures: dict[str, str] = {}
    compute = plan.study.compute
    with (
        progress.task("ability", sum(len(asked[source]) for _, source in todo)) as advance,
        OneEngine(slots=1, context=compute.context, threads=compute.threads) as engines,
    ):
        for condition in dict.fromkeys(condition for condition, _ in todo):
            steps = ability_steps(plan, condition)
            parts = [_Part(source, asked[source], steps[source]) for owner, source in todo if owner == condition]
            with apart(noting(failures, progress, condition.id)):
                _measure_condition(plan, condition, parts, engines, progress, advance)
    return failures


def _measure_condition(
    plan: Plan, condition: Condition, parts: Sequence[_Part], engines: OneEngine, progress: Progress, advance: Callable[[int], None]
) -> None:
    require_models(plan, condition)
    inputs = [inputs_now(part.step) for part in parts]
    engine = open_model(plan, condition, engines)
    for part, noted in zip(parts, inputs, strict=True):
        rows = _measure_part(plan, condition, part, engine, advance)
        out = part.step.outputs[0]
        write_rows(out, rows)
        record(part.step, noted)
        Parts.of(part.step).done()
        if unread := [row for row in rows if row.error]:
            progress.say(f"{condition.id}: {len(unread)} of {len(rows)} texts of {part.source} could not be read: {unread[0].error}")


def _measure_part(plan: Plan, condition: Condition, part: _Part, engine: Engine, advance: Callable[[int], None]) -> list[Measured]:
    parts = Parts.of(part.step)
    encode = chat_encoder(chat_template(plan.study, engine.chat_template), engine)
    system = plan.study.settings[condition.setting].eval_system
    rows: list[Measured] = []
    for number, start in enumerate(range(0, len(part.asked), CHUNK)):
        chunk = part.asked[start : start + CHUNK]
        kind: type[Measured] = ChoiceScore if isinstance(chunk[0], ChoiceQuestion) else ReplyLoss
        made = parts.read(number, kind, expected=sum(map(_texts, chunk)))
        if made is None:
            made = list(_measured(condition, part.source, chunk, system, engine, encode))
            parts.write(number, made)
        rows += made
        advance(len(chunk))
    return rows


def _measured(
    condition: Condition, source: str, chunk: Sequence[Asked], system: str | None, engine: Engine, encode: Encoder
) -> Iterator[Measured]:
    """What the model makes of each of some replies or answers."""
    pairs = [pair for asked in chunk for pair in _pairs(asked, system, engine, encode)]
    found = iter(zip(pairs, engine.log_likelihoods(pairs), strict=True))
    for asked in chunk:
        if isinstance(asked, Example):
            pair, likelihood = next(found)
            tokens, total = _read(pair, likelihood)
            yield ReplyLoss(condition.id, source, asked.id, tokens, None if total is None else -total, likelihood.error)
            continue
        for place, choice in enumerate(asked.choices):
            pair, likelihood = next(found)
            tokens, total = _read(pair, likelihood)
            right = place == asked.answer
            yield ChoiceScore(condition.id, source, asked.id, place, right, len(choice), tokens, total, likelihood.error)


def _pairs(asked: Asked, system: str | None, engine: Engine, encode: Encoder) -> list[Continuation]:
    """The texts to be read: a reply up to its end-of-turn token, or each answer without one."""
    before = (Message("system", system),) if system else ()
    if isinstance(asked, Example):
        own = any(message.role == "system" for message in asked.messages)
        return [continuation((*(() if own else before), *asked.messages), encode, engine.ends, with_end=True)]
    question = Message("user", asked.question)
    return [
        continuation((*before, question, Message("assistant", choice)), encode, engine.ends, with_end=False) for choice in asked.choices
    ]


def _read(pair: Continuation, likelihood: Likelihood) -> tuple[int, float | None]:
    """Tokens and log-likelihood; none of either where it could not be read."""
    return (0, None) if likelihood.error else (len(pair.tokens), likelihood.total)


def _texts(asked: Asked) -> int:
    return 1 if isinstance(asked, Example) else len(asked.choices)


def read_ability(plan: Plan, conditions: Sequence[Condition]) -> tuple[list[ReplyLoss], list[ChoiceScore]]:
    """All that was measured and is up to date, in the study's order."""
    losses: list[ReplyLoss] = []
    scores: list[ChoiceScore] = []
    heldout = plan.study.ability.heldout if plan.study.ability else None
    for condition in conditions:
        for source, step in ability_steps(plan, condition).items():
            if not is_current(step):
                continue
            if heldout and heldout.source == source:
                losses += records(read_rows(step.outputs[0], ReplyLoss), ReplyLoss)
            else:
                scores += records(read_rows(step.outputs[0], ChoiceScore), ChoiceScore)
    return losses, scores
