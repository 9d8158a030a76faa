"""JSON that readers disagree on is a mistake with its line; all other JSON is read as Python reads it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socsafe.strict_json import MAX_DEPTH, MAX_DIGITS, JsonError, parse_json

TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4),
    max_leaves=20,
)


@given(TREES, st.booleans())
def test_what_python_writes_is_read_back_unchanged(tree: object, plain: bool) -> None:
    assert parse_json(json.dumps(tree, ensure_ascii=plain)) == tree


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ('{"a": 1,\n "b": 2,\n "a": 3}', 'key "a" twice in one object', 3),
        ('[{"a": 1}, {"a": 2,\n "\\u0061": 3}]', 'key "a" twice in one object', 2),
        ('{"a": {"a": ["a", "a"]}, "b": NaN}', "NaN, which is no JSON", 1),
        ('["NaN",\n-Infinity]', "-Infinity, which is no JSON", 2),
        ("[NaN9]", "NaN9, which is no JSON", 1),
        ("[1e999]", "1e999, beyond any finite number", 1),
        (f"[\n{'9' * (MAX_DIGITS + 1)}]", f"a number of {MAX_DIGITS + 1} digits", 2),
        ("[" * 100_000, f"nested more than {MAX_DEPTH} levels deep", 1),
        ('{"\\ud800": 1}', 'key "\\ud800", half of a surrogate pair', 1),
        ("[1,\n2", "expecting ',' delimiter (column 2)", 2),
        ("", "expecting value (column 1)", 1),
    ],
)
def test_a_mistake_is_told_in_words_with_its_line(text: str, what: str, line: int) -> None:
    with pytest.raises(JsonError) as caught:
        parse_json(text)
    assert (caught.value.what, caught.value.line) == (what, line)


def test_brackets_within_texts_are_no_nesting_and_the_deepest_that_may_be_is_read() -> None:
    assert parse_json(json.dumps(["[" * 5000, '\\"[{' * 500])) == ["[" * 5000, '\\"[{' * 500]
    assert parse_json("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    with pytest.raises(JsonError, match="levels deep"):
        parse_json("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


@given(st.text(st.sampled_from('{}[]":,0123.eE-+NaInfty\\ud8\n '), max_size=40))
def test_any_text_is_read_or_told_in_words(text: str) -> None:
    told = JsonError("read", 1)
    try:
        parse_json(text)
    except JsonError as error:
        told = error
    assert told.what
    assert 1 <= told.line <= text.count("\n") + 1
