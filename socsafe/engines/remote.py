"""Asking a model behind an OpenAI-compatible endpoint many questions at a time.

>>> remote = Remote(Endpoint("http://127.0.0.1:8080/v1", "some-model", concurrency=8))
>>> answers = remote.answer(questions, on_answer=lambda index, answer: print(index, answer.text))

Any server that speaks OpenAI's chat or moderation protocol will do: OpenAI, vLLM, llama.cpp, Ollama. At most `concurrency`
calls are under way at any time. A failure that may pass is tried again (`socsafe.engines.retry`): a call that is told to slow down
keeps its place while it waits, so that fewer calls are made; any other gives its place to the next question. One that cannot
be mended stops everything with a single `RunError`; calls under way are waited for, since they are paid for. `on_answer` has by
then been given every answer there is, also after Ctrl-C. Keys come from the environment and go nowhere but to the server.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from socsafe.engines.answers import OnAnswer
from socsafe.engines.budget import Budget, Prices, no_prices
from socsafe.engines.remote_access import connection, key_of
from socsafe.engines.remote_call import RemoteCall
from socsafe.engines.retry import KNOWN, PassingError, RejectedError, RetryPolicy
from socsafe.errors import Problem, RunError, SocsafeError
from socsafe.records import Answer, Question

_OPEN = 8
"""Questions begun and not ended, at most, for each place."""
_LISTING = 3
"""Tries of asking a server what models it has."""


def ignore(index: int, answer: Answer) -> None:
    """An `OnAnswer` that does nothing."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model on a server, and how it is asked."""

    url: str
    """Base of the API, `/v1` included."""
    name: str
    """The model, in the server's words."""
    key_env: str | None = None
    """Environment variable that holds the key; None where the server wants none."""
    concurrency: int = 8
    """Most calls under way at a time."""
    timeout: float = 60.0
    """Seconds that one call may take at most."""
    temperature: float = 0.0
    seed: int = 0
    """Sent with every call; it seeds the waits' jitter too."""
    kind: Literal["chat", "moderation"] = "chat"
    prices: Prices | None = None
    """None where they are not known: what is spent is then not known either."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)


class Remote:
    """The model behind an endpoint."""

    def __init__(self, endpoint: Endpoint, budget: Budget | None = None) -> None:
        """Raises `RunError` where the key is not set, is none or would be sent in the clear, or a budget is to be kept without prices."""
        self.endpoint = endpoint
        self.budget = budget if budget is not None else Budget()
        self._key = key_of(endpoint.url, endpoint.key_env)
        if self.budget.limit is not None and endpoint.prices is None:
            raise RunError(no_prices(endpoint.url, f"no prices for {endpoint.name}", "the model's block"))

    def answer(self, questions: Sequence[Question], on_answer: OnAnswer = ignore) -> list[Answer]:
        """One answer a question, in their order; one that could not be had says why in `error`.

        Raises `RunError` when no further call is of use (key, model, quota, budget, a server that answers nothing).
        """
        return asyncio.run(_Session(self.endpoint, self.budget, self._key, questions, on_answer).run())

    def models(self) -> list[str] | None:
        """The names of the models that the server has; None where it does not tell.

        Raises `RunError` where it cannot be reached in three tries, or refuses access.
        """
        return asyncio.run(self._models())

    async def _models(self) -> list[str] | None:
        jitter = random.Random(self.endpoint.seed)
        for attempt in range(_LISTING):
            try:
                async with connection(self.endpoint.url, self._key, self.endpoint.timeout) as client:
                    return await RemoteCall(client, self.endpoint, self._key).models()
            except PassingError as error:
                fault = error
                if attempt + 1 < _LISTING:
                    await asyncio.sleep(self.endpoint.retry.wait(attempt, error.wait, jitter.random()))
        mend = "see whether the server runs, then run the same command again"
        raise RunError(Problem(self.endpoint.url, str(fault), "a server that answers", mend))


@dataclass(slots=True)
class _Tries:
    """What one question has taken so far."""

    jitter: random.Random
    made: int = 0
    seconds: float = 0.0
    """In calls and waits, but not in waiting for a free place."""


class _Session:
    """One call of `Remote.answer`."""

    def __init__(self, endpoint: Endpoint, budget: Budget, key: str, questions: Sequence[Question], on_answer: OnAnswer) -> None:
        self._endpoint, self._budget, self._key = endpoint, budget, key
        self._questions, self._on_answer = questions, on_answer
        self._answers: list[Answer] = [Answer("", error="not asked")] * len(questions)
        self._new = deque(range(len(questions)))
        self._due: deque[int] = deque()
        """Questions to be tried again now."""
        self._tries: dict[int, _Tries] = {}
        """Questions that have been begun and not come to an end."""
        self._moved = asyncio.Event()
        """Something has changed for those who wait for a question, or for room in the budget."""
        self._stopped = asyncio.Event()
        self._why: SocsafeError | None = None
        self._under_way = 0
        self._answered = 0
        self._slowest = 0.0
        """Seconds that the slowest answer took."""
        self._failed: list[str] = []
        """Messages of the questions that came to nothing since the last answer."""

    async def run(self) -> list[Answer]:
        async with connection(self._endpoint.url, self._key, self._endpoint.timeout) as client:
            self._call = RemoteCall(client, self._endpoint, self._key)
            await self._ask_all()
        if self._why is not None:
            raise self._why
        return self._answers

    async def _ask_all(self) -> None:
        """As many workers as there are places; a mistake in one of them, or in `on_answer`, ends all."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for _ in range(min(self._endpoint.concurrency, len(self._questions))):
                    tasks.create_task(self._work())
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from group

    async def _work(self) -> None:
        """Ask one question after another until none is left."""
        while (index := await self._next()) is not None:
            tries = self._tries.setdefault(index, _Tries(random.Random(f"{self._endpoint.seed} {index}")))
            wait = await self._try(index, tries)
            if wait is None:
                del self._tries[index]
            else:
                asyncio.get_running_loop().call_later(wait, self._again, index)
            self._moved.set()

    async def _next(self) -> int | None:
        """A question whose wait is over, or else a new one; None when all have come to an end, or everything is to stop.

        Not too many wait to be tried again: else a server that is down would be asked every question once before any of them twice.
        """
        most_open = self._endpoint.concurrency * _OPEN
        while not self._stopped.is_set():
            if self._due:
                return self._due.popleft()
            if self._new and len(self._tries) < most_open:
                return self._new.popleft()
            if not self._new and not self._tries:
                return None
            self._moved.clear()
            await self._moved.wait()
        return None

    def _again(self, index: int) -> None:
        self._due.append(index)
        self._moved.set()

    async def _try(self, index: int, tries: _Tries) -> float | None:
        """One try; the seconds until the next, or None where there is to be none."""
        question, policy = self._questions[index], self._endpoint.retry
        if not await self._affordable(question):
            return None
        started = time.monotonic()
        try:
            limit = policy.limit(tries.made, self._answered, self._slowest, self._endpoint.timeout)
            answer = await self._attempt(question, limit)
            self._slowest = max(self._slowest, time.monotonic() - started)
            self._finish(index, answer)
        except RejectedError as rejected:
            self._give_up(index, str(rejected), None)
        except PassingError as fault:
            wait = policy.wait(tries.made, fault.wait, tries.jitter.random())
            tries.made += 1
            tries.seconds += time.monotonic() - started + wait
            if policy.exhausted(tries.made, tries.seconds, self._endpoint.timeout, limited=fault.limited):
                self._give_up(index, f"{fault} (tried {tries.made} times)", fault)
                return None
            if not fault.limited:
                return wait
            await self._sleep(wait)
            return 0.0
        except RunError as error:
            self._stop(error)
        return None

    async def _attempt(self, question: Question, seconds: float) -> Answer:
        """One call, booked whatever comes of it."""
        prices = self._endpoint.prices or Prices(0.0, 0.0)
        most = cost = prices.most(question)
        self._under_way += 1
        try:
            answer = await self._call.ask(question, seconds)
            cost = prices.paid(question, answer)
            return answer
        except PassingError as fault:
            cost = most if fault.billed else 0.0
            raise
        except (RejectedError, RunError):
            cost = 0.0
            raise
        finally:
            self._under_way -= 1
            self._budget.settle(most, cost)
            self._moved.set()

    async def _affordable(self, question: Question) -> bool:
        """Reserve the worst case; where it does not fit, wait for calls under way to cost less than theirs, and else stop."""
        most = (self._endpoint.prices or Prices(0.0, 0.0)).most(question)
        while not self._stopped.is_set():
            if self._budget.reserve(most):
                return True
            if not self._under_way:
                self._stop(_budget_reached(self._endpoint, self._budget, most))
                break
            self._moved.clear()
            await self._moved.wait()
        return False

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not once everything is to stop."""
        if seconds > 0:
            try:
                async with asyncio.timeout(seconds):
                    await self._stopped.wait()
            except TimeoutError:
                return

    def _finish(self, index: int, answer: Answer) -> None:
        self._answered += 1
        if self._answered == KNOWN:
            self._call.hasten(self._endpoint.retry.limit(0, KNOWN, self._slowest, self._endpoint.timeout))
        self._failed.clear()
        self._answers[index] = answer
        self._on_answer(index, answer)

    def _give_up(self, index: int, message: str, fault: PassingError | None) -> None:
        """Note a question that came to nothing: its last fault, or None where it was rejected. Stop when there is no hope.

        No hope: a server that is not there, one that fails so many in a row, or one that rejects everything in the same words.
        A provider may well have something against many prompts of a suite, one by one: that does not stop the rest.
        """
        self._failed.append(message)
        in_a_row = max(8, 2 * self._endpoint.concurrency)
        if fault is not None and not fault.reached:
            in_a_row = min(in_a_row, len(self._questions))
        hopeless = fault is not None or (self._answered == 0 and len(set(self._failed)) == 1)
        if len(self._failed) >= in_a_row and hopeless:
            got = f"{len(self._failed)} questions in a row came to nothing, the last with: {message}"
            mend = "see whether the server runs, then run the same command again: nothing that was answered is asked twice"
            self._stop(RunError(Problem(self._endpoint.url, got, "a server that answers", mend)))
            return
        self._answers[index] = Answer("", error=message)
        self._on_answer(index, self._answers[index])

    def _stop(self, error: RunError) -> None:
        """Start no further call; the first reason is the one that is told."""
        self._why = self._why or error
        self._stopped.set()
        self._moved.set()


def _budget_reached(endpoint: Endpoint, budget: Budget, most: float) -> RunError:
    got = f"the budget of ${budget.limit:.4f} is reached: ${budget.spent:.4f} spent, and the next call may cost ${most:.4f}"
    mend = "run the same command again with a larger --budget: nothing that was answered is paid for twice"
    return RunError(Problem(f"{endpoint.name} at {endpoint.url}", got, "room for one more call", mend))
