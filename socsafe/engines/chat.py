"""From a dialogue to the tokens a model reads: the chat template rendered, then tokenised.

>>> render_chat("{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}\\n{% endfor %}",
...             [Message("user", "Hi")], bos_token="<s>", eos_token="</s>", add_generation_prompt=False)
'<s>[user] Hi\\n'

A template comes with a model and is a program: it is rendered in a sandbox in a process of its own, with limits to what it may write and
to the time and memory it may take (`socsafe.engines.template_job`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from socsafe.engines.template_job import MAX_RENDERED, MAX_TEMPLATE
from socsafe.engines.template_runner import render
from socsafe.errors import InputError, Problem
from socsafe.records import Message

__all__ = ["MAX_RENDERED", "MAX_TEMPLATE", "Encoder", "Tokenizer", "chat_encoder", "each_read", "render_chat"]

Encoder = Callable[[Sequence[Message], bool], list[int]]
"""(messages, add_generation_prompt) -> token ids, exactly as the engine feeds them."""
_Read = TypeVar("_Read")


class Tokenizer(Protocol):
    """What `chat_encoder` needs of an engine."""

    bos_token: str
    eos_token: str

    def tokenize(self, text: str) -> list[int]:
        """The token ids of a rendered template."""


def render_chat(template: str, messages: Sequence[Message], *, bos_token: str, eos_token: str, add_generation_prompt: bool) -> str:
    """The prompt text of a dialogue.

    Raises `InputError` when the template is not valid Jinja, refuses the dialogue (`raise_exception`), writes too much or does not end.
    """
    answer = render(
        {
            "template": template,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "add_generation_prompt": add_generation_prompt,
            "bos_token": bos_token,
            "eos_token": eos_token,
        }
    )
    if "error" in answer:
        raise _template_error(answer["error"], answer["expected"] or "a dialogue the template accepts, and a template in valid Jinja")
    return answer["text"]


def chat_encoder(template: str, tokenizer: Tokenizer) -> Encoder:
    """The function that turns a dialogue into the tokens the engine feeds for it."""

    def encode(messages: Sequence[Message], add_generation_prompt: bool) -> list[int]:
        text = render_chat(
            template,
            messages,
            bos_token=tokenizer.bos_token,
            eos_token=tokenizer.eos_token,
            add_generation_prompt=add_generation_prompt,
        )
        return tokenizer.tokenize(text)

    return encode


def each_read(read: Callable[[Sequence[Message]], _Read], dialogues: Sequence[Sequence[Message]]) -> list[_Read | str]:
    """What `read` makes of each dialogue, or why it makes nothing of that one: a text that is too long, say.

    Raises the `InputError` of the first where it is not the text's: the template refuses the same turns with short texts too.
    """
    found: list[_Read | str] = []
    for dialogue in dialogues:
        try:
            found.append(read(dialogue))
        except InputError as error:
            read([replace(message, content="Hi") for message in dialogue])
            found.append("; ".join(f"{problem.where}: {problem.got}" for problem in error.problems))
    return found


def _template_error(got: str, expected: str) -> InputError:
    return InputError(
        Problem(
            where="chat template",
            got=got,
            expected=expected,
            mend="check the template named in the study, or the base's tokenizer_config.json",
        )
    )
