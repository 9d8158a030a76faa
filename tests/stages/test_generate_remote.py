"""Replies by way of a server that misbehaves: nothing is lost, nothing paid for twice, and nothing taken for what it is not."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from socsafe.data.back_end import back_end
from socsafe.engines.budget import Budget
from socsafe.engines.retry import RetryPolicy
from socsafe.engines.writers import writers
from socsafe.errors import RunError
from socsafe.manifest import is_current
from socsafe.progress import PlainProgress, SilentProgress
from socsafe.records import Completion
from socsafe.stages.generate import completions_step, generate, stale
from socsafe.study.checked import Plan
from socsafe.tables import read_rows, records
from tests.conftest import PROMPTS, Folder, Left
from tests.loopback.faulty import Faulty
from tests.loopback.faulty import Plan as Faults
from tests.stages.conftest import Said

QUICK = RetryPolicy(attempts=2, first_wait=0.01, longest_wait=0.02)
STUDY = "recipes/tiny/study.yml"


class Poisoned(Faults):
    """Fails on some prompts alone."""

    def __init__(self, fault: str, *prompts: str) -> None:
        super().__init__()
        object.__setattr__(self, "poison", (fault, prompts))

    def fault(self, text: str, attempt: int) -> str:
        fault, prompts = self.poison  # type: ignore[attr-defined]
        return str(fault) if text in prompts else ""


def served(folder: Folder, url: str, **changes: Any) -> Plan:
    """A control and one treated condition, their adapters here, asked by chat: that needs no model on this machine."""
    block = {"endpoint": url, "server": "vllm", "prompt": "chat", "concurrency": 4, "timeout": 5.0, **changes.pop("generation", {})}
    plan = folder.plan(counts=[4], generation=block, **changes)
    for condition in plan.conditions:
        run = plan.project.run("tiny", condition.id)
        run.mkdir(parents=True, exist_ok=True)
        for name in ("adapter_model.safetensors", "adapter_config.json"):
            if not (run / name).is_file():
                (run / name).write_text(f"{name} of {condition.id}")
    return plan


def reply(text: str) -> str:
    return f"I heard: {text}"


def rows(plan: Plan, number: int) -> list[Completion]:
    out = completions_step(plan, plan.conditions[number], plan.study.suite_uses()[0]).outputs[0]
    return records(read_rows(out, Completion, expected=PROMPTS), Completion)


def names(plan: Plan) -> list[str]:
    return [condition.id for condition in plan.conditions]


def test_each_condition_is_asked_under_its_own_name_and_only_once(folder: Folder) -> None:
    with Faulty(reply=reply) as server:
        plan = served(folder, server.url, sampling={"max_tokens": 9, "stop": ["###"]})
        assert generate(plan, plan.conditions, SilentProgress(), retry=QUICK) == {}
        asked = list(server.seen.requests)
        assert generate(plan, plan.conditions, SilentProgress(), retry=QUICK) == {}
        assert len(server.seen.requests) == len(asked) == 2 * PROMPTS
    assert [row.text for row in rows(plan, 1)] == [f"I heard: Prompt {n}" for n in range(PROMPTS)]
    assert {body["model"] for body in asked} == set(names(plan))
    assert {(body["temperature"], body["max_tokens"], *body["stop"]) for body in asked} == {(0.0, 9, "###")}
    assert len({body["seed"] for body in asked}) == PROMPTS
    assert {(row.prompt_tokens, row.completion_tokens, row.finish_reason) for row in rows(plan, 0)} == {(100, 10, "stop")}
    told = json.loads(plan.project.written_by("tiny", names(plan)[1], "tiny-suite").read_bytes())
    assert told == {"endpoint": server.url, "server": "vllm", "prompt": "chat", "models": [names(plan)[1]]}


def test_the_pace_and_the_time_left_are_told(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    with Faulty(reply=reply) as server:
        plan = served(folder, server.url)
        assert generate(plan, plan.conditions[:1], PlainProgress(), retry=QUICK) == {}
    *before, last = capsys.readouterr().err.splitlines()
    assert before
    assert all(re.fullmatch(rf"generate: \d+ of {PROMPTS}, [\d,]+ tokens/s, 0:00:\d\d left", line) for line in before), before
    assert re.fullmatch(rf"generate: {PROMPTS} of {PROMPTS}, [\d,]+ tokens/s", last)


def test_a_prompt_that_the_server_fails_on_is_an_error_until_the_next_run(folder: Folder) -> None:
    said = Said()
    with Faulty(Poisoned("500", "Prompt 3", "Prompt 7"), reply) as server:
        plan = served(folder, server.url)
        assert generate(plan, plan.conditions[:1], said, retry=QUICK) == {}
        failed = [row for row in rows(plan, 0) if row.finish_reason == "error"]
        assert [(row.prompt_id, row.text, row.completion_tokens) for row in failed] == [
            (failed[0].prompt_id, "", 0),
            (failed[1].prompt_id, "", 0),
        ]
        assert all(row.error.startswith("the server: 500: ") and row.error.endswith("(tried 2 times)") for row in failed)
        assert f"2 of {PROMPTS} prompts of tiny-suite could not be answered: the server: 500" in said.lines[0]
        before = server.seen.paid.copy()
        server.plan = Faults()
        assert len(stale(plan, plan.conditions[:1])) == 1
        assert generate(plan, plan.conditions[:1], said, retry=QUICK) == {}
        assert server.seen.paid - before == {"Prompt 3": 1, "Prompt 7": 1}
    assert [row.text for row in rows(plan, 0)] == [f"I heard: Prompt {n}" for n in range(PROMPTS)]
    assert stale(plan, plan.conditions[:1]) == []


def test_replies_that_are_there_stand_when_the_server_has_gone_before_the_rest_came(folder: Folder) -> None:
    said = Said()
    with Faulty(Poisoned("400", "Prompt 3"), reply) as server:
        plan = served(folder, server.url)
        generate(plan, plan.conditions[:1], said, retry=QUICK)
    before = rows(plan, 0)
    assert generate(plan, plan.conditions[:1], said, retry=QUICK) == {}
    assert "prompts that failed were not asked again" in said.lines[-1]
    assert "no connection" in said.lines[-1]
    assert rows(plan, 0) == before
    assert is_current(completions_step(plan, plan.conditions[0], plan.study.suite_uses()[0]))


def test_a_server_that_is_not_there_is_told_once_with_what_to_do(folder: Folder) -> None:
    plan, said = served(folder, "http://127.0.0.1:9/v1"), Said()
    failures = generate(plan, plan.conditions, said, retry=QUICK)
    assert list(failures) == names(plan)
    (line,) = said.lines
    assert line.startswith(f"failed: {', '.join(names(plan))}\n")
    assert "http://127.0.0.1:9/v1: no connection" in line
    assert "see whether the server runs" in line


def test_a_model_that_the_server_has_not_fails_its_condition_alone(folder: Folder) -> None:
    with Faulty(reply=reply, models=["base"]) as server:
        plan = served(folder, server.url)
        server.models = ["base", names(plan)[0]]
        failures = generate(plan, plan.conditions, SilentProgress(), retry=QUICK)
        assert {body["model"] for body in server.seen.requests} == {names(plan)[0]}
    ((missing, message),) = failures.items()
    assert f"the server has no model {missing}; it has base, {names(plan)[0]}" in message
    room = "--max-model-len 1024 --max-lora-rank 8"
    assert f"vllm serve Qwen/Qwen2.5-0.5B-Instruct {room} --enable-lora --lora-modules {missing}=runs/tiny/{missing}" in message
    assert len(rows(plan, 0)) == PROMPTS


def test_what_was_answered_before_the_end_is_not_asked_again(folder: Folder) -> None:
    class Spent(Faults):
        left = 5

        def fault(self, text: str, attempt: int) -> str:
            self.__class__.left -= 1
            return "quota" if self.left < 0 else ""

    with Faulty(Spent(), reply) as server:
        plan = served(folder, server.url, generation={"concurrency": 1})
        failures = generate(plan, plan.conditions[:1], SilentProgress(), retry=QUICK)
        assert "the account's quota is used up" in failures[names(plan)[0]]
        assert sum(server.seen.paid.values()) == 5
        server.plan = Faults()
        assert generate(plan, plan.conditions[:1], SilentProgress(), retry=QUICK) == {}
        assert set(server.seen.paid.values()) == {1}
    assert len(rows(plan, 0)) == PROMPTS


def test_a_budget_is_kept_and_a_larger_one_goes_on_where_it_ended(folder: Folder) -> None:
    prices = {"prompt": 0.0, "completion": 100_000.0}
    with Faulty(reply=reply) as server:
        # Ten tokens come, which cost a dollar.
        plan = served(folder, server.url, generation={"prices": prices}, sampling={"max_tokens": 10})
        failures = generate(plan, plan.conditions[:1], SilentProgress(), Budget(4.5), QUICK)
        assert "the budget of $4.5000 is reached: $4.0000 spent" in failures[names(plan)[0]]
        assert sum(server.seen.paid.values()) == 4
        assert generate(plan, plan.conditions[:1], SilentProgress(), Budget(100.0), QUICK) == {}
        assert set(server.seen.paid.values()) == {1}


def test_a_budget_without_prices_names_the_block_they_belong_in_and_nothing_is_asked(folder: Folder) -> None:
    with Faulty(reply=reply, models=["base"]) as server:
        plan = served(folder, server.url)
        failures = generate(plan, plan.conditions[:1], SilentProgress(), Budget(5.0), QUICK)
    (message,) = failures.values()
    assert f"{server.url}: no prices for the server that writes the replies" in message
    assert "to the study's `generation` block" in message
    assert server.seen.requests == []


def test_a_long_reply_is_not_cut_because_short_ones_came_first(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 36 replies six take many times as long as the rest: three under way from the start, three begun when the pace of 30 is known."""
    monkeypatch.setattr("socsafe.engines.retry._SHORTEST", 0.1)

    def ragged(text: str) -> str:
        time.sleep(0.8 if text in ("Prompt 0", f"Prompt {PROMPTS - 1}") else 0)
        return reply(text)

    with Faulty(reply=ragged) as server:
        plan = served(folder, server.url, sampling={"samples": 3, "temperature": 0.7})
        assert generate(plan, plan.conditions[:1], SilentProgress(), retry=QUICK) == {}
    out = completions_step(plan, plan.conditions[0], plan.study.suite_uses()[0]).outputs[0]
    assert not any(row.error for row in records(read_rows(out, Completion), Completion))
    assert len(server.seen.requests) == 3 * PROMPTS, "none was cut, paid for unseen and asked again"


def test_a_user_is_told_where_the_key_goes_before_it_is_sent(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-planted-0123456789")
    said = Said()
    with Faulty(reply=reply) as server:
        with writers(served(folder, server.url), Budget(), QUICK, said):
            assert said.lines == [], "the study names no key"
        plan = served(folder, server.url, generation={"key_env": "MY_KEY"})
        with writers(plan, Budget(), QUICK, said) as writer_for:
            assert {writer_for(condition).together for condition in plan.conditions}
    assert said.lines == [f"generation: the key in MY_KEY goes to {server.url}"], "once, not for each condition"
    monkeypatch.delenv("MY_KEY")
    with pytest.raises(RunError, match="MY_KEY is not set"), writers(plan, Budget(), QUICK, said):
        pass
    assert len(said.lines) == 2, "it is said first"


def test_a_server_that_has_moved_makes_nothing_stale_and_a_new_adapter_does(folder: Folder) -> None:
    with Faulty(reply=reply) as server:
        plan = served(folder, server.url)
        generate(plan, plan.conditions[:1], SilentProgress(), retry=QUICK)
    moved = served(folder, "http://node17:8000/v1", generation={"key_env": "OTHER", "concurrency": 2})
    assert stale(moved, moved.conditions[:1]) == []
    weights = plan.project.run("tiny", names(plan)[0]) / "adapter_model.safetensors"
    weights.write_text("trained anew")
    assert len(stale(plan, plan.conditions[:1])) == 1
    with Faulty(reply=lambda text: "new") as server:
        plan = served(folder, server.url)
        generate(plan, plan.conditions[:1], SilentProgress(), retry=QUICK)
    assert {row.text for row in rows(plan, 0)} == {"new"}


def test_a_hosted_service_that_is_another_is_asked_anew(folder: Folder) -> None:
    with Faulty(reply=reply) as server:
        plan = served(folder, server.url, generation={"server": "openai"})
        generate(plan, plan.conditions[:1], SilentProgress(), retry=QUICK)
    moved = served(folder, "https://elsewhere.example/v1", generation={"server": "openai"})
    assert len(stale(moved, moved.conditions[:1])) == 1


def test_a_reply_that_a_filter_ended_is_no_reply(folder: Folder) -> None:
    with Faulty(Poisoned("filtered", "Prompt 2"), reply) as server:
        plan = served(folder, server.url)
        generate(plan, plan.conditions[:1], SilentProgress(), retry=QUICK)
    (row,) = [row for row in rows(plan, 0) if row.finish_reason == "error"]
    assert (row.text, row.error) == ("", "the reply was ended by content_filter")
    assert stale(plan, plan.conditions[:1]) == [], "it was paid for, and would be the same again"


def test_the_report_says_who_wrote_the_replies_and_where(folder: Folder) -> None:
    here = folder.plan(counts=[4], compute={"threads": 3, "slots": 8, "context": 512})
    assert back_end(here) == {"written by": "llama.cpp on this machine", "slots": 8, "context": 512, "threads": 3, "weights": "q8_0"}
    with Faulty(Poisoned("wrong-model", "Prompt 1"), reply) as server:
        plan = served(folder, server.url)
        assert back_end(plan) == {"written by": f"vllm at {server.url}", "model": "{condition}", "prompts": "chat", "context": 1024}
        generate(plan, plan.conditions[:1], SilentProgress(), retry=QUICK)
    moved = served(folder, "http://node17:8000/v1")
    told = back_end(moved)
    assert told["written by"] == f"vllm at {server.url}", "where it was when it wrote"
    assert told["answered as"] == ["another-model"]


def test_the_key_comes_from_the_environment_and_stays_out_of_every_file(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    key = "sk-planted-0123456789"
    with Faulty(Poisoned("400", "Prompt 3"), lambda text: f"{text} {key}") as server:
        plan = served(folder, server.url, generation={"key_env": "MY_KEY"})
        failures = generate(plan, plan.conditions[:1], SilentProgress(), retry=QUICK)
        assert "the environment variable MY_KEY is not set" in failures[names(plan)[0]]
        monkeypatch.setenv("MY_KEY", key)
        assert generate(plan, plan.conditions[:1], SilentProgress(), retry=QUICK) == {}
        assert server.seen.keys == {f"Bearer {key}"}
    written = [path for path in folder.root.rglob("*") if path.is_file()]
    assert len(written) > 5
    assert [path for path in written if key.encode() in path.read_bytes()] == []


def test_generate_with_a_server_leaves_with_1_and_no_traceback_where_it_fails(
    here: Folder, socsafe: Callable[..., Left], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Faulty(reply=reply, models=["base"]) as server:
        plan = served(here, server.url)
        left = socsafe("generate", STUDY)
        assert left.code == 1
        assert left.err.count("the server has no model") >= 2
        server.models = names(plan)
        assert socsafe("generate", STUDY, "--budget", "1").code == 1, "without prices no budget can be kept"
        assert socsafe("generate", STUDY).code == 0
    before = Path(completions_step(plan, plan.conditions[0], plan.study.suite_uses()[0]).outputs[0]).read_bytes()
    assert socsafe("generate", STUDY).code == 0, "all is done: no server is needed"
    assert completions_step(plan, plan.conditions[0], plan.study.suite_uses()[0]).outputs[0].read_bytes() == before
