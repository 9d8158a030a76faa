"""How the sections write differences between arms, p values and what may be said of them."""

from __future__ import annotations

from collections.abc import Sequence

from socsafe.facts.comparison import ALL_SUITES, Comparison
from socsafe.markdown import NOTHING, code, listed
from socsafe.records import HARMFUL_RATE
from socsafe.report_data import Panel, ReportData
from socsafe.rounding import steady

MINUS = "\N{MINUS SIGN}"
_FEW = 3
"""Names that are listed one by one."""


def signed(figure: float | None, mean: bool = False, decimals: int = 1) -> str:
    """`−12.5`: a difference of shares in points, or one of means in the judge's own units with two decimals."""
    if figure is None:
        return NOTHING
    text = f"{steady(figure):.2f}" if mean else f"{100 * steady(figure):.{decimals}f}"
    return text.replace("-", MINUS) if text.strip("-0.") else text.lstrip("-")


def spanned(value: float | None, low: float | None, high: float | None, mean: bool = False) -> str:
    """`−12.5 (−18.3 to −6.4)`: a difference with its interval, of rows that are no comparisons of arms."""
    if value is None or low is None or high is None:
        return NOTHING
    return f"{signed(value, mean)} ({signed(low, mean)} to {signed(high, mean)})"


def difference(one: Comparison | None) -> str:
    """`−12.5 (−18 to −6)`."""
    return NOTHING if one is None or one.difference is None else f"{signed(one.difference, one.mean)} ({bounds(one)})"


def bounds(one: Comparison) -> str:
    """`−18 to −6`: the interval, in whole points so that a verdict more or less elsewhere seldom moves it."""
    return f"{signed(one.low, one.mean, decimals=0)} to {signed(one.high, one.mean, decimals=0)}"


def p_value(p: float | None) -> str:
    """One decimal, three where it is small, or that it is smaller still."""
    if p is None:
        return NOTHING
    if steady(p) < 0.001:
        return "<0.001"
    return f"{steady(p):.3f}" if p < 0.1 else f"{steady(p):.1f}"


def suite_words(suite: str) -> str:
    """The suite in code type, or `all suites`."""
    return suite if suite == ALL_SUITES else code(suite)


def arm_words(one: Comparison) -> str:
    """Style and count: `socratic`, 160."""
    return f"{code(one.style)}, {one.count}"


def harm_suite(data: ReportData) -> str | None:
    """Where harm is told: all suites with prompts to refuse together, or the one there is; None where there is none."""
    if any(one.suite == ALL_SUITES and one.metric == HARMFUL_RATE for one in data.comparisons):
        return ALL_SUITES
    return data.headline.name if data.headline else None


def of_panel(panel: Panel, one: Comparison) -> bool:
    """Whether the comparison is one of this panel's."""
    return (one.base, one.setting, one.form) == (panel.base, panel.setting, panel.form)


def few(names: Sequence[str]) -> str:
    """Up to three by name, of more how many."""
    return listed(names) if len(names) <= _FEW else f"{len(names)} of them"


def hint(data: ReportData, found: Sequence[Comparison]) -> str:
    """That what is claimed was not declared: the section on comparisons calls such differences hints, and so must the answer."""
    shown = [one for one in found if one.shown]
    chosen = sum(not one.declared for one in shown)
    if chosen:
        return f" {'This' if chosen == len(shown) else 'Some of this'} was not declared beforehand: a hint."
    return " This is compared by default; the study declares nothing." if shown and data.declared_by_default else ""
