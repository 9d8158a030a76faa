"""Replies are the same bytes however a run comes about: whole, cut and taken up again, condition by condition, or beside another suite."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from socsafe.engines.writers import LocalWriter
from socsafe.progress import Advance, SilentProgress
from socsafe.stages.generate import completions_step, generate, stale
from socsafe.study.checked import Plan
from tests.conftest import PROMPTS, Folder
from tests.engines.conftest import Models
from tests.stages.conftest import put_ggufs

pytestmark = pytest.mark.slow
SAMPLED = {"max_tokens": 12, "temperature": 0.9, "top_p": 0.95, "samples": 2}
UNITS = 2 * 2 * PROMPTS
"""Replies of two conditions, two samples a prompt."""


class Cut(SilentProgress):
    """Interrupts the run once so many replies are there."""

    def __init__(self, after: int) -> None:
        self.after = after

    @contextmanager
    def task(self, title: str, total: int) -> Iterator[Advance]:
        done = 0

        def advance(count: int, _tokens: int = 0, /) -> None:
            nonlocal done
            done += count
            if done >= self.after:
                raise KeyboardInterrupt

        yield advance


@pytest.fixture
def plan(folder: Folder, tiny: Models, monkeypatch: pytest.MonkeyPatch) -> Plan:
    monkeypatch.setattr(LocalWriter, "together", 7)
    return ready(folder, tiny)


def ready(folder: Folder, tiny: Models, **changes: object) -> Plan:
    compute = {"threads": 1, "slots": 5, "context": 128}
    made = folder.plan(bases=["micro"], counts=[4], compute=compute, sampling=SAMPLED, **changes)
    for number, condition in enumerate(made.conditions):
        put_ggufs(made, condition, tiny, number)
    return made


def written(plan: Plan, suite: int = 0) -> dict[str, bytes]:
    """Condition -> its replies to a suite."""
    steps = {condition.id: completions_step(plan, condition, plan.study.suite_uses()[suite]) for condition in plan.conditions}
    return {name: step.outputs[0].read_bytes() for name, step in steps.items()}


def forget(plan: Plan) -> None:
    for condition in plan.conditions:
        for suite in plan.study.suite_uses():
            completions_step(plan, condition, suite).outputs[0].unlink(missing_ok=True)


def test_a_run_that_is_cut_anywhere_and_taken_up_again_writes_the_same_bytes(plan: Plan) -> None:
    assert generate(plan, plan.conditions, SilentProgress()) == {}
    whole = written(plan)
    for seed in range(4):
        draw = random.Random(seed)
        forget(plan)
        cuts = 0
        while stale(plan, plan.conditions):
            try:
                generate(plan, plan.conditions, Cut(draw.randint(1, UNITS)))
            except KeyboardInterrupt:
                cuts += 1
            assert cuts < 10 * UNITS
        assert cuts
        assert written(plan) == whole


def test_conditions_one_at_a_time_and_beside_another_suite_get_the_same_replies(plan: Plan, folder: Folder, tiny: Models) -> None:
    assert generate(plan, plan.conditions, SilentProgress()) == {}
    whole = written(plan)
    forget(plan)
    for condition in reversed(plan.conditions):
        assert generate(plan, (condition,), SilentProgress()) == {}
    assert written(plan) == whole
    folder.source(
        "other-suite", title="Others", kind="prompts", file="suite.csv", columns={"prompt": "text"}, expects="comply", licence="CC0-1.0"
    )
    folder.data("other-suite", "suite.csv", "text\nOther\nAnd others still\n")
    wider = ready(folder, tiny, suites=["other-suite", "tiny-suite"])
    forget(wider)
    assert generate(wider, wider.conditions, SilentProgress()) == {}
    assert written(wider, 1) == whole
