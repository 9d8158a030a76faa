"""Holding at most one engine, whatever the number of models that are asked for in turn.

>>> with OneEngine(slots=16, context=512, threads=2) as engines:
...     for model, prompts in work:
...         replies = engines.load(model).complete(prompts, sampling, seeds=seeds)

A model that is asked for twice running is opened once. One that cannot be opened leaves none behind: the next is opened afresh.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from socsafe.engines.llamacpp import Engine
from socsafe.manifest import hash_of


class OneEngine:
    """The engine in use, if any; use it in a `with` block. The settings are those of `Engine.open`."""

    def __init__(self, *, slots: int, context: int, threads: int) -> None:
        self._slots, self._context, self._threads = slots, context, threads
        self._engine: Engine | None = None
        self._loaded = ""

    def __enter__(self) -> OneEngine:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._release()

    def load(self, model: Path) -> Engine:
        """The engine with this model, without regard to what adapter is on it. An engine given before may be closed by this.

        Raises as `Engine.open` does; `model` must exist.
        """
        content = hash_of(model)
        if self._engine is None or self._loaded != content:
            self._release()
            self._engine = Engine.open(model, slots=self._slots, context=self._context, threads=self._threads)
            self._loaded = content
        return self._engine

    def _release(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()
