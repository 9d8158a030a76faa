"""The replies that a judge looks at, with all that it is shown of them.

>>> prompts = prompts_once(plan)
>>> cases(plan, condition, suite, use, prompts(suite))[0].completion.text
'I will not help with that.'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from socsafe.catalogue import member
from socsafe.data.suites import read_once, suite_prompts
from socsafe.errors import Problem, RunError
from socsafe.records import Completion, Prompt
from socsafe.report_data import CONTROL
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.judge_blocks import JudgeUse
from socsafe.study.judging import looks_at
from socsafe.study.spec import Suite
from socsafe.tables import read_rows, records


@dataclass(frozen=True, slots=True)
class Case:
    """A reply to be judged."""

    completion: Completion
    prompt: Prompt
    other: str | None = None
    """The control's reply to the same prompt, for judges that compare."""
    missing: bool = False
    """Whether the reply, or the one it is to be compared with, could not be generated."""


def prompts_once(plan: Plan) -> Callable[[Suite], Mapping[str, Prompt]]:
    """What gives a suite's prompts by their ids."""
    return read_once(plan, lambda plan, suite: {prompt.id: prompt for prompt in suite_prompts(plan, suite)})


def cases(plan: Plan, condition: Condition, suite: Suite, use: JudgeUse, prompts: Mapping[str, Prompt]) -> list[Case]:
    """One condition's replies to one suite, less those to prompts of a kind that no figure of the judge speaks of.

    `prompts` are the suite's, by their ids, read no earlier than what is noted of its files.
    None for a judge that compares where the condition is the control itself. Raises `RunError` where replies are missing or damaged,
    or there is no control to compare with.
    """
    kinds = looks_at(plan.study, use.judge)
    rows = [row for row in _completions(plan, condition, suite, prompts) if prompts[row.prompt_id].expects in kinds]
    if member("judges", use.judge).NEEDS != "pair":
        return [Case(row, prompts[row.prompt_id], missing=row.finish_reason == "error") for row in rows]
    control = control_of(plan, condition)
    if control is None:
        got = "no condition without safety data has its base, setting and seed"
        raise RunError(Problem(condition.id, got, f"a control for judge {use.judge}", "leave the control in the study"))
    if control == condition:
        return []
    others = {(row.prompt_id, row.sample): row for row in _completions(plan, control, suite, prompts)}
    pairs = [(row, others[row.prompt_id, row.sample]) for row in rows]
    return [Case(row, prompts[row.prompt_id], other.text, "error" in (row.finish_reason, other.finish_reason)) for row, other in pairs]


def control_of(plan: Plan, condition: Condition) -> Condition | None:
    """The condition without safety data that this one is compared with: same base, setting and seed."""
    same = (condition.base, condition.setting, condition.seed)
    return next((each for each in plan.conditions if each.style == CONTROL and (each.base, each.setting, each.seed) == same), None)


def _completions(plan: Plan, condition: Condition, suite: Suite, prompts: Mapping[str, Prompt]) -> list[Completion]:
    path = plan.project.completions(plan.study.name, condition.id, suite.name)
    rows = records(read_rows(path, Completion, expected=len(prompts) * plan.study.sampling.samples), Completion)
    strangers = [row.prompt_id for row in rows if row.prompt_id not in prompts]
    if strangers:
        got = f"a reply to prompt {strangers[0]}, which the suite does not hold"
        raise RunError(Problem(str(path), got, "replies to the suite as it is now", "socsafe generate STUDY"))
    return rows
