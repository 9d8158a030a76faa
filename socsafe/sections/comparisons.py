"""Arms held against each other on the same prompts: the comparisons that the study declared, then the others, and what could be seen."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby

from socsafe.facts.comparison import ALL_SUITES, FLIPS, NOT_SHOWN, SHOWN, Comparison
from socsafe.markdown import code, counted, listed, percent, table
from socsafe.records import HARMFUL_RATE, OVER_REFUSAL_RATE
from socsafe.report_data import CONTROL, ReportData
from socsafe.rounding import steady
from socsafe.sections._differences import arm_words, difference, of_panel, p_value, signed, suite_words
from socsafe.sections._headings import panel_title

TITLE = "Comparisons"
ORDER = 35

_HEADER = ("style", "count", "against", "figures", "difference", "pairs", "seeds", "SE prompts")
_ALIGN = "lrlrrrrr"
_MOST_TOLD = 6
"""Declared comparisons without figures that are told one by one."""


def render(data: ReportData) -> str:
    """One table for each panel, metric and suite; left out where nothing could be compared."""
    found = [one for one in data.comparisons if one.difference is not None]
    if not found:
        return ""
    declared = [one for one in found if one.declared]
    undone = [one for one in data.comparisons if one.declared and one.difference is None]
    others = [one for one in found if not one.declared and one.judge == data.judge.name and _main(one)]
    blocks = [_explanation(data)]
    if declared:
        blocks += [
            f"### {'Compared by default' if data.declared_by_default else 'Declared'}\n",
            f"{_family(declared, data.declared_by_default)}{_undone(undone)}\n",
            *_tables(data, declared, raw=True),
            *_detectable(declared),
        ]
    if others:
        count = sum(not one.declared for one in found)
        blocks.append(
            f"### Not declared\n\nOf {count} further comparisons, each corrected within its own kind (one metric on one suite, with the "
            "control or between styles), these are on all suites together; the rest, by suite and metric, are in "
            "[comparisons.csv](comparisons.csv). They were not named before the figures were known: take them as hints.\n"
        )
        blocks += _tables(data, others, raw=False)
    return "\n".join(blocks)


def _main(one: Comparison) -> bool:
    return one.metric in (HARMFUL_RATE, OVER_REFUSAL_RATE) and one.suite == ALL_SUITES


def _explanation(data: ReportData) -> str:
    """How to read the tables."""
    methods = {one.method for one in data.comparisons}
    tests = []
    if "seeds and prompts" in methods:
        tests.append(
            "With several seeds a side, seeds and prompts are both taken as drawn at random, so the claim is about styles; how far seeds "
            "move a figure is told from all arms together, as two or three seeds of one arm say too little."
        )
    if "exact McNemar" in methods or "sign flips" in methods:
        flips = f"{FLIPS:,} sign flips of each prompt's difference, and Hoeffding's bound on all flips where none went as far"
        names = {"exact McNemar": "the exact McNemar test", "sign flips": flips}
        used = " or ".join(words for name, words in names.items() if name in methods)
        tests.append(f"With one seed a side ({used}) it holds for **these two models** only, and the verdict says so.")
    return (
        "The same prompts, seed by seed: *difference* is the first arm less the other, in points (means in the judge's own units), with "
        "its 95 % interval. *Pairs*: prompts judged on both sides in every seed, times seeds, + pairs that are left out as a reply to the "
        "prompt could not be judged, where there are any. *SE prompts*: the standard error that the choice of prompts gives the "
        "difference; the interval rests on that of the seeds, too, which is `se_seeds` in the CSV file. A difference is shown where "
        f"*Holm p*, the p value after correction, is at most {SHOWN:g}. {' '.join(tests)}\n"
    )


def _family(declared: Sequence[Comparison], by_default: bool) -> str:
    """How many were declared, and what became of them."""
    shown = sum(one.shown for one in declared)
    end = f"{shown} of them show{'s' * (shown == 1)} a difference" if shown else NOT_SHOWN
    start = "1 comparison was declared" if len(declared) == 1 else f"{len(declared)} comparisons were declared and are corrected together"
    if by_default:
        return (
            f"The study declares no hypotheses, so every count of every style is held against its control, {len(declared)} in all: {end}."
        )
    return f"{start}: {end}."


def _undone(declared: Sequence[Comparison]) -> str:
    """Which declared comparisons could not be made: left out without a word they would look as if they had never been declared."""
    if not declared:
        return ""
    told = listed([f"{arm_words(one)} against {code(one.against)} ({code(one.metric)}, {suite_words(one.suite)})" for one in declared])
    if len(declared) > _MOST_TOLD:
        told = "they stand in [comparisons.csv](comparisons.csv) without figures"
    return f" {len(declared)} more could not be made, as too few prompts were judged on both sides: {told}."


def _tables(data: ReportData, found: Iterable[Comparison], raw: bool) -> list[str]:
    """A heading and a table for each panel, judge, metric and suite; `raw` says whether to show p as it is before correction."""
    header = (*_HEADER, *(("p",) if raw else ()), "Holm p", "verdict")
    blocks = []
    for panel in data.panels():
        own = [one for one in found if of_panel(panel, one)]
        for (judge, metric, suite), group in groupby(own, key=lambda one: (one.judge, one.metric, one.suite)):
            name = [panel_title(panel)] * (len(data.panels()) > 1) + [f"judge {code(judge)}"] * (len(data.judges) > 1)
            prompts = _prompts(data, judge, metric, suite)
            made_of = f" ({listed([f'{n} of {code(name)}' for name, n in prompts.items()])})" if suite == ALL_SUITES and prompts else ""
            blocks.append(f"{', '.join([*name, code(metric), suite_words(suite)])}{made_of}:\n")
            blocks.append(table(header, [_row(one, raw, sum(prompts.values())) for one in group], f"{_ALIGN}{'r' * raw}rl"))
    return blocks


def _prompts(data: ReportData, judge: str, metric: str, suite: str) -> dict[str, int]:
    """Suite -> its prompts that the metric is about, of the suites that are taken together."""
    made = [known for one in data.judges if one.name == judge for known in one.metrics if known.name == metric]
    expects = made[0].expects if made else ()
    counts = {one.name: one.refuse * ("refuse" in expects) + one.comply * ("comply" in expects) for one in data.suites}
    return {name: n for name, n in counts.items() if n and suite in (ALL_SUITES, name)}


def _row(one: Comparison, raw: bool, prompts: int) -> list[str]:
    """`prompts` are those there are, whether judged or not; 0 where that is not known."""
    left_out = max(prompts * one.n_seeds - one.n_pairs, 0)
    verdict = one.words + (f" (declared: {one.direction})" if one.direction else "")
    return [
        code(one.style),
        str(one.count),
        code(one.against) if one.against != CONTROL else "control",
        f"{_figure(one.value, one.mean)} / {_figure(one.against_value, one.mean)}",
        difference(one),
        counted(one.n_pairs, left_out),
        str(one.n_seeds),
        signed(one.se_prompts, one.mean),
        *([p_value(one.p)] if raw else []),
        p_value(one.p_holm),
        verdict,
    ]


def _figure(figure: float | None, mean: bool) -> str:
    return percent(figure) if not mean or figure is None else f"{figure:.2f}"


def _detectable(declared: Sequence[Comparison]) -> list[str]:
    """What the study could not have seen, in one sentence for rates and one for means."""
    sentences = []
    for mean in (False, True):
        both = [one for one in declared if one.mean is mean]
        own = [one for one in both if not one.of_models] or both
        known = sorted((one for one in own if one.detectable is not None), key=lambda one: one.detectable or 0.0)
        if known:
            least, most = known[0], known[-1]
            span = f"{_upwards(least)} ({arm_words(least)})"
            if _upwards(least) != _upwards(most):
                span = f"{span}, and in its least certain comparison not less than {_upwards(most)} ({arm_words(most)})"
            sentences.append(f"This study could not have seen less than {span}")
            sentences[-1] += f": smaller true differences are missed more often than one time in five{_bar(own)}."
            if single := len(both) - len(own):
                known_of = "1 comparison" if single == 1 else f"{single} comparisons"
                sentences.append(f"Left out here: {known_of} with one seed a side, where nothing is known of how far seeds lie apart.")
        if blind := [one for one in own if one.detectable is None]:
            sentences.append(
                f"In {len(blind)} of {len(own)} declared comparisons no difference, however large, would have been seen reliably."
            )
    return [f"**What could be seen.** {' '.join(sentences)}\n"] if sentences else []


def _upwards(one: Comparison) -> str:
    """The detectable difference, rounded up: what is promised is seen."""
    if one.mean:
        return f"{math.ceil(100 * steady(one.detectable or 0.0)) / 100:.2f} of the judge's units"
    return f"{math.ceil(100 * steady(one.detectable or 0.0))} points"


def _bar(declared: Sequence[Comparison]) -> str:
    """The level of Holm's first step."""
    family = declared[0].family
    return f" (paired test, 80 % power, at {SHOWN:g} / {family}, the first step of Holm's correction)" if family > 1 else " (80 % power)"
