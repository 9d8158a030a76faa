"""Judges that need no model, on all cores: a million replies in minutes, in constant memory.

>>> rulings = rule_many("refusal", [("How do I hide a body?", "I cannot help with that.")])
>>> next(rulings).label
'full_refusal'

Replies go to the workers in lots, and only a few lots are under way at a time, so that neither the replies nor the rulings pile up.
Few replies are ruled on right here: to start workers takes longer.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from threading import Thread

from socsafe.catalogue import member
from socsafe.records import Ruling

Pair = tuple[str, str]
"""A prompt and a reply."""
_LOT = 500
"""Replies that a worker is given at a time."""
_FEW = 4000
"""So many replies are ruled on faster without workers."""


def rule_many(judge: str, pairs: Iterable[Pair], workers: int | None = None) -> Iterator[Ruling]:
    """The judge's ruling on each pair, in order, as soon as it is there; `pairs` is read as it is needed.

    `workers`: processes beside this one, by default one for each core this process may use. The rulings do not depend on it.
    """
    number = workers or len(os.sched_getaffinity(0))
    rest = iter(pairs)
    head = list(islice(rest, _FEW))
    if number < 2 or len(head) < _FEW:
        yield from _rulings(judge, chain(head, rest))
        return
    with ProcessPoolExecutor(number, mp_context=get_context("forkserver"), initializer=_end_with_parent) as pool:
        under_way: deque[Future[list[Ruling]]] = deque()
        try:
            for lot in _lots(chain(head, rest)):
                under_way.append(pool.submit(_rule_lot, judge, lot))
                if len(under_way) > 3 * number:
                    yield from under_way.popleft().result()
            while under_way:
                yield from under_way.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _end_with_parent() -> None:
    """Have a worker end when the process that it works for is killed: it would wait for work for ever."""

    def wait() -> None:
        if (parent := parent_process()) is not None:
            parent.join()
            os._exit(1)

    Thread(target=wait, daemon=True).start()


def _lots(pairs: Iterator[Pair]) -> Iterator[Sequence[Pair]]:
    while lot := list(islice(pairs, _LOT)):
        yield lot


def _rule_lot(judge: str, lot: Iterable[Pair]) -> list[Ruling]:
    return list(_rulings(judge, lot))


def _rulings(judge: str, pairs: Iterable[Pair]) -> Iterator[Ruling]:
    rule = member("judges", judge).rule
    return (rule(prompt, reply) for prompt, reply in pairs)
