"""How near generation comes to the engine's limit, on models made on the spot.

    python benchmarks/generate.py [--only speed,mixed,...] [--quick] [--rounds 3] [--threads 2] [--json]

The naive loop is llama-cpp-python's `Llama.generate`, prompt by prompt; the ceiling is llama.cpp's own `llama-batched-bench`, from the
same sources. Everything is measured in turns, and medians are compared. Rates are generated tokens a second, the time of reading the
prompts included. The parts and their bounds:

    speed    prompts of 40 tokens, replies of 64: 2.3 times the naive loop, 0.85 of the ceiling (0.90 without sampling's own time)
    mixed    the same on prompts of 10-300 tokens and replies of 5-256, drawn by a seed
    large    977 M parameters: 2.0 times the naive loop
    shared   a beginning of 500 tokens: 2.3 times a naive loop that reuses it, 6 times one that does not
    adapter  one at run time costs at most 25 % of the base's speed; swapping takes less than 0.2 s
    python   its own share of the time: below 10 %
    memory   the weights, the cache and 200 MB
    linear   time a prompt, 512 prompts against 32: at most 1.15
    exact    replies of 1, 8 and 19 slots, in another order and with no sharing, are the same bytes
    torch    transformers as the research code has it, a prompt at a time with 4 beams: the ratio, without a bound

With `--json` the last line is one JSON object. The exit code is 1 when a bound is missed.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import generate_runs as runs
from llama_programs import find_program, generated_per_second
from random_llama import SHAPES, write_llama

from socsafe.engines.converters import find_converters, quantize_gguf
from socsafe.paths import cache_folder

SLOTS = 32


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure; `bound` is None where it is only reported."""

    part: str
    name: str
    value: float
    bound: float | None = None
    least: bool = True
    """Whether the bound is the least that will do, or the most."""

    @property
    def met(self) -> bool | None:
        if self.bound is None:
            return None
        return self.value >= self.bound if self.least else self.value <= self.bound


@dataclass(frozen=True, slots=True)
class Bench:
    """What the parts share."""

    folder: Path
    rounds: int
    threads: int
    quick: bool
    ceiling: Path | str

    def model(self, size: str, kind: str) -> Path:
        path = self.folder / f"{size}.{kind}.gguf"
        if not path.is_file():
            plain = self.folder / f"{size}.f16.gguf"
            if not plain.is_file():
                write_llama(plain, SHAPES[size], find_converters(cache_folder()))
            quantize_gguf(plain, path, kind, self.threads)
        return path

    def prompts(self, lengths: list[int], seed: int = 1) -> list[list[int]]:
        draw = random.Random(seed)
        return [[1, *(draw.randrange(300, 1900) for _ in range(length - 1))] for length in lengths]

    def against(self, part: str, size: str, kind: str, prompt: list[int], reply: list[int], bound: float) -> list[Figure]:
        """Ours beside the naive loop (on a part of the prompts) and the ceiling at the mean shape."""
        model, prompts = self.model(size, kind), self.prompts(prompt)
        few = prompts[:: max(1, len(prompts) // (4 if self.quick else 8))]
        wanted = reply[:: max(1, len(prompts) // (4 if self.quick else 8))]
        shape = {"prompt": round(sum(prompt) / len(prompt)), "reply": round(sum(reply) / len(reply))}
        ours = runs.Ours(model, slots=SLOTS, context=max(p + r for p, r in zip(prompt, reply, strict=True)), threads=self.threads)
        measured: dict[str, Callable[[], float]] = {
            "ours": lambda: ours.rate(prompts, reply),
            "naive": lambda: runs.naive_rate(model, few, wanted, self.threads),
        }
        if isinstance(self.ceiling, Path):
            program = self.ceiling
            measured["ceiling"] = lambda: generated_per_second(program, model, slots=SLOTS, threads=self.threads, **shape)
        with ours:
            found = runs.in_turns(measured, self.rounds)
            sampling = ours.share("sampling")
        label = f"{size} {kind}"
        rows = [Figure(part, f"{label} {name}, tokens/s", value) for name, value in found.items()]
        rows.append(Figure(part, f"{label} ours/naive", found["ours"] / found["naive"], bound))
        if "ceiling" in found and part != "large":
            rows.append(Figure(part, f"{label} ours/ceiling", found["ours"] / found["ceiling"], 0.85))
            rows.append(Figure(part, f"{label} without sampling/ceiling", found["ours"] / (1 - sampling) / found["ceiling"], 0.90))
        return rows


def speed(bench: Bench) -> list[Figure]:
    count = 64 if bench.quick else 128
    return [row for kind in ("q8_0", "q4_k_m") for row in bench.against("speed", "108M", kind, [40] * count, [64] * count, 2.3)]


def mixed(bench: Bench) -> list[Figure]:
    draw, count = random.Random(2), 64 if bench.quick else 128
    prompt, reply = [draw.randint(10, 300) for _ in range(count)], [draw.randint(5, 256) for _ in range(count)]
    return [row for kind in ("q8_0", "q4_k_m") for row in bench.against("mixed", "108M", kind, prompt, reply, 2.3)]


def large(bench: Bench) -> list[Figure]:
    return bench.against("large", "977M", "q8_0", [40] * SLOTS, [32 if bench.quick else 64] * SLOTS, 2.0)


def shared(bench: Bench) -> list[Figure]:
    model, count = bench.model("108M", "q8_0"), 32 if bench.quick else 64
    beginning = bench.prompts([500])[0]
    prompts = [beginning + prompt[1:] for prompt in bench.prompts([41] * count)]
    few, reply = prompts[:3], [64] * count
    with runs.Ours(model, slots=SLOTS, context=640, threads=bench.threads) as ours:
        found = runs.in_turns(
            {
                "ours": lambda: ours.rate(prompts, reply),
                "naive, reusing": lambda: runs.naive_rate(model, few, reply[:3], bench.threads, reuse=True),
                "naive": lambda: runs.naive_rate(model, few, reply[:3], bench.threads),
            },
            bench.rounds,
        )
    rows = [Figure("shared", f"{name}, tokens/s", value) for name, value in found.items()]
    rows.append(Figure("shared", "ours/naive that reuses", found["ours"] / found["naive, reusing"], 2.3))
    return [*rows, Figure("shared", "ours/naive", found["ours"] / found["naive"], 6.0)]


def adapter(bench: Bench) -> list[Figure]:
    model = bench.model("108M", "q8_0")
    loras = [bench.folder / f"{seed}.lora.gguf" for seed in (1, 2)]
    for seed, lora in enumerate(loras):
        runs.write_lora(lora, SHAPES["108M"], find_converters(cache_folder()), seed)
    prompts, reply = bench.prompts([40] * SLOTS), [64] * SLOTS
    with runs.Ours(model, slots=SLOTS, context=128, threads=bench.threads) as ours:

        def with_adapter(path: Path | None) -> float:
            ours.engine.use_adapter(path)
            return ours.rate(prompts, reply)

        found = runs.in_turns({"merged": lambda: with_adapter(None), "adapter": lambda: with_adapter(loras[0])}, bench.rounds)
        swap = runs.median_seconds([lambda path=path: ours.engine.use_adapter(path) for path in loras * bench.rounds])
    cost = Figure("adapter", "share of speed that it costs", 1 - found["adapter"] / found["merged"], 0.25, least=False)
    return [cost, Figure("adapter", "swap, s", swap, 0.2, least=False)]


def python(bench: Bench) -> list[Figure]:
    prompts, reply = bench.prompts([40] * 64), [64] * 64
    rows = []
    for kind in ("q8_0", "q4_k_m"):
        with runs.Ours(bench.model("108M", kind), slots=SLOTS, context=128, threads=bench.threads) as ours:
            runs.in_turns({"ours": lambda ours=ours: ours.rate(prompts, reply)}, bench.rounds)
            rows.append(Figure("python", f"108M {kind} own share", ours.share("python"), 0.10, least=False))
    return rows


def memory(bench: Bench) -> list[Figure]:
    model, shape = bench.model("108M", "q8_0"), SHAPES["108M"]
    peak, cells = runs.peak_of_child(model, slots=SLOTS, context=512, threads=bench.threads)
    cache = cells * shape.layers * 2 * 2 * (shape.width // shape.heads * shape.kv_heads)
    over = (peak - model.stat().st_size - cache) / 1e6
    return [Figure("memory", "peak, MB", peak / 1e6), Figure("memory", "beyond weights and cache, MB", over, 200, least=False)]


def linear(bench: Bench) -> list[Figure]:
    sizes = (32, 64, 128) if bench.quick else (32, 128, 512)
    with runs.Ours(bench.model("108M", "q4_k_m"), slots=SLOTS, context=128, threads=bench.threads) as ours:
        calls = {str(n): lambda n=n: ours.rate(bench.prompts([40] * n), [32] * n) for n in sizes}
        found = runs.in_turns(calls, bench.rounds)
    rows = [Figure("linear", f"{n} prompts, ms a prompt", 32e3 / found[str(n)]) for n in sizes]
    return [*rows, Figure("linear", f"{sizes[-1]} against {sizes[0]}", found[str(sizes[0])] / found[str(sizes[-1])], 1.15, least=False)]


def exact(bench: Bench) -> list[Figure]:
    draw, count = random.Random(3), 16 if bench.quick else 40
    prompts = bench.prompts([draw.randint(1, 200) for _ in range(count)]) + [[*p[:100], 7] for p in bench.prompts([150] * 3)]
    return [
        Figure(
            "exact", f"108M {kind}, replies that change", runs.changed(bench.model("108M", kind), prompts, bench.threads), 0, least=False
        )
        for kind in ("f16", "q8_0", "q4_k_m")
    ]


def torch(bench: Bench) -> list[Figure]:
    prompts, reply = bench.prompts([40] * SLOTS), [64] * SLOTS
    theirs = runs.transformers_rate(SHAPES["108M"], prompts[: 1 if bench.quick else 2], 64, bench.threads)
    with runs.Ours(bench.model("108M", "q8_0"), slots=SLOTS, context=128, threads=bench.threads) as ours:
        found = runs.in_turns({"ours": lambda: ours.rate(prompts, reply)}, bench.rounds)["ours"]
    return [Figure("torch", "transformers, 4 beams, f32, tokens/s", theirs), Figure("torch", "108M q8_0 ours/transformers", found / theirs)]


PARTS = {part.__name__: part for part in (speed, mixed, large, shared, adapter, python, memory, linear, exact, torch)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PARTS), help="parts, by commas")
    parser.add_argument("--quick", action="store_true", help="fewer prompts")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--models", type=Path, help="a folder to keep the made models in")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    ceiling = find_program("llama-batched-bench", cache_folder())
    if isinstance(ceiling, str):
        print(f"without the ceiling: {ceiling}")
    figures: list[Figure] = []
    print(f"{'part':<8} {'figure':<44} {'value':>10} {'bound':>8}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.models or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        bench = Bench(folder, options.rounds, options.threads, options.quick, ceiling)
        for name in options.only.split(","):
            for row in PARTS[name](bench):
                figures.append(row)
                bound = "" if row.bound is None else f"{'>=' if row.least else '<='} {row.bound:g}"
                verdict = {None: "", True: "met", False: "MISSED"}[row.met]
                print(f"{row.part:<8} {row.name:<44} {row.value:>10.3f} {bound:>8} {verdict}", flush=True)
    if options.json:
        print(
            json.dumps(
                {"threads": options.threads, "rounds": options.rounds, "figures": [asdict(row) | {"met": row.met} for row in figures]}
            )
        )
    if any(row.met is False for row in figures):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
