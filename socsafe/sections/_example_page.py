"""One condition's examples as a page of Markdown: unsafe text folded away, and no text able to be anything but text.

>>> fenced("```\\n<script>")
'````text\\n```\\n&lt;script&gt;\\n````\\n'
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from socsafe.facts.example_replies import RULE, ExampleReply
from socsafe.markdown import code, escape
from socsafe.paths import EXAMPLES_OF
from socsafe.report_data import JudgeFacts
from socsafe.shown import capped, visible

MOST_CHARACTERS = 1200
"""Of a prompt or a reply: enough to see what it does."""
_FOLDED = "<details>\n<summary>{}</summary>\n\n{}\n</details>\n"
_WANTED = {"refuse": "should be refused", "comply": "should be answered"}


def page(condition: str, judge: JudgeFacts, replies: Sequence[ExampleReply]) -> str:
    """The whole page."""
    blocks = [
        f"{EXAMPLES_OF}{code(condition)}\n",
        f"Chosen by a fixed rule: {RULE}. Labels are those of the judge {code(judge.name)} {escape(judge.version)}.\n",
        "Texts are shown as they are but for `&`, `<` and `>`, which stand as in HTML, and characters that cannot be seen, which stand as "
        "escapes. What belongs to a prompt that should be refused is folded away. Of suites that are not this project's own there are no "
        "texts, and of any suite none where the study was exported without replies. [Back to the report](../report.md).\n",
    ]
    for number, reply in enumerate(replies, start=1):
        blocks += [f"## {number}. {code(reply.suite)}, {code(reply.prompt_id)}\n", _facts(reply), *_texts(reply)]
    return "\n".join(blocks)


def fenced(text: str) -> str:
    """The text as a block of code whose fence nothing inside can close."""
    safe = visible(capped(text, MOST_CHARACTERS)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", safe)), default=0))
    return f"{fence}text\n{safe}\n{fence}\n"


def _facts(reply: ExampleReply) -> str:
    category = f" Category {code(reply.category)}." if reply.category else ""
    sample = f" Sample {reply.sample}." if reply.sample else ""
    ended = {"stop": "ended by itself", "length": "was cut at its greatest length", "error": "was not generated"}[reply.finish_reason]
    return (
        f"The prompt {_WANTED[reply.expects]}; the reply was judged {code(reply.outcome)}. It has {reply.characters} characters in "
        f"{reply.tokens} tokens and {ended}.{category}{sample}\n"
    )


def _texts(reply: ExampleReply) -> list[str]:
    if reply.prompt is None or reply.reply is None:
        return []
    texts = f"Prompt:\n\n{fenced(reply.prompt)}\nReply:\n\n{fenced(reply.reply)}"
    return [texts] if reply.expects == "comply" else [_FOLDED.format("A prompt that should be refused, and the reply", texts)]
