"""Text that nobody vouches for (a model's reply, a file from outside) made fit to be shown: every character visible, none obeyed.

>>> visible("a\\x1b[2Jb\\u202ec")
'a\\\\x1b[2Jb\\\\u202ec'
"""

from __future__ import annotations

import re
import unicodedata

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_MAY_HIDE = re.compile(r"[^\x20-\x7e\n]")
_ENTITY = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,6})|([0-9]{1,7}));")


def visible(text: str) -> str:
    """The text with every control, format (bidirectional ones too), unassigned and surrogate character written as an escape.

    Line feeds stay, and tabs become four spaces.
    """
    return _MAY_HIDE.sub(lambda found: _written(found[0]), text)


def visible_markdown(text: str) -> str:
    """As `visible`, for the source of a Markdown file: character references that stand for such characters are shown as well."""
    return visible(_ENTITY.sub(_reference, text))


def blotted(text: str, *secrets: str | None) -> str:
    """The text with `***` for every secret that stands in it: a server may send back the key that it was sent."""
    for secret in secrets:
        text = text.replace(secret, "***") if secret else text
    return text


def capped(text: str, most: int) -> str:
    """At most `most` characters, and how many were left out."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most} more characters)"


def _written(character: str) -> str:
    if character == "\t":
        return "    "
    if unicodedata.category(character) not in _UNSEEN:
        return character
    point = ord(character)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _reference(found: re.Match[str]) -> str:
    point = int(found[1], 16) if found[1] else int(found[2])
    if point > 0x10FFFF:
        return found[0]
    # A line feed written as a reference would end a cell or a heading where it is decoded.
    return _written(chr(point)) if unicodedata.category(chr(point)) in _UNSEEN else found[0]
