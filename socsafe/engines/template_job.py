"""Renders chat templates in a process of its own, which `socsafe.engines.template_runner` starts and may stop.

    {"seconds": 5, "template": "[{{ messages[0].content }}]", "messages": [{"role": "user", "content": "Hi"}], ...}    a line in
    {"text": "[Hi]"}                                                                                                   a line out

A template comes with a model and is a program. It is rendered as Hugging Face transformers renders it
(`transformers.utils.chat_template_utils`): the same sandbox, block trimming, `tojson`, `raise_exception`, `generation` tag and loop
controls. Two things differ on purpose: `strftime_now` gives a fixed date, so that a prompt is the same on every day, and what a
template may write, and what memory and time it may take, is limited; the system ends this process at the limit of time.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

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
MAX_MEMORY = 1 << 30
"""Bytes of address space."""


class RefusedError(Exception):
    """What is wrong with the template or the dialogue, in words, and what would have been right."""

    def __init__(self, got: str, expected: str = "") -> None:
        super().__init__(got)
        self.expected = expected


def main() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Not every system has it.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    for line in sys.stdin.buffer:
        request = json.loads(line)
        allowed, most = int(time.process_time()) + 1 + int(request.pop("seconds")), resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (allowed if most == resource.RLIM_INFINITY else min(allowed, most), most))
        sys.stdout.buffer.write(json.dumps(answered(request)).encode() + b"\n")
        sys.stdout.buffer.flush()


def answered(request: dict[str, Any]) -> dict[str, str]:
    """`text`, or `error` and `expected`."""
    import jinja2

    try:
        return {"text": rendered(**request)}
    except RefusedError as error:
        return {"error": str(error), "expected": error.expected}
    except jinja2.TemplateError as error:
        line = getattr(error, "lineno", None)
        return {"error": f"{error.message or type(error).__name__}{f' (line {line})' if line else ''}", "expected": ""}
    except Exception as error:
        # The template is a program: what goes wrong in it is the template's mistake, not ours.
        return {"error": f"{type(error).__name__}: {error}", "expected": ""}


def rendered(template: str, messages: list[dict[str, str]], **given: Any) -> str:
    """The dialogue's text. Raises what the template raises, and `RefusedError`."""
    pieces: list[str] = []
    size = 0
    for piece in compiled(template).generate(messages=messages, tools=None, documents=None, **given):
        size += len(piece)
        if size > MAX_RENDERED:
            raise RefusedError(f"writes more than {MAX_RENDERED:,} characters", "a shorter dialogue, or a template that ends")
        pieces.append(piece)
    return "".join(pieces)


@lru_cache(maxsize=16)
def compiled(template: str) -> Template:
    """The template, made ready in the sandbox."""
    from jinja2.ext import Extension, loopcontrols
    from jinja2.nodes import CallBlock
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    if len(template) > MAX_TEMPLATE:
        raise RefusedError(f"is {len(template):,} characters long", f"at most {MAX_TEMPLATE:,}")

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


if __name__ == "__main__":
    main()
