"""Building the mixtures: what every condition trains on, as JSON lines in `datasets/mixtures/<study>/`.

>>> build_mixtures(plan, PlainProgress())

Sampling is stratified by category and nested, and the same items in the same order serve every style: refusal-300 and
socratic-300 hold the same 300 prompts, and the first 100 of them are those of the files of 100.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from socsafe import __version__
from socsafe.catalogue import member
from socsafe.data.draw import draw_items, draw_lookalikes, draw_rows
from socsafe.data.fetch import is_here
from socsafe.data.load import load_examples, load_items
from socsafe.errors import InputError, Problem
from socsafe.manifest import Step, hash_of, inputs_now, is_current, record
from socsafe.progress import Progress
from socsafe.records import Example, Form, Item, Message
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.dropped import dropped_file, read_dropped
from socsafe.study.mixtures import (
    lookalike_count,
    safety_file,
    setting_file,
    style_file,
    validation_file,
)
from socsafe.study.sources import composing_code, source_inputs
from socsafe.study.spec import SettingName
from socsafe.tables import write_rows


def mixture_step(plan: Plan) -> Step:
    """The unit of work that builds all mixtures of the study."""
    study, root = plan.study, plan.project.root
    inputs = [path for name in _sources(plan) for path in source_inputs(name, plan.sources[name], root)]
    inputs += [path for path in (dropped_file(plan.project, study.name),) if path.is_file()]
    inputs += [style_file(style) for style in sorted({condition.style for condition in plan.conditions})]
    safety = dict.fromkeys(file for condition in plan.conditions if (file := safety_file(plan, condition)))
    settings = [setting_file(plan, setting) for setting in _settings(plan)]
    validation = validation_file(plan)
    return Step(
        stage="mix",
        manifest=plan.project.mixtures(study.name) / "manifest.json",
        root=root,
        inputs=tuple(dict.fromkeys((*inputs, *composing_code("draw.py", "formats.py", "load.py", "read.py"), Path(__file__)))),
        outputs=(*settings, *safety, *((validation,) if validation else ())),
        parameters={
            "socsafe": __version__,
            "settings": {name: block.model_dump() for name, block in study.settings.items()},
            "safety": study.safety.model_dump(),
            "data_seed": study.data_seed,
            "train_on": study.training.train_on,
            "validation": study.training.validation.model_dump() if study.training.validation else None,
        },
    )


def absent_training_data(plan: Plan) -> list[str]:
    """The sources of training data that are not here, or not with the checksum they declare."""
    return [name for name in _sources(plan) if not is_here(name, plan.sources[name], plan.project.root)]


def build_mixtures(plan: Plan, progress: Progress) -> bool:
    """Build the mixtures unless they are up to date; say whether anything was built.

    Raises `InputError` when data are missing, a count or a number of rows is larger than the data, or a style needs
    reply material that the items do not carry: everything that is wrong at once.
    """
    step = mixture_step(plan)
    for output in step.outputs:
        if output.is_file():
            hash_of(output)  # Read now, so that none is trained on or compared with the suites by its size and times alone.
    if is_current(step):
        return False
    check_supply(plan)
    inputs = inputs_now(step)
    held_out = _validation_rows(plan)
    with progress.task("mixtures", len(step.outputs)) as advance:
        for setting in _settings(plan):
            _write(plan, setting_file(plan, setting), _setting_rows(plan, setting, held_out))
            advance(1)
        items = _items(plan)
        for condition in _one_per_safety_file(plan):
            path = safety_file(plan, condition)
            if path is not None:
                _write(plan, path, safety_examples(plan, condition, items))
                advance(1)
        validation = validation_file(plan)
        if validation is not None:
            _write(plan, validation, held_out)
            advance(1)
    record(step, inputs)
    return True


def safety_examples(plan: Plan, condition: Condition, items: Sequence[Item]) -> list[Example]:
    """The condition's safety rows: `count` prompts refused, then the look-alikes answered on top."""
    study = plan.study
    drawn = draw_items(items, condition.count, study.data_seed)
    alike = draw_lookalikes(items, lookalike_count(plan, condition.count), study.data_seed)
    style = member("styles", condition.style)
    rows: list[Example] = []
    for part in (drawn, alike):
        for item, form in zip(part, _forms(condition.form or "instruction", part), strict=True):
            messages: tuple[Message, ...] = style.dialogue(item, item.prompts[form])
            rows.append(
                Example(item.id, messages, item.source, condition.style, form, item.expects, item.category),
            )
    return rows


def check_supply(plan: Plan) -> None:
    """Raise `InputError` naming every count that the data cannot meet and every style that they cannot be told in."""
    study = plan.study
    problems: list[Problem] = []
    items = _items(plan)
    for expects, need in (("refuse", _largest(plan)), ("comply", lookalike_count(plan, _largest(plan)))):
        have = sum(item.expects == expects for item in items)
        if need > have:
            what = "prompts to refuse" if expects == "refuse" else "look-alikes"
            problems.append(
                Problem(
                    plan.argument,
                    f"{need} {what}",
                    f"at most {have}, which is all that {study.safety.source} holds{_less(plan, study.safety.source)}",
                )
            )
    problems += _missing_material(plan, items)
    problems += _missing_rows(plan)
    if problems:
        raise InputError(problems)


def _missing_rows(plan: Plan) -> Iterator[Problem]:
    """Settings and the validation split that want more rows than their sources hold."""
    validation = plan.study.training.validation
    wanted: list[tuple[str, str, int | None]] = [
        (setting, plan.study.settings[setting].source, plan.study.settings[setting].rows) for setting in _settings(plan)
    ]
    if validation and all(source != validation.source for _, source, _ in wanted):
        wanted.append(("validation", validation.source, validation.rows))
    for what, name, rows in wanted:
        have = len(_examples(plan, name))
        taken = validation.rows if validation and validation.source == name and what != "validation" else 0
        if (rows or 1) + taken > have:
            got = f"{rows or 'all'} rows for {what}" + (f" beside {taken} for validation" if taken else "")
            yield Problem(plan.argument, got, f"at most {have}, which is all that {name} holds{_less(plan, name)}")


def _missing_material(plan: Plan, items: Sequence[Item]) -> list[Problem]:
    problems = []
    where, source = plan.argument, plan.study.safety.source
    for style in dict.fromkeys(condition.style for condition in plan.conditions):
        needs = member("styles", style).NEEDS
        for expects in ("refuse", "comply") if lookalike_count(plan, _largest(plan)) else ("refuse",):
            lacking = [item for item in items if item.expects == expects and not set(needs[expects]) <= set(item.replies)]
            if lacking:
                got = f"style {style} with {source}, whose item {lacking[0].id} carries {', '.join(sorted(lacking[0].replies))}"
                problems.append(Problem(where, got, f"items that carry {', '.join(needs[expects])}"))
    for form in dict.fromkeys(condition.form for condition in plan.conditions if condition.form):
        for wanted in ("instruction", "question") if form == "mixed" else (form,):
            if any(wanted not in item.prompts for item in items):
                problems.append(Problem(where, f"form {form} with {source}", f"items with a prompt in the form {wanted}"))
    return problems


def _forms(form: Form, items: Sequence[Item]) -> Iterator[str]:
    """The form of each item: `mixed` takes turns within each category, and every other category begins with the other form.

    Turns over all items would tie form to category, since the categories themselves come in turn.
    """
    turns: dict[str, int] = {}
    for item in items:
        turn = turns.setdefault(item.category, len(turns))
        turns[item.category] += 1
        yield form if form != "mixed" else ("instruction", "question")[turn % 2]


def _largest(plan: Plan) -> int:
    return max(condition.count for condition in plan.conditions)


def _settings(plan: Plan) -> tuple[SettingName, ...]:
    return tuple(dict.fromkeys(condition.setting for condition in plan.conditions))


def _one_per_safety_file(plan: Plan) -> list[Condition]:
    return list({safety_file(plan, condition): condition for condition in plan.conditions}.values())


def _validation_rows(plan: Plan) -> list[Example]:
    """The last rows of the drawn order, so that growing a setting's rows meets them last."""
    validation = plan.study.training.validation
    if validation is None:
        return []
    return draw_rows(_examples(plan, validation.source), None, plan.study.data_seed)[::-1][: validation.rows]


def _setting_rows(plan: Plan, setting: SettingName, held_out: Sequence[Example]) -> list[Example]:
    block = plan.study.settings[setting]
    examples = _examples(plan, block.source)
    taken = {row.id for row in held_out if row.source == block.source}
    free = [example for example in examples if example.id not in taken]
    return draw_rows(free, block.rows, plan.study.data_seed)


def _sources(plan: Plan) -> tuple[str, ...]:
    """Every source of training data, once each."""
    study = plan.study
    names = [study.safety.source, *(block.source for block in study.settings.values())]
    if study.training.validation:
        names.append(study.training.validation.source)
    return tuple(dict.fromkeys(names))


def _less(plan: Plan, name: str) -> str:
    """For a message: that rows of the source are left out, and where that is said."""
    dropped = read_dropped(plan.project, plan.study.name).get(name, ())
    return f" less the {len(dropped)} in {plan.project.relative(dropped_file(plan.project, plan.study.name))}" if dropped else ""


def _items(plan: Plan) -> list[Item]:
    """The safety items less those that a suite asks about."""
    name = plan.study.safety.source
    left_out = set(read_dropped(plan.project, plan.study.name).get(name, ()))
    return [item for item in load_items(name, plan.sources[name], plan.project.root) if item.id not in left_out]


def _examples(plan: Plan, name: str) -> list[Example]:
    """A training source's rows less those that a suite asks about."""
    left_out = set(read_dropped(plan.project, plan.study.name).get(name, ()))
    return [row for row in load_examples(name, plan.sources[name], plan.project.root) if row.id not in left_out]


def _only_last(example: Example) -> Example:
    """The example with loss on its last assistant turn alone."""
    last = max((number for number, message in enumerate(example.messages) if message.role == "assistant"), default=-1)
    messages = tuple(replace(message, train=message.train and number == last) for number, message in enumerate(example.messages))
    return replace(example, messages=messages)


def _write(plan: Plan, path: Path, rows: Sequence[Example]) -> None:
    last_only = plan.study.training.train_on == "last-assistant"
    write_rows(path, [_only_last(row) for row in rows] if last_only else rows)
