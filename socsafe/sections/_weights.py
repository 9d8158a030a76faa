"""What became of the weights on their way to the engine: quantized, and out of transformers into llama.cpp."""

from __future__ import annotations

from collections.abc import Iterator

from socsafe.facts.drift import UNQUANTIZED, DriftRow
from socsafe.facts.parity import NEAR_TIE, ParityRow
from socsafe.markdown import code, counted, percent, table, with_interval
from socsafe.report_data import ReportData
from socsafe.rounding import steady
from socsafe.sections._differences import p_value, spanned


def weights(data: ReportData) -> Iterator[str]:
    """What was checked, or the one line that says how to check it; nothing where the weights are not told."""
    kind = data.sampling.get("weights", "")
    command = f"`socsafe quantize recipes/{data.study}/study.yml"
    if data.drift:
        yield from _drift(data)
    elif kind in UNQUANTIZED:
        yield f"The models' weights are {kind}: nothing is quantized, so no verdict is due to quantization.\n"
    elif kind:
        yield f"Whether {kind} weights change verdicts was not checked: {command} --check` holds them against F16 weights.\n"
    if data.fidelity:
        yield from _fidelity(data)


def _drift(data: ReportData) -> Iterator[str]:
    """In words, all together; then a line for each condition with a verdict that changed."""
    first, *rest = data.drift
    rows = rest or [first]
    asked = f"{first.prompts // len(rows)} prompts of all suites, greedily"
    many = f"{len(rows)} conditions" if rest else f"the condition {code(first.condition)}"
    yield (
        f"Quantization, checked: {many} answered {asked}, with F16 weights and with {first.weights}. Of {first.prompts} replies "
        f"{percent(first.replies)} % ({percent(first.replies_low)}–{percent(first.replies_high)}) changed, be it by a letter; of {first.n} "
        f"verdicts by {code(first.judge)} {with_interval(first)} % changed{_unjudged(first)}. Refusals went from "
        f"{percent(first.f16_refused)} to {percent(first.refused)} %, {_difference(first)} points (p = {p_value(first.p)}). "
        "All conditions bear the same weights, so what counts is whether some changed more than others: a difference between conditions "
        "no larger than theirs here may be quantization's and not the safety data's.\n"
    )
    moved = [row for row in rows if row.value]
    if rest and not moved:
        yield "No condition's verdicts changed.\n"
    elif rest:
        header = [
            "condition",
            "replies changed",
            "verdicts changed",
            "n",
            "refused, F16",
            f"refused, {first.weights}",
            "points",
            "p (Holm)",
        ]
        yield table(header, [_line(row) for row in moved], "lrrrrrrr")
        left = len(rows) - len(moved)
        untouched = f"No verdict changed in the other {left}. " if left else ""
        yield f"{untouched}Shares in per cent with 95 % intervals; p of exact McNemar tests. Every condition: [drift.csv](drift.csv).\n"


def _line(row: DriftRow) -> list[str]:
    return [
        code(row.condition),
        percent(row.replies),
        with_interval(row),
        counted(row.n, row.n_unjudged),
        percent(row.f16_refused),
        percent(row.refused),
        _difference(row),
        p_value(row.p_holm),
    ]


def _unjudged(row: DriftRow) -> str:
    return f" ({row.n_unjudged} could not be judged on both sides)" if row.n_unjudged else ""


def _difference(row: DriftRow) -> str:
    return spanned(row.difference, row.difference_low, row.difference_high)


def _fidelity(data: ReportData) -> Iterator[str]:
    yield (
        "llama.cpp with F16 weights, held against transformers in float32 and against the adapter merged into its base: greedy replies to "
        f"the same prompts may part at a *near-tie*, where the best logit leads the next by less than {NEAR_TIE}, and nowhere else "
        "(*apart*). Logits are compared up to there.\n"
    )
    header = ["condition", "against", "prompts", "same reply", "near-tie", "apart", "tokens", "largest logit difference", "mean"]
    yield table(header, [_compared(row) for row in data.fidelity], "llrrrrrrr")


def _compared(row: ParityRow) -> list[str]:
    asked = f"{row.prompts} ({row.left_out} too long)" if row.left_out else str(row.prompts)
    counts = (row.equal, row.near_ties, row.apart, row.tokens)
    # Two digits: what comes after them differs from one processor to another.
    return [code(row.condition), row.against, asked, *map(str, counts), f"{steady(row.largest):.2f}", f"{steady(row.mean):.3f}"]
