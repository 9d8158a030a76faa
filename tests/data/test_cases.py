"""The replies that a judge looks at, and the suites' prompts that they answer."""

from __future__ import annotations

import pytest

from socsafe.data import cases as module
from socsafe.data.cases import prompts_once
from socsafe.progress import SilentProgress
from socsafe.stages.judge import Choice, forecasts, judge
from socsafe.study.checked import Plan
from socsafe.study.spec import Suite
from tests.conftest import Folder
from tests.stages.judging import made


def test_a_suites_prompts_are_read_again_only_once_its_file_has_changed(folder: Folder) -> None:
    plan = folder.plan()
    (suite,) = plan.study.suite_uses()
    prompts = prompts_once(plan)
    first = prompts(suite)
    assert prompts(suite) is first
    assert first["1"].text == "Prompt 0"
    folder.data("tiny-suite", "suite.csv", "text,kind\nOther,bad\n")
    assert [prompt.text for prompt in prompts(suite).values()] == ["Other"]


def test_however_many_conditions_there_are_a_judge_reads_a_suite_once(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = made(folder, ["refusal", {"judge": "policy", "model": {"endpoint": "http://127.0.0.1:9/v1", "name": "m"}}])
    read: list[str] = []

    def counted(plan: Plan, suite: Suite) -> object:
        read.append(suite.name)
        return suite_prompts(plan, suite)

    suite_prompts = module.suite_prompts
    monkeypatch.setattr(module, "suite_prompts", counted)
    assert len(plan.conditions) == 3
    assert judge(plan, plan.conditions, SilentProgress(), Choice(judges=("refusal",))) == {}
    assert read == ["tiny-suite"]
    assert forecasts(plan, plan.conditions, Choice())["policy"].calls > 0
    assert read == ["tiny-suite"] * 2
