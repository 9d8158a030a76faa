from __future__ import annotations

from pathlib import Path

import pytest

from socsafe.engines.budget import Budget, Prices
from socsafe.engines.judge_models import RETRY, decides, model_files, open_model, prices
from socsafe.engines.remote import Remote
from socsafe.errors import RunError
from socsafe.study.endpoint_block import ModelPrices
from socsafe.study.judge_blocks import ClassifierModel, EndpointModel, GgufModel, JudgeUse, model_name

ENDPOINT = EndpointModel(endpoint="http://127.0.0.1:9/v1", name="m", prices=ModelPrices(prompt=1.0, completion=2.0), concurrency=3)
POLICY = JudgeUse(judge="policy", model=ENDPOINT, temperature=0.5, seed=4)


def test_an_endpoint_is_asked_as_the_study_says(tmp_path: Path) -> None:
    with open_model(POLICY, tmp_path, 1, Budget()) as model:
        assert isinstance(model, Remote)
        asked = model.endpoint
    assert (asked.url, asked.name, asked.concurrency, asked.temperature, asked.seed, asked.kind) == (
        ENDPOINT.endpoint,
        "m",
        3,
        0.5,
        4,
        "chat",
    )
    assert asked.prices == Prices(1.0, 2.0)
    assert asked.retry == RETRY
    assert RETRY.paced
    moderation = JudgeUse(judge="moderation", model=ENDPOINT)
    with open_model(moderation, tmp_path, 1, Budget()) as model:
        assert isinstance(model, Remote)
        assert model.endpoint.kind == "moderation"


def test_a_model_on_this_machine_costs_nothing_and_an_endpoint_says_what() -> None:
    assert prices(JudgeUse(judge="guard", model=GgufModel(gguf="m.gguf"))) == Prices(0.0, 0.0)
    assert prices(JudgeUse(judge="policy", model=ENDPOINT.model_copy(update={"prices": None}))) is None


def test_a_files_content_decides_and_not_its_name(tmp_path: Path) -> None:
    for name, content in (("a.gguf", b"one"), ("b.gguf", b"one"), ("c.gguf", b"two")):
        (tmp_path / name).write_bytes(content)
    one, moved, other = (decides(JudgeUse(judge="yesno", model=GgufModel(gguf=name)), tmp_path) for name in ("a.gguf", "b.gguf", "c.gguf"))
    assert one == moved != other


def test_a_classifiers_folder_counts_by_its_weights(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "reward"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "notes.md").write_bytes(b"x")
    use = JudgeUse(judge="reward", model=ClassifierModel(classifier="models/reward"))
    before = decides(use, tmp_path)
    assert [path.name for path in model_files(use, tmp_path)] == ["model.safetensors"]
    (folder / "notes.md").write_bytes(b"y")
    assert decides(use, tmp_path) == before
    (folder / "model.safetensors").write_bytes(b"others!")
    assert decides(use, tmp_path) != before
    hub = JudgeUse(judge="reward", model=ClassifierModel(classifier="owner/name", revision="abc"))
    assert model_files(hub, tmp_path) == ()
    assert "abc" in str(decides(hub, tmp_path))


def test_models_are_called_by_name() -> None:
    assert [model_name(use) for use in (POLICY, JudgeUse(judge="refusal"), JudgeUse(judge="guard", model=GgufModel(gguf="a/b.gguf")))] == [
        "m",
        "",
        "b.gguf",
    ]


def test_a_gguf_that_is_not_here_is_an_error(tmp_path: Path) -> None:
    with (
        pytest.raises(RunError, match="is not here: the model of judge yesno"),
        open_model(JudgeUse(judge="yesno", model=GgufModel(gguf="m.gguf")), tmp_path, 1, Budget()),
    ):
        pass
