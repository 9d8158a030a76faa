"""llama.cpp's own llama-server on loopback, where there is one: named by $LLAMA_SERVER, on the PATH, or built by `make llama-server`.

with llama_server(models.q8, "micro-benign-none-n0-s1", adapter) as url:
    Remote(Endpoint(url, "micro-benign-none-n0-s1")).models()
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import pytest

from socsafe.paths import cache_folder


def binary() -> str:
    """The program; skips the test where there is none."""
    built = cache_folder() / "llama.cpp" / f"{version('llama-cpp-python')}-llama-server"
    found = os.environ.get("LLAMA_SERVER") or shutil.which("llama-server") or str(built)
    if not Path(found).is_file():
        pytest.skip("no llama-server here: make llama-server builds it, in about six minutes; or name the program in LLAMA_SERVER")
    return found


@contextmanager
def llama_server(model: Path, name: str, adapter: Path | None = None, context: int = 512) -> Iterator[str]:
    """The base of its API, for as long as the block runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [binary(), "-m", str(model), "--alias", name, "--host", "127.0.0.1", "--port", str(port), "-c", str(2 * context), "-np", "2"]
    command += ["-t", "1", "-tb", "1", *(("--lora", str(adapter)) if adapter else ())]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait(server, f"http://127.0.0.1:{port}/health")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            server.wait(30)


def _wait(server: subprocess.Popen[bytes], address: str) -> None:
    started = time.monotonic()
    while server.poll() is None and time.monotonic() - started < 60:
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError("llama-server did not start")
