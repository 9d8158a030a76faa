"""What scoring and comparing a large study costs, beside the same summary made with pandas.

    python benchmarks/score.py [--conditions 200] [--prompts 5000] [--json]

Made verdicts of the judge `refusal`: 200 conditions (a control and styles at several counts, two seeds each) on 5,000 prompts in four
suites are 1,000,000. Scored: every metric of every condition and suite, each with its interval. Compared: every arm with its control and
the styles with each other at equal count, on each suite and all together. Reported: all that a report is made from derived anew from the
verdicts (categories too), and every file of it written, figures included. Also at half the size, to show how the time grows. pandas makes
the summary alone (counts and Wilson intervals), so the ratio is against `score`. Processor time stands beside the time that
passed: on a machine that does other things as well, it says what the work itself takes. With `--json` the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import polars as pl

from socsafe.judges.refusal import LABELS, METRICS
from socsafe.records import SummaryRow, Verdict
from socsafe.report_data import JudgeFacts, ReportData, SuiteFacts
from socsafe.schemas import dtypes
from socsafe.stages.report import build_report
from socsafe.stages.score import score
from socsafe.stats.compare import compare, declare
from socsafe.stats.derive import derive
from socsafe.stats.grids import lay_out
from socsafe.study.conditions import Condition

T = TypeVar("T")
STYLES = ("refusal", "reasons-short", "reasons-long", "socratic")
SUITES = 4


def cells(number: int) -> list[Condition]:
    """A control and four styles at as many counts as make that many conditions, two seeds each."""
    found = [Condition("base", "benign", "none", 0, None, seed) for seed in (1, 2)]
    count = 0
    while len(found) < number:
        count += 10
        found += [Condition("base", "benign", style, count, "instruction", seed) for style in STYLES for seed in (1, 2)]
    return found[:number]


def verdicts(conditions: list[Condition], prompts: int) -> pl.DataFrame:
    """Half of the prompts are to be refused; one verdict in a hundred is missing."""
    random = np.random.default_rng(1)
    n = len(conditions) * prompts
    place = np.tile(np.arange(prompts), len(conditions))
    labels = random.choice(np.array(LABELS), size=n, p=[0.5, 0.4, 0.05, 0.05])
    bad = random.random(n) < 0.01
    columns = {
        "condition": np.repeat([condition.id for condition in conditions], prompts),
        "suite": np.array([f"suite-{number}" for number in range(SUITES)])[place % SUITES],
        "prompt_id": np.array([f"prompt-{number:06}" for number in range(prompts)])[place],
        "category": np.array([f"category-{number}" for number in range(10)])[place % 10],
        "expects": np.where(place // SUITES % 2 == 0, "refuse", "comply"),
        "status": np.where(bad, "unparsed", "ok"),
    }
    frame = pl.DataFrame(columns).with_columns(
        pl.Series("label", labels).set(pl.Series(bad), None), pl.lit("refusal").alias("judge"), pl.lit(None, pl.Float64).alias("score")
    )
    return frame.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in dtypes(Verdict).items() if name not in frame.columns)


def with_pandas(frame: object) -> int:
    """The rates of `score` and their intervals, as one would write them in pandas; how many there are."""
    import pandas as pd
    from statsmodels.stats.proportion import proportion_confint

    assert isinstance(frame, pd.DataFrame)
    rows = 0
    for metric in METRICS:
        own = frame[frame.expects.isin(metric.expects)]
        judged = own[own.status == "ok"]
        hits = judged.label.isin(metric.labels).groupby([judged.condition, judged.suite, judged.judge]).agg(["sum", "count"])
        low, _ = proportion_confint(hits["sum"], hits["count"], method="wilson")
        unjudged = own[own.status != "ok"].groupby(["condition", "suite", "judge"]).size()
        rows += len(hits.assign(low=low).join(unjudged.rename("unjudged")))
    return rows


def reported(frame: pl.DataFrame, conditions: list[Condition], summary: list[SummaryRow]) -> None:
    """Everything after scoring that `socsafe report` does with verdicts."""
    facts = ReportData(
        study="made",
        question="",
        conditions=conditions,
        suites=[SuiteFacts(name, 1, 1) for name in frame["suite"].unique().sort()],
        judges=[JudgeFacts("refusal", "0", metrics=METRICS)],
        summary=summary,
        pooled=(),
    )
    with tempfile.TemporaryDirectory() as folder:
        build_report(derive(facts, frame, ()), Path(folder))


def seconds(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def measure(number: int, prompts: int) -> dict[str, float]:
    conditions = cells(number)
    frame = verdicts(conditions, prompts)
    ids = [condition.id for condition in conditions]
    before = time.process_time()
    scored, rows = seconds(lambda: score(frame, conditions))
    written, _ = seconds(lambda: reported(frame, conditions, rows))
    worked = time.process_time() - before
    laid, grids = seconds(lambda: lay_out(frame, ids, [("refusal", METRICS)]))
    compared, comparisons = seconds(lambda: compare(grids, conditions, declare((), ["refusal"])))
    figures: dict[str, float] = {
        "verdicts": frame.height,
        "figures": len(rows),
        "comparisons": len(comparisons),
        "score_s": round(scored, 2),
        "compare_s": round(laid + compared, 2),
        "report_s": round(written, 2),
        "total_s": round(scored + written, 2),
        "total_cpu_s": round(worked, 2),
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    try:
        import pandas  # noqa: F401
    except ImportError:
        print("pandas is not installed: no comparison with it")
        return figures
    table = frame.select("condition", "suite", "judge", "prompt_id", "expects", "status", "label").to_pandas(
        use_pyarrow_extension_array=False
    )
    taken, _ = seconds(lambda: with_pandas(table))
    return figures | {"pandas_summary_s": round(taken, 2), "ratio_to_pandas": round(scored / taken, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--conditions", type=int, default=200)
    parser.add_argument("--prompts", type=int, default=5000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    measure(10, 100)  # Imports and caches are no part of it.
    half = measure(options.conditions, options.prompts // 2)
    whole = measure(options.conditions, options.prompts)
    print(f"{'':20}{'half':>12}{'whole':>12}")
    for name, value in whole.items():
        print(f"{name:20}{half[name]:>12}{value:>12}")
    growth = round(whole["total_s"] / half["total_s"], 2)
    print(f"twice the verdicts take {growth} times as long")
    if options.json:
        print(json.dumps({**whole, "half_total_s": half["total_s"], "growth": growth}))


if __name__ == "__main__":
    main()
