"""llama.cpp's own programs, built once from the source distribution that llama-cpp-python was built from.

>>> bench = find_program("llama-batched-bench", cache_folder())
>>> generated_per_second(bench, Path("108m.q8_0.gguf"), prompt=40, reply=64, slots=32, threads=2)
433.4

    python benchmarks/llama_programs.py llama-server      # builds it, says where it is
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path

from socsafe.engines.converter_source import fetch_archive
from socsafe.errors import SocsafeError
from socsafe.paths import cache_folder

PROGRAMS = ("llama-batched-bench", "llama-server")


def find_program(name: str, cache: Path) -> Path | str:
    """The program, built at the first call (minutes); or why it cannot be had."""
    program = cache / "llama.cpp" / f"{version('llama-cpp-python')}-{name}"
    if program.is_file():
        return program
    if not shutil.which("cmake"):
        return "cmake is not installed"
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            with tarfile.open(fetch_archive(folder)) as opened:
                opened.extractall(folder / "source", filter="data")
            (source,) = (folder / "source").glob("*/vendor/llama.cpp")
            # Nothing is fetched, and no library has to be found when it runs.
            off = ["BUILD_SHARED_LIBS", "LLAMA_BUILD_TESTS", "LLAMA_BUILD_EXAMPLES", "LLAMA_BUILD_UI", "LLAMA_OPENSSL"]
            made = ["cmake", "-S", str(source), "-B", str(folder / "build"), "-DCMAKE_BUILD_TYPE=Release"]
            subprocess.run([*made, *(f"-D{switch}=OFF" for switch in off)], check=True, capture_output=True)
            build = ["nice", "cmake", "--build", str(folder / "build"), "--target", name, "-j", str(os.cpu_count() or 1)]
            subprocess.run(build, check=True, capture_output=True)
            program.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / "build" / "bin" / name, program)
    except (SocsafeError, OSError, subprocess.CalledProcessError, tarfile.TarError) as error:
        said = (error.stderr or b"").decode(errors="replace").strip() if isinstance(error, subprocess.CalledProcessError) else ""
        return f"it could not be built: {error} {said}".strip()
    return program


def generated_per_second(program: Path, model: Path, *, prompt: int, reply: int, slots: int, threads: int) -> float:
    """Generated tokens a second, the time of reading the prompts included; flash attention on, the split cache as we have it."""
    context = slots * (prompt + reply)
    command = [str(program), "-m", str(model), "-c", str(context), "-b", "2048", "-ub", "512", "-fa", "on"]
    command += ["-npp", str(prompt), "-ntg", str(reply), "-npl", str(slots), "-t", str(threads), "-tb", str(threads)]
    done = subprocess.run([*command, "--output-format", "jsonl"], check=True, capture_output=True, text=True)
    lines = [json.loads(line) for line in (done.stdout + done.stderr).splitlines() if line.startswith("{")]
    return float(slots * reply / lines[-1]["t"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", choices=PROGRAMS)
    options = parser.parse_args()
    found = find_program(options.program, cache_folder())
    if isinstance(found, str):
        raise SystemExit(f"{options.program}: {found}")
    print(found)


if __name__ == "__main__":
    main()
