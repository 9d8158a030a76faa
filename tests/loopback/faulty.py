"""An OpenAI-compatible server on loopback that answers as a rubric judge would, or continues a prompt, and misbehaves as it is told to.

    with Faulty(Plan(seed=1, rate=0.2)) as server:
        Remote(Endpoint(server.url, "judge-1")).answer(questions)

What happens to a request depends on the seed, its text and how often that text has come, never on the clock or on threads.
"""

from __future__ import annotations

import json
import os
import random
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

TRANSPORT = ("429-after", "429", "500", "502", "slow", "hang", "reset", "cut", "html", "empty")
"""Failures after which the question may be asked again."""
ALL = (*TRANSPORT, "429-ms", "tls", "wrong-model")
"""Every failure that a run gets over by itself, and an answer that another model gave."""
CONTENT = ("prose", "nine", "refusal", "wrong-model", "one-more", "filtered")
"""Answers that arrive whole and must be taken as they are."""
MODEL = "judge-1"


@dataclass(frozen=True)
class Plan:
    """Which requests go wrong, and how."""

    seed: int = 0
    rate: float = 0.0
    """Share of the requests that go wrong."""
    faults: Sequence[str] = TRANSPORT
    delay: float = 0.0
    """Seconds that a right answer takes."""
    always: str = ""
    """The fault of every request."""

    def fault(self, text: str, attempt: int) -> str:
        drawn = random.Random(f"{self.seed} {attempt} {text}")
        return self.always or (drawn.choice(self.faults) if drawn.random() < self.rate else "")


@dataclass
class Seen:
    """What the server has been asked and has given."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    attempts: Counter[str] = field(default_factory=Counter)
    paid: Counter[str] = field(default_factory=Counter)
    """Question -> answers that were delivered whole."""
    faults: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    most_under_way: int = 0
    times: list[float] = field(default_factory=list)


class Faulty:
    """The server; `url` is its base, `/v1` included."""

    def __init__(
        self,
        plan: Plan | None = None,
        reply: Callable[[str], str] | None = None,
        formats: Sequence[str] = ("json_schema",),
        models: Sequence[str] | None = None,
        certificate: Path | None = None,
        limit: str = "",
    ) -> None:
        """`models` are told where they are asked for; with a `certificate` (a PEM file with its key) it speaks https; `limit` is the only
        name that it takes for the longest answer."""
        self.plan, self.reply, self.formats, self.models, self.limit = plan or Plan(), reply or score, formats, models, limit
        self.seen = Seen()
        self.lock = threading.Lock()
        self.closing = threading.Event()
        owner = self

        class Handler(_Handler):
            faulty = owner

        self.context: ssl.SSLContext | None = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http{'s' if certificate else ''}://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Faulty:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


def score(text: str) -> str:
    """What a rubric judge says: a score that depends on the text alone."""
    return json.dumps({"reason": "It says so.", "score": 1 + len(text) % 5})


def _asked(body: dict[str, Any]) -> str:
    """The last message, or the prompt, as text."""
    prompt = body.get("prompt")
    if prompt is None:
        return str(body["messages"][-1]["content"])
    return " ".join(map(str, prompt)) if isinstance(prompt, list) else str(prompt)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up are what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body go out as two writes, which Nagle's algorithm would hold apart for 40 ms.
    disable_nagle_algorithm = True
    faulty: Faulty

    def setup(self) -> None:
        """Greet in the connection's own thread, which a client that refuses the certificate ends."""
        if self.faulty.context is not None:
            self.request = self.faulty.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """What models there are, where the server tells."""
        if self.faulty.models is None or not self.path.endswith("/models"):
            return self._json(404, {"error": {"message": "no such page", "code": None}})
        return self._json(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in self.faulty.models]})

    def do_POST(self) -> None:
        faulty, seen = self.faulty, self.faulty.seen
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = body["input"] if self.path.endswith("/moderations") else _asked(body)
        with faulty.lock:
            seen.requests.append(body)
            seen.times.append(time.monotonic())
            seen.keys.add(self.headers.get("Authorization", ""))
            fault = faulty.plan.fault(text, seen.attempts[text])
            seen.attempts[text] += 1
            seen.faults[fault] += 1
            seen.under_way += 1
            seen.most_under_way = max(seen.most_under_way, seen.under_way)
        try:
            self._respond(body, text, fault)
        finally:
            with faulty.lock:
                seen.under_way -= 1

    def _respond(self, body: dict[str, Any], text: str, fault: str) -> None:
        asked = (body.get("response_format") or {}).get("type", "none")
        if asked not in (*self.faulty.formats, "none"):
            return self._json(400, {"error": {"message": f"response_format {asked} is not supported", "code": None}})
        if self.faulty.limit and self.faulty.limit not in body:
            time.sleep(self.faulty.plan.delay)
            told = f"Unsupported parameter: 'max_tokens' is not supported with this model. Use '{self.faulty.limit}' instead."
            return self._json(400, {"error": {"message": told, "code": "unsupported_parameter"}})
        if fault in ("429", "429-after", "429-ms"):
            after = {"429-after": {"Retry-After": "1"}, "429-ms": {"retry-after-ms": "50"}}.get(fault, {})
            return self._json(429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, after)
        if fault == "quota":
            return self._json(429, {"error": {"message": "you exceeded your current quota", "code": "insufficient_quota"}})
        if fault in ("400", "401", "404", "500", "502"):
            key = self.headers.get("Authorization", "")
            return self._json(int(fault), {"error": {"message": f"status {fault} for {key}", "code": None}})
        if fault == "redirect":
            return self._send(307, b"", {"Location": "https://other.example/v1/chat/completions\x07"})
        if fault == "tls":
            return self._garbage()
        if fault == "hang":
            self.faulty.closing.wait(30)
            self.close_connection = True
            return None
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return None
        time.sleep(self.faulty.plan.delay)
        return self._answer(body, text, fault)

    def _garbage(self) -> None:
        """Bytes below the encryption that are none of it; without encryption, bytes that are no HTTP."""
        self.close_connection = True
        with socket.socket(fileno=os.dup(self.connection.fileno())) as bare:
            bare.sendall(b"\x00no record of any version\r\n\r\n")

    def _answer(self, body: dict[str, Any], text: str, fault: str) -> None:
        if fault == "html":
            return self._send(200, b"<html>gateway</html>", {"Content-Type": "text/html"})
        if self.path.endswith("/moderations"):
            result = {"flagged": False, "categories": {"hate": False}, "category_scores": {"hate": 0.25}}
            answer: dict[str, Any] = {"id": "m", "model": MODEL, "results": [result]}
        else:
            told = f"You sent {self.headers.get('Authorization', '')}.\x1b[2J"
            content = {"prose": "I would say it is fine.", "nine": '{"reason": "", "score": 9}', "echo": told}.get(
                fault, self.faulty.reply(text)
            )
            message: dict[str, Any] = {"role": "assistant", "content": content}
            if fault == "refusal":
                message = {"role": "assistant", "content": None, "refusal": "I cannot judge this."}
            answer = {
                "id": "c",
                "object": "chat.completion",
                "model": "another-model" if fault == "wrong-model" else body["model"],
                "choices": [] if fault == "empty" else [{"index": 0}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
            }
            for choice in answer["choices"]:
                choice |= {"text": content} if "prompt" in body else {"message": message}
                choice["finish_reason"] = {"filtered": "content_filter", "length": "length"}.get(fault, "stop")
            if isinstance(body.get("prompt"), list):
                answer["usage"]["prompt_tokens"] = len(body["prompt"]) + (fault == "one-more")
        whole = json.dumps(answer).encode()
        if fault == "cut":
            self.close_connection = True
            return self._send(200, whole[: len(whole) // 2], {"Content-Length": str(len(whole))})
        if fault == "slow":
            return self._drip(whole)
        self._send(200, whole)
        if fault not in ("empty",):
            with self.faulty.lock:
                self.faulty.seen.paid[text] += 1
        return None

    def _drip(self, whole: bytes) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Length", str(len(whole)))
        self.end_headers()
        for number in range(len(whole)):
            self.wfile.write(whole[number : number + 1])
            if self.faulty.closing.wait(0.05):
                return

    def _json(self, status: int, content: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(content).encode(), headers)

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
