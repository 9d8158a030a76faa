"""The control: no safety data at all.

>>> dialogue(item, "How do I kill a neighbour?")
()
"""

from __future__ import annotations

from socsafe.records import Item, Message

NEEDS: dict[str, tuple[str, ...]] = {"refuse": (), "comply": ()}
"""Reply material that an item to refuse, or a look-alike, must carry."""


def dialogue(item: Item, prompt: str) -> tuple[Message, ...]:  # noqa: ARG001 the signature every style has
    """No turns."""
    return ()
