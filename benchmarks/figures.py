"""What the figures of a report cost, beside the least that matplotlib asks for as many sheets.

    python benchmarks/figures.py [--conditions 16] [--suites 4] [--json]

A study with made-up rates: two seeds an arm, ten categories. Shown for each figure: seconds for its SVG and PNG together, and how
often that is what one line, one title and default ticks on as large a sheet take (the baseline: matplotlib itself). Importing
matplotlib is left out of both. With `--json` the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Callable
from dataclasses import astuple

from socsafe.facts.breakdown import CategoryRow
from socsafe.records import ANSWERED_RATE, HARMFUL_RATE, OVER_REFUSAL_RATE, Estimate
from socsafe.report_data import Arm, JudgeFacts, PooledRow, ReportData, SuiteFacts
from socsafe.stats.figure_style import KINDS, WIDTH, house_style, rendered
from socsafe.stats.figures import FIGURES
from socsafe.study.conditions import Condition

STYLES = ("refusal", "reasons-short", "reasons-long", "socratic")


def study(conditions: int, suites: int) -> ReportData:
    """A control, and styles at rising counts, as many arms as told, of two seeds each."""
    cells = [("none", 0), *((STYLES[number % 4], 10 * (number // 4 + 1)) for number in range(conditions - 1))]
    arms = [Arm("micro", "benign", style, count, "instruction" if count else "") for style, count in cells]
    facts = [SuiteFacts(f"suite-{number}", 80, 80) for number in range(suites)]
    pooled, rows = [], []
    for place, arm in enumerate(arms):
        value = (place * 37 % 100) / 100
        estimate = Estimate(value, max(value - 0.1, 0.0), min(value + 0.1, 1.0), 160, 0)
        for suite in facts:
            for metric in (HARMFUL_RATE, OVER_REFUSAL_RATE, ANSWERED_RATE):
                pooled.append(PooledRow(arm, suite.name, "refusal", metric, estimate, ((1, estimate), (2, estimate))))
        for number in range(10):
            name = (facts[0].name, "refusal", HARMFUL_RATE, f"category {number}")
            rows.append(CategoryRow(*astuple(arm), None, *name, False, estimate.value, estimate.low, estimate.high, 16, 0))
    made = [Condition("micro", "benign", style, count, "instruction" if count else None, seed) for style, count in cells for seed in (1, 2)]
    return ReportData("bench", "", made, facts, [JudgeFacts("refusal", "1")], (), pooled, categories=rows)


def seconds(work: Callable[[], object], rounds: int = 3) -> float:
    """The quickest of a few."""
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


def draw(data: ReportData, name: str) -> tuple[float, float]:
    """Both files of one figure; give the sheet's size in inches."""
    with house_style():
        figure = FIGURES[name](data, data.panels()[0])
        if figure is None:
            raise SystemExit(f"{name}: nothing to draw")
        for kind in KINDS:
            rendered(figure, kind)
        return figure.get_figwidth(), figure.get_figheight()


def baseline(height: float) -> None:
    """A sheet as large, with one line and one title."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1])
    axes.set_title("baseline")
    for kind in KINDS:
        figure.savefig(io.BytesIO(), format=kind, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conditions", type=int, default=16)
    parser.add_argument("--suites", type=int, default=4)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    data = study(options.conditions, options.suites)
    found: dict[str, float] = {}
    print(f"{'figure':<16}{'seconds':>9}{'baselines':>11}")
    for name in FIGURES:
        _, height = draw(data, name)
        own, plain = seconds(lambda name=name: draw(data, name)), seconds(lambda height=height: baseline(height))  # type: ignore[misc]
        found |= {f"{name}_s": round(own, 3), f"{name}_baselines": round(own / plain, 1)}
        print(f"{name:<16}{own:>9.2f}{own / plain:>11.1f}")
    total = sum(value for name, value in found.items() if name.endswith("_s"))
    print(f"{'all':<16}{total:>9.2f}")
    if options.json:
        print(json.dumps({"conditions": options.conditions, "suites": options.suites, **found, "all_s": round(total, 3)}))


if __name__ == "__main__":
    main()
