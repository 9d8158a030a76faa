"""One process that runs several conversions, because starting torch and transformers takes longer than converting.

    python -m socsafe.engines.convert_job jobs.json results.jsonl

`jobs.json` is a list of objects. `{"out", "script", "arguments", "model"}` (for an adapter `"base_config"`) runs llama.cpp's own script,
with `--outfile` naming a file beside `out` that is then renamed over it; `{"out", "base", "adapter"}` merges an adapter into its
base. One line per job is appended to `results.jsonl`: `{"out", "error"}`. A job that fails leaves the others alone.
"""

from __future__ import annotations

import json
import logging
import runpy
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from socsafe.files import atomic_path, scratch_folder, write_text


class Job(TypedDict, total=False):
    """One line of `jobs.json`; paths as text."""

    out: str
    script: str
    arguments: list[str]
    model: str
    """The model folder that is converted."""
    base_config: str
    """The folder of the base that an adapter is converted for."""
    base: str
    adapter: str


class _LastError(logging.Handler):
    """Keeps the last error that a script logged: it then leaves with a bare exit code."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = record.getMessage()


def main(jobs_file: Path, results_file: Path) -> None:
    """Run every job of `jobs_file`."""
    jobs: list[Job] = json.loads(jobs_file.read_text("utf-8"))
    last = _LastError()
    logging.getLogger().addHandler(last)
    for job in jobs:
        last.text = ""
        print(f"--- {job['out']}", flush=True)
        try:
            _merge(job) if "adapter" in job else _convert(job)
            error = ""
        except SystemExit as left:
            error = "" if left.code in (None, 0) else last.text or f"left with code {left.code}"
        except Exception as failure:  # whatever a converter raises is this job's own failure
            traceback.print_exc(file=sys.stdout)
            error = f"{type(failure).__name__}: {failure}"
        with results_file.open("a", encoding="utf-8") as results:
            results.write(json.dumps({"out": job["out"], "error": error}) + "\n")


def _convert(job: Job) -> None:
    script = Path(job["script"])
    if str(script.parent) not in sys.path:
        sys.path.insert(0, str(script.parent))
    with atomic_path(Path(job["out"])) as part, tempfile.TemporaryDirectory() as scratch:
        arguments = _model_arguments(job, Path(scratch))
        before = sys.argv
        sys.argv = [str(script), *job["arguments"], "--outfile", str(part), *arguments]
        try:
            runpy.run_path(str(script), run_name="__main__")
        finally:
            sys.argv = before
        if not part.stat().st_size:
            raise RuntimeError("the converter wrote nothing")


def _model_arguments(job: Job, scratch: Path) -> list[str]:
    """The arguments that name the model folder, or one that stands in for it."""
    if "model" in job:
        model = Path(job["model"])
        return [_stand_in(model, _space_rule(model) | _one_key_value_head(model), scratch)]
    if "base_config" in job:
        model = Path(job["base_config"])
        return ["--base", _stand_in(model, _one_key_value_head(model), scratch)]
    return []


def _stand_in(model: Path, changed: Mapping[str, str], scratch: Path) -> str:
    """A folder like the model's, some of whose files have another text; the model's own where none has."""
    if not changed:
        return str(model)
    stand_in = scratch / model.resolve().name
    stand_in.mkdir()
    for file in model.resolve().iterdir():
        if file.name not in changed:
            (stand_in / file.name).symlink_to(file)
    for name, text in changed.items():
        write_text(stand_in / name, text)
    return str(stand_in)


def _space_rule(model: Path) -> dict[str, str]:
    """The tokenizer's configuration, where the converter has to be told how transformers treats spaces.

    A SentencePiece tokenizer puts a space before a text. transformers does so after every special token (its "legacy"
    behaviour) or at the very beginning only; the converter takes the first for granted unless `add_prefix_space` says
    otherwise, and the tokens after a BOS then differ from those that were trained on. So the tokenizer itself is asked.
    """
    settings_file = model / "tokenizer_config.json"
    if not (model / "tokenizer.model").is_file() or not settings_file.is_file():
        return {}
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
    bos = tokenizer.bos_token or tokenizer.eos_token
    tokens = tokenizer.convert_ids_to_tokens(tokenizer(f"{bos}a", add_special_tokens=False)["input_ids"])
    spaced = tokens[1].startswith("\N{LOWER ONE EIGHTH BLOCK}")
    settings = json.loads(settings_file.read_text("utf-8"))
    if settings.get("add_prefix_space", True) == spaced:
        return {}
    return {settings_file.name: json.dumps({**settings, "add_prefix_space": spaced})}


def _one_key_value_head(model: Path) -> dict[str, str]:
    """The configuration of a Falcon 7B, with the one key-value head that it has.

    transformers 5 gives it as many as there are query heads where the file names none, computes with one all the same, and the
    converter, which reads the configuration through transformers, then splits the fused matrix wrongly and fails.
    """
    settings = json.loads((model / "config.json").read_text("utf-8"))
    if settings.get("model_type") != "falcon" or not settings.get("multi_query") or settings.get("new_decoder_architecture"):
        return {}
    return {"config.json": json.dumps({**settings, "num_kv_heads": 1})}


def _merge(job: Job) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out = Path(job["out"])
    base = AutoModelForCausalLM.from_pretrained(job["base"], local_files_only=True, dtype="auto", use_safetensors=True)
    merged = PeftModel.from_pretrained(base, job["adapter"]).merge_and_unload(safe_merge=True)
    with scratch_folder(out) as scratch:
        fresh = scratch / "merged"
        merged.save_pretrained(fresh)
        AutoTokenizer.from_pretrained(job["base"], local_files_only=True).save_pretrained(fresh)
        # save_pretrained drops the SentencePiece file, which the converter prefers to any other form of the vocabulary.
        for name in ("tokenizer.model", "tokenizer_config.json"):
            if (source := Path(job["base"]) / name).is_file():
                (fresh / name).write_bytes(source.read_bytes())
        fresh.replace(out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
