"""One call to an OpenAI-compatible server: what is sent, what may come back, and what each kind of failure means.

>>> call = RemoteCall(client, endpoint)
>>> (await call.ask(question)).text
'{"score": 1}'

Raises `PassingError` for what may pass, `RejectedError` for a question the server will not take, and `RunError` for what no further
call can mend (key, model, quota). The body is read by hand: whatever a server sends, the outcome is one of these.

Source: platform.openai.com/docs/api-reference (chat, completions, models, moderations) and /docs/guides/error-codes.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import TYPE_CHECKING, Any

from socsafe.engines.retry import PassingError, RejectedError, retry_after
from socsafe.errors import Problem, RunError
from socsafe.records import Answer, Question

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

    from socsafe.engines.remote import Endpoint

_MAY_PASS = (408, 409, 425, 429)
"""Statuses below 500 that say nothing against the question."""
_NOT_TOLD = (404, 405, 501)
"""Statuses of a server that does not list its models."""
_TOO_MUCH = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
_CAUSES = 10
"""How deep the reason for a failed connection may lie."""
_MESSAGE = 300
"""Characters of a server's message that are kept."""


class RemoteCall:
    """What has been learnt of a server's dialect stays for the calls that follow."""

    def __init__(self, client: AsyncOpenAI, endpoint: Endpoint, key: str) -> None:
        self._client, self._endpoint, self._key = client, endpoint, key
        self._format = 0
        """Which of `_formats` the server takes."""
        self._limit = "max_tokens"
        """What the server calls the longest answer."""
        self._trusted = False
        """Whether an answer has come from it, whose certificate must then have been right."""
        self._under_way: dict[asyncio.Timeout, float] = {}
        """Calls and when they were begun, by the event loop's clock."""

    async def ask(self, question: Question, seconds: float) -> Answer:
        """The answer to one question, within `seconds` for each request."""
        if self._endpoint.kind == "moderation":
            text = question.messages[-1].content if question.messages else ""
            return self._moderated(await self._send("/moderations", {"model": self._endpoint.name, "input": text}, seconds))
        if question.prompt:
            return self._answered(await self._send("/completions", self._body(question, {"prompt": question.prompt}), seconds))
        formats = _formats(question)
        number = min(self._format, len(formats) - 1)
        while True:
            # Calls go out side by side, and another may learn the word while this one is under way.
            sent = self._limit
            try:
                asked = {"messages": [{"role": message.role, "content": message.content} for message in question.messages]}
                body = self._body(question, {**asked, **formats[number]})
                answer = self._answered(await self._send("/chat/completions", body, seconds))
            except RejectedError as rejected:
                if "max_completion_tokens" in str(rejected) and sent == "max_tokens":
                    self._limit = "max_completion_tokens"
                elif number + 1 < len(formats):
                    number += 1
                else:
                    raise
                continue
            # Only now is it sure that the dialect was at fault, not the question.
            if len(formats) > 1:
                self._format = number
            return answer

    def hasten(self, seconds: float) -> None:
        """Let no call that is under way take longer than `seconds`."""
        now = asyncio.get_running_loop().time()
        for limit, begun in self._under_way.items():
            if (end := limit.when()) is not None and not limit.expired():
                limit.reschedule(min(end, max(now, begun + seconds)))

    async def models(self) -> list[str] | None:
        """The names of the models that the server has; None where it does not tell."""
        try:
            listed = (await self._send("/models", None, self._endpoint.timeout)).get("data")
        except RejectedError:
            return None
        entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
        names = [name for entry in entries for name in (entry.get("id"), *(entry.get("aliases") or ()))]
        return [self._told(name) for name in names if isinstance(name, str)] or None

    def _body(self, question: Question, asked: dict[str, Any]) -> dict[str, Any]:
        endpoint = self._endpoint
        return {
            "model": endpoint.name,
            "temperature": endpoint.temperature,
            "seed": endpoint.seed,
            self._limit: question.max_tokens,
            **question.options,
            **asked,
        }

    async def _send(self, path: str, body: dict[str, Any] | None, seconds: float) -> dict[str, Any]:
        """The JSON object that a POST of the body, or a GET where there is none, is answered with."""
        import openai

        begun = asyncio.get_running_loop().time()
        try:
            # Over the whole call: the client's own timeout starts anew with every byte that drips in. As text, since
            # its typed answers take whatever they get unchecked.
            # Not `wait_for`: in Python 3.11 it swallows a Ctrl-C that comes in the moment of the answer, and the run then hangs.
            async with asyncio.timeout(seconds) as limit:
                self._under_way[limit] = begun
                try:
                    sent = self._client.get(path, cast_to=str) if body is None else self._client.post(path, cast_to=str, body=body)
                    content = await sent
                finally:
                    del self._under_way[limit]
        except (TimeoutError, openai.APITimeoutError) as error:
            taken = asyncio.get_running_loop().time() - begun
            raise PassingError(f"no answer within {taken:.3g} s", billed=True) from error
        except openai.APIStatusError as error:
            if body is None and error.status_code in _NOT_TOLD:
                raise RejectedError(self._told(str(error.status_code))) from error
            raise self._status(error) from error
        except openai.APIConnectionError as error:
            cause = error.__cause__ or error
            if (why := _distrust(error)) and not self._trusted:
                raise self._unknown(why) from error
            reached = not type(cause).__name__.startswith("Connect")
            raise PassingError(self._told(f"no connection: {cause or type(cause).__name__}"), billed=reached, reached=reached) from error
        except (openai.OpenAIError, UnicodeError) as error:
            raise RejectedError(self._told(str(error))) from error
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise PassingError("the response is no whole JSON", billed=True) from error
        if not isinstance(found, dict):
            raise PassingError("the response is no JSON object", billed=True)
        self._trusted = True
        return found

    def _unknown(self, why: str) -> RunError:
        """The error for a server whose certificate is not good, from the first call on: nothing but the greeting has been sent to it."""
        mend = "check the address; for a certificate of your own network: export SSL_CERT_FILE=ca.pem, the file of whoever issued it"
        return RunError(Problem(self._endpoint.url, f"its certificate is refused: {self._told(why)}", "a server that can be trusted", mend))

    def _status(self, error: APIStatusError) -> Exception:
        """What a status other than 2xx means."""
        status, message = error.status_code, self._told(f"{error.status_code}: {_server_message(error)}")
        body = error.body if isinstance(error.body, dict) else {}
        endpoint, key = self._endpoint, self._endpoint.key_env
        if status in (401, 403):
            mend = f"check the key in ${key}" if key else "name the variable that holds the key: `key_env: OPENAI_API_KEY`"
            return RunError(Problem(endpoint.url, f"access is refused: {message}", "a key that may use the model", mend))
        if 300 <= status < 400:
            target = self._told(error.response.headers.get("location", "nowhere"))
            got = f"sends calls on to {target} ({status}), which is not followed: neither the key nor the questions are meant for it"
            return RunError(
                Problem(endpoint.url, got, "the address of the API itself", "write that address under `endpoint:` if it is right")
            )
        if status == 404:
            mend = f"curl {endpoint.url.rstrip('/')}/models   # what the server has"
            return RunError(Problem(endpoint.url, f"model {endpoint.name} is not there: {message}", "a model the server has", mend))
        if status == 402 or any(body.get(field) in _TOO_MUCH for field in ("code", "type")):
            mend = "raise the account's limit, then run the same command again: nothing that was answered is asked twice"
            return RunError(Problem(endpoint.url, f"the account's quota is used up: {message}", "an account with credit", mend))
        # llama-cpp-python's server says 500 to a form of answer that it does not know.
        if (status in _MAY_PASS or status >= 500) and "response_format" not in message:
            return PassingError(message, wait=retry_after(error.response.headers), limited=status == 429)
        return RejectedError(message)

    def _answered(self, body: dict[str, Any]) -> Answer:
        choices = body.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        message = choice.get("message") if isinstance(choice, dict) else None
        if isinstance(choice, dict) and isinstance(choice.get("text"), str):
            message = {"content": choice["text"]}
        if not isinstance(choice, dict) or not isinstance(message, dict):
            raise PassingError("the response holds no choice", billed=True)
        usage = body["usage"] if isinstance(body.get("usage"), dict) else {}
        return Answer(
            text=self._clean(_text(message)),
            prompt_tokens=_count(usage.get("prompt_tokens")),
            completion_tokens=_count(usage.get("completion_tokens")),
            finish_reason=self._clean(str(choice.get("finish_reason") or "")),
            model=self._clean(str(body.get("model") or "")),
        )

    def _moderated(self, body: dict[str, Any]) -> Answer:
        results = body.get("results")
        if not isinstance(results, list) or not results or not isinstance(results[0], dict):
            raise PassingError("the response holds no result", billed=True)
        return Answer(self._clean(json.dumps(results[0])), model=self._clean(str(body.get("model") or "")))

    def _clean(self, text: str) -> str:
        """The text as it came, but for the key, should a server send it back, and for what is no text (lone surrogates)."""
        text = text.encode("utf-8", "replace").decode()
        return text.replace(self._key, "***") if self._key else text

    def _told(self, message: str) -> str:
        """A message fit to be shown: one line, no control characters, no key, not too long."""
        plain = "".join(character if character.isprintable() else " " for character in self._clean(message))
        return " ".join(plain.split())[:_MESSAGE]


def _distrust(error: BaseException) -> str:
    """Why the server's certificate was refused; empty where that is not what went wrong."""
    cause: BaseException | None = error
    for _ in range(_CAUSES):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message or str(cause)
        cause = (cause.__cause__ or cause.__context__) if cause is not None else None
    return ""


def _formats(question: Question) -> tuple[dict[str, Any], ...]:
    """Ways to ask for an answer of a shape, the strictest first: OpenAI's, llama-cpp-python's, and none at all."""
    if question.answer_schema is None:
        return ({},)
    schema = dict(question.answer_schema)
    return (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}},
        {"response_format": {"type": "json_object", "schema": schema}},
        {},
    )


def _text(message: dict[str, Any]) -> str:
    """What the model wrote, or the refusal that some servers give in its place; empty where there is neither."""
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    text = content if isinstance(content, str) and content else message.get("refusal")
    return text if isinstance(text, str) else ""


def _count(value: Any) -> int:
    """A number of tokens; 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else 0


def _server_message(error: APIStatusError) -> str:
    message = error.body.get("message") if isinstance(error.body, dict) else error.body
    return message if isinstance(message, str) else error.response.reason_phrase or "no reason given"
