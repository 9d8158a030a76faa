"""The process in which chat templates are rendered, so that one that never ends, or fills the memory, ends nothing but itself.

>>> render({"template": "{{ messages[0].content }}", "messages": [{"role": "user", "content": "Hi"}]})
{'text': 'Hi'}

It is started when it is first needed, renders one dialogue after another (a tenth of a millisecond each beside the rendering), and goes
with this process, however that ends. What it is given of this one is the module path: no environment, and so no keys.
"""

from __future__ import annotations

import atexit
import json
import os
import selectors
import subprocess
import sys
import threading
from typing import Any

MAX_SECONDS = 5
"""Of processor time that one dialogue may take; that of a published template takes a thousandth of a second."""
TIMEOUT = 120.0
"""Seconds without an answer after which the process is stopped, whatever it does: it may wait for a processor for long."""
_lock = threading.Lock()
_process: subprocess.Popen[bytes] | None = None


def render(request: dict[str, Any]) -> dict[str, str]:
    """What the process answers: `text`, or `error` and `expected`."""
    line = json.dumps({"seconds": MAX_SECONDS, **request}).encode() + b"\n"
    with _lock:
        try:
            answer = _asked(_running(), line)
        except BaseException:
            # What it still writes would be taken for the answer to the next question.
            _stop()
            raise
        if not answer.endswith(b"\n"):
            _stop()
            return {"error": f"takes more than {MAX_SECONDS} s of processor time, or too much memory", "expected": "a template that ends"}
    found: dict[str, str] = json.loads(answer)
    return found


def _asked(process: subprocess.Popen[bytes], line: bytes) -> bytes:
    """The answer's line; less than a line where the process has ended or said nothing in time."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(line)
        process.stdin.flush()
    except BrokenPipeError:
        return b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        return process.stdout.readline() if selector.select(TIMEOUT) else b""


def _running() -> subprocess.Popen[bytes]:
    global _process
    if _process is None or _process.poll() is not None:
        _stop()
        command = [sys.executable, "-P", "-m", "socsafe.engines.template_job"]
        path = os.pathsep.join(os.path.abspath(folder or ".") for folder in sys.path)  # noqa: PTH100 no symlink is to be followed
        env = {"PYTHONPATH": path, "PYTHONUTF8": "1"}
        _process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env, start_new_session=True
        )
    return _process


def _stop() -> None:
    global _process
    if _process is not None:
        _process.kill()
        _process.communicate()
        _process = None


def _forget() -> None:
    """A forked child must not share its parent's process."""
    global _process, _lock
    _process, _lock = None, threading.Lock()


atexit.register(_stop)
os.register_at_fork(after_in_child=_forget)
