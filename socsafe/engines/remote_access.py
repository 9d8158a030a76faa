"""The key of an endpoint, and the connection that it goes over.

>>> key = key_of("https://api.openai.com/v1", "OPENAI_API_KEY")
>>> async with connection("https://api.openai.com/v1", key, timeout=60.0) as client: ...

A key comes from the environment and goes to its server alone: redirects are not followed, certificates are checked, and over the public
network it goes encrypted or not at all. It is held to characters that no header and no JSON string writes otherwise, so that one which a
server sends back is known for what it is and blotted out.
"""

from __future__ import annotations

import ipaddress
import os
import re
from typing import TYPE_CHECKING

from socsafe.errors import Problem, RunError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_KEY = re.compile(r"[!#-\[\]-~]+")
_PRIVATE = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
"""Ends of names that are known in a private network alone."""


def key_of(url: str, variable: str | None) -> str:
    """What the environment variable holds; empty where there is none to be sent.

    Raises `RunError` where it is not set, holds what is no key, or where `url` would have the key sent in the clear.
    """
    key = os.environ.get(variable, "").strip() if variable else ""
    if not variable:
        return ""
    if not key:
        mend = f"export {variable}=...   (never write a key into a file)"
        raise RunError(Problem(url, f"the environment variable {variable} is not set", "the endpoint's key", mend))
    if not _KEY.fullmatch(key):
        got = f"what {variable} holds is no key: there are blanks, quotes, control characters or letters beyond ASCII in it"
        raise RunError(Problem(url, got, "the endpoint's key alone", f"export {variable}=...   (the key as it was given to you)"))
    if in_the_clear(url):
        got = f"the key in {variable} would cross the public network in the clear"
        raise RunError(Problem(url, got, "https, or a server on this machine or in its own network", "write https:// in the endpoint"))
    return key


def destination(who: str, variable: str, url: str) -> str:
    """What a user is told before the key is sent: the study says where it goes, and the study may be a stranger's."""
    return f"{who}: the key in {variable} goes to {url}"


def in_the_clear(url: str) -> bool:
    """Whether what is sent to `url` can be read on its way through the public network."""
    import httpx

    address = httpx.URL(url)
    host = address.host.rstrip(".").lower()
    if address.scheme == "https":
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(_PRIVATE)


def connection(url: str, key: str, timeout: float) -> AsyncOpenAI:
    """A client for the server, to be used in an `async with` block; `timeout` is in seconds."""
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

    web = DefaultAsyncHttpxClient(follow_redirects=False, timeout=timeout)
    return AsyncOpenAI(api_key=key or "none", base_url=url, max_retries=0, http_client=web)
