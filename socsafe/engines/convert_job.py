"""One process that runs several conversions, because starting torch and transformers takes longer than converting.

    python -m socsafe.engines.convert_job jobs.json results.jsonl

`jobs.json` is a list of objects. `{"out", "script", "arguments", "model"}` runs llama.cpp's own script as it would be run by hand,
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
from pathlib import Path
from typing import TypedDict

from socsafe.files import atomic_path, write_text


class Job(TypedDict, total=False):
    """One line of `jobs.json`; paths as text."""

    out: str
    script: str
    arguments: list[str]
    model: str
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
        arguments = [_with_space_rule(Path(job["model"]), Path(scratch))] if "model" in job else []
        before = sys.argv
        sys.argv = [str(script), *job["arguments"], "--outfile", str(part), *arguments]
        try:
            runpy.run_path(str(script), run_name="__main__")
        finally:
            sys.argv = before
        if not part.stat().st_size:
            raise RuntimeError("the converter wrote nothing")


def _with_space_rule(model: Path, scratch: Path) -> str:
    """The model folder, or a stand-in whose tokenizer configuration tells the converter how transformers treats spaces.

    A SentencePiece tokenizer puts a space before a text. transformers does so after every special token (its "legacy"
    behaviour) or at the very beginning only; the converter takes the first for granted unless `add_prefix_space` says
    otherwise, and the tokens after a BOS then differ from those that were trained on. So the tokenizer itself is asked.
    """
    settings_file = model / "tokenizer_config.json"
    if not (model / "tokenizer.model").is_file() or not settings_file.is_file():
        return str(model)
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model, local_files_only=True)
    bos = tokenizer.bos_token or tokenizer.eos_token
    tokens = tokenizer.convert_ids_to_tokens(tokenizer(f"{bos}a", add_special_tokens=False)["input_ids"])
    spaced = tokens[1].startswith("\N{LOWER ONE EIGHTH BLOCK}")
    settings = json.loads(settings_file.read_text("utf-8"))
    if settings.get("add_prefix_space", True) == spaced:
        return str(model)
    stand_in = scratch / model.resolve().name
    stand_in.mkdir()
    for file in model.resolve().iterdir():
        if file.name != settings_file.name:
            (stand_in / file.name).symlink_to(file)
    write_text(stand_in / settings_file.name, json.dumps({**settings, "add_prefix_space": spaced}))
    return str(stand_in)


def _merge(job: Job) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    out = Path(job["out"])
    base = AutoModelForCausalLM.from_pretrained(job["base"], local_files_only=True, dtype="auto")
    merged = PeftModel.from_pretrained(base, job["adapter"]).merge_and_unload(safe_merge=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", suffix=".part", dir=out.parent) as scratch:
        fresh = Path(scratch) / "merged"
        merged.save_pretrained(fresh)
        AutoTokenizer.from_pretrained(job["base"], local_files_only=True).save_pretrained(fresh)
        # save_pretrained drops the SentencePiece file, which the converter prefers to any other form of the vocabulary.
        for name in ("tokenizer.model", "tokenizer_config.json"):
            if (source := Path(job["base"]) / name).is_file():
                (fresh / name).write_bytes(source.read_bytes())
        fresh.replace(out)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
