"""The runs that `generate.py` compares: ours with its time divided, the naive loops, transformers, and a child's peak memory."""

from __future__ import annotations

import atexit
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any

import numpy as np
from random_llama import VOCABULARY, Shape

from socsafe.engines import batching
from socsafe.engines.batching import Batcher
from socsafe.engines.llamacpp import Engine
from socsafe.engines.sampling import Reply, Sampling


def in_turns(measured: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each, measured in turns after one turn that is thrown away."""
    found: dict[str, list[float]] = {name: [] for name in measured}
    for turn in range(rounds + 1):
        for name, measure in measured.items():
            value = measure()
            if turn:
                found[name].append(value)
    return {name: median(values) for name, values in found.items()}


def median_seconds(calls: Sequence[Callable[[], object]]) -> float:
    """The median time of the calls."""
    found = []
    for call in calls:
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return median(found)


class _Timed:
    """llama.cpp's functions, with the time spent in them."""

    def __init__(self, llama: Any) -> None:
        self._llama, self.seconds = llama, 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._llama, name)
        if name != "llama_decode":
            return found

        def timed(*arguments: Any) -> Any:
            started = time.perf_counter()
            code = found(*arguments)
            self._llama.llama_synchronize(arguments[0])
            self.seconds += time.perf_counter() - started
            return code

        return timed


class _Lengths(Batcher):
    """A batcher that ends every reply at a length of its own, and times what draws tokens."""

    def __init__(self, handles: Any, lengths: Sequence[int]) -> None:
        super().__init__(handles, Sampling(max(lengths)), ())
        self._lengths, self.seconds = lengths, 0.0

    def _take(self, slot: int, token: int | None) -> Reply | None:
        self._sampling = replace(self._sampling, max_tokens=self._lengths[self._busy[slot].number])
        return super()._take(slot, token)

    def _drawn(self, count: int) -> list[tuple[int, int | None]]:
        started = time.perf_counter()
        found = super()._drawn(count)
        self.seconds += time.perf_counter() - started
        return found


class Ours:
    """Our engine, open while the block lasts."""

    def __init__(self, model: Path, *, slots: int, context: int, threads: int) -> None:
        self.engine = Engine.open(model, slots=slots, context=context, threads=threads)
        self._shares: dict[str, list[float]] = {"sampling": [], "python": []}

    def __enter__(self) -> Ours:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.engine.close()

    def rate(self, prompts: Sequence[Sequence[int]], reply: Sequence[int]) -> float:
        """Generated tokens a second."""
        handles = self.engine._opened()
        timed = _Timed(handles.llama)
        batcher = _Lengths(replace(handles, llama=timed), reply)
        started = time.perf_counter()
        replies = batcher.run(prompts, [0] * len(prompts), lambda _count, _tokens: None)
        taken = time.perf_counter() - started
        if [one.completion_tokens for one in replies] != list(reply):
            raise SystemExit("the replies do not have the lengths that were asked for")
        self._shares["sampling"].append(batcher.seconds / taken)
        self._shares["python"].append(1 - (timed.seconds + batcher.seconds) / taken)
        return sum(reply) / taken

    def share(self, of: str) -> float:
        """The median share of the time that drawing tokens (`sampling`) or Python beside it (`python`) took."""
        return median(self._shares[of])


_LOADED: dict[tuple[Path, int], Any] = {}


@atexit.register
def _close_loaded() -> None:
    """At the end of the interpreter llama-cpp-python could no longer do it."""
    for old in _LOADED.values():
        old.close()
    _LOADED.clear()


def naive_rate(model: Path, prompts: Sequence[Sequence[int]], reply: Sequence[int], threads: int, *, reuse: bool = False) -> float:
    """Generated tokens a second of `Llama.generate`, prompt by prompt; with `reuse` it keeps what the prompts have in common."""
    import llama_cpp

    key = (model, threads)
    if key not in _LOADED:
        _close_loaded()
        _LOADED[key] = llama_cpp.Llama(str(model), n_ctx=1024, n_threads=threads, n_threads_batch=threads, verbose=False)
    loaded = _LOADED[key]
    loaded.reset()
    if reuse:  # what the loop would have left of the prompt before
        next(loaded.generate(prompts[-1], temp=0.0))
    started = time.perf_counter()
    for prompt, length in zip(prompts, reply, strict=True):
        if not reuse:
            loaded.reset()
        stream = loaded.generate(prompt, temp=0.0, top_k=1, repeat_penalty=1.0, reset=reuse)
        for _ in range(length):
            next(stream)
    return sum(reply) / (time.perf_counter() - started)


def changed(model: Path, prompts: Sequence[Sequence[int]], threads: int) -> float:
    """How many replies are other with other slots, another order, alone, or read without sharing."""
    sampling, numbers = Sampling(24), list(range(len(prompts)))

    def replies(slots: int, order: Sequence[int]) -> list[Reply]:
        with Engine.open(model, slots=slots, context=256, threads=threads) as engine:
            found = engine.complete([prompts[n] for n in order], sampling, seeds=[0] * len(order))
        return [reply for _, reply in sorted(zip(order, found, strict=True), key=lambda pair: pair[0])]

    whole = replies(8, numbers)
    others = [replies(1, numbers[:6]), replies(19, numbers), replies(8, numbers[::-1])]
    kept, batching.beginnings = batching.beginnings, lambda given: [()] * len(given)
    others.append(replies(8, numbers))
    batching.beginnings = kept
    return float(sum(any(n < len(other) and other[n] != reply for other in others) for n, reply in enumerate(whole)))


def peak_of_child(model: Path, *, slots: int, context: int, threads: int) -> tuple[int, int]:
    """Peak memory, in bytes, of a process that answers a batch of prompts, and the cells of its cache."""
    folder = Path(__file__).parent
    code = f"""
import sys, resource
sys.path[:0] = [{str(folder.parent)!r}, {str(folder)!r}]
from pathlib import Path
from generate_runs import Ours
with Ours(Path({str(model)!r}), slots={slots}, context={context}, threads={threads}) as ours:
    ours.rate([[1, *range(300, 420 + n)] for n in range(64)], [24] * 64)
    handles = ours.engine._opened()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, handles.llama.llama_n_ctx(handles.context))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    peak, cells = map(int, done.stdout.split())
    return peak, cells


def write_lora(out: Path, shape: Shape, tools: Path, seed: int, rank: int = 8) -> None:
    """A LoRA adapter of rank 8 on the queries and values."""
    sys.path.insert(0, str(tools / "gguf-py"))
    import gguf

    draw = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(str(out), "llama")
    writer.add_string("general.type", "adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 16.0)
    narrow = shape.width // shape.heads * shape.kv_heads
    for layer in range(shape.layers):
        for name, rows in (("attn_q", shape.width), ("attn_v", narrow)):
            first, second = draw.standard_normal((rank, shape.width)), draw.standard_normal((rows, rank))
            writer.add_tensor(f"blk.{layer}.{name}.weight.lora_a", (first * 0.02).astype(np.float32))
            writer.add_tensor(f"blk.{layer}.{name}.weight.lora_b", (second * 0.02).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def transformers_rate(shape: Shape, prompts: Sequence[Sequence[int]], reply: int, threads: int) -> float:
    """Generated tokens a second of transformers in f32, a prompt at a time with 4 beams."""
    import torch
    import transformers

    torch.set_num_threads(threads)
    config = transformers.LlamaConfig(
        hidden_size=shape.width, num_hidden_layers=shape.layers, num_attention_heads=shape.heads, num_key_value_heads=shape.kv_heads,
        intermediate_size=shape.inner, vocab_size=VOCABULARY, bos_token_id=1, eos_token_id=2, pad_token_id=0,
    )  # fmt: skip
    model = transformers.LlamaForCausalLM(config).eval()
    started = time.perf_counter()
    with torch.inference_mode():
        for prompt in prompts:
            model.generate(torch.tensor([prompt]), num_beams=4, do_sample=False, min_new_tokens=reply, max_new_tokens=reply)
    return len(prompts) * reply / (time.perf_counter() - started)
