"""Which action-target pairs are for training and which for each evaluation suite.

>>> splits = split(load_taxonomy(Path("datasets/boundary")))
>>> len(splits.suites["pairs"]), splits.suites["pairs"][0].harmful.target.name != splits.suites["pairs"][0].safe.target.name
(40, True)

Three suites, each unseen in another way: `pairs` (action and target both occur in training, never together), `targets` (the
target occurs in no training pair) and `actions` (the action occurs in none). Every choice goes by the SHA-256 of the names
concerned, so that it is the same on every machine and an edit of one category moves nothing in another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from socsafe.data.taxonomy import PAIRS_PER_CATEGORY, Action, Category, Target, Taxonomy
from socsafe.files import sha256_text

Suite = Literal["pairs", "targets", "actions"]

HELD_OUT_HARMFUL_TARGETS = 2
"""Harmful targets of each category that occur in no training pair."""
COMPLIANT_PER_CATEGORY = 6
"""Harmful pairs of each category kept for the harmful setting, so that it never contradicts a safety item."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An action and what it is done to."""

    category: Category
    action: Action
    target: Target
    harmful: bool

    @property
    def id(self) -> str:
        """Unique in the taxonomy, e.g. `violence-kill-a-neighbour`."""
        return slug(f"{self.category.name} {self.action.verb} {self.target.name}")


@dataclass(frozen=True, slots=True)
class Twin:
    """A harmful pair and a look-alike with the same action."""

    harmful: Pair
    safe: Pair


@dataclass(frozen=True, slots=True)
class Splits:
    """Every pair of the taxonomy that is used, each in one place only."""

    harmful: tuple[Pair, ...]
    """For safety items, to be refused."""
    safe: tuple[Pair, ...]
    """For safety items, look-alikes to be answered."""
    compliant: tuple[Pair, ...]
    """Harmful, for the harmful setting."""
    suites: dict[Suite, tuple[Twin, ...]]
    """For evaluation."""

    def held_out(self) -> frozenset[str]:
        """Ids of all pairs that evaluation asks about."""
        return frozenset(pair.id for twins in self.suites.values() for twin in twins for pair in (twin.harmful, twin.safe))


def slug(text: str) -> str:
    """`text` in lower case with hyphens for whatever is no letter or digit."""
    return "-".join("".join(char if char.isalnum() else " " for char in text.lower().replace("'", "")).split())


def rank(*parts: str) -> str:
    """What choices are ordered by: a hash of the names, the same everywhere."""
    return sha256_text("|".join(parts))


def all_pairs(category: Category, harmful: bool) -> list[Pair]:
    """Every pair of the category that makes sense, harmful ones or look-alikes, in the file's order."""
    targets = category.harmful if harmful else category.safe
    return [
        Pair(category, action, target, harmful)
        for action in category.actions
        for target in targets
        if target.actions is None or action.verb in target.actions
    ]


def split(taxonomy: Taxonomy) -> Splits:
    """Split the whole taxonomy; every tuple is ordered by pair id, suites by category and then hash."""
    parts = [_split_category(category) for category in taxonomy.categories]
    names: tuple[Suite, ...] = ("pairs", "targets", "actions")
    return Splits(
        harmful=_by_id(pair for part in parts for pair in part.harmful),
        safe=_by_id(pair for part in parts for pair in part.safe),
        compliant=_by_id(pair for part in parts for pair in part.compliant),
        suites={name: tuple(twin for part in parts for twin in part.suites[name]) for name in names},
    )


def _split_category(category: Category) -> Splits:
    harmful, safe = _ranked(all_pairs(category, True)), _ranked(all_pairs(category, False))
    action = min((action.verb for action in category.actions), key=lambda verb: rank("action", category.name, verb))
    unseen = _unseen_targets(category, action)

    def seen(pairs: list[Pair]) -> list[Pair]:
        return [pair for pair in pairs if pair.action.verb != action and pair.target.name not in unseen]

    def with_unseen_target(pairs: list[Pair]) -> list[Pair]:
        return [pair for pair in pairs if pair.action.verb != action and pair.target.name in unseen]

    def with_unseen_action(pairs: list[Pair]) -> list[Pair]:
        # Seen targets first, so that as far as possible only the action is new.
        return sorted((pair for pair in pairs if pair.action.verb == action), key=lambda pair: pair.target.name in unseen)

    pairs = _twins(seen(harmful), _droppable(seen(safe)))
    suites: dict[Suite, tuple[Twin, ...]] = {
        "pairs": pairs,
        "targets": _twins(with_unseen_target(harmful), with_unseen_target(safe)),
        "actions": _twins(with_unseen_action(harmful), with_unseen_action(safe)),
    }
    asked = {pair.id for twin in pairs for pair in (twin.harmful, twin.safe)}
    rest = [pair for pair in seen(harmful) if pair.id not in asked]
    return Splits(
        harmful=tuple(rest[COMPLIANT_PER_CATEGORY:]),
        safe=tuple(pair for pair in seen(safe) if pair.id not in asked),
        compliant=tuple(rest[:COMPLIANT_PER_CATEGORY]),
        suites=suites,
    )


def _unseen_targets(category: Category, unseen_action: str) -> frozenset[str]:
    """Targets held out: a fixed number of harmful ones, and look-alikes until they make enough pairs with the other actions."""
    harmful = sorted((target.name for target in category.harmful), key=lambda name: rank("target", category.name, name))
    unseen = set(harmful[:HELD_OUT_HARMFUL_TARGETS])
    pairs = [pair for pair in all_pairs(category, False) if pair.action.verb != unseen_action]
    names = sorted({pair.target.name for pair in pairs}, key=lambda name: rank("target", category.name, name))
    chosen: list[str] = []
    while len(chosen) < HELD_OUT_HARMFUL_TARGETS or sum(pair.target.name in chosen for pair in pairs) < PAIRS_PER_CATEGORY:
        chosen.append(names[len(chosen)])
    return frozenset(unseen | set(chosen))


def _droppable(pairs: list[Pair]) -> list[Pair]:
    """Pairs that can all be left out together while each action and each target still occurs in another pair."""
    actions = [pair.action.verb for pair in pairs]
    targets = [pair.target.name for pair in pairs]
    chosen = []
    for pair in pairs:
        if actions.count(pair.action.verb) > 1 and targets.count(pair.target.name) > 1:
            chosen.append(pair)
            actions.remove(pair.action.verb)
            targets.remove(pair.target.name)
    return chosen


def _twins(harmful: list[Pair], safe: list[Pair]) -> tuple[Twin, ...]:
    """Join look-alikes with harmful pairs of the same action, targets as various as can be."""
    twins: list[Twin] = []
    left = list(safe)
    while left and len(twins) < PAIRS_PER_CATEGORY:
        look_alike = min(left, key=lambda pair: sum(twin.safe.target.name == pair.target.name for twin in twins))
        left.remove(look_alike)
        taken = {twin.harmful.id for twin in twins}
        options = [pair for pair in harmful if pair.action.verb == look_alike.action.verb and pair.id not in taken]
        if options:
            partner = min(options, key=lambda pair: sum(twin.harmful.target.name == pair.target.name for twin in twins))
            twins.append(Twin(partner, look_alike))
    return tuple(twins)


def _ranked(pairs: list[Pair]) -> list[Pair]:
    return sorted(pairs, key=lambda pair: rank("pair", pair.id))


def _by_id(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    return tuple(sorted(pairs, key=lambda pair: pair.id))
