"""Which names stand there more than once."""

from __future__ import annotations

from socsafe.repeated import repeated


def test_what_stands_there_more_than_once_is_named_once_in_the_order_of_first_places() -> None:
    assert repeated(["b", "a", "c", "a", "b", "b"]) == ["b", "a"]
    assert repeated([]) == repeated(iter("abc")) == []


def test_a_blank_name_is_a_name() -> None:
    assert repeated(["", "a", ""]) == [""]
