"""Ctrl-C reaches a call at any moment, also in that of its answer: `asyncio.wait_for` in Python 3.11 would swallow it there."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from socsafe.engines.remote import Endpoint
from socsafe.engines.remote_call import RemoteCall
from socsafe.records import Message, Question

BODY = json.dumps({"choices": [{"message": {"content": "Hm."}, "finish_reason": "stop"}]})


class Client:
    """Answers when it is told to, which no server can be to the step of the event loop."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def post(self, path: str, **request: Any) -> str:
        return await self.answer


@pytest.mark.parametrize("steps", range(6))
def test_a_call_that_is_interrupted_as_its_answer_comes_is_interrupted(steps: int) -> None:
    async def interrupted() -> bool:
        client = Client()
        call = RemoteCall(client, Endpoint("http://127.0.0.1:9/v1", "m"), "")  # type: ignore[arg-type]
        task = asyncio.create_task(call.ask(Question((Message("user", "Well?"),)), 60.0))
        await asyncio.sleep(0.01)
        client.answer.set_result(BODY)
        for _ in range(steps):
            await asyncio.sleep(0)
        if not task.cancel():
            return True  # It had ended before.
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(interrupted())
