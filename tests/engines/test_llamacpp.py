from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from socsafe.engines import batching
from socsafe.engines.llamacpp import Engine
from socsafe.engines.sampling import Reply, Sampling
from socsafe.errors import InputError, RunError
from tests.engines.conftest import Models

GREEDY = Sampling(24)
SAMPLED = Sampling(24, temperature=0.9, top_p=0.9, top_k=40, min_p=0.02)
PENALISED = Sampling(24, repeat_penalty=1.3)


def some_prompts(count: int = 26) -> list[list[int]]:
    draw = random.Random(5)
    return [[1, *(draw.randrange(3, 390) for _ in range(draw.choice([1, 4, 12, 30, 30, 65, 150])))] for _ in range(count)]


def open_engine(model: Path, slots: int = 8, context: int = 256, threads: int = 1, exact: bool = True) -> Engine:
    return Engine.open(model, slots=slots, context=context, threads=threads, exact=exact)


def run(model: Path, order: list[int], sampling: Sampling, slots: int) -> dict[int, Reply]:
    """Replies by prompt number, the prompts given in that order; prompt n has the seed n."""
    prompts = some_prompts()
    with open_engine(model, slots) as engine:
        return dict(zip(order, engine.complete([prompts[n] for n in order], sampling, seeds=order), strict=True))


@pytest.mark.parametrize("sampling", [GREEDY, SAMPLED, PENALISED], ids=["greedy", "sampled", "penalised"])
@pytest.mark.parametrize("kind", ["f16", "q8"])
def test_a_reply_depends_on_nothing_but_its_own_prompt_and_seed(tiny: Models, kind: str, sampling: Sampling) -> None:
    model = tiny.f16 if kind == "f16" else tiny.q8
    order = list(range(len(some_prompts())))
    whole = run(model, order, sampling, slots=8)
    shuffled = random.Random(3).sample(order, len(order))
    assert run(model, shuffled, sampling, slots=8) == whole
    assert run(model, order, sampling, slots=1) == whole
    assert run(model, order, sampling, slots=19) == whole
    part = shuffled[:5]
    assert run(model, part, sampling, slots=8) == {n: whole[n] for n in part}
    assert len({reply.tokens for reply in whole.values()}) > len(order) // 2


def test_batching_writes_what_the_one_by_one_loop_writes(tiny: Models) -> None:
    """llama-cpp-python's own loop, in one row a time, up to the first near-tie."""
    import llama_cpp

    prompts = some_prompts(8)
    with open_engine(tiny.q8) as engine:
        ours = engine.complete(prompts, GREEDY, seeds=[0] * 8)
    model = llama_cpp.Llama(str(tiny.q8), n_ctx=256, n_threads=1, verbose=False)
    agreeing = 0
    for prompt, reply in zip(prompts, ours, strict=True):
        model.reset()
        stream = model.generate(prompt, temp=0.0, top_k=1, repeat_penalty=1.0)
        theirs = tuple(next(stream) for _ in reply.tokens)
        agreeing += theirs[:6] == reply.tokens[:6]
    model.close()
    assert agreeing >= 7


def test_without_exactness_the_same_call_gives_the_same_replies(tiny: Models) -> None:
    calls = []
    for _ in range(2):
        with open_engine(tiny.f16, slots=5, exact=False) as engine:
            calls.append(engine.complete(some_prompts(12), SAMPLED, seeds=range(12)))
            calls.append(engine.complete(some_prompts(12), SAMPLED, seeds=range(12)))
    assert calls[0] == calls[1] == calls[2] == calls[3]


def test_a_shared_beginning_is_read_once_and_changes_no_reply(tiny: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = [1, *range(20, 120)]
    prompts = [[*shared, n + 5, n + 9] for n in range(9)] + [[1, 7, 8], shared, [*shared, 5]]
    read: list[int] = []
    with open_engine(tiny.q8) as engine:
        decoded = batching.decode
        monkeypatch.setattr(batching, "decode", lambda handles, rows, count: (read.append(count), decoded(handles, rows, count))[1])
        together = engine.complete(prompts, GREEDY, seeds=[0] * 12)
        rows = sum(count for count in read if count > 8)
        read.clear()
        again = engine.complete(prompts, GREEDY, seeds=[0] * 12)
        kept = sum(count for count in read if count > 8)
        alone = [engine.complete([prompt], GREEDY, seeds=[0])[0] for prompt in prompts]
        monkeypatch.setattr(batching, "beginnings", lambda given: [()] * len(given))
        unshared = engine.complete(prompts, GREEDY, seeds=[0] * 12)
    assert together == again == alone == unshared
    assert [reply.prompt_tokens for reply in together] == [len(prompt) for prompt in prompts]
    assert rows < 2 * len(shared), "eleven prompts have it in common"
    assert kept < rows - len(shared) / 2, "what the first call read is still there"


def test_another_adapter_reads_the_shared_beginning_anew(tiny: Models) -> None:
    prompts = [[1, *range(20, 120), n] for n in range(4)]
    with open_engine(tiny.q8) as engine:
        engine.complete(prompts, GREEDY, seeds=[0] * 4)
        engine.use_adapter(tiny.adapter_ggufs[0])
        after = engine.complete(prompts, GREEDY, seeds=[0] * 4)
    with open_engine(tiny.q8) as engine:
        engine.use_adapter(tiny.adapter_ggufs[0])
        assert engine.complete(prompts, GREEDY, seeds=[0] * 4) == after


def test_a_call_that_was_cut_leaves_no_trace(tiny: Models) -> None:
    prompts = [[1, *range(20, 100), *prompt] for prompt in some_prompts(12)]
    with open_engine(tiny.q8, slots=5) as engine:
        whole = engine.complete(prompts, SAMPLED, seeds=range(12))
        for after in (0, 1, 4, 9):
            told = iter(range(12))

            def cut(_count: int, _tokens: int, told: Iterator[int] = told, after: int = after) -> None:
                if next(told) == after:
                    raise KeyboardInterrupt

            with pytest.raises(KeyboardInterrupt):
                engine.complete(prompts, SAMPLED, seeds=range(12), on_progress=cut)
            assert engine.complete(prompts, SAMPLED, seeds=range(12)) == whole


def test_a_prompt_longer_than_a_batch_is_read_in_pieces(tiny: Models) -> None:
    draw = random.Random(8)
    prompts = [[1, *(draw.randrange(3, 390) for _ in range(size))] for size in (10, 59, 60, 61, 122, 300, 420)]
    with open_engine(tiny.q8, context=480) as engine:
        together = engine.complete(prompts, GREEDY, seeds=[0] * 7)
    with open_engine(tiny.q8, context=480, slots=1) as engine:
        assert [engine.complete([prompt], GREEDY, seeds=[0])[0] for prompt in prompts] == together


def test_each_filter_that_keeps_one_token_is_greedy(tiny: Models) -> None:
    prompts = some_prompts(6)
    filters = (Sampling(24, 1.5, top_k=1), Sampling(24, 1.5, top_p=1e-6), Sampling(24, 1.5, min_p=1.0))
    with open_engine(tiny.q8) as engine:
        greedy = engine.complete(prompts, GREEDY, seeds=[0] * 6)
        free = engine.complete(prompts, Sampling(24, 1.5), seeds=range(6))
        for sampling in filters:
            assert engine.complete(prompts, sampling, seeds=range(6)) == greedy
    assert free != greedy


def test_several_samples_of_a_prompt_read_it_once_and_are_those_it_gets_alone(tiny: Models) -> None:
    prompt = [1, *range(20, 110)]
    with open_engine(tiny.q8) as engine:
        together = engine.complete([prompt] * 9, SAMPLED, seeds=range(9))
        alone = [engine.complete([prompt], SAMPLED, seeds=[seed])[0] for seed in range(9)]
    assert together == alone
    assert len({reply.tokens for reply in together}) == 9


def test_a_prompt_that_fills_the_context_ends_with_length(tiny: Models) -> None:
    with open_engine(tiny.q8, context=64) as engine:
        replies = engine.complete([[1, *range(10, 72)], [1, *range(10, 71)], [1, *range(10, 73)]], GREEDY, seeds=[0] * 3)
    assert [reply.finish_reason for reply in replies] == ["length", "length", "error"]
    assert [reply.completion_tokens for reply in replies] == [1, 2, 0]


def test_seeds_decide_sampled_replies_and_leave_greedy_ones(tiny: Models) -> None:
    with open_engine(tiny.q8) as engine:
        sampled = engine.complete([[1, 50]] * 6, SAMPLED, seeds=[1, 2, 3, 4, 5, 1])
        greedy = engine.complete([[1, 50]] * 2, GREEDY, seeds=[1, 2])
        largest = [engine.complete([[1, 50]], SAMPLED, seeds=[0xFFFFFFFF])[0] for _ in range(3)]
    assert sampled[0] == sampled[5]
    assert len({reply.tokens for reply in sampled}) == 5
    assert greedy[0] == greedy[1]
    assert len(set(largest)) == 1, "llama.cpp takes this seed to mean a random one"


def test_max_tokens_and_context_end_a_reply_with_length(tiny: Models) -> None:
    with open_engine(tiny.q8, context=40) as engine:
        prompts = [[1, *range(10, 10 + size)] for size in (3, 29, 38, 39)]
        replies = engine.complete(prompts, Sampling(20), seeds=[0] * 4)
        single = engine.complete([[1, 5]], Sampling(1), seeds=[0])[0]
    assert [reply.finish_reason for reply in replies] == ["length"] * 3 + ["error"]
    assert [reply.completion_tokens for reply in replies] == [20, 10, 1, 0]
    assert (single.completion_tokens, single.finish_reason) == (1, "length")


def test_bad_prompts_fail_alone(tiny: Models) -> None:
    good = [1, 30, 31]
    told: list[int] = []
    with open_engine(tiny.q8, context=64) as engine:
        replies = engine.complete(
            [[], good, [5] * 65, [1, 10**6], good], GREEDY, seeds=[0] * 5, on_progress=lambda count, _tokens: told.append(count)
        )
    assert [reply.finish_reason for reply in replies] == ["error", "length", "error", "error", "length"]
    assert ["empty" in replies[0].error, "65 tokens" in replies[2].error, "vocabulary" in replies[3].error] == [True] * 3
    assert replies[1] == replies[4]
    assert sum(told) == 5


def test_a_stop_string_ends_the_reply_before_itself(tiny: Models) -> None:
    with open_engine(tiny.q8) as engine:
        prompts = some_prompts(10)
        free = engine.complete(prompts, GREEDY, seeds=[0] * 10)
        number = max(range(10), key=lambda n: len(set(free[n].text)))
        text = free[number].text
        stop = text[len(text) // 2 : len(text) // 2 + 3]
        cut = engine.complete(prompts, Sampling(24, stop=("never there", stop)), seeds=[0] * 10)[number]
    assert len(stop) == 3
    assert cut.finish_reason == "stop"
    assert cut.text == text[: text.index(stop)]
    assert cut.tokens == free[number].tokens[: cut.completion_tokens]
    assert cut.completion_tokens < free[number].completion_tokens


def test_a_stop_string_that_is_a_control_token_ends_the_reply_though_it_is_no_text(tiny: Models) -> None:
    prompts, seeds = [[1, 9 + n] for n in range(60)], range(60)
    with open_engine(tiny.q8) as engine:
        free = engine.complete(prompts, Sampling(200, temperature=1.5), seeds=seeds)
        cut = engine.complete(prompts, Sampling(200, temperature=1.5, stop=("<s>",)), seeds=seeds)
        (begin,) = engine.tokenize("<s>")
    assert sum(begin in reply.tokens for reply in free) > 3, "60 replies at a high temperature draw it now and then"
    for one, other in zip(free, cut, strict=True):
        until = one.tokens.index(begin) + 1 if begin in one.tokens else len(one.tokens)
        assert other.tokens == one.tokens[:until]
        assert other.finish_reason == ("stop" if begin in one.tokens else one.finish_reason)


def test_an_end_token_ends_the_reply_and_is_counted_but_not_written(tiny: Models) -> None:
    with open_engine(tiny.q8) as engine:
        replies = engine.complete([[1, 9 + n] for n in range(60)], Sampling(200, temperature=1.5), seeds=range(60))
        end = engine.tokenize("</s>")[-1]
    ended = [reply for reply in replies if reply.finish_reason == "stop"]
    assert ended, "60 replies at a high temperature draw an end token now and then"
    assert all(reply.tokens[-1] == end and reply.tokens.count(end) == 1 and "</s>" not in reply.text for reply in ended)


def test_adapters_are_swapped_without_trace(tiny: Models) -> None:
    prompts, seeds = some_prompts(6), [0] * 6
    with open_engine(tiny.q8) as engine:
        plain = engine.complete(prompts, GREEDY, seeds=seeds)
        adapted = []
        for adapter in (*tiny.adapter_ggufs, *tiny.adapter_ggufs):
            engine.use_adapter(adapter)
            adapted.append(engine.complete(prompts, GREEDY, seeds=seeds))
        engine.use_adapter(None)
        assert engine.complete(prompts, GREEDY, seeds=seeds) == plain
    assert adapted[:2] == adapted[2:]
    assert plain != adapted[0] != adapted[1] != plain


def test_a_text_gets_exactly_one_beginning_token(tiny: Models) -> None:
    with open_engine(tiny.f16) as engine:
        assert (engine.bos_token, engine.eos_token) == ("<s>", "</s>")
        once = engine.tokenize("<s>water")
        assert once.count(1) == 1
        assert engine.tokenize("<s><s>water") == once
        assert engine.tokenize("") == [1]
        assert engine.tokenize("water").count(1) == 1
        assert engine.detokenize(once) == "water"
        assert engine.detokenize(once, special=True) == "<s>water"


def test_broken_and_foreign_files_are_one_clear_error(tiny: Models, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(tiny.q8.read_bytes()[:-500])
    with pytest.raises(RunError, match=r"cut\.gguf: is cut short"):
        open_engine(cut)
    alien = tmp_path / "alien.gguf"
    alien.write_bytes(tiny.f16.read_bytes().replace(b"\x05\x00\x00\x00\x00\x00\x00\x00llama", b"\x05\x00\x00\x00\x00\x00\x00\x00llamo", 1))
    with pytest.raises(RunError, match="unknown model architecture: 'llamo'"):
        open_engine(alien)
    with pytest.raises(InputError, match="is an adapter, not a model"):
        open_engine(tiny.adapter_ggufs[0])
    with pytest.raises(InputError, match="at most 512"):
        open_engine(tiny.q8, context=4096)
    with pytest.raises(InputError, match="slots is 0"):
        open_engine(tiny.q8, slots=0)


def test_an_adapter_that_does_not_fit_leaves_the_engine_as_it_was(tiny: Models) -> None:
    with open_engine(tiny.q8) as engine:
        before = engine.complete([[1, 5]], GREEDY, seeds=[0])
        with pytest.raises(InputError, match="does not fit the model"):
            engine.use_adapter(tiny.wide_adapter)
        with pytest.raises(InputError, match="is a model, not an adapter"):
            engine.use_adapter(tiny.q8)
        assert engine.complete([[1, 5]], GREEDY, seeds=[0]) == before


def test_a_closed_engine_says_so(tiny: Models) -> None:
    engine = open_engine(tiny.q8)
    engine.close()
    engine.close()
    uses = [
        lambda: engine.complete([[1, 5]], GREEDY, seeds=[0]),
        lambda: engine.use_adapter(None),
        lambda: engine.use_adapter(tiny.adapter_ggufs[0]),
        lambda: engine.tokenize("water"),
        lambda: engine.detokenize([1, 5]),
    ]
    for use in uses:
        with pytest.raises(RunError, match="engine: has been closed"):
            use()
