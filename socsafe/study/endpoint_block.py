"""A server that speaks OpenAI's protocol, as a study file names it: for judges and for writing replies.

endpoint: https://api.openai.com/v1
key_env: OPENAI_API_KEY
prices: {prompt: 0.15, completion: 0.6}
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from socsafe.study.block import Block

Price = Annotated[float, Field(ge=0, le=1_000_000)]


class ModelPrices(Block):
    """What a model costs, in US dollars a million tokens."""

    prompt: Price
    """Of what it reads."""
    completion: Price
    """Of what it writes."""


class Server(Block):
    """Where a server is, how it is paid and how hard it is pressed."""

    endpoint: Annotated[str, Field(pattern=r"^https?://[^\s/?#@]+(/[^\s?#@]*)?$", max_length=500)]
    """Base of the API, `/v1` included, without a key in it."""
    key_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)] | None = None
    """Name of the environment variable that holds the key; left out where the server wants none."""
    prices: ModelPrices | None = None
    """What it costs: needed to keep a budget, `{prompt: 0, completion: 0}` for a free one."""
    concurrency: Annotated[int, Field(ge=1, le=512)] = 8
    """Most calls under way at a time."""
    timeout: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """Seconds that one call may take."""
