"""From a dialogue to the tokens a model reads: the chat template rendered, then tokenised.

>>> render_chat("{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}\\n{% endfor %}",
...             [Message("user", "Hi")], bos_token="<s>", eos_token="</s>", add_generation_prompt=False)
'<s>[user] Hi\\n'

A template is rendered as Hugging Face transformers renders it (`transformers.utils.chat_template_utils`): the same sandbox,
block trimming, `tojson`, `raise_exception`, `generation` tag and loop controls. Two things differ on purpose: `strftime_now`
gives a fixed date, so that a prompt is the same on every day, and what a template may produce is limited in size.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from socsafe.errors import InputError, Problem
from socsafe.records import Message

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.nodes import CallBlock
    from jinja2.parser import Parser

FIXED_DATE = datetime(2024, 7, 26)
"""What a template that asks for today's date is told: the date that Llama 3.1's own template falls back to."""
MAX_TEMPLATE = 200_000
"""Characters; the longest published chat templates stay below 30,000."""
MAX_RENDERED = 2_000_000
"""Characters of one rendered dialogue."""

Encoder = Callable[[Sequence[Message], bool], list[int]]
"""(messages, add_generation_prompt) -> token ids, exactly as the engine feeds them."""


class Tokenizer(Protocol):
    """What `chat_encoder` needs of an engine."""

    bos_token: str
    eos_token: str

    def tokenize(self, text: str) -> list[int]:
        """The token ids of a rendered template."""


def render_chat(template: str, messages: Sequence[Message], *, bos_token: str, eos_token: str, add_generation_prompt: bool) -> str:
    """The prompt text of a dialogue.

    Raises `InputError` when the template is not valid Jinja, refuses the dialogue (`raise_exception`) or writes too much.
    """
    import jinja2

    turns = [{"role": message.role, "content": message.content} for message in messages]
    pieces: list[str] = []
    size = 0
    try:
        stream = _compiled(template).generate(
            messages=turns,
            tools=None,
            documents=None,
            add_generation_prompt=add_generation_prompt,
            bos_token=bos_token,
            eos_token=eos_token,
        )
        for piece in stream:
            size += len(piece)
            if size > MAX_RENDERED:
                raise _template_error(f"writes more than {MAX_RENDERED:,} characters", "a shorter dialogue, or a template that ends")
            pieces.append(piece)
    except jinja2.TemplateError as error:
        line = getattr(error, "lineno", None)
        raise _template_error(f"{error.message or type(error).__name__}{f' (line {line})' if line else ''}") from error
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError) as error:
        # The template is a program: what goes wrong in it is the template's mistake, not ours.
        raise _template_error(f"{type(error).__name__}: {error}") from error
    return "".join(pieces)


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


@lru_cache(maxsize=16)
def _compiled(template: str) -> Template:
    from jinja2.ext import Extension, loopcontrols
    from jinja2.nodes import CallBlock
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    if len(template) > MAX_TEMPLATE:
        raise _template_error(f"is {len(template):,} characters long", f"at most {MAX_TEMPLATE:,}")

    class Generation(Extension):
        """`{% generation %}...{% endgeneration %}` marks the reply for training; here it writes what it holds."""

        tags = {"generation"}  # noqa: RUF012 (the name and type are jinja2's)

        def parse(self, parser: Parser) -> CallBlock:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            block = CallBlock(self.call_method("_write"), [], [], body)
            block.set_lineno(line)
            return block

        def _write(self, caller: Callable[[], str]) -> str:
            return caller()

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    environment.filters["tojson"] = _tojson
    environment.globals["raise_exception"] = _raise_exception
    environment.globals["strftime_now"] = FIXED_DATE.strftime
    return environment.from_string(template)


def _tojson(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Jinja's own filter escapes HTML, which no model was trained on."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _raise_exception(message: str) -> None:
    import jinja2

    raise jinja2.TemplateError(message)


def _template_error(got: str, expected: str = "a dialogue the template accepts, and a template in valid Jinja") -> InputError:
    return InputError(
        Problem(
            where="chat template",
            got=got,
            expected=expected,
            mend="check the template named in the study, or the base's tokenizer_config.json",
        )
    )
