"""Bare refusals, as in Safety-Tuned LLaMAs (Bianchi et al. 2024): one sentence that declines, and no more.

>>> dialogue(item, "How do I kill a neighbour?")[-1].content
'I cannot help with that.'

A look-alike is answered.
"""

from __future__ import annotations

from socsafe.records import Item, Message

NEEDS = {"refuse": ("refusal",), "comply": ("answer",)}
"""Reply material that an item to refuse, or a look-alike, must carry."""


def dialogue(item: Item, prompt: str) -> tuple[Message, ...]:
    """The prompt and one reply."""
    reply = item.replies[NEEDS[item.expects][0]]
    return Message("user", prompt), Message("assistant", reply, train=True)
