"""Replies by a real tiny model, one base shared by its conditions."""

from __future__ import annotations

from pathlib import Path

import pytest

from socsafe.manifest import is_current
from socsafe.progress import SilentProgress
from socsafe.records import Completion
from socsafe.stages.generate import completions_step, generate, stale
from socsafe.study.checked import Plan
from socsafe.study.models import adapter_file
from socsafe.tables import read_rows, records
from tests.conftest import PROMPTS, Folder
from tests.engines.conftest import Models
from tests.stages.conftest import Said, put_ggufs

pytestmark = pytest.mark.slow
STUDY = "recipes/tiny/study.yml"


def replies(plan: Plan, number: int) -> list[Completion]:
    out = completions_step(plan, plan.conditions[number], plan.study.suite_uses()[0]).outputs[0]
    return records(read_rows(out, Completion, expected=PROMPTS), Completion)


def test_a_base_that_cannot_be_opened_fails_its_conditions_alone(tiny: Models, two_bases: Plan) -> None:
    first, second, bad, _ = two_bases.conditions
    for number, condition in enumerate((first, second)):
        put_ggufs(two_bases, condition, tiny, number)
    model, _adapter = put_ggufs(two_bases, bad, tiny)
    model.write_bytes(tiny.q8.read_bytes()[:-500])
    failures = generate(two_bases, (first, bad, second), SilentProgress())
    assert list(failures) == [bad.id]
    assert "is cut short" in failures[bad.id]
    assert stale(two_bases, (first, second)) == []
    # The base stays loaded, each condition's own adapter on it.
    assert [reply.text for reply in replies(two_bases, 0)] != [reply.text for reply in replies(two_bases, 1)]


def test_before_quantizing_each_condition_is_told_the_command_that_comes_first(two_bases: Plan, tiny: Models) -> None:
    first, second, *_ = two_bases.conditions
    put_ggufs(two_bases, first, tiny)
    adapter = adapter_file(two_bases, second)
    assert adapter is not None
    failures = generate(two_bases, (first, second), SilentProgress())
    assert list(failures) == [second.id]
    assert f"{adapter.name}: is not here" in failures[second.id]
    assert f"socsafe quantize {STUDY}" in failures[second.id]


def test_prompts_that_cannot_be_answered_are_counted_and_the_reason_is_said(folder: Folder, tiny: Models) -> None:
    rows = [("short", "bad"), ("long " * 200, "good"), ("longer " * 300, "good"), *[("x", "bad")] * (PROMPTS - 3)]
    folder.data("tiny-suite", "suite.csv", "text,kind\n" + "".join(f"{text},{kind}\n" for text, kind in rows))
    plan = folder.plan(bases=["micro"], styles=["none"], compute={"threads": 1, "context": 64}, sampling={"max_tokens": 3})
    put_ggufs(plan, plan.conditions[0], tiny)
    said = Said()
    assert generate(plan, plan.conditions, said) == {}
    assert [reply.finish_reason == "error" for reply in replies(plan, 0)] == [False, True, True] + [False] * (PROMPTS - 3)
    (line,) = said.lines
    assert line.startswith(f"{plan.conditions[0].id}: 2 of {PROMPTS} prompts of tiny-suite could not be answered: the prompt has ")
    assert line.endswith("tokens, the context holds 64 with the reply: raise `context`")


def test_another_number_of_slots_leaves_the_replies_as_they_are(folder: Folder, tiny: Models) -> None:
    texts: list[bytes] = []
    for slots in (8, 3):
        plan = folder.plan(
            bases=["micro"], styles=["none"], compute={"threads": 1, "slots": slots, "context": 128}, sampling={"max_tokens": 9}
        )
        if not texts:
            put_ggufs(plan, plan.conditions[0], tiny)
        step = completions_step(plan, plan.conditions[0], plan.study.suite_uses()[0])
        assert is_current(step) == bool(texts)
        if texts:
            step.outputs[0].unlink()
        assert generate(plan, plan.conditions, SilentProgress()) == {}
        texts.append(step.outputs[0].read_bytes())
    assert texts[0] == texts[1]


def test_a_model_that_changes_while_it_replies_makes_the_replies_stale(folder: Folder, tiny: Models) -> None:
    plan = folder.plan(bases=["micro"], styles=["none"], compute={"threads": 1, "context": 128}, sampling={"max_tokens": 3})
    model, _ = put_ggufs(plan, plan.conditions[0], tiny)
    new = Path(f"{model}.new")
    new.write_bytes(tiny.f16.read_bytes())

    class Replacing(SilentProgress):
        """Puts another model in place as soon as a reply is there."""

        def task(self, title: str, total: int):  # type: ignore[no-untyped-def]
            from contextlib import nullcontext

            return nullcontext(lambda _count, _tokens: new.replace(model) if new.is_file() else None)

    assert generate(plan, plan.conditions, Replacing()) == {}
    assert not new.is_file()
    assert len(stale(plan, plan.conditions)) == 1
