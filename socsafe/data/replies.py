"""Replies with their prompts and verdicts as one table: a row a reply, the columns of each judge beside it.

>>> replies(plan, units)["refusal_label"].value_counts()

A judge that has not ruled on a reply leaves its columns empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from socsafe.data.suites import asked_prompts
from socsafe.errors import Problem, RunError
from socsafe.files import atomic_path
from socsafe.records import Completion, Verdict
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.spec import Suite
from socsafe.tables import parse_rows, read_rows

if TYPE_CHECKING:
    import polars as pl

_OF_VERDICTS = ("status", "label", "score", "rationale", "judge_version")


@dataclass(frozen=True, slots=True)
class Unit:
    """One condition's replies to one suite, and who has ruled on them."""

    condition: Condition
    suite: Suite
    judges: tuple[str, ...]
    """Judges whose verdicts are up to date."""


def replies(plan: Plan, unit: Unit) -> pl.DataFrame:
    """The table of one condition and suite, prompts in the suite's order.

    Columns: the condition's dimensions; suite, prompt_id, sample, expects, category, prompt_form; `prompt` as it was asked and `reply`;
    how the reply ended and what it took; then `<judge>_status`, `_label`, `_score`, `_rationale` and `_version` of every judge.
    """
    import polars as pl

    condition, study = unit.condition, plan.study.name
    asked = asked_prompts(plan, unit.suite)
    prompts = pl.DataFrame(
        [(one.prompt.id, one.prompt.expects, one.prompt.category, one.prompt.form, one.user_turn) for one in asked],
        schema=dict.fromkeys(("prompt_id", "expects", "category", "prompt_form", "prompt"), pl.String),
        orient="row",
    )
    given = read_rows(plan.project.completions(study, condition.id, unit.suite.name), Completion)
    told = given.rename({"text": "reply", "seed": "sampler_seed"}).join(prompts, on="prompt_id", how="inner", maintain_order="left")
    dimensions = {"base": condition.base, "setting": condition.setting, "style": condition.style, "form": condition.form or ""}
    told = told.with_columns(**{name: pl.lit(value) for name, value in dimensions.items()})
    told = told.with_columns(count=pl.lit(condition.count, pl.Int64), seed=pl.lit(condition.seed, pl.Int64))
    told = told.select(
        *("condition", "base", "setting", "style", "count", "form", "seed", "suite", "prompt_id", "sample", "expects", "category"),
        *("prompt_form", "prompt", "reply", "finish_reason", "prompt_tokens", "completion_tokens", "sampler_seed"),
    )
    for use in plan.study.judge_uses():
        told = told.join(_verdicts(plan, unit, use.judge), on=("prompt_id", "sample"), how="left", maintain_order="left")
    return told


def write_parquet(plan: Plan, units: Iterable[Unit], path: Path) -> None:
    """All replies as one Parquet file, whole or not at all. Raises `RunError` where there are none."""
    import polars as pl

    tables = [replies(plan, unit) for unit in units]
    if not tables:
        raise nothing_here(plan)
    with atomic_path(path) as part:
        pl.concat(tables).write_parquet(part, compression="zstd")


def nothing_here(plan: Plan) -> RunError:
    """That the study has no replies to export."""
    return RunError(Problem(plan.argument, "no replies are up to date", "generated replies", f"socsafe run {plan.argument}"))


def _verdicts(plan: Plan, unit: Unit, judge: str) -> pl.DataFrame:
    """The judge's verdicts by prompt and sample, its columns under its name; no rows where there are none."""
    path = plan.project.verdicts(plan.study.name, unit.condition.id, unit.suite.name, judge)
    # A judge with nothing to look at leaves an empty file.
    rows = parse_rows(path.read_bytes() if judge in unit.judges else b"", Verdict, str(path))
    named = {column: f"{judge}_{column.removeprefix('judge_')}" for column in _OF_VERDICTS}
    return rows.select("prompt_id", "sample", *_OF_VERDICTS).rename(named)


def judged_by(frame: pl.DataFrame, judges: Sequence[str]) -> list[str]:
    """The judges that have ruled on any of these replies."""
    return [judge for judge in judges if frame[f"{judge}_status"].null_count() < frame.height]
