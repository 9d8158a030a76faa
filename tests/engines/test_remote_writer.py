"""What a server is sent, and what is made of its answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from socsafe.engines.answers import AnswerCache
from socsafe.engines.chat import MAX_RENDERED, chat_encoder, each_read
from socsafe.engines.llamacpp import Engine
from socsafe.engines.model_tokenizer import ModelTokenizer
from socsafe.engines.remote import Endpoint, Remote
from socsafe.engines.remote_writer import FROM_SERVER, Kind, PromptForm, RemoteWriter, request_options
from socsafe.engines.retry import RetryPolicy
from socsafe.engines.sampling import Sampling
from socsafe.engines.written import Written
from socsafe.errors import InputError, RunError
from socsafe.records import Message
from tests.engines.conftest import Models
from tests.loopback.faulty import Faulty, Plan
from tests.loopback.llamacpp_server import llamacpp_server

GREEDY = Sampling(12)
QUICK = RetryPolicy(attempts=2, first_wait=0.01)
DIALOGUES = [(Message("system", "Be brief."), Message("user", f"Tell me about the water and a garden in {n} lines.")) for n in range(10)]


@pytest.fixture(scope="module")
def tokenizer(tiny: Models) -> Iterator[ModelTokenizer]:
    with ModelTokenizer.open(tiny.q8) as opened:
        yield opened


def writer(
    url: str, tokenizer: ModelTokenizer | None, tmp_path: Path, kind: str = "tokens", server: Kind = "llama.cpp", context: int = 256
):
    template = tokenizer.chat_template if tokenizer else ""
    form = PromptForm(server, kind, template, tokenizer)  # type: ignore[arg-type]
    remote = Remote(Endpoint(url, "tiny", concurrency=2, retry=QUICK))
    return RemoteWriter(remote, form, AnswerCache(tmp_path / "replies.jsonl"), {}, context=context, where=url)


def complete(writer: RemoteWriter, dialogues: list[tuple[Message, ...]], sampling: Sampling = GREEDY) -> list[Written]:
    told: list[tuple[int, int]] = []
    written = writer.complete(
        dialogues, sampling, seeds=range(len(dialogues)), on_progress=lambda count, tokens: told.append((count, tokens))
    )
    assert sum(count for count, _ in told) == len(dialogues)
    assert sum(tokens for _, tokens in told) == sum(reply.completion_tokens for reply in written)
    return written


def again(writer: RemoteWriter, dialogues: list[tuple[Message, ...]]) -> list[Written]:
    """What is on the disk already, for which no token is written."""
    told: list[tuple[int, int]] = []
    written = writer.complete(
        dialogues, GREEDY, seeds=range(len(dialogues)), on_progress=lambda count, tokens: told.append((count, tokens))
    )
    assert (sum(count for count, _ in told), sum(tokens for _, tokens in told)) == (len(dialogues), 0)
    return written


def test_the_tokens_that_are_sent_are_those_that_the_engine_here_would_read(
    tiny: Models, tokenizer: ModelTokenizer, tmp_path: Path
) -> None:
    with Engine.open(tiny.q8, slots=1, context=256, threads=1) as engine:
        encode = chat_encoder(engine.chat_template, engine)
        read = [encode(dialogue, True) for dialogue in DIALOGUES]
    with Faulty() as server:
        written = complete(writer(server.url, tokenizer, tmp_path), DIALOGUES)
        sent = {body["seed"]: body["prompt"] for body in server.seen.requests}
    assert [sent[seed] for seed in range(10)] == read
    assert [reply.prompt_tokens for reply in written] == [len(tokens) for tokens in read]


@pytest.mark.parametrize("server", ["llama.cpp", "openai"])
def test_a_real_server_reads_a_text_as_the_tokens_it_was_made_from(
    tiny: Models, tokenizer: ModelTokenizer, server: Kind, tmp_path: Path
) -> None:
    """It puts a BOS before the text; one of ours beside it would be counted, and refused."""
    with llamacpp_server(tiny.q8, adapters={"tiny": None}) as url, Engine.open(tiny.q8, slots=4, context=256, threads=1) as engine:
        written = complete(writer(url, tokenizer, tmp_path, "text", server), DIALOGUES)
        encode = chat_encoder(engine.chat_template, engine)
        here = engine.complete([encode(dialogue, True) for dialogue in DIALOGUES], GREEDY, seeds=range(10))
    assert [reply.prompt_tokens for reply in written] == [reply.prompt_tokens for reply in here]
    assert [reply.error for reply in written] == [""] * 10
    # Up to a near-tie, which the other way of batching may turn; and the server leaves out bytes that are no text.
    pairs = [(one.text, other.text.replace("\ufffd", "")) for one, other in zip(written, here, strict=True)]
    assert sum(one[:3] == other[:3] for one, other in pairs) >= 9
    assert sum(one == other for one, other in pairs) >= 5


def test_vllm_is_sent_the_beginning_token_and_told_to_add_none(tokenizer: ModelTokenizer, tmp_path: Path) -> None:
    with Faulty() as server:
        # The stand-in counts 100 tokens of any text.
        with pytest.raises(RunError, match=r"it read 100 tokens of a prompt that has \d+, and so with the first 8 prompts"):
            complete(writer(server.url, tokenizer, tmp_path, "text", "vllm"), DIALOGUES)
        sent = server.seen.requests[0]
    assert sent["prompt"].startswith("<s>[system] Be brief.</s>[user] Tell me")
    assert sent["add_special_tokens"] is False


def test_vllm_is_told_every_token_that_ends_a_reply_here(tokenizer: ModelTokenizer) -> None:
    for server, told in (("vllm", {"stop_token_ids": [2]}), ("llama.cpp", {})):
        form = PromptForm(server, "tokens", tokenizer.chat_template, tokenizer)  # type: ignore[arg-type]
        text, tokens = form.read(DIALOGUES[0])
        assert form.question(DIALOGUES[0], text, tokens, {}, 9).options == told
    assert tokenizer.end_tokens == (tokenizer.vocabulary.eos,) == (2,)


def test_a_reply_to_other_tokens_than_were_sent_is_an_error_that_is_paid_for_once(tokenizer: ModelTokenizer, tmp_path: Path) -> None:
    class Once(Plan):
        def fault(self, text: str, attempt: int) -> str:
            return "one-more" if len(text.split()) == shortest else ""

    dialogues = [*DIALOGUES, (Message("user", "Hi"),)]
    form = PromptForm("vllm", "tokens", tokenizer.chat_template, tokenizer)
    shortest = len(form.read(dialogues[-1])[1])
    with Faulty(Once()) as server:
        *others, wrong = complete(writer(server.url, tokenizer, tmp_path), dialogues)
        assert [reply.error for reply in others] == [""] * 10
        assert wrong.error == f"it read {shortest + 1} tokens of a prompt that has {shortest}"
        assert (wrong.text, wrong.finish_reason) == ("", "error")
        asked = len(server.seen.requests)
        assert again(writer(server.url, tokenizer, tmp_path), dialogues) == [*others, wrong]
        assert len(server.seen.requests) == asked == len(dialogues)


def test_wrong_counts_without_a_right_one_are_not_kept(tokenizer: ModelTokenizer, tmp_path: Path) -> None:
    """So few of them are no proof of another tokenizer, and a server that has the right one may stand there the next time."""

    class Always(Plan):
        def fault(self, text: str, attempt: int) -> str:
            return "one-more"

    with Faulty(Always()) as server:
        wrong = complete(writer(server.url, tokenizer, tmp_path), DIALOGUES[:3])
        assert all(reply.error.startswith("the server: it read ") for reply in wrong)
        server.plan = Plan()
        assert [reply.error for reply in complete(writer(server.url, tokenizer, tmp_path), DIALOGUES[:3])] == [""] * 3


def test_a_reply_that_the_servers_own_context_cut_short_is_an_error_and_is_asked_for_again(
    tokenizer: ModelTokenizer, tmp_path: Path
) -> None:
    with Faulty(Plan(always="length")) as server:
        cut = complete(writer(server.url, tokenizer, tmp_path), DIALOGUES[:2])
        told = "the server: it ended a reply after 10 of 12 tokens, by a limit of its own: give it a context of 256"
        assert {reply.error for reply in cut} == {told}
        server.plan = Plan()
        assert [reply.error for reply in complete(writer(server.url, tokenizer, tmp_path), DIALOGUES[:2])] == ["", ""]
        server.plan = Plan(always="length")
        full = complete(writer(server.url, tokenizer, tmp_path), DIALOGUES[2:3], Sampling(10))
    assert [reply.finish_reason for reply in full] == ["length"]


def test_a_dialogue_that_the_template_cannot_take_fails_alone_and_a_template_that_takes_none_fails_all(
    tokenizer: ModelTokenizer, tmp_path: Path
) -> None:
    huge = (Message("user", "water " * (MAX_RENDERED // 6 + 1)),)
    with Faulty() as server:
        first, failed, last = complete(writer(server.url, tokenizer, tmp_path), [DIALOGUES[0], huge, DIALOGUES[1]])
        assert failed.finish_reason == "error"
        assert failed.error.startswith("chat template: ")
        assert not failed.error.startswith(FROM_SERVER), "it would be the same again"
        assert [first.error, last.error] == ["", ""]
        refusing = PromptForm("vllm", "tokens", "{{ raise_exception('no such turns') }}", tokenizer)
        with pytest.raises(InputError, match="no such turns"):
            each_read(refusing.read, DIALOGUES)


def test_empty_and_too_long_prompts_are_not_sent_and_the_reply_keeps_to_the_context(tokenizer: ModelTokenizer, tmp_path: Path) -> None:
    form = PromptForm("vllm", "tokens", tokenizer.chat_template, tokenizer)
    length = len(form.read(DIALOGUES[0])[1])
    long = (Message("user", "water " * 400),)
    with Faulty() as server:
        replies = complete(writer(server.url, tokenizer, tmp_path, context=length + 5), [DIALOGUES[0], long])
        assert [body["max_tokens"] for body in server.seen.requests] == [5]
        asked = complete(writer(server.url, None, tmp_path, "chat"), [(Message("user", " \n"),), DIALOGUES[1]])
    assert f"tokens, the context holds {length + 5}" in replies[1].error
    assert [reply.error for reply in asked] == ["the prompt is empty", ""]


def test_every_setting_of_the_sampler_is_sent_in_the_servers_words() -> None:
    plain = {"temperature": 0.0, "top_p": 1.0, "seed": 3}
    assert request_options("openai", GREEDY, 3) == plain
    assert request_options("vllm", GREEDY, 3) == {**plain, "top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0}
    full = Sampling(9, temperature=0.5, top_p=0.9, top_k=40, min_p=0.1, repeat_penalty=1.2, stop=("###",))
    assert request_options("llama.cpp", full, 4) == {
        "temperature": 0.5, "top_p": 0.9, "seed": 4, "stop": ["###"], "top_k": 40, "min_p": 0.1, "repeat_penalty": 1.2, "repeat_last_n": 64,
    }  # fmt: skip


def test_a_tokenizer_is_read_without_the_weights(tiny: Models, tmp_path: Path) -> None:
    with ModelTokenizer.open(tiny.f16) as opened, Engine.open(tiny.f16, slots=1, context=64, threads=1) as engine:
        assert (opened.bos_token, opened.eos_token, opened.chat_template) == (engine.bos_token, engine.eos_token, engine.chat_template)
        assert opened.tokenize("<s>[user] water") == engine.tokenize("<s>[user] water")
    opened.close()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(tiny.q8.read_bytes()[:5000])
    with pytest.raises(RunError, match="cut short"):
        ModelTokenizer.open(cut)
    with pytest.raises(RunError, match="cannot read its vocabulary"):
        ModelTokenizer.open(tiny.adapter_ggufs[0])
