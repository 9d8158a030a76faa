"""vLLM on loopback, where there is one: named by $VLLM, on the PATH, or installed by `make vllm-env`.

with vllm_server(tiny.folder, {"refusal": tiny.adapters[0]}) as url:
    Remote(Endpoint(url, "refusal")).models()

It starts in half a minute, so the tests share one.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import REPO

CONTEXT = 256
"""Tokens that it has room for."""
_START = 300
"""Seconds until it must have started, on a machine that has other work."""
_QUIET = {"HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}


def program() -> str:
    """The program; skips the test where there is none."""
    found = os.environ.get("VLLM") or shutil.which("vllm") or str(REPO / ".venv-vllm" / "bin" / "vllm")
    if not Path(found).is_file():
        pytest.skip("no vllm here: make vllm-env installs a build of it for CPUs (Linux, x86-64, 4 GB); or name the program in VLLM")
    return found


@contextmanager
def vllm_server(base: Path, adapters: Mapping[str, Path], log: Path) -> Iterator[str]:
    """The base of its API, for as long as the block runs. `adapters`: what a model is called there -> its adapter's folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [program(), "serve", str(base), "--host", "127.0.0.1", "--port", str(port), "--max-model-len", str(CONTEXT)]
    command += ["--dtype", "float32", "--enforce-eager", "--max-num-seqs", "8", "--enable-lora", "--max-loras", str(len(adapters))]
    command += ["--max-lora-rank", "8", "--lora-modules", *(f"{name}={folder}" for name, folder in adapters.items())]
    environment = {**os.environ, **_QUIET, "VLLM_CPU_KVCACHE_SPACE": "1", "OMP_NUM_THREADS": "1"}
    # In a session of its own: what it starts must end with it, also where it does not see to that itself.
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, env=environment, start_new_session=True) as server:
        try:
            _wait(server, f"http://127.0.0.1:{port}/health", log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            try:
                server.wait(30)
            finally:
                _end(server.pid)


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    started = time.monotonic()
    while server.poll() is None and time.monotonic() - started < _START:
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"vLLM did not start: {log.read_text(errors='replace')[-2000:]}")


def _end(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return
