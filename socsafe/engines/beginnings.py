"""What prompts have in common at their beginning, and what of it is worth being read once and copied.

>>> beginnings([[1, *range(40), 7, 9], [1, *range(40), 8, 9], [3, 4]])[0] == (1, *range(40))
True
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

SHORTEST = 32
"""Tokens; copying a shorter beginning costs as much as reading it."""
SHARE = 0.75
"""A prompt that has less than this of a group's beginning stays out of the group, so that the others keep theirs."""


def common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two texts have in common at their beginning."""
    shorter = min(len(one), len(other))
    if one[:shorter] == other[:shorter]:
        return shorter
    return next(place for place in range(shorter) if one[place] != other[place])


def beginnings(prompts: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """A beginning for every prompt that at least one other has too, never the whole prompt; empty where none is worth it."""
    own = [tuple(prompt[:-1]) for prompt in prompts]
    order = sorted(range(len(own)), key=lambda number: own[number])
    to_next = [common(own[one], own[other]) for one, other in itertools.pairwise(order)] + [0]
    found: list[tuple[int, ...]] = [()] * len(own)
    start = 0
    for place in range(1, len(order) + 1):
        length = min(to_next[start : place - 1], default=0)
        if place < len(order) and to_next[place - 1] >= max(SHORTEST, SHARE * max(length, to_next[place])):
            continue
        if place - start > 1 and length >= SHORTEST:
            for number in order[start:place]:
                found[number] = own[number][:length]
        start = place
    return found
