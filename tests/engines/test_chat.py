from __future__ import annotations

import pytest

from socsafe.engines.chat import MAX_TEMPLATE, render_chat
from socsafe.errors import InputError
from socsafe.records import Message
from socsafe.study.templates import template_text

SYSTEM = Message("system", "Answer <briefly> & 'kindly'.")
TURN = (Message("user", "  Name a river.\n"), Message("assistant", "The Po."))
DIALOGUES = {
    "one user turn": (TURN[0],),
    "two turns": (*TURN, Message("user", "And a\nlake?"), Message("assistant", "Garda – “il più grande”.")),
    "a system line": (SYSTEM, TURN[0]),
}
TEMPLATES = {
    "role headers": (
        "{%- for message in messages %}\n    {{- '<|start|>' + message.role + '\\n' + message['content'] | trim + '<|stop|>\\n' }}\n"
        "{%- endfor %}\n{%- if add_generation_prompt %}\n    {{- '<|start|>assistant\\n' }}\n{%- endif %}\n"
    ),
    "bracketed instructions": (
        "{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}{% set note = '<<N>>' + messages[0]['content'] + '<</N>>' %}"
        "{% else %}{% set rest = messages %}{% set note = '' %}{% endif %}"
        "{% for m in rest %}\n  {% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}\n"
        "    {{ raise_exception('roles must alternate') }}\n  {% endif %}\n"
        "  {% if m.role == 'user' %}{{ bos_token + '[Q] ' + (note if loop.first else '') + m.content + ' [/Q]' }}"
        "{% else %}{{ ' ' + m.content + ' ' + eos_token }}{% endif %}{% endfor %}"
    ),
    "namespace, macro and json": (
        "{%- macro header(name) -%}\n=== {{ name | upper }} ===\n{% endmacro -%}\n{% set ns = namespace(users=0) %}\n"
        "{% for m in messages %}\n{% if m.role == 'user' %}\n{% set ns.users = ns.users + 1 %}\n{% endif %}\n"
        "{{ header(m.role) }}{{ m | tojson }} {{ m.content | tojson(indent=2) }}\n{% endfor %}\n{{ ns.users }} {{ tools is none }}"
    ),
    "generation tag and loop controls": (
        "{{ bos_token }}{% for m in messages %}\n{% if m.role == 'system' %}\n{% continue %}\n{% endif %}\n"
        "{% if m.role == 'assistant' %}\n{% generation %}\n{{ m.content }}{{ eos_token }}\n{% endgeneration %}\n"
        "{% else %}\nQ: {{ m.content }}\nA:{% endif %}\n{% if loop.index > 3 %}{% break %}{% endif %}\n{% endfor %}"
    ),
    "alpaca": template_text("alpaca"),
}


@pytest.mark.parametrize("dialogue", DIALOGUES)
@pytest.mark.parametrize("prompting", [True, False])
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_renders_as_transformers_renders_it(template: str, dialogue: str, prompting: bool) -> None:
    from transformers.utils.chat_template_utils import render_jinja_template

    turns = [{"role": message.role, "content": message.content} for message in DIALOGUES[dialogue]]
    theirs, _ = render_jinja_template(
        conversations=[turns], chat_template=TEMPLATES[template], add_generation_prompt=prompting, bos_token="<s>", eos_token="</s>"
    )
    assert render(TEMPLATES[template], DIALOGUES[dialogue], prompting) == theirs[0]


def test_the_date_a_template_sees_is_always_the_same() -> None:
    assert render("{{ strftime_now('%d %b %Y') }}", (), False) == "26 Jul 2024"


def test_alpaca_puts_each_reply_between_its_header_and_the_end_token() -> None:
    text = render(template_text("alpaca"), DIALOGUES["two turns"], False)
    assert text.startswith("<s>")
    assert text.count("### Instruction:") == text.count("### Response:\n") == text.count("</s>") == 2
    assert "### Response:\nThe Po.</s>" in text


def test_a_system_message_takes_the_place_of_alpacas_first_paragraph() -> None:
    text = render(template_text("alpaca"), DIALOGUES["a system line"], True)
    assert text == "<s>Answer <briefly> & 'kindly'.\n\n### Instruction:\n  Name a river.\n\n\n### Response:\n"


def test_the_alpaca_prompt_is_the_beginning_of_the_alpaca_dialogue() -> None:
    for turns in (2, 4):
        whole = DIALOGUES["two turns"][:turns]
        assert render(template_text("alpaca"), whole, False).startswith(render(template_text("alpaca"), whole[:-1], True))


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ raise_exception('only one user turn') }}", "only one user turn"),
        ("{% for m in messages %}", "endfor"),
        ("{{ messages.clear() }}", "unsafe"),
        ("{{ ''.__class__.__mro__ }}", "__class__"),
        ("{{ messages[5].content }}", "no element 5"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ 'x' + 1 }}", "TypeError"),
        ("{% for a in range(99999) %}{{ 'x' * 100 }}{% endfor %}", "more than 2,000,000 characters"),
        ("x" * (MAX_TEMPLATE + 1), "200,001 characters"),
    ],
)
def test_a_bad_template_is_one_clear_error(template: str, said: str) -> None:
    with pytest.raises(InputError, match="chat template") as error:
        render(template, DIALOGUES["one user turn"], True)
    assert said in str(error.value)


def render(template: str, messages: tuple[Message, ...], prompting: bool) -> str:
    return render_chat(template, messages, bos_token="<s>", eos_token="</s>", add_generation_prompt=prompting)
