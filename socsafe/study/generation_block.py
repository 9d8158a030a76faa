"""The `generation` block of a study file: a server that writes the replies, in the place of llama.cpp on this machine.

    generation:
      endpoint: http://127.0.0.1:8000/v1
      server: vllm
      model: "{condition}"
      concurrency: 64

How such a server is started, and what is not the same as on this machine, is told in docs/generation.md.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from socsafe.study.block import Name
from socsafe.study.endpoint_block import Server


class Generation(Server):
    """A server that writes the replies of every condition."""

    server: Literal["vllm", "llama.cpp", "openai"]
    """What runs there, for what OpenAI's protocol leaves open; `openai` for a hosted service and for any other program."""
    model: Name | dict[Name, Name] = "{condition}"
    """What the server calls a condition's model: a pattern with {condition}, {base}, {setting}, {style}, {count}, {form}, {seed}, or
    the name of each condition's."""
    prompt: Literal["tokens", "text", "chat"] = "tokens"
    """What is sent. `tokens`: the very tokens that llama.cpp would read here; `text`: the rendered template, which the server
    tokenizes; `chat`: the messages, which the server puts into a template of its own."""
    concurrency: Annotated[int, Field(ge=1, le=512)] = 32
    """Most calls under way at a time."""
    timeout: Annotated[float, Field(gt=0, le=3600)] = 600.0
    """Seconds that one call may take."""

    def decides(self) -> dict[str, Any]:
        """What of this block decides a reply, as JSON values: not the price, the key's name, or how many are asked for at a time."""
        return self.model_dump(mode="json", exclude={"key_env", "prices", "concurrency", "timeout", "model"})
