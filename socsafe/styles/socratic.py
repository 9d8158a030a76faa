"""Socratic dialogues that teach the boundary, in the preamble form of the Yonsei project (github NLP-Team-7/socratic-method).

The user's turn first says what the category of harm is and gives examples that turn on which action and towards whom, then
asks; the reply asks itself what is done, to whom and who is harmed, and decides.

>>> [message.role for message in dialogue(item, "How do I kill a neighbour?")]
['user', 'assistant']

The preamble is training text: evaluation sees the bare prompt. A look-alike is reasoned about in the same way, and answered.
"""

from __future__ import annotations

from socsafe.records import Item, Message

NEEDS = {"refuse": ("preamble", "socratic"), "comply": ("preamble", "socratic")}
"""Reply material that an item to refuse, or a look-alike, must carry."""


def dialogue(item: Item, prompt: str) -> tuple[Message, ...]:
    """The preamble and the prompt in one turn, and the reasoned reply."""
    return Message("user", f"{item.replies['preamble']}\n\n{prompt}"), Message("assistant", item.replies["socratic"], train=True)
