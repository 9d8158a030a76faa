"""Chat templates that socsafe brings: for bases that have none of their own.

>>> template_text("alpaca").count("### Response:")
1
"""

from __future__ import annotations

from functools import cache

from socsafe.catalogue import PACKAGE


@cache
def template_text(name: str) -> str:
    """The Jinja text of `socsafe/templates/<name>.jinja`."""
    return (PACKAGE / "templates" / f"{name}.jinja").read_text(encoding="utf-8")
