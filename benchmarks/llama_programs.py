"""llama.cpp's own `llama-batched-bench`, built once from the source distribution that llama-cpp-python was built from.

>>> generated_per_second(find_batched_bench(cache_folder()), Path("108m.q8_0.gguf"), prompt=40, reply=64, slots=32, threads=2)
472.1
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

from socsafe.engines.converter_source import _download, _pinned
from socsafe.errors import SocsafeError

TARGET = "llama-batched-bench"
SWITCHES = ("BUILD_TESTS", "BUILD_EXAMPLES", "BUILD_SERVER", "OPENSSL")


def find_batched_bench(cache: Path) -> Path | str:
    """The program, built at the first call (minutes); or why it cannot be had."""
    installed = version("llama-cpp-python")
    program = cache / "llama.cpp" / f"{installed}-{TARGET}"
    if program.is_file():
        return program
    if not shutil.which("cmake"):
        return "cmake is not installed"
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            archive = _download(installed, _pinned(installed), folder)
            with tarfile.open(archive) as opened:
                opened.extractall(folder / "source", filter="data")
            (source,) = (folder / "source").glob("*/vendor/llama.cpp")
            switches = [f"-DLLAMA_{name}=OFF" for name in SWITCHES]
            made = ["cmake", "-S", str(source), "-B", str(folder / "build"), "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=OFF"]
            subprocess.run([*made, *switches], check=True, capture_output=True)
            build = ["nice", "cmake", "--build", str(folder / "build"), "--target", TARGET, "-j", "2"]
            subprocess.run(build, check=True, capture_output=True)
            program.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / "build" / "bin" / TARGET, program)
    except (SocsafeError, OSError, subprocess.CalledProcessError, tarfile.TarError) as error:
        return f"it could not be built: {error}"
    return program


def generated_per_second(program: Path, model: Path, *, prompt: int, reply: int, slots: int, threads: int) -> float:
    """Generated tokens a second, the time of reading the prompts included; flash attention on, the split cache as we have it."""
    context = slots * (prompt + reply)
    command = [str(program), "-m", str(model), "-c", str(context), "-b", "2048", "-ub", "512", "-fa", "on"]
    command += ["-npp", str(prompt), "-ntg", str(reply), "-npl", str(slots), "-t", str(threads), "-tb", str(threads)]
    done = subprocess.run([*command, "--output-format", "jsonl"], check=True, capture_output=True, text=True)
    lines = [json.loads(line) for line in (done.stdout + done.stderr).splitlines() if line.startswith("{")]
    return float(slots * reply / lines[-1]["t"])
