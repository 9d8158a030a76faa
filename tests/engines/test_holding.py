from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from socsafe.engines.holding import OneEngine
from socsafe.engines.sampling import Sampling
from socsafe.errors import RunError
from tests.engines.conftest import Models

pytestmark = pytest.mark.slow


def one_engine() -> OneEngine:
    return OneEngine(slots=2, context=64, threads=1)


def test_a_model_asked_for_again_is_not_opened_again(tiny: Models) -> None:
    with one_engine() as engines:
        engine = engines.load(tiny.q8)
        assert engines.load(tiny.q8) is engine
        other = engines.load(tiny.f16)
        assert other is not engine
        with pytest.raises(RunError, match="has been closed"):
            engine.tokenize("water")
    with pytest.raises(RunError, match="has been closed"):
        other.tokenize("water")


def test_after_a_model_that_cannot_be_opened_the_next_is_opened_afresh(tiny: Models, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(tiny.f16.read_bytes()[:-500])
    with one_engine() as engines:
        before = engines.load(tiny.q8).complete([[1, 5]], Sampling(4), seeds=[0])
        with pytest.raises(RunError, match="is cut short"):
            engines.load(cut)
        assert engines.load(tiny.q8).complete([[1, 5]], Sampling(4), seeds=[0]) == before


def test_a_model_that_was_replaced_is_opened_anew(tiny: Models, tmp_path: Path) -> None:
    model = tmp_path / "model.gguf"
    shutil.copyfile(tiny.q8, model)
    with one_engine() as engines:
        engine = engines.load(model)
        shutil.copyfile(tiny.f16, tmp_path / "new.gguf")
        (tmp_path / "new.gguf").replace(model)
        assert engines.load(model) is not engine
