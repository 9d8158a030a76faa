"""The same study written by the engine here and by real servers, each condition by its own adapter, token by token alike."""

from __future__ import annotations

import shutil

import pytest

from socsafe.progress import SilentProgress
from socsafe.records import Completion
from socsafe.stages.generate import completions_step, generate
from socsafe.study.checked import Plan
from socsafe.study.models import adapter_file, model_file
from socsafe.tables import read_rows, records
from tests.conftest import PROMPTS, Folder
from tests.engines.conftest import Models
from tests.loopback.llama_server import binary, llama_server
from tests.loopback.llamacpp_server import llamacpp_server
from tests.stages.conftest import put_ggufs

pytestmark = pytest.mark.slow


def study(folder: Folder, tiny: Models, **changes: object) -> Plan:
    """A control and a treated condition of one base, with an adapter each."""
    compute = {"threads": 1, "slots": 8, "context": changes.pop("context", 128)}
    plan = folder.plan(bases=["micro"], counts=[4], compute=compute, sampling={"max_tokens": 16}, **changes)
    for number, condition in enumerate(plan.conditions):
        put_ggufs(plan, condition, tiny, number)
        run = plan.project.run("tiny", condition.id)
        run.mkdir(parents=True, exist_ok=True)
        for name in ("adapter_model.safetensors", "adapter_config.json"):
            shutil.copyfile(tiny.adapters[number] / name, run / name)
    return plan


def replies(plan: Plan) -> list[list[Completion]]:
    suite = plan.study.suite_uses()[0]
    outs = [completions_step(plan, condition, suite).outputs[0] for condition in plan.conditions]
    return [records(read_rows(out, Completion, expected=PROMPTS), Completion) for out in outs]


def begins(row: Completion) -> str:
    """How a reply begins, without bytes that are no text: of these servers make different things."""
    return row.text.replace("\ufffd", "")[:3]


def alike(some: list[Completion], others: list[Completion]) -> int:
    return sum(begins(one) == begins(other) for one, other in zip(some, others, strict=True))


def compare(here: list[list[Completion]], there: list[list[Completion]]) -> None:
    """Replies begin alike, up to a near-tie that another way of batching may turn, and each condition's by its own adapter."""
    for number in (0, 1):
        assert [row.error for row in there[number]] == [""] * PROMPTS
        assert [row.prompt_tokens for row in there[number]] == [row.prompt_tokens for row in here[number]]
        assert alike(here[number], there[number]) >= PROMPTS - 2
        assert alike(here[number], there[1 - number]) <= PROMPTS // 2


def test_llama_cpp_pythons_server_writes_what_is_written_here(folder: Folder, tiny: Models) -> None:
    plan = study(folder, tiny)
    assert generate(plan, plan.conditions, SilentProgress()) == {}
    here = replies(plan)
    adapters = {condition.id: adapter_file(plan, condition) for condition in plan.conditions}
    with llamacpp_server(model_file(plan, plan.conditions[0]), 256, adapters) as url:
        plan = study(folder, tiny, generation={"endpoint": url, "server": "llama.cpp", "prompt": "text", "concurrency": 4})
        assert generate(plan, plan.conditions, SilentProgress()) == {}
    compare(here, replies(plan))


def test_llama_server_writes_what_is_written_here(folder: Folder, tiny: Models) -> None:
    binary()
    plan = study(folder, tiny)
    assert generate(plan, plan.conditions, SilentProgress()) == {}
    here = replies(plan)
    for number, condition in enumerate(plan.conditions):
        with llama_server(model_file(plan, condition), condition.id, adapter_file(plan, condition)) as url:
            plan = study(folder, tiny, generation={"endpoint": url, "server": "llama.cpp", "concurrency": 4})
            failures = generate(plan, plan.conditions, SilentProgress())
        # It would answer by any name, with the adapter that it has.
        assert list(failures) == [other.id for other in plan.conditions[number + 1 :]]
        assert all("the server has no model" in message for message in failures.values())
    compare(here, replies(plan))
