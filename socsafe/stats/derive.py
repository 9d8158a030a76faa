"""Everything of a report that follows from the verdicts and their summary: pooled figures, comparisons, corrected rates.

>>> data = derive(facts, verdicts, study.hypotheses)
>>> data.pooled[0].estimate.n
160

`socsafe.stages.assemble` calls it with what it read from a project, `socsafe report render` with what it read from an archive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from socsafe.report_data import ReportData
from socsafe.stats.categories import category_rows
from socsafe.stats.clustered import cluster_pooled
from socsafe.stats.compare import compare, declare
from socsafe.stats.forms import form_rows
from socsafe.stats.grids import lay_out
from socsafe.stats.pooling import pool_seeds
from socsafe.stats.validity import corrected, given
from socsafe.study.hypotheses import Hypothesis

if TYPE_CHECKING:
    import polars as pl


def derive(facts: ReportData, verdicts: pl.DataFrame, hypotheses: Sequence[Hypothesis]) -> ReportData:
    """`facts` with all that follows from the verdicts in place; its `summary` is what `score` made of `verdicts`."""
    judges, conditions = facts.judges, facts.conditions
    pooled = pool_seeds(facts.summary, {(judge.name, metric.name) for judge in judges for metric in judge.metrics if metric.score})
    grids = lay_out(verdicts, [condition.id for condition in conditions], [(judge.name, judge.metrics) for judge in judges])
    pooled = cluster_pooled(pooled, conditions, grids)
    comparisons = compare(grids, conditions, declare(hypotheses, [judge.name for judge in judges]))
    return replace(
        facts,
        pooled=pooled,
        declared_by_default=not hypotheses,
        comparisons=comparisons,
        categories=category_rows(grids, conditions),
        forms=form_rows(grids, conditions, {suite.name: suite.items for suite in facts.suites if suite.items}),
        corrected=corrected(pooled, facts.validity, given([grid for grid in grids if grid.judge in facts.validity], conditions)),
    )
