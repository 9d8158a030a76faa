from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from socsafe.engines.converters import convert_adapters, convert_base, merge_adapter, quantization_types, quantize_gguf
from socsafe.engines.gguf_file import check_gguf
from socsafe.engines.llamacpp import Engine
from socsafe.engines.sampling import Sampling
from socsafe.errors import InputError, RunError
from tests.engines.conftest import Models

pytestmark = pytest.mark.slow


def test_converting_twice_gives_the_same_bytes_and_one_bad_adapter_does_not_stop_the_others(
    tools: Path, tiny: Models, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(tiny.adapters[0], damaged)
    (damaged / "adapter_model.safetensors").write_bytes(b"not tensors")
    outs = [tmp_path / name for name in ("damaged.gguf", "missing.gguf", "again.gguf")]
    folders = [damaged, tmp_path / "missing", tiny.adapters[1]]
    problems = convert_adapters(list(zip(folders, outs, strict=True)), tiny.folder, tools=tools, log=tmp_path / "log")
    assert set(problems) == set(outs[:2])
    assert "HeaderTooLarge" in problems[outs[0]].got or "SafetensorError" in problems[outs[0]].got
    assert str(tmp_path / "log") in problems[outs[0]].mend
    assert outs[2].read_bytes() == tiny.adapter_ggufs[1].read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.gguf", "damaged", "log"]


def test_an_adapter_at_run_time_replies_as_the_merged_model_does(tools: Path, tiny: Models, tmp_path: Path) -> None:
    merge_adapter(tiny.folder, tiny.adapters[0], tmp_path / "merged", log=tmp_path / "merge.log")
    convert_base(tmp_path / "merged", tmp_path / "merged.gguf", tools=tools, log=tmp_path / "log")
    replies = []
    for model, adapter in (
        (tmp_path / "merged.gguf", None),
        (tiny.f16, tiny.adapter_ggufs[0]),
        (tiny.f16, None),
    ):
        with Engine.open(model, slots=2, context=64, threads=1) as engine:
            engine.use_adapter(adapter)
            prompts = [engine.tokenize("<s>Tell me about water"), engine.tokenize("<s>The market")]
            replies.append([reply.tokens[:4] for reply in engine.complete(prompts, Sampling(8), seeds=[0, 0])])
    merged, adapted, plain = replies
    assert adapted == merged
    assert plain != merged


def test_a_failing_converter_is_told_with_its_log(tools: Path, tiny: Models, tmp_path: Path) -> None:
    shutil.copytree(tiny.folder, tmp_path / "odd")
    config = (tmp_path / "odd" / "config.json").read_text()
    (tmp_path / "odd" / "config.json").write_text(config.replace("LlamaForCausalLM", "OddForCausalLM"))
    with pytest.raises(RunError, match=r"OddForCausalLM is not supported(?s:.*)less .*convert\.log"):
        convert_base(tmp_path / "odd", tmp_path / "out.gguf", tools=tools, log=tmp_path / "convert.log")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["convert.log", "odd"]


@pytest.mark.parametrize("kind", quantization_types())
def test_every_quantization_type_gives_a_model_that_loads(kind: str, tiny: Models, tmp_path: Path) -> None:
    quantize_gguf(tiny.f16, tmp_path / "q.gguf", kind)
    with Engine.open(tmp_path / "q.gguf", slots=1, context=64, threads=1) as engine:
        assert engine.complete([[1, 5]], Sampling(2), seeds=[0])[0].completion_tokens


def test_quantizing_twice_gives_the_same_bytes(tiny: Models, tmp_path: Path) -> None:
    quantize_gguf(tiny.f16, tmp_path / "again.gguf", "q8_0")
    assert (tmp_path / "again.gguf").read_bytes() == tiny.q8.read_bytes()


def test_quantizing_an_adapter_fails_and_leaves_nothing(tiny: Models, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot quantize"):
        quantize_gguf(tiny.adapter_ggufs[0], tmp_path / "out.gguf", "q8_0")
    assert not list(tmp_path.iterdir())


def test_unknown_types_and_folders_are_the_users_mistake(tools: Path, tiny: Models, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="q8_0"):
        quantize_gguf(tiny.f16, tmp_path / "out.gguf", "q9")
    with pytest.raises(InputError, match="f16"):
        convert_base(tiny.folder, tmp_path / "out.gguf", tools=tools, log=tmp_path / "log", dtype="q4_k_m")
    shutil.copytree(tiny.folder, tmp_path / "bare", ignore=shutil.ignore_patterns("*.safetensors"))
    with pytest.raises(InputError, match="no weights"):
        convert_base(tmp_path / "bare", tmp_path / "out.gguf", tools=tools, log=tmp_path / "log")
    with pytest.raises(InputError, match=r"no config\.json"):
        convert_base(tmp_path, tmp_path / "out.gguf", tools=tools, log=tmp_path / "log")


def test_a_gguf_names_no_temporary_file(tiny: Models) -> None:
    assert check_gguf(tiny.f16).metadata.get("general.name", "base") in ("base", "Base")
