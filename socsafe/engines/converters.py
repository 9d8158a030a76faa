"""Making GGUF files: a base or an adapter converted by llama.cpp's own scripts, a base quantized, an adapter merged.

>>> tools = find_converters(cache_folder())
>>> convert_base(Path("runs/bases/micro"), Path("micro.f16.gguf"), tools=tools, log=Path("convert.log"))
>>> quantize_gguf(Path("micro.f16.gguf"), Path("micro.q8_0.gguf"), "q8_0")
>>> convert_adapters([(adapter, out)], Path("runs/bases/micro"), tools=tools, log=Path("convert.log"))
{}

Converting needs torch and transformers and runs in a process of its own (`convert_job`); quantizing needs llama-cpp-python only.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from socsafe.engines.convert_job import Job
from socsafe.engines.converter_source import find_converters
from socsafe.engines.gguf_file import check_gguf
from socsafe.engines.library import forget_log, library, log_tail
from socsafe.engines.process import last_lines, run_logged
from socsafe.engines.weights import ADAPTER, MODEL, require_safetensors
from socsafe.errors import InputError, Problem, RunError, SocsafeError
from socsafe.files import atomic_path, write_text

__all__ = ["convert_adapters", "convert_base", "find_converters", "merge_adapter", "quantization_types", "quantize_gguf", "require_modules"]

BASE_TYPES = ("f32", "f16", "bf16", "q8_0")
"""What the converter writes itself; the rest is `quantize_gguf`'s."""
_QUANTIZED = ("F16", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q4_K_S", "Q3_K_M", "Q4_0")


def convert_base(model_folder: Path, out: Path, *, tools: Path, log: Path, dtype: str = "f16") -> None:
    """Write the Hugging Face model in `model_folder` to `out` as GGUF. `tools` is what `find_converters` gave.

    Raises `InputError` for an unknown type, a folder without a model or a missing torch, `RunError` when the converter fails.
    """
    if dtype not in BASE_TYPES:
        raise InputError(Problem(str(out), f"type {dtype}", f"one of: {', '.join(BASE_TYPES)}", "quantize_gguf makes the other types"))
    _check_folder(model_folder, "config.json", "a Hugging Face model folder")
    # Without weights the converter would write a vocabulary without a model, and call it done.
    require_safetensors(model_folder, MODEL)
    job = Job(out=str(out), script=str(tools / "convert_hf_to_gguf.py"), arguments=["--outtype", dtype], model=str(model_folder))
    _raise_any(_run([job], log))
    check_gguf(out)


def convert_adapters(
    jobs: Sequence[tuple[Path, Path]], base_folder: Path, *, tools: Path, log: Path, on_done: Callable[[Path], None] = lambda _: None
) -> dict[Path, Problem]:
    """Convert several LoRA adapters, each a (PEFT folder, GGUF to write), in one process; each fails on its own.

    `on_done` is given every GGUF soon after it is whole, while others are still to be made. Only `config.json` of `base_folder` is
    read. Returns what went wrong, by GGUF path: empty when all were converted. Raises `InputError` when torch is missing or
    `base_folder` is no model folder, and whatever `on_done` raises.
    """
    _check_folder(base_folder, "config.json", "a Hugging Face model folder")
    script = str(tools / "convert_lora_to_gguf.py")
    problems: dict[Path, Problem] = {}
    ready: list[Job] = []
    for adapter, out in jobs:
        try:
            _check_folder(adapter, "adapter_config.json", "a PEFT adapter folder")
            require_safetensors(adapter, ADAPTER)
            arguments = ["--outtype", "f32", str(adapter)]
            ready.append(Job(out=str(out), script=script, arguments=arguments, base_config=str(base_folder)))
        except InputError as error:
            problems[out] = error.problems[0]

    def made(out: Path) -> None:
        try:
            check_gguf(out)
        except SocsafeError as error:
            problems[out] = error.problems[0]
        else:
            on_done(out)

    return _run(ready, log, on_done=made) | problems


def merge_adapter(base_folder: Path, adapter_folder: Path, out_folder: Path, *, log: Path) -> None:
    """Write the base with the adapter merged into its weights to `out_folder`, as a Hugging Face model folder.

    Raises `InputError` when a folder or peft is missing, `RunError` when merging fails; `out_folder` appears whole or not at all.
    """
    _check_folder(base_folder, "config.json", "a Hugging Face model folder")
    _check_folder(adapter_folder, "adapter_config.json", "a PEFT adapter folder")
    if out_folder.exists():
        raise InputError(Problem(str(out_folder), "is there already", "a folder that is to be made", f"rm -r {out_folder}"))
    out_folder.parent.mkdir(parents=True, exist_ok=True)
    _raise_any(
        _run([Job(out=str(out_folder), base=str(base_folder), adapter=str(adapter_folder))], log, needs=("torch", "transformers", "peft"))
    )


def quantization_types() -> tuple[str, ...]:
    """The types that `quantize_gguf` takes."""
    return tuple(name.lower() for name in _QUANTIZED)


def quantize_gguf(source: Path, out: Path, kind: str, threads: int = 1) -> None:
    """Quantize an F32 or F16 GGUF to `kind` (`q8_0`, `q4_k_m` ...) in this process.

    Raises `InputError` for an unknown type and `RunError` when the source is broken or llama.cpp fails.
    """
    if kind not in quantization_types():
        raise InputError(Problem(str(out), f"type {kind}", f"one of: {', '.join(quantization_types())}", "name one of these in the study"))
    check_gguf(source)
    llama = library()
    parameters = llama.llama_model_quantize_default_params()
    parameters.ftype = getattr(llama, f"LLAMA_FTYPE_MOSTLY_{kind.upper()}")
    parameters.nthread = threads
    forget_log()
    with atomic_path(out) as part:
        if llama.llama_model_quantize(str(source).encode(), str(part).encode(), ctypes.byref(parameters)):
            raise RunError(Problem(str(source), f"llama.cpp cannot quantize it to {kind}: {log_tail()}", "an F32 or F16 model"))
        check_gguf(part)


def require_modules(*names: str) -> None:
    """Raise `InputError` where one of the modules that models are converted with is not installed."""
    if missing := [name for name in names if importlib.util.find_spec(name) is None]:
        expected = "torch and transformers, for llama.cpp's converters"
        mend = "pip install -c constraints.txt -e '.[convert]'"
        raise InputError(Problem("converting", f"not installed: {', '.join(missing)}", expected, mend))


def _check_folder(folder: Path, file: str, expected: str) -> None:
    if not (folder / file).is_file():
        got = f"holds no {file}" if folder.is_dir() else "is not a folder"
        raise InputError(Problem(str(folder), got, expected, f"ls {folder}"))


def _raise_any(problems: Mapping[Path, Problem]) -> None:
    if problems:
        raise RunError(problems.values())


def _run(
    jobs: Sequence[Job], log: Path, needs: Sequence[str] = ("torch", "transformers"), on_done: Callable[[Path], None] = lambda _: None
) -> dict[Path, Problem]:
    """Run the jobs in one process with its output in `log`; what went wrong, by output. `on_done` is given each that went well."""
    require_modules(*needs)
    if not jobs:
        return {}
    environment = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    with tempfile.TemporaryDirectory() as scratch:
        jobs_file, results_file = Path(scratch, "jobs.json"), Path(scratch, "results.jsonl")
        write_text(jobs_file, json.dumps(jobs))
        command = [sys.executable, "-m", "socsafe.engines.convert_job", str(jobs_file), str(results_file)]
        errors: dict[str, str] = {}

        def look() -> None:
            """Take what has been added to the results; a line without its end is not there yet."""
            lines = results_file.read_text("utf-8").split("\n")[len(errors) : -1] if results_file.is_file() else []
            for entry in map(json.loads, lines):
                errors[entry["out"]] = entry["error"]
                if not entry["error"]:
                    on_done(Path(entry["out"]))

        code = run_logged(command, log, environment, meanwhile=look)
    cut_short = f"the converter left with code {code}; its last lines:\n{last_lines(log)}"
    wrong = {Path(job["out"]): errors.get(job["out"], cut_short) for job in jobs}
    return {out: Problem(str(out), text, "a conversion that ends well", f"less {log}") for out, text in wrong.items() if text}
