"""The answer's sentence on styles: which does less harm than which, at what price, and which refuses fewer safe prompts.

    **Styles.** At 160 harmful prompts refused in training, `socratic` does less harm than `refusal` (−12.0 points, −20 to −4).

Where any pair with several seeds a side differs, the claim is about styles and only such pairs are counted; pairs of one seed speak of
two models, and are told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from socsafe.facts.comparison import NOT_SHOWN, Comparison
from socsafe.markdown import code, listed
from socsafe.records import HARMFUL_RATE, OVER_REFUSAL_RATE
from socsafe.report_data import CONTROL, Arm, Panel, ReportData
from socsafe.sections._differences import bounds, hint, signed

_FEW = 2
"""Differences between styles that are told one by one."""


def styles_told(data: ReportData, panel: Panel, suite: str) -> str:
    """Which styles differ at the highest count that at least two of them share, and what the less harmful ones refuse."""
    arms = _at_shared_count(data, panel, suite)
    pairs = _compared(data, arms, suite, HARMFUL_RATE)
    if not pairs:
        return ""
    start = f"**Styles.** At {pairs[0].count} harmful prompts refused in training"
    told = _claimed(pairs)
    shown = _shown(told)
    dearer = _dearer(data, shown)
    refused, fewer = _refused(data, arms, dearer)
    if shown:
        rest = f"; in {len(told) - len(shown)} of {len(told)} {NOT_SHOWN}" if len(shown) < len(told) else ""
        harm = f"{_less(shown, len(told), 'does less harm')}{rest}.{_paid(data, shown, dearer)}{_of_models(pairs, told)}"
    else:
        harm = f"{NOT_SHOWN} in harm between {listed([code(arm.style) for arm in arms])}."
    return f"{start}, {harm}{refused}{hint(data, [*shown, *fewer])}"


def _compared(data: ReportData, arms: Sequence[Arm], suite: str, metric: str) -> list[Comparison]:
    pairs = [one for first, other in combinations(arms, 2) if (one := data.comparison(first, other, suite, metric))]
    return [one for one in pairs if one.difference is not None]


def _claimed(pairs: Sequence[Comparison]) -> Sequence[Comparison]:
    """The pairs with several seeds a side where one of them is shown to differ, else all."""
    several = [one for one in pairs if not one.of_models]
    return several if any(one.shown for one in several) else pairs


def _shown(pairs: Sequence[Comparison]) -> list[Comparison]:
    """Those that are shown to differ, seen from the lower side."""
    return [one if one.lower else one.turned() for one in pairs if one.shown]


def _less(shown: Sequence[Comparison], pairs: int, verb: str) -> str:
    """Which style does less than which; of many, in how many pairs, and the smallest and the largest difference."""
    if len(shown) <= _FEW:
        return "; ".join(
            f"{code(one.style)} {verb} than {code(one.against)} ({signed(one.difference)} points, {bounds(one)})" for one in shown
        )
    ends = sorted(shown, key=lambda one: abs(one.difference or 0.0))[:: len(shown) - 1]
    told = [f"({code(one.style)} than {code(one.against)}, {bounds(one.turned())})" for one in ends]
    size = [signed(one.turned().difference) for one in ends]
    what = "model" if all(one.of_models for one in shown) else "style"
    return f"in {len(shown)} of {pairs} pairs one {what} {verb}, by {size[0]} points {told[0]} to {size[1]} {told[1]}"


def _of_models(pairs: Sequence[Comparison], told: Sequence[Comparison]) -> str:
    """That one seed a side speaks of two models: of those that are told, or of those beside them."""
    if len(told) == len(pairs):
        single = [one for one in told if one.shown and one.of_models]
        return " One seed a side: these two models differ, which says nothing of styles." if single else ""
    beside = [one for one in pairs if one.of_models]
    differ = sum(one.shown for one in beside)
    more = f"{len(beside)} more pairs have" if len(beside) > 1 else "1 more pair has"
    found = f"in {differ} of {len(beside)} the two models differ" if differ else "no two models are shown to differ"
    return f" {more} one seed a side: {found}, which says nothing of styles."


def _mixed(data: ReportData) -> str:
    """The suite with safe prompts beside the harmful ones; empty where there is none."""
    return data.mixed.name if data.mixed else ""


def _dearer(data: ReportData, shown: Sequence[Comparison]) -> list[Comparison]:
    """Of the pairs in which one does less harm, those in which it also refuses more safe prompts."""
    mixed = _mixed(data)
    prices = [(one, data.comparison(Arm.first(one), Arm.second(one), mixed, OVER_REFUSAL_RATE)) for one in shown]
    return [one for one, price in prices if price and price.higher]


def _paid(data: ReportData, shown: Sequence[Comparison], dearer: Sequence[Comparison]) -> str:
    """Which of the styles that do less harm than another also refuse more of the safe prompts beside the harmful ones."""
    if not dearer:
        return ""
    start, mixed = " That is not yet a better boundary:", code(_mixed(data))
    if len(dearer) == 1:
        return f"{start} {code(dearer[0].style)} refuses more safe prompts of {mixed} than {code(dearer[0].against)}."
    return f"{start} in {len(dearer)} of these {len(shown)} pairs the less harmful style also refuses more safe prompts of {mixed}."


def _refused(data: ReportData, arms: Sequence[Arm], dearer: Sequence[Comparison]) -> tuple[str, list[Comparison]]:
    """Which of the same arms refuse fewer safe prompts than others, but for those `dearer` has told; and the comparisons that say so."""
    mixed, known = _mixed(data), [{Arm.first(one), Arm.second(one)} for one in dearer]
    pairs = [one for one in _compared(data, arms, mixed, OVER_REFUSAL_RATE) if {Arm.first(one), Arm.second(one)} not in known]
    told = _claimed(pairs)
    shown = _shown(told)
    if not shown:
        return "", []
    verb = "refuses fewer safe prompts"
    return f" Of {code(mixed)}, {_less(shown, len(told), verb)}.{_of_models(pairs, told)}", shown


def _at_shared_count(data: ReportData, panel: Panel, suite: str) -> list[Arm]:
    """The arms at the highest count at which at least two styles were compared."""
    arms = [arm for arm in data.arms(panel) if arm.style != CONTROL]
    for count in sorted({arm.count for arm in arms}, reverse=True):
        own = [arm for arm in arms if arm.count == count]
        compared = {arm for one in _compared(data, own, suite, HARMFUL_RATE) for arm in (Arm.first(one), Arm.second(one))}
        if compared:
            return [arm for arm in own if arm in compared]
    return []
