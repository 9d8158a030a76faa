"""Names that have to stand once each, such as a table's columns or an archive's members: which of them do not.

>>> repeated(["id", "prompt", "id"])
['id']
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def repeated(names: Iterable[str]) -> list[str]:
    """The names that stand there more than once, each once, in the order of their first places.

    Counted in one pass: a stranger's file may hold hundreds of thousands of names.
    """
    return [name for name, times in Counter(names).items() if times > 1]
