from __future__ import annotations

import pytest

from socsafe.markdown import code, escape, judged, listed, percent, table, with_interval
from socsafe.records import Estimate

NASTY = "me@there.org a | b `c` <script>x</script>\n# [l](http://x.y) *b* _i_ \u202e\x00\\ ![i](www.z.y) ~~s~~ $m$"


def test_text_from_outside_stays_on_one_line_and_shows_as_it_is() -> None:
    safe = escape(NASTY)
    assert "\n" not in safe
    assert not set("<>\u202e\x00") & set(safe)
    assert "://" not in safe
    assert "www." not in safe
    assert "@" not in safe
    for special in "|`*_[]~$":
        assert safe.count(special) == safe.count("\\" + special) > 0


def test_a_backslash_cannot_undo_an_escape() -> None:
    assert escape("\\|") == "\\\\\\|"


def test_a_name_with_odd_characters_is_escaped_rather_than_set_in_code() -> None:
    assert code("Qwen/Qwen2.5-0.5B") == "`Qwen/Qwen2.5-0.5B`"
    assert code("a`|`b") == "a\\`\\|\\`b"


def test_a_longer_cell_changes_its_own_line_only() -> None:
    short = table(["a", "b"], [["x", "1"], ["y", "2"]], "lr").splitlines()
    long = table(["a", "b"], [["x", "1"], ["y", "20000000"]], "lr").splitlines()
    assert [before == after for before, after in zip(short, long, strict=True)] == [True, True, True, False]


def test_a_row_of_another_width_is_refused() -> None:
    with pytest.raises(ValueError, match="2 cells"):
        table(["a", "b"], [["x"]], "lr")


def test_figures_that_are_not_there_show_as_a_dash() -> None:
    nothing = Estimate(None, None, None, 0, 4)
    assert (percent(None), with_interval(None), with_interval(nothing), judged(None)) == ("–",) * 4
    assert judged(nothing) == "0 + 4"


def test_figures_are_rounded() -> None:
    estimate = Estimate(0.12345, 0.08151, 0.18549, 158, 0)
    assert with_interval(estimate) == "12.3 (8.2–18.5)"
    assert with_interval(estimate, decimals=0) == "12.3 (8–19)"
    assert judged(estimate) == "158"


def test_a_list_reads_as_one_says_it() -> None:
    assert [listed(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
