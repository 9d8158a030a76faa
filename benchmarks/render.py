"""How long a study of a thousand conditions takes to render, beside what writing as many YAML files takes at the least.

    python benchmarks/render.py [--conditions 1000] [--json]

Measured in fresh folders, in this process, imports counted apart: `load` reads and checks the study, `render` makes the texts,
`write` puts them on the disk, `again` renders and compares when nothing has changed. The baseline dumps one rendered recipe
as many times with plain `yaml.safe_dump` and writes the files. With `--json` the last line is one JSON object, in seconds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
STYLES, COUNTS = ("refusal", "reasons-short", "reasons-long", "socratic"), (10, 20, 30, 40, 50)
BUDGET = 3.0
"""Seconds that a thousand conditions may take."""
BOUNDARY = Path(__file__).parents[1] / "datasets" / "boundary"


def timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def write_study(root: Path, conditions: int) -> Path:
    """A study of at least `conditions` conditions on the boundary set."""
    seeds = -(-conditions // (len(STYLES) * len(COUNTS)))
    path = root / "recipes" / "big" / "study.yml"
    path.parent.mkdir(parents=True)
    (root / "datasets").mkdir()
    (root / "datasets" / "boundary").symlink_to(BOUNDARY)
    path.write_text(
        "name: big\nquestion: How long does rendering take?\nbases: [qwen2.5-0.5b-instruct]\n"
        "settings: {benign: {source: boundary-benign}}\nsafety: {source: boundary-safety}\n"
        f"styles: [{', '.join(STYLES)}]\ncounts: {list(COUNTS)}\nseeds: {list(range(seeds))}\nsuites: [boundary-pairs]\n"
    )
    return path


def measure(conditions: int) -> dict[str, float]:
    """Seconds of each part, and the number of conditions that there were."""
    imports, _ = timed(lambda: __import__("socsafe.stages.render"))
    import yaml

    from socsafe.stages.render import render_recipes, write_recipes
    from socsafe.study.checked import load_study

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        study = write_study(root, conditions)
        load, plan = timed(lambda: load_study(study))
        render, texts = timed(lambda: render_recipes(plan))
        whole, _ = timed(lambda: write_recipes(plan))
        again, _ = timed(lambda: write_recipes(plan))
        recipe = yaml.safe_load(next(iter(texts.values())))

        def plain() -> None:
            for number in range(len(texts)):
                (root / f"{number}.yml").write_text(yaml.safe_dump(recipe, sort_keys=False))

        baseline, _ = timed(plain)
    return {
        "conditions": len(texts), "imports": imports, "load": load, "render": render, "write": max(0.0, whole - render), "again": again,
        "total": imports + load + whole, "baseline": baseline,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the rendering of a large study.")
    parser.add_argument("--conditions", type=int, default=1000)
    parser.add_argument("--json", action="store_true", help="print one JSON object last")
    options = parser.parse_args()
    figures = measure(options.conditions)
    count = figures["conditions"]
    print(f"{count} conditions          seconds")
    for name in ("imports", "load", "render", "write", "total", "again"):
        print(f"{name:<24}{figures[name]:>8.3f}")
    print(f"{'yaml.safe_dump, as many':<24}{figures['baseline']:>8.3f}")
    print(f"{'budget':<24}{BUDGET * count / 1000:>8.3f}")
    if options.json:
        print(json.dumps({key: round(value, 4) for key, value in figures.items()}))


if __name__ == "__main__":
    main()
