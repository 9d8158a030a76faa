"""What safety data cost in ability: the loss on held-out benign replies, and accuracy on questions with answers to choose from.

| style | count | loss (95 %) | less the control | n | `everyday-choices` (95 %) | less the control | n |
"""

from __future__ import annotations

from collections.abc import Sequence

from socsafe.facts.ability import ACCURACY, LOSS, AbilityRow
from socsafe.facts.comparison import NOT_SHOWN, SHOWN
from socsafe.markdown import NOTHING, code, counted, listed, table
from socsafe.report_data import CONTROL, Arm, Panel, ReportData
from socsafe.rounding import steady
from socsafe.sections._differences import MINUS
from socsafe.sections._headings import one_seed, one_seed_key, panel_heading, seed_mark

TITLE = "Ability"
ORDER = 42

_WORSE = {LOSS: ("higher", 1), ACCURACY: ("lower", -1)}
"""Metric -> the word for a change to the worse, and its sign."""


def render(data: ReportData) -> str:
    """One table a panel; left out where nothing was measured."""
    rows = {(Arm.of(row), row.source): row for row in data.ability if row.seed is None}
    if not rows:
        return ""
    sources = {row.source: row for row in rows.values()}
    blocks = [_explanation(data, list(sources.values()))]
    for panel in data.panels():
        blocks += [*panel_heading(data, panel), _verdict(data, panel, rows, sources), _table(data, panel, rows, sources)]
    return "\n".join(block for block in blocks if block)


def _explanation(data: ReportData, sources: Sequence[AbilityRow]) -> str:
    """What was measured and how."""
    parts = []
    if any(row.metric == LOSS for row in sources):
        parts.append(
            "*Loss*: mean negative log-likelihood of the tokens of held-out benign replies, in nats (lower is better); no condition was "
            "trained on these prompts or replies."
        )
    if any(row.metric == ACCURACY for row in sources):
        parts.append(
            "*Accuracy*, in per cent: questions whose right answer has the highest log-likelihood a character (`acc_norm` of "
            "lm-evaluation-harness) when each answer is tried as the reply; *chance* is what guessing would give."
        )
    marked = any(row.n_seeds == 1 for row in data.ability)
    return (
        f"{' '.join(parts)} Both are computed by llama.cpp from the likelihood of given texts, nothing is sampled and no judge rules. "
        "*Less the control*: on the same replies or questions and seeds. Intervals are of 95 %: a figure's own tells how far other replies "
        "or questions would have moved it, a difference's how far other seeds would have, too. n is replies or questions times seeds, + "
        f"those longer than the context, where there are any.{one_seed(data)}{one_seed_key(marked)} "
        "Whether ordinary prompts are answered at all stands under [Suites](#suites); each seed's own figure is in "
        "[ability.csv](ability.csv).\n"
    )


def _verdict(data: ReportData, panel: Panel, rows: dict[tuple[Arm, str], AbilityRow], sources: dict[str, AbilityRow]) -> str:
    """In words, for each source, which arms are shown to be worse than the control."""
    sentences = []
    for source, known in sources.items():
        found = [row for arm in data.arms(panel) if arm.style != CONTROL and (row := rows.get((arm, source)))]
        found = [row for row in found if row.difference is not None]
        word, sign = _WORSE[known.metric]
        worse = [row for row in found if row.p_holm is not None and row.p_holm <= SHOWN and sign * (row.difference or 0.0) > 0]
        if not found:
            continue
        what = f"The {known.metric} on {code(source)}"
        if worse:
            arms = listed([f"{code(row.style)} at {row.count}{seed_mark(row.n_seeds)}" for row in worse])
            sentences.append(f"{what} is shown to be {word} than the control's for {arms}.")
        else:
            better = any(row.p_holm is not None and row.p_holm <= SHOWN for row in found)
            end = "" if better else f": {NOT_SHOWN}"
            sentences.append(f"{what} is not shown to be {word} than the control's for any arm{end}.")
    if not sentences:
        return ""
    how = (
        f"Shown: where p, after Holm's correction for all arms, is at most {SHOWN:g}, so an interval may exclude zero and nothing be shown."
    )
    return f"{' '.join([*sentences, how])}\n"


def _table(data: ReportData, panel: Panel, rows: dict[tuple[Arm, str], AbilityRow], sources: dict[str, AbilityRow]) -> str:
    header = ["style", "count"]
    for source, known in sources.items():
        chance = f", chance {100 * known.chance:.1f}" if known.chance is not None else ""
        header += [f"{code(source)}: {known.metric}{chance}", "less the control", "n"]
    lines = []
    for arm in data.arms(panel):
        cells = [code(arm.style), str(arm.count)]
        for source in sources:
            cells += _cells(rows.get((arm, source)))
        lines.append(cells)
    return table(header, lines, "lr" + "rrr" * len(sources))


def _cells(row: AbilityRow | None) -> list[str]:
    """Figure, difference and n."""
    if row is None:
        return [NOTHING] * 3
    figure = _written(row, row.value, row.low, row.high)
    difference = _written(row, row.difference, row.difference_low, row.difference_high, " to ") + seed_mark(row.n_seeds)
    return [figure, difference, counted(row.n, row.n_unread)]


def _written(row: AbilityRow, value: float | None, low: float | None, high: float | None, between: str = "–") -> str:
    """`0.412 (0.380–0.447)`, or `52.5 (45.3–59.6)` for a share."""
    if value is None or low is None or high is None:
        return NOTHING
    scale, decimals = (1, 3) if row.metric == LOSS else (100, 1)
    # `+ 0.0` makes minus zero plain zero.
    shown = [f"{round(scale * steady(number), decimals) + 0.0:.{decimals}f}".replace("-", MINUS) for number in (value, low, high)]
    return f"{shown[0]} ({shown[1]}{between}{shown[2]})"
