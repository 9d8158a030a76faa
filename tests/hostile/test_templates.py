"""A chat template comes with a model and is a program: it ends, keeps to itself, and reaches nothing but the dialogue."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from socsafe.engines import template_runner
from socsafe.engines.chat import render_chat
from socsafe.errors import InputError
from socsafe.records import Message

KEY = "sk-planted-0123456789"
ENDLESS = {
    "loops in loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "a power that is worked out as the template is compiled": "{{ 7 ** (9 ** 8) }}",
}
GREEDY = {
    "a long text": "{{ 'x' * 10 ** 10 }}",
    "a wide text": "{{ 'x'.center(10 ** 11) }}",
    "a text that doubles": "{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}",
    "a macro that calls itself": "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "a list of lists": "{% for i in range(99999) %}{{ range(99999) | list }}{% endfor %}",
    "deep brackets": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
}
REACHING = (
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ messages.__class__.__base__ }}",
    "{{ raise_exception.__globals__['json'] }}",
    "{{ strftime_now.__self__.__class__.__subclasses__() }}",
    "{{ (messages | attr('__class__')).mro() }}",
    "{{ '{0.__class__.__init__}'.format(messages) }}",
    "{{ '%s' | format(messages.__class__.mro) }}",
    "{{ self.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% extends '/etc/passwd' %}",
    "{{ messages.append(1) }}",
    "{{ messages[0].update(role='system') }}",
)


def render(template: str, text: str = "Hi") -> str:
    return render_chat(template, (Message("user", text),), bos_token="<s>", eos_token="</s>", add_generation_prompt=True)


@pytest.mark.parametrize("template", ENDLESS.values(), ids=ENDLESS)
def test_a_template_that_does_not_end_is_stopped_and_the_next_one_renders(template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template_runner, "MAX_SECONDS", 0)
    with pytest.raises(InputError, match="chat template: takes more than"):
        render(template)
    monkeypatch.undo()
    assert render("{{ messages[0].content }}") == "Hi"


@pytest.mark.parametrize("template", GREEDY.values(), ids=GREEDY)
def test_a_template_that_would_fill_the_memory_is_one_clear_error(template: str) -> None:
    with pytest.raises(InputError, match="chat template"):
        print(len(render(template)))
    assert render("{{ messages[0].content }}") == "Hi"


@pytest.mark.parametrize("template", REACHING)
def test_a_template_reaches_nothing_but_the_dialogue(template: str) -> None:
    try:
        shown = render(template)
    except InputError as error:
        shown = str(error)
    assert not any(word in shown for word in ("<class", "<module", "built-in", "uid=", "root:x", "<function")), shown
    assert render("{{ messages[0].role }}") == "user"


def test_the_process_that_renders_has_no_environment_and_so_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(template_runner, "_process", None)
    assert render("{{ messages[0].content }}") == "Hi"
    process = template_runner._process
    assert process is not None
    environment = Path(f"/proc/{process.pid}/environ")
    if not environment.exists():
        pytest.skip("this system does not show a process's environment")
    held = environment.read_bytes()
    template_runner._stop()
    assert b"PYTHONPATH" in held
    assert KEY.encode() not in held


def test_a_process_that_is_killed_between_two_dialogues_is_started_again() -> None:
    assert render("{{ messages[0].content }}") == "Hi"
    process = template_runner._process
    assert process is not None
    process.kill()
    process.wait()
    assert render("{{ messages[0].content }}", "Ho") == "Ho"


def test_any_text_comes_through_as_it_is() -> None:
    text = 'a\x00b\x1b\n\r\u2028\ud800\U0001f600"\\ {{ 1 }} {% raw %}'
    assert render("{{ messages[0].content }}", text) == text


def test_a_thousand_dialogues_take_no_longer_than_a_template_of_each_would() -> None:
    """Far less than starting a process for each, which takes a twentieth of a second and more."""
    render("{{ messages[0].content }}")
    started = time.perf_counter()
    for number in range(1000):
        assert render("{{ messages[0].content }}", str(number)) == str(number)
    assert time.perf_counter() - started < 10
