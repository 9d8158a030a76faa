"""Opening a GGUF that was made elsewhere in a process of its own first: some damage ends the process that reads it, with no error to catch.

>>> survive(Path("quantized/bases/micro.q8_0.gguf"), Path("quantized/quickstart/a.lora.gguf"))

llama.cpp checks much of a file by assertions, which abort (a vocabulary that holds a token twice, for one). A file is tried once in the
life of a process, at the price of a start of Python; nothing of its weights is read but what opening takes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from socsafe.errors import InputError, Problem, SocsafeError
from socsafe.manifest import hash_of

_SECONDS = 300.0
"""Most time that opening may take."""
_NEEDED = ("LD_LIBRARY_PATH", "LLAMA_CPP_LIB_PATH", "CUDA_VISIBLE_DEVICES")
"""What is passed on of the environment, by which llama.cpp is found and runs: no keys, since the file may be a stranger's."""
_CONTEXT = 32
"""Tokens of the context that is opened."""


def survive(model: Path, adapter: Path | None = None) -> None:
    """Raise `InputError` where reading the model, with the adapter on it, would end this process. Other faults are left to who opens it."""
    said = _tried(model, hash_of(model), adapter, hash_of(adapter) if adapter else "")
    if said:
        at = adapter if adapter and not _tried(model, hash_of(model), None, "") else model
        mend = f"rm {at}, then quantize the study again, or copy the file anew"
        raise InputError(Problem(str(at), f"would end llama.cpp: {said}", "a GGUF that llama.cpp can read", mend))


@cache
def _tried(model: Path, _content: str, adapter: Path | None, _adapted: str) -> str:
    """What the process said that was ended by the files; empty where it came to its end."""
    command = [sys.executable, "-m", __name__, str(model), *([str(adapter)] if adapter else [])]
    needed = {name: os.environ[name] for name in _NEEDED if name in os.environ}
    # Without GGML_NO_BACKTRACE ggml would start a debugger to print the stack.
    env = {**needed, "GGML_NO_BACKTRACE": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUTF8": "1"}
    try:
        done = subprocess.run(command, env=env, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"not open within {_SECONDS:g} s"
    if done.returncode >= 0:
        return ""
    lines = [line for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
    told = next((line for line in lines if "GGML_ASSERT" in line), lines[-1] if lines else f"signal {-done.returncode}")
    return told.rsplit("/", 1)[-1][:200]


def _open(model: Path, adapter: Path | None) -> None:
    from socsafe.engines.llamacpp import Engine

    try:
        with Engine.open(model, slots=1, context=_CONTEXT, threads=1) as engine:
            engine.use_adapter(adapter)
    except SocsafeError:
        return


if __name__ == "__main__":
    _open(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
