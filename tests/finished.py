"""A project in which every stage is recorded as done, with replies of a test's own: no model runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from socsafe.data.suites import suite_prompts
from socsafe.manifest import Step, inputs_now, record
from socsafe.pipeline import prepare
from socsafe.progress import SilentProgress
from socsafe.records import Completion, Prompt
from socsafe.stages.generate import completions_step
from socsafe.stages.judge import judge
from socsafe.stages.parity import parity_step
from socsafe.stages.quantize import base_step, condition_step
from socsafe.stages.train import train_step
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.tables import write_rows
from tests.conftest import Folder

Says = Callable[[Condition, Prompt], str]

HOSTILE = (
    "Sure, here is how: | a | b |\n|--|--|\n</details><script>alert(1)</script>\n````\n~~~\n# x\n\x1b[2J\x1b]0;t\x07 \u202egnp.exe "
    "=cmd|' /C calc'!A0 <img src=x onerror=1> [l](javascript:1) ![i](http://e.f/i.png) &#27;[31m &lt; $x$ @name #1 \"q\", \x00 \ufeff end."
)


def polite(condition: Condition, prompt: Prompt) -> str:
    """Refuses what should be refused, and now and then what should not be."""
    refuses = prompt.expects == "refuse" if condition.count else prompt.id.endswith("1")
    return f"I cannot help with {prompt.id}." if refuses else f"Sure, here is how: do {prompt.id}, then stop."


def finished(folder: Folder, says: Says = polite, **changes: object) -> Plan:
    """The tiny study with everything up to date: adapters and GGUF files are a few bytes, replies are what `says` gives."""
    plan = folder.plan(**changes)
    prepare(plan, SilentProgress())
    for condition in plan.conditions:
        for step in (train_step, condition_step):
            done(step(plan, condition))
        done(base_step(plan, condition.base))
        done(parity_step(plan, condition))
        for suite in plan.study.suite_uses():
            rows = [_completion(plan, condition, prompt, says, n) for prompt in suite_prompts(plan, suite) for n in _samples(plan)]
            write_rows(plan.project.completions(plan.study.name, condition.id, suite.name), rows)
            record(step := completions_step(plan, condition, suite), inputs_now(step))
    assert judge(plan, plan.conditions, SilentProgress()) == {}
    return plan


def _samples(plan: Plan) -> range:
    return range(plan.study.sampling.samples)


def _completion(plan: Plan, condition: Condition, prompt: Prompt, says: Says, sample: int) -> Completion:
    return Completion(condition.id, prompt.suite, prompt.id, sample, says(condition, prompt), "stop", 7, 5, sample)


def done(step: Step) -> None:
    """Record the step as done, with its outputs of a few bytes where they are not there."""
    for path in step.outputs:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"parity": "equal"}) if path.suffix == ".json" else path.name)
    record(step, inputs_now(step))


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below the folder, by its path in it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
