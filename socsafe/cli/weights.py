"""What `socsafe quantize --check` and `--against-transformers` print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.table import Table

    from socsafe.study.checked import Plan


def show_drift(plan: Plan, only: Sequence[str]) -> None:
    """Print what the check of quantization found."""
    from socsafe.cli.display import print_table
    from socsafe.markdown import percent
    from socsafe.pipeline import drift

    weights = plan.study.quantization.type
    rows = drift(plan, only)
    if not rows:
        click.echo(f"The study's own weights are {weights}: nothing is quantized, so there is nothing to check.")
        return
    table = _table("prompts", "replies changed", "verdicts changed (95 %)", "judged", "refused", "p")
    table.caption = f"per cent, F16 -> {weights}; p: exact McNemar, of all together sign flips of prompts; not corrected"
    for row in rows:
        changed = f"{percent(row.value)} ({percent(row.low)}-{percent(row.high)})"
        refused, p = f"{percent(row.f16_refused)} -> {percent(row.refused)}", "" if row.p is None else f"{row.p:.3f}"
        table.add_row(row.condition or "all", str(row.prompts), percent(row.replies), changed, str(row.n), refused, p)
    print_table(table)


def show_fidelity(plan: Plan, only: Sequence[str]) -> None:
    """Print how near llama.cpp came to transformers."""
    from socsafe.cli.display import print_table
    from socsafe.facts.parity import NEAR_TIE
    from socsafe.pipeline import fidelity

    table = _table("F16 GGUF against", "prompts", "same reply", "near-tie", "apart", "tokens", "largest logit difference", "mean")
    table.caption = f"near-tie: replies part where the best logit leads the next by less than {NEAR_TIE}"
    for row in fidelity(plan, only):
        counts = (row.prompts, row.equal, row.near_ties, row.apart, row.tokens)
        table.add_row(row.condition, row.against, *map(str, counts), f"{row.largest:.4f}", f"{row.mean:.5f}")
    print_table(table)


def _table(*columns: str) -> Table:
    """A table whose rows are conditions."""
    from rich.table import Table

    table = Table()
    table.add_column("condition", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    return table
