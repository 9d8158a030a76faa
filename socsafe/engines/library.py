"""llama.cpp's library, loaded once and kept quiet: its log is caught and its last lines put into error messages.

>>> llama = library()
>>> llama.llama_version()
b'...'
"""

from __future__ import annotations

import ctypes
from collections import deque
from functools import cache
from types import ModuleType

_LOG: deque[tuple[int, str]] = deque(maxlen=60)
_WARNING = 3
_CONTINUED = 5
_KEPT: list[object] = []
"""The callback must outlive every call that llama.cpp makes to it."""


@cache
def library() -> ModuleType:
    """The `llama_cpp` module with its log caught and its back end started."""
    import llama_cpp

    module: ModuleType = llama_cpp
    callback = llama_cpp.llama_log_callback(_remember)
    _KEPT.append(callback)
    llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    return module


def _remember(level: int, text: bytes | None, _data: object) -> None:
    line = (text or b"").decode("utf-8", errors="replace")
    if level == _CONTINUED and _LOG:
        _LOG[-1] = (_LOG[-1][0], _LOG[-1][1] + line)
    else:
        _LOG.append((level, line))


def forget_log() -> None:
    """Drop what was caught, so that the next error shows only its own lines."""
    _LOG.clear()


def log_tail(lines: int = 4) -> str:
    """The last warnings and errors that llama.cpp wrote, or its last words of any kind, on one line."""
    serious = [text.strip() for level, text in _LOG if level >= _WARNING and text.strip()]
    said = serious or [text.strip() for _, text in _LOG if text.strip()]
    return " | ".join(said[-lines:]) or "llama.cpp gave no reason"
