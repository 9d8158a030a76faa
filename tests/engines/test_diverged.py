"""A model whose training diverged: its logits are NaN, and no reply or figure is made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from socsafe.engines.likelihood import Continuation, Likelihood
from socsafe.engines.sampling import Reply, Sampling
from tests.engines.conftest import Models
from tests.engines.test_llamacpp import GREEDY, PENALISED, SAMPLED, open_engine, some_prompts


@pytest.mark.parametrize("sampling", [GREEDY, SAMPLED, PENALISED], ids=["greedy", "sampled", "penalised"])
def test_a_diverged_adapter_gives_errors_and_leaves_nothing_behind(tiny: Models, sampling: Sampling, tmp_path: Path) -> None:
    prompts = some_prompts(9)
    with open_engine(tiny.q8) as engine:
        before = engine.complete(prompts, sampling, seeds=range(9))
        engine.use_adapter(diverged(tiny.adapter_ggufs[0], tmp_path / "nan.gguf"))
        replies = engine.complete(prompts, sampling, seeds=range(9))
        (likelihood,) = engine.log_likelihoods([Continuation((1, 5), (7, 8))])
        engine.use_adapter(None)
        assert engine.complete(prompts, sampling, seeds=range(9)) == before
    message = "the model's logits are not numbers: its training diverged"
    assert replies == [Reply("", (), "error", len(prompt), message) for prompt in prompts]
    assert likelihood == Likelihood((), message)


def diverged(adapter: Path, out: Path) -> Path:
    """The adapter as GGUF with its last tensor, of whatever type, all NaN."""
    content = adapter.read_bytes()
    out.write_bytes(content[:-256] + b"\xff" * 256)
    return out
