"""Markdown that GitHub renders as meant, whatever is in the text, and that reads well as a diff.

>>> table(["style", "rate"], [["refusal", percent(0.125)]], align="lr")
'| style | rate |\\n|:--|--:|\\n| refusal | 12.5 |\\n'

Columns are not padded: a longer number then changes its own line and no other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Protocol

from socsafe.rounding import steady

NOTHING = "–"
"""What a cell holds where there is no figure."""

_ALIGN = {"l": ":--", "r": "--:"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]|~$])")
_MAIL = re.compile(r"(?<=[\w.+-])@(?=\w)")
"""GitHub makes a link of what looks like a mail address, however its `@` is written."""
_PLAIN = re.compile(r"[\w./:@+,-]+(?: [\w./:@+,-]+)*", re.ASCII)


class Interval(Protocol):
    """A figure with its 95 % interval; None where it is not known."""

    @property
    def value(self) -> float | None: ...  # noqa: D102
    @property
    def low(self) -> float | None: ...  # noqa: D102
    @property
    def high(self) -> float | None: ...  # noqa: D102


class Counted(Protocol):
    """What rests on replies, some of which could not be judged."""

    @property
    def n(self) -> int: ...  # noqa: D102
    @property
    def n_unjudged(self) -> int: ...  # noqa: D102


def escape(text: str) -> str:
    """Text from outside as one line that shows as it is: no markup, no HTML, no links, no invisible characters."""
    visible = "".join(" " if character.isspace() else character for character in text)
    visible = "".join(character for character in visible if unicodedata.category(character) not in ("Cc", "Cf", "Cs"))
    plain = _SPECIAL.sub(r"\\\1", " ".join(visible.split()))
    html = _MAIL.sub(" (at) ", plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return html.replace("://", ":&#47;&#47;").replace("www.", "www&#46;")


def code(name: str) -> str:
    """A name in code type; one with odd characters is escaped instead."""
    return f"`{name}`" if _PLAIN.fullmatch(name) else escape(name)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> str:
    """A table of cells that are Markdown already; `align` has one letter, l or r, a column."""
    lines = [header, *rows]
    if any(len(line) != len(align) for line in lines):
        raise ValueError(f"not every row has {len(align)} cells")
    text = [f"| {' | '.join(cells)} |" for cells in lines]
    text.insert(1, f"|{'|'.join(_ALIGN[letter] for letter in align)}|")
    return "\n".join(text) + "\n"


def percent(share: float | None) -> str:
    """A share as per cent with one decimal, without the sign."""
    return NOTHING if share is None else f"{100 * steady(share):.1f}"


def with_interval(one: Interval | None, decimals: int = 1, mean: bool = False) -> str:
    """`12.5 (8.2–18.6)`: a share in per cent, its interval with as many decimals as asked; `3.92 (3.81–4.03)`: a mean in its own units."""
    if one is None or one.value is None or one.low is None or one.high is None:
        return NOTHING
    if not mean:
        return f"{percent(one.value)} ({100 * steady(one.low):.{decimals}f}–{100 * steady(one.high):.{decimals}f})"
    # `+ 0.0` makes minus zero plain zero.
    value, low, high = (round(steady(figure), 2) + 0.0 for figure in (one.value, one.low, one.high))
    return f"{value:.2f} ({low:.2f}–{high:.2f})"


def counted(n: int, left_out: int | None) -> str:
    """`158 + 2`: those that count, and those that were left out, where there are any."""
    return f"{n} + {left_out}" if left_out else str(n)


def judged(one: Counted | None) -> str:
    """`158 + 2`: replies judged, and those that could not be, where there are any."""
    return NOTHING if one is None else counted(one.n, one.n_unjudged)


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
