"""llama-cpp-python's own OpenAI-compatible server on loopback, with a model of a test's.

with llamacpp_server(models.q8) as url:
    Remote(Endpoint(url, "tiny")).answer(questions)
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def llamacpp_server(model: Path, context: int = 4096, adapters: Mapping[str, Path | None] | None = None) -> Iterator[str]:
    """The base of its API, for as long as the block runs. `adapters`: what a model is called there -> the adapter on the base, which is
    then computed with flash attention, as the engine here does.
    """
    import uvicorn
    from llama_cpp.server.app import create_app
    from llama_cpp.server.settings import ModelSettings, ServerSettings

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    common = {
        "model": str(model),
        "n_ctx": context,
        "n_threads": 1,
        "n_threads_batch": 1,
        "flash_attn": adapters is not None,
        "verbose": False,
    }
    settings = [
        ModelSettings(model_alias=name, lora_path=str(lora) if lora else None, **common)
        for name, lora in (adapters or {"tiny": None}).items()
    ]
    app = create_app(server_settings=ServerSettings(host="127.0.0.1", port=port), model_settings=settings)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    started = time.monotonic()
    while not server.started:
        if not thread.is_alive() or time.monotonic() - started > 60:
            raise RuntimeError("the server did not start")
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        thread.join(30)
