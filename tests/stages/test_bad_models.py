"""GGUF files that are not what they are taken for, by way of the command line: one clear message each, and all other replies kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from socsafe.engines.gguf_file import GgufInfo
from socsafe.engines.llamacpp import Engine
from socsafe.engines.memory import cache_bytes, cells, free_bytes
from socsafe.manifest import Step, inputs_now, record
from socsafe.stages.generate import completions_step, stale
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from tests.conftest import PROMPTS, Folder, Left
from tests.engines.conftest import Models
from tests.stages.conftest import put_ggufs

pytestmark = pytest.mark.slow
STUDY = "recipes/tiny/study.yml"
Socsafe = Callable[..., Left]


@pytest.fixture
def plan(here: Folder, tiny: Models) -> Plan:
    """A good base with two conditions, and another base, to be spoilt, with one."""
    made = here.plan(
        bases=["micro", "smollm2-135m-instruct"],
        counts=[4],
        exclude=[{"base": "smollm2-135m-instruct", "style": "refusal"}],
        compute={"threads": 1, "slots": 8, "context": 128},
        sampling={"max_tokens": 4},
    )
    for number, condition in enumerate(made.conditions):
        put_ggufs(made, condition, tiny, number % 2)
    return made


def spoilt(plan: Plan) -> Condition:
    return plan.conditions[2]


def told(plan: Plan, socsafe: Socsafe, *expected: str) -> str:
    """`socsafe generate` fails on the spoilt condition alone, with these words; what it printed."""
    left = socsafe("generate", STUDY)
    assert left.code == 1, left
    for text in expected:
        assert text in left.err
    problems = [line for line in left.err.splitlines() if line.startswith("error: ")]
    assert len(problems) == 1
    assert problems[0].startswith(f"error: {spoilt(plan).id}: failed in stage generate: ")
    assert [condition for condition, _ in stale(plan, plan.conditions)] == [spoilt(plan)]
    return left.err


SPOILT: dict[str, tuple[Callable[[Models], bytes], str]] = {
    "zero bytes": (lambda tiny: b"", "is not a GGUF file"),
    "no GGUF at all": (lambda tiny: b"PK\x03\x04" + bytes(2000), "is not a GGUF file"),
    "head cut": (lambda tiny: tiny.q8.read_bytes()[:700], "is cut short or damaged in its head"),
    "tensors cut": (lambda tiny: tiny.q8.read_bytes()[:-500], "is cut short: it holds"),
    "unknown architecture": (
        lambda tiny: tiny.f16.read_bytes().replace(b"\x05\x00\x00\x00\x00\x00\x00\x00llama", b"\x05\x00\x00\x00\x00\x00\x00\x00llamo", 1),
        "unknown model architecture: 'llamo'",
    ),
    "an adapter for a base": (lambda tiny: tiny.adapter_ggufs[0].read_bytes(), "is an adapter, not a model"),
    # llama.cpp aborts on a vocabulary that holds a token twice.
    "ends llama.cpp": (lambda tiny: tiny.q8.read_bytes().replace(b"<0x41>", b"<0x42>", 1), "would end llama.cpp: llama-vocab.cpp"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_base_is_one_message_and_the_others_are_done(plan: Plan, tiny: Models, socsafe: Socsafe, kind: str) -> None:
    make, message = SPOILT[kind]
    put_ggufs(plan, spoilt(plan), tiny)[0].write_bytes(make(tiny))
    told(plan, socsafe, message)


def test_an_adapter_of_another_shape_is_one_message(plan: Plan, tiny: Models, socsafe: Socsafe) -> None:
    put_ggufs(plan, spoilt(plan), tiny)[1].write_bytes(tiny.wide_adapter.read_bytes())
    told(plan, socsafe, "does not fit the model", "an adapter that was trained on this very model")


def here_weights(plan: Plan, weights: str) -> Path:
    """A base's weights."""
    source = plan.project.root / "base" / weights / "model.safetensors"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(weights)
    return source


def noted(plan: Plan, file: Path, model: str, weights: str) -> None:
    """The record that quantizing leaves beside a file."""
    source = here_weights(plan, weights)
    step = Step("quantize", file.with_name(f"{file.name}.json"), plan.project.root, (), (file,), (source,), {"model": model})
    record(step, inputs_now(step))


def test_a_file_put_in_the_place_of_the_one_that_was_made_is_not_taken_for_it(plan: Plan, tiny: Models, socsafe: Socsafe) -> None:
    base, _ = put_ggufs(plan, spoilt(plan), tiny)
    noted(plan, base, plan.bases[spoilt(plan).base].model, "a")
    base.write_bytes(tiny.f16.read_bytes())
    left = socsafe("generate", STUDY)
    assert left.code in (1, 2)
    assert f"{base.name}: " in left.err
    assert "what was made, byte for byte" in left.err


def test_an_adapter_made_for_another_base_is_told_by_its_record(plan: Plan, tiny: Models, socsafe: Socsafe) -> None:
    _, adapter = put_ggufs(plan, spoilt(plan), tiny)
    noted(plan, adapter, "somebody/else", "a")
    told(plan, socsafe, f"{adapter.name}: was made from, or for, the base somebody/else")


def test_a_base_with_other_weights_of_the_same_shape_is_told_by_what_the_adapter_was_trained_on(
    plan: Plan, tiny: Models, socsafe: Socsafe
) -> None:
    base, adapter = put_ggufs(plan, spoilt(plan), tiny)
    noted(plan, base, plan.bases[spoilt(plan).base].model, "new")
    old = here_weights(plan, "old")
    trained = plan.project.run("tiny", spoilt(plan).id) / "train.manifest.json"
    step = Step("train", trained, plan.project.root, (), (), (old,))
    record(step, inputs_now(step))
    told(plan, socsafe, f"{base.name}: holds other weights than {adapter.name} was trained on", f"socsafe train {STUDY}")


def test_a_context_that_the_memory_cannot_hold_is_told_in_megabytes_before_it_is_tried(
    here: Folder, tiny: Models, socsafe: Socsafe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socsafe.engines.memory.free_bytes", lambda: 5_000_000)
    changes = {"bases": ["micro"], "styles": ["none"], "sampling": {"max_tokens": 4}}
    plan = here.plan(**changes, compute={"threads": 1, "slots": 64, "context": 512})
    put_ggufs(plan, plan.conditions[0], tiny)
    left = socsafe("generate", STUDY)
    assert left.code == 1
    # 2 layers x 2 heads x (16 + 16) numbers x 2 bytes = 256 bytes a token, of 512 in 65 sequences.
    assert "no memory for 64 replies of 512 tokens: their KV cache takes 8 MB" in left.err
    assert "no more than the 5 MB that are free" in left.err
    assert "lower slots or context in the study" in left.err
    here.plan(**changes, compute={"threads": 1, "slots": 8, "context": 512})
    assert socsafe("generate", STUDY).code == 0


def test_this_machine_says_how_much_memory_is_free() -> None:
    free = free_bytes()
    assert free is None or 10_000_000 < free < 10**15


def test_a_prompt_longer_than_the_context_fails_alone(here: Folder, tiny: Models, socsafe: Socsafe) -> None:
    rows = [("short", "bad"), ("long " * 200, "good"), *[("x", "bad")] * (PROMPTS - 2)]
    here.data("tiny-suite", "suite.csv", "text,kind\n" + "".join(f"{text},{kind}\n" for text, kind in rows))
    plan = here.plan(bases=["micro"], styles=["none"], compute={"threads": 1, "context": 64}, sampling={"max_tokens": 3})
    put_ggufs(plan, plan.conditions[0], tiny)
    left = socsafe("generate", STUDY)
    assert left.code == 0, left
    out = completions_step(plan, plan.conditions[0], plan.study.suite_uses()[0]).outputs[0]
    rows_written = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["finish_reason"] == "error" for row in rows_written] == [False, True] + [False] * (PROMPTS - 2)
    assert "tokens, the context holds 64 with the reply" in rows_written[1]["error"]


def test_a_cache_is_reckoned_in_the_cells_that_llama_cpp_makes_of_it(tiny: Models) -> None:
    for context in (64, 256, 300, 512):
        with Engine.open(tiny.q8, slots=8, context=context, threads=1) as engine:
            handles = engine._opened()
            assert cells(9, context) == handles.llama.llama_n_ctx_seq(handles.context) * 9


def test_a_memory_figure_that_the_head_does_not_tell_refuses_nothing() -> None:
    shape = {"a.block_count": 32, "a.embedding_length": 4096, "a.attention.head_count": 32, "a.attention.head_count_kv": 8}
    assert cache_bytes(GgufInfo(3, "a", "model", shape, 0), 1024) == 32 * 8 * 256 * 1024 * 2
    for missing in shape:
        assert cache_bytes(GgufInfo(3, "a", "model", {key: shape[key] for key in shape if key != missing}, 0), 1024) is None
    assert cache_bytes(GgufInfo(3, "a", "model", {**shape, "a.attention.sliding_window": 512}, 0), 1024) is None
