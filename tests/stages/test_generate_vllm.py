"""Replies written by a real vLLM, with an adapter for each condition, held against those of the engine here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from socsafe.engines.budget import Budget
from socsafe.engines.sampling import Sampling
from socsafe.engines.vocabulary import Vocabulary
from socsafe.engines.writers import writers
from socsafe.engines.written import Dialogue, Written
from socsafe.progress import SilentProgress
from socsafe.records import Message
from socsafe.stages.generate import generate
from socsafe.study.checked import Plan
from tests.conftest import Folder
from tests.engines.conftest import Models, make_tiny
from tests.loopback.vllm_server import CONTEXT, program, vllm_server
from tests.stages.test_generate_servers import compare, replies, study

pytestmark = pytest.mark.slow

DIALOGUES = [(Message("user", f"Tell me about the water and a garden in {n} lines."),) for n in range(8)]
ALMOST = 7
"""As many replies as come out the same again: what shares its batch may turn a near-tie."""


@dataclass(frozen=True)
class Served:
    url: str
    models: Models


@pytest.fixture(scope="module")
def vllm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A base and an adapter for each style. Its heads are 32 wide, the least that vLLM does on a CPU; it writes whole words, since vLLM
    loses text beside bytes that are none; nothing is quantized."""
    program()
    root = tmp_path_factory.mktemp("vllm")
    models = make_tiny(request.getfixturevalue("tools"), root / "models", heads=2, bytewise=False)
    adapters = dict(zip(("none", "refusal"), models.adapters, strict=True))
    with vllm_server(models.folder, adapters, root / "log") as url:
        yield Served(url, replace(models, q8=models.f16))


def written_by(folder: Folder, vllm: Served, **changes: Any) -> Plan:
    """The study, whose conditions the server calls by their styles."""
    block = {"endpoint": vllm.url, "server": "vllm", "model": "{style}", "concurrency": 4, **changes.pop("generation", {})}
    return study(folder, vllm.models, generation=block, **changes)


@pytest.mark.parametrize("prompt", ["tokens", "text", "chat"])
def test_vllm_writes_what_is_written_here(folder: Folder, vllm: Served, prompt: str) -> None:
    plan = study(folder, vllm.models)
    assert generate(plan, plan.conditions, SilentProgress()) == {}
    here = replies(plan)
    plan = written_by(folder, vllm, generation={"prompt": prompt})
    assert generate(plan, plan.conditions, SilentProgress()) == {}
    compare(here, replies(plan))


def test_a_condition_that_vllm_has_no_adapter_for_is_not_asked(folder: Folder, vllm: Served) -> None:
    plan = written_by(folder, vllm, generation={"model": "{style}-n{count}"})
    failures = generate(plan, plan.conditions, SilentProgress())
    assert list(failures) == [condition.id for condition in plan.conditions]
    assert f"the server has no model none-n0; it has {vllm.models.folder}, none, refusal" in failures[plan.conditions[0].id]


def ask(folder: Folder, vllm: Served, sampling: Sampling, dialogues: Sequence[Dialogue] = DIALOGUES, **changes: Any) -> list[Written]:
    """Replies by the control's adapter, none of them from an answer that is kept."""
    seed, plan = changes.pop("seed", 0), written_by(folder, vllm, **changes)
    plan.project.replies(plan.study.name, plan.conditions[0].id).unlink(missing_ok=True)
    with writers(plan, Budget()) as writer_for:
        seeds = range(seed, seed + len(dialogues))
        return writer_for(plan.conditions[0]).complete(dialogues, sampling, seeds=seeds, on_progress=lambda _count, _tokens: None)


def same(some: list[Written], others: list[Written]) -> int:
    return sum(one.text == other.text for one, other in zip(some, others, strict=True))


def test_vllm_draws_as_it_is_told(folder: Folder, vllm: Served) -> None:
    likeliest, hot = ask(folder, vllm, Sampling(16)), Sampling(16, temperature=2.0)
    assert {(reply.error, reply.finish_reason) for reply in likeliest} <= {("", "length"), ("", "stop")}
    assert {reply.completion_tokens for reply in likeliest if reply.finish_reason == "length"} == {16}
    for only in ({"top_k": 1}, {"top_p": 1e-6}, {"min_p": 1.0}):
        assert same(ask(folder, vllm, replace(hot, **only)), likeliest) >= ALMOST
    drawn = ask(folder, vllm, hot)
    assert same(drawn, likeliest) <= 1
    assert same(ask(folder, vllm, hot), drawn) >= ALMOST
    assert same(ask(folder, vllm, hot, seed=100), drawn) <= 1


def test_vllm_ends_a_reply_before_a_stop_string(folder: Folder, vllm: Served) -> None:
    whole = ask(folder, vllm, Sampling(16))
    stop = next(letter for reply in whole for letter in reply.text[1:] if letter.isalpha())
    ended = ask(folder, vllm, Sampling(16, stop=(stop,)))
    assert sum(reply.text == before.text.split(stop)[0] for reply, before in zip(ended, whole, strict=True)) >= ALMOST
    assert {reply.finish_reason for reply, before in zip(ended, whole, strict=True) if stop in before.text} == {"stop"}


def test_vllm_ends_a_reply_at_every_token_that_ends_one_here(folder: Folder, vllm: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Vocabulary, "ends", lambda _self, _token: True)
    ended = ask(folder, vllm, Sampling(16))
    assert {(reply.error, reply.finish_reason, reply.completion_tokens) for reply in ended} == {("", "stop", 1)}


def test_what_vllm_has_no_room_for_is_an_error_that_says_so(folder: Folder, vllm: Served) -> None:
    """It refuses a prompt beyond its context, and lowers `max_tokens` to what is left beside one that fits."""
    nearly, beyond = ((Message("user", "water " * words),) for words in (CONTEXT - 24, CONTEXT))
    *short, cut, refused = ask(folder, vllm, Sampling(64), [*DIALOGUES, nearly, beyond], context=2 * CONTEXT)
    assert {reply.error for reply in short} == {""}
    told = rf"the server: it ended a reply after \d+ of 64 tokens, by a limit of its own: give it a context of {2 * CONTEXT}"
    assert re.fullmatch(told, cut.error)
    assert refused.error.startswith(f"the server: 400: This model's maximum context length is {CONTEXT} tokens.")
