"""The long run: `python -m tests.fuzz.runner --cases 24000`, a table and one JSON object last; exit code 1 where anything went wrong.

Each area runs in a process of its own, so that its peak memory is its own. What the generator makes is decided by the area's name and
the seed alone.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from zlib import crc32

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.area import Area, Bench, Horror
from tests.fuzz.areas import AREAS
from tests.fuzz.outcome import FAULT, REFUSED, SUCCEEDED, Outcome, peak_megabytes

MEMORY = 6 << 30
"""Bytes of address space that a process of the long run may take."""
Found = dict[str, object]


def corpus_fault(area: Area, bench: Bench, case: Horror) -> tuple[Outcome, str]:
    """What came of a file made by hand, and what is wrong with that; empty where nothing is."""
    came = area.outcome(bench, case.make(), case.limit)
    if came.kind == FAULT:
        return came, came.said
    if case.expected is None:
        return came, "" if came.kind == SUCCEEDED else f"refused: {came.said}"
    if came.kind != REFUSED or case.expected not in came.said:
        return came, f"not {case.expected!r}: {came.kind} {came.said[:500]}"
    return came, ""


def run_generated(area: Area, bench: Bench, cases: int, number: int) -> tuple[Counter[str], list[str], float]:
    """Feed so many generated files: how many came to what, the faults, and the longest time one took."""
    counts: Counter[str] = Counter()
    faults: list[str] = []
    longest = 0.0

    @seed(number ^ crc32(area.name.encode()))
    @settings(max_examples=cases, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(area.generated())
    def feed(content: bytes) -> None:
        nonlocal longest
        came = area.outcome(bench, content)
        counts[came.kind] += 1
        longest = max(longest, came.seconds)
        if came.kind == FAULT:
            faults.append(f"{came.said}\nfile: {content[:600]!r}")

    feed()
    return counts, faults, longest


def run_area(area: Area, cases: int, number: int) -> Found:
    """The whole corpus and so many generated files of one area."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory(prefix="fuzz-") as root:
        bench = Bench(Path(root) / "p")
        counts, faults, longest = run_generated(area, bench, cases, number)
        before = peak_megabytes()
        for case in area.corpus():
            came, wrong = corpus_fault(area, bench, case)
            counts[FAULT if wrong else came.kind] += 1
            longest = max(longest, came.seconds)
            faults += [f"{case.name}: {wrong}"] if wrong else []
    return {
        "area": area.name,
        "cases": counts.total(),
        "succeeded": counts[SUCCEEDED],
        "refused": counts[REFUSED],
        "faults": counts[FAULT],
        "longest_s": round(longest, 2),
        "peak_mb": round(before),
        "peak_mb_bombs": round(peak_megabytes()),
        "first_faults": faults[:5],
    }


def main() -> None:
    """Share the cases out among the areas, run each, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=24_000, help="generated files in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--area", help="this area alone, in this process, as JSON")
    options = parser.parse_args()
    if options.area:
        print(json.dumps(run_area(next(area for area in AREAS if area.name == options.area), options.cases, options.seed)))
        return
    whole = sum(area.share for area in AREAS)
    started, rows = time.perf_counter(), []
    print(
        f"{'area':<16}{'cases':>8}{'succeeded':>11}{'refused':>9}{'faults':>8}{'longest s':>11}{'peak MB':>9}{'with bombs':>12}", flush=True
    )
    for area in AREAS:
        rows.append(row := _apart(area, -(-int(options.cases * area.share) // int(whole) if whole >= 1 else options.cases), options.seed))
        print(
            f"{row['area']:<16}{row['cases']:>8}{row['succeeded']:>11}{row['refused']:>9}{row['faults']:>8}{row['longest_s']:>11}"
            f"{row['peak_mb']:>9}{row['peak_mb_bombs']:>12}",
            flush=True,
        )
        for fault in row["first_faults"]:  # type: ignore[attr-defined]
            print("  fault: " + fault.replace("\n", "\n    "), flush=True)
    total = {key: sum(int(str(row[key])) for row in rows) for key in ("cases", "succeeded", "refused", "faults")}
    print(f"{'all':<16}{total['cases']:>8}{total['succeeded']:>11}{total['refused']:>9}{total['faults']:>8}")
    print(json.dumps({**total, "seconds": round(time.perf_counter() - started), "seed": options.seed, "areas": rows}))
    sys.exit(1 if total["faults"] else 0)


def _apart(area: Area, cases: int, number: int) -> Found:
    """The area in a process of its own; one that dies is a fault."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.runner", "--area", area.name, "--cases", str(cases), "--seed", str(number)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode or not done.stdout:
        died: Found = {"area": area.name, "cases": cases, "succeeded": 0, "refused": 0, "faults": cases}
        return died | {"longest_s": 0, "peak_mb": 0, "peak_mb_bombs": 0, "first_faults": [f"the process ended with {done.returncode}"]}
    found: Found = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
