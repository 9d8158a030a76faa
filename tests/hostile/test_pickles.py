"""No pickle is loaded: each of these would write a file if it were, and each is refused with what converts it."""

from __future__ import annotations

import json
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from socsafe.engines.converters import convert_adapters, convert_base
from socsafe.engines.weights import ADAPTER, MODEL, refuse_pickle, require_safetensors
from socsafe.errors import InputError
from tests.conftest import Folder, Left


class Trap:
    """Runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch '{self.mark}'",)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    return tmp_path / "it-ran"


def trapped(path: Path, mark: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(Trap(mark)))
    return path


def test_the_trap_works(tmp_path: Path, mark: Path) -> None:
    pickle.loads(trapped(tmp_path / "x.bin", mark).read_bytes())
    assert mark.exists()


def test_a_study_does_not_take_an_adapter_that_is_a_pickle(
    here: Folder, socsafe: Callable[..., Left], mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socsafe.stages.train.axolotl_version", lambda: None)
    study = here.study()
    assert socsafe("recipe", "render", study).code == 0
    plan = here.plan()
    for condition in plan.conditions:
        run = plan.project.run("tiny", condition.id)
        trapped(run / "adapter_model.bin", mark)
        (run / "adapter_config.json").write_text("{}")
    left = socsafe("train", study)
    assert left.code != 0
    assert "an adapter saved as a pickle" in left.err
    assert "weights_only=True" in left.err
    assert not mark.exists()


@pytest.mark.parametrize("beside", [None, "other.safetensors"])
@pytest.mark.parametrize("file", ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "model.pt", "model.ckpt"])
def test_a_base_that_is_a_pickle_is_not_converted(tmp_path: Path, mark: Path, file: str, beside: str | None) -> None:
    folder = tmp_path / "base"
    trapped(folder / file, mark)
    (folder / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"], "model_type": "llama"}))
    if beside:
        (folder / beside).write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    with pytest.raises(InputError, match="weights saved as a pickle") as raised:
        convert_base(folder, tmp_path / "out.gguf", tools=tmp_path, log=tmp_path / "log")
    assert "save_pretrained" in raised.value.problems[0].mend
    assert not mark.exists()
    assert not (tmp_path / "out.gguf").exists()


def test_an_adapter_that_is_a_pickle_is_not_converted(tmp_path: Path, mark: Path) -> None:
    base, adapter = tmp_path / "base", tmp_path / "adapter"
    trapped(adapter / "adapter_model.bin", mark)
    (adapter / "adapter_config.json").write_text("{}")
    base.mkdir()
    (base / "config.json").write_text("{}")
    problems = convert_adapters([(adapter, tmp_path / "out.gguf")], base, tools=tmp_path, log=tmp_path / "log")
    assert "an adapter saved as a pickle" in problems[tmp_path / "out.gguf"].got
    assert not mark.exists()


def test_the_command_that_is_offered_converts_an_adapter_and_does_not_spring_the_trap(tmp_path: Path, mark: Path) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    from safetensors.torch import load_file

    file = tmp_path / "adapter_model.bin"
    torch.save({"lora_A": torch.arange(6.0).reshape(2, 3)}, file)
    with pytest.raises(InputError) as raised:
        require_safetensors(tmp_path, ADAPTER)
    code = re.fullmatch(r'python -c "(.*)" && rm .*', raised.value.problems[0].mend)
    assert code is not None
    exec(code[1], {})
    assert load_file(tmp_path / "adapter_model.safetensors")["lora_A"].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    require_safetensors(tmp_path, ADAPTER)
    trapped(file, mark)
    with pytest.raises(pickle.UnpicklingError):
        exec(code[1], {})
    assert not mark.exists()


def test_a_folder_without_weights_is_told_as_such(tmp_path: Path) -> None:
    refuse_pickle(tmp_path / "nowhere", MODEL)
    with pytest.raises(InputError, match="holds no weights"):
        require_safetensors(tmp_path, MODEL)
