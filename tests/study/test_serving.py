from __future__ import annotations

import pytest

from socsafe.errors import InputError
from socsafe.study.endpoint_block import ModelPrices
from socsafe.study.generation_block import Generation
from socsafe.study.serving import served_name
from tests.conftest import Folder

URL = "http://127.0.0.1:9/v1"
VLLM = {"endpoint": URL, "server": "vllm"}


def test_a_condition_is_called_by_its_id_unless_the_study_says_otherwise(folder: Folder) -> None:
    plan = folder.plan(counts=[4], generation=VLLM)
    assert plan.study.generation is not None
    control, treated = plan.conditions
    assert served_name(plan.study.generation, treated) == treated.id
    pattern = Generation(endpoint=URL, server="vllm", model="x/{setting}-{style}-{count}-{form}-s{seed}")
    assert [served_name(pattern, cell) for cell in (control, treated)] == ["x/benign-none-0--s1", "x/benign-refusal-4-instruction-s1"]
    listed = Generation(endpoint=URL, server="openai", model={control.id: "ft:a", treated.id: "ft:b"})
    assert [served_name(listed, cell) for cell in plan.conditions] == ["ft:a", "ft:b"]


def test_what_a_study_keeps_of_a_server_holds_no_key_and_no_price() -> None:
    block = Generation(endpoint=URL, server="vllm", key_env="MY_KEY", prices=ModelPrices(prompt=1.0, completion=1.0), concurrency=99)
    assert block.decides() == {"endpoint": URL, "server": "vllm", "prompt": "tokens"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"generation": {**VLLM, "model": "{conditon}"}}, "{conditon} in model\n    expected: one of {condition}"),
        ({"generation": {**VLLM, "model": "tuned"}}, "model tuned, which is the same for several conditions"),
        ({"generation": {**VLLM, "model": {"other": "x"}}}, "a model for other\n"),
        ({"generation": {**VLLM, "model": {"other": "x"}}}, "no model for qwen2.5-0.5b-instruct-benign-none-n0-s1"),
        ({"generation": {"endpoint": URL, "server": "openai"}, "sampling": {"temperature": 0.5, "top_k": 40}}, "top_k 40 from a server"),
        ({"generation": VLLM, "sampling": {"repeat_penalty": 1.1}}, "repeat_penalty 1.1 from a server of the kind vllm"),
        ({"generation": VLLM, "sampling": {"temperature": 2.5}}, "temperature 2.5 from a server of the kind vllm\n    expected: 2 at most"),
        (
            {"generation": VLLM, "sampling": {"stop": list("abcde")}},
            "5 stop strings for a server of the kind vllm\n    expected: 4 at most",
        ),
        ({"generation": {**VLLM, "prompt": "chat"}, "training": {"template": "alpaca"}}, "prompt: chat with the template alpaca"),
        ({"generation": {**VLLM, "endpoint": "https://user:sk-secret@host/v1"}}, "endpoint: (not shown)"),
        ({"generation": {"endpoint": URL}}, "key generation.server is missing"),
    ],
)
def test_what_a_server_cannot_do_is_said_before_anything_runs(folder: Folder, changes: dict[str, object], said: str) -> None:
    with pytest.raises(InputError) as raised:
        folder.plan(counts=[4], **changes)
    assert said in str(raised.value)
    assert "sk-secret" not in str(raised.value)


def test_sampling_that_the_server_knows_is_taken(folder: Folder) -> None:
    sampling = {"temperature": 0.5, "top_k": 40, "min_p": 0.1}
    assert folder.plan(generation=VLLM, sampling=sampling).study.generation is not None
    everything = {**sampling, "temperature": 2.5, "repeat_penalty": 1.2, "stop": list("abcde")}
    assert folder.plan(generation={"endpoint": URL, "server": "llama.cpp"}, sampling=everything).study.generation is not None
