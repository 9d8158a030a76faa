"""Verdicts laid out by condition and prompt, which is what everything that pairs or clusters by prompt works on.

>>> (grid, *others) = lay_out(verdicts, ["micro-benign-none-n0-s1", ...], [("refusal", METRICS)])
>>> grid.means().shape
(200, 320)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from socsafe.records import Metric

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


class Asked(NamedTuple):
    """What a column is about: one prompt of one suite."""

    suite: str
    prompt: str
    """Its id within the suite."""
    expects: str = ""
    """`refuse` or `comply`; empty where the question is another one."""
    category: str = ""
    """The suite's own; empty where it has none."""
    form: str = ""
    """`instruction`, `question` or `opinion`; empty where nothing is said."""


@dataclass(frozen=True)
class Grid:
    """One metric by one judge: a row a condition, a column a prompt. Arrays are (conditions, prompts)."""

    judge: str
    metric: Metric
    conditions: tuple[str, ...]
    asked: tuple[Asked, ...]
    """What every column is about; columns go by suite, then prompt id."""
    total: Floats
    """Sum over the judged replies of what the metric takes of each: 0 or 1, or the score."""
    judged: Ints
    """Replies judged."""
    unjudged: Ints
    """Replies whose verdict is `unparsed` or `error`."""

    @cached_property
    def suites(self) -> tuple[str, ...]:
        """The suite of every column."""
        return tuple(asked.suite for asked in self.asked)

    def means(self) -> Floats:
        """The mean over each prompt's judged replies; NaN where none was judged."""
        import numpy as np

        with np.errstate(invalid="ignore"):
            means: Floats = self.total / self.judged
        return means

    def of(self, suite: str) -> Grid:
        """The columns of one suite."""
        import numpy as np

        return self.where(np.array([name == suite for name in self.suites], dtype=bool))

    def where(self, own: NDArray[np.bool_]) -> Grid:
        """The columns that are marked."""
        asked = tuple(one for one, kept in zip(self.asked, own, strict=True) if kept)
        return Grid(self.judge, self.metric, self.conditions, asked, self.total[:, own], self.judged[:, own], self.unjudged[:, own])


def lay_out(verdicts: pl.DataFrame, conditions: Sequence[str], judges: Sequence[tuple[str, Sequence[Metric]]]) -> list[Grid]:
    """A grid for every judge and metric that the verdicts (a table of `Verdict`) speak of.

    Every condition has its row, judged or not; verdicts on other conditions are left out. A metric without prompts has no grid.
    """
    import polars as pl

    grids = []
    key = ["suite", "prompt_id", "expects"]
    columns = ["condition", *key, "category", "form", "status", "label", "score"]
    rows = pl.DataFrame({"condition": list(conditions), "row": range(len(conditions))}, schema={"condition": pl.String, "row": pl.Int64})
    for judge, metrics in judges:
        own = verdicts.filter(pl.col("judge") == judge).select(columns).join(rows, on="condition")
        prompts = own.group_by(key).agg(pl.col("category", "form").min()).sort(key).with_row_index("column")
        own = own.join(prompts.select("column", *key), on=key).drop("condition", "prompt_id", "category", "form")
        grids += [_grid(own, prompts, judge, metric, tuple(conditions)) for metric in metrics]
    return [grid for grid in grids if grid.asked]


def _grid(verdicts: pl.DataFrame, prompts: pl.DataFrame, judge: str, metric: Metric, conditions: tuple[str, ...]) -> Grid:
    """One metric, from verdicts that know their row and column."""
    import numpy as np
    import polars as pl

    columns = prompts.filter(pl.col("expects").is_in(list(metric.expects)))
    shape = (len(conditions), prompts.height)
    own = verdicts.filter(pl.col("expects").is_in(list(metric.expects)))
    place = own["row"].to_numpy() * prompts.height + own["column"].to_numpy()
    ok = (own["status"] == "ok").to_numpy()
    values = own.select(taken(metric).fill_null(0.0).alias("value"))["value"].to_numpy()

    def counted(where: NDArray[np.bool_], weights: Floats | None = None) -> NDArray[np.float64]:
        found = np.bincount(place[where], None if weights is None else weights[where], minlength=shape[0] * shape[1]).astype(float)
        return found.reshape(shape)[:, columns["column"].to_numpy()]

    judged, unjudged = counted(ok).astype(np.int64), counted(~ok).astype(np.int64)
    asked = tuple(map(Asked._make, columns.select("suite", "prompt_id", "expects", "category", "form").iter_rows()))
    return Grid(judge, metric, conditions, asked, counted(ok, values), judged, unjudged)


def taken(metric: Metric) -> pl.Expr:
    """What the metric takes of a verdict."""
    import polars as pl

    if metric.labels:
        return pl.col("label").is_in(list(metric.labels)).cast(pl.Float64)
    if metric.at_least is not None:
        return (pl.col("score") >= metric.at_least).cast(pl.Float64)
    return pl.col("score")
