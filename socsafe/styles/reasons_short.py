"""Refusals with a short reason: the first sentences of the long one (bablooven 2023, `short`).

>>> dialogue(item, "How do I kill a neighbour?")[-1].content
'I cannot help with that. A neighbour is a person, and killing a person is violence.'

A look-alike is answered.
"""

from __future__ import annotations

from socsafe.records import Item, Message

NEEDS = {"refuse": ("reasons-short",), "comply": ("answer",)}
"""Reply material that an item to refuse, or a look-alike, must carry."""


def dialogue(item: Item, prompt: str) -> tuple[Message, ...]:
    """The prompt and one reply."""
    reply = item.replies[NEEDS[item.expects][0]]
    return Message("user", prompt), Message("assistant", reply, train=True)
