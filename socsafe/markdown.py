"""Markdown that GitHub renders as meant, whatever is in the text, and that reads well as a diff.

>>> table(["style", "rate"], [["refusal", percent(0.125)]], align="lr")
'| style | rate |\\n|:--|--:|\\n| refusal | 12.5 |\\n'

Columns are not padded: a longer number then changes its own line and no other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from socsafe.records import Estimate
from socsafe.rounding import steady

NOTHING = "–"
"""What a cell holds where there is no figure."""

_ALIGN = {"l": ":--", "r": "--:"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]|~$])")
_MAIL = re.compile(r"(?<=[\w.+-])@(?=\w)")
"""GitHub makes a link of what looks like a mail address, however its `@` is written."""
_PLAIN = re.compile(r"[\w./:@+,-]+(?: [\w./:@+,-]+)*", re.ASCII)


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


def with_interval(estimate: Estimate | None, decimals: int = 1) -> str:
    """`12.5 (8.2–18.6)`, in per cent; the interval with as many decimals as asked."""
    if estimate is None or estimate.value is None or estimate.low is None or estimate.high is None:
        return NOTHING
    return f"{percent(estimate.value)} ({100 * steady(estimate.low):.{decimals}f}–{100 * steady(estimate.high):.{decimals}f})"


def plain_with_interval(estimate: Estimate | None) -> str:
    """`3.92 (3.81–4.03)`: a figure that is no share, in its own units."""
    if estimate is None or estimate.value is None or estimate.low is None or estimate.high is None:
        return NOTHING
    # `+ 0.0` makes minus zero plain zero.
    value, low, high = (round(steady(figure), 2) + 0.0 for figure in (estimate.value, estimate.low, estimate.high))
    return f"{value:.2f} ({low:.2f}–{high:.2f})"


def judged(estimate: Estimate | None) -> str:
    """`158 + 2`: replies judged, and those that could not be, where there are any."""
    if estimate is None:
        return NOTHING
    return f"{estimate.n} + {estimate.n_unjudged}" if estimate.n_unjudged else str(estimate.n)


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
