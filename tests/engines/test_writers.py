"""What llama.cpp here is given, and what is made of its replies."""

from __future__ import annotations

from socsafe.engines.chat import MAX_RENDERED, chat_encoder
from socsafe.engines.sampling import Sampling
from socsafe.engines.writers import LocalWriter
from socsafe.records import Message
from tests.engines.conftest import Models
from tests.engines.test_llamacpp import open_engine

DIALOGUES = [(Message("user", f"Tell me about the water and a garden in {n} lines."),) for n in range(3)]


def test_a_dialogue_that_the_template_cannot_take_fails_alone(tiny: Models) -> None:
    huge = (Message("user", "water " * (MAX_RENDERED // 6 + 1)),)
    sampling, told = Sampling(6, temperature=0.9), []
    with open_engine(tiny.q8) as engine:
        writer = LocalWriter(engine, chat_encoder(engine.chat_template, engine))
        whole = writer.complete(DIALOGUES, sampling, seeds=[5, 6, 7], on_progress=lambda _count, _tokens: None)
        given = [DIALOGUES[0], huge, *DIALOGUES[1:]]
        first, failed, *rest = writer.complete(given, sampling, seeds=[5, 0, 6, 7], on_progress=lambda count, _: told.append(count))
    assert [first, *rest] == whole
    assert (failed.text, failed.finish_reason, failed.completion_tokens) == ("", "error", 0)
    assert failed.error.startswith("chat template: ")
    assert sum(told) == len(given)
