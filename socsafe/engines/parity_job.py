"""One process that holds llama.cpp against transformers, and an adapter at run time against one merged.

    python -m socsafe.engines.parity_job job.json result.json

`job.json` is a `Job`; `result.json` holds one object a comparison, the fields of a `ParityRow`, or `{"error"}`. transformers computes in
float32 and decodes greedily; its tokens are then given to llama.cpp, so that both are asked for the logits of the very same tokens.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypedDict

from socsafe.engines.logits import LogitEngine
from socsafe.engines.sampling import Sampling
from socsafe.engines.tally import Tally, Trace
from socsafe.errors import RunError
from socsafe.facts.parity import ParityRow
from socsafe.files import write_text


class Job(TypedDict):
    """What is compared; paths as text."""

    condition: str
    base: str
    """The base as a Hugging Face model folder."""
    adapter: str
    """A PEFT folder."""
    model: str
    """The GGUF with F16 weights that evaluation would load."""
    model_adapter: str
    """The adapter that goes on it; empty where it is merged."""
    merged: str
    """A GGUF with F16 weights into which the adapter was merged; empty where that is not compared."""
    prompts: list[list[int]]
    """Token ids, none empty."""
    max_tokens: int
    context: int
    threads: int


def main(job_file: Path, result_file: Path) -> None:
    """Do the job and write what came of it."""
    try:
        result = json.dumps([asdict(row) for row in compare(json.loads(job_file.read_text("utf-8")))])
    except Exception as failure:  # whatever transformers raises is told in the log and in one line
        traceback.print_exc(file=sys.stdout)
        result = json.dumps({"error": f"{type(failure).__name__}: {failure}"})
    write_text(result_file, result)


def compare(job: Job) -> list[ParityRow]:
    """The comparisons that the job asks for."""
    import torch

    torch.set_num_threads(job["threads"])
    rows = []
    with _opened(job, job["model"], job["model_adapter"]) as engine:
        traces = transformers_traces(Path(job["base"]), Path(job["adapter"]), job["prompts"], job["max_tokens"], engine.ends)
        rows.append(_tally(job["prompts"], traces, engine, job["max_tokens"]).row(job["condition"], "transformers"))
        own = [_trace(engine, prompt, job["max_tokens"]) for prompt in job["prompts"]] if job["merged"] else []
    if job["merged"]:
        with _opened(job, job["merged"], "") as engine:
            rows.append(_tally(job["prompts"], own, engine, job["max_tokens"]).row(job["condition"], "merged"))
    return rows


def transformers_traces(
    base: Path, adapter: Path | None, prompts: Sequence[Sequence[int]], most: int, ends: Callable[[int], bool]
) -> Iterator[Trace]:
    """The greedy reply of transformers to every prompt, one at a time, until a token `ends` it or it has `most` tokens."""
    import numpy as np
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, local_files_only=True, use_safetensors=True, dtype=torch.float32)
    if adapter is not None:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, adapter)
    model.eval()
    for prompt in prompts:
        tokens: list[int] = []
        rows = []
        past, fed = None, list(prompt)
        while not tokens or (len(tokens) < most and not ends(tokens[-1])):
            with torch.inference_mode():
                out = model(input_ids=torch.tensor([fed]), past_key_values=past, use_cache=True)
            past, row = out.past_key_values, out.logits[0, -1].float().numpy()
            tokens.append(int(row.argmax()))
            rows.append(row)
            fed = tokens[-1:]
        yield Trace(tuple(tokens), np.stack(rows))


def _opened(job: Job, model: str, adapter: str) -> LogitEngine:
    engine = LogitEngine.open(Path(model), slots=1, context=job["context"], threads=job["threads"])
    engine.use_adapter(Path(adapter) if adapter else None)
    return engine


def _greedy(engine: LogitEngine, prompt: Sequence[int], most: int) -> tuple[int, ...]:
    """Raises `RunError` where the model computes no reply, as one whose logits overflow in F16."""
    (reply,) = engine.complete([prompt], Sampling(most), seeds=[0])
    if reply.finish_reason == "error":
        raise RunError(f"with F16 weights {reply.error}")
    return reply.tokens


def _trace(engine: LogitEngine, prompt: Sequence[int], most: int) -> Trace:
    tokens = _greedy(engine, prompt, most)
    return Trace(tokens, engine.logits(prompt, tokens))


def _tally(prompts: Sequence[Sequence[int]], traces: Iterator[Trace] | Sequence[Trace], engine: LogitEngine, most: int) -> Tally:
    """The traces held against what the engine does after the same prompts."""
    tally = Tally()
    for prompt, trace in zip(prompts, traces, strict=True):
        tally.add(trace, _greedy(engine, prompt, most), engine.logits(prompt, trace.tokens))
    return tally


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
