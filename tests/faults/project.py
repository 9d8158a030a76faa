"""A study that is small enough to be killed sixty times, and what of a project belongs to which stage."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import yaml

REPO = Path(__file__).parents[2]
STAGES = ("training", "conversion", "generation", "judging", "report")
UNNAMED = (".part",)
"""Endings of what is not under its final name yet."""


def make_project(root: Path, study: str, endpoint: str, started: Path | None = None) -> None:
    """A project with the boundary set and the micro base in it, and one study: the quickstart, or `small`.

    What is done of the study already is taken from the project `started`.
    """
    shutil.copytree(REPO / "datasets" / "boundary", root / "datasets" / "boundary")
    shutil.copytree(REPO / "runs" / "bases" / "micro", root / "runs" / "bases" / "micro")
    shutil.copy2(REPO / "runs" / "bases" / "micro.manifest.json", root / "runs" / "bases")
    for part in ("runs", "datasets/mixtures"):
        if started:
            shutil.copytree(started / part / study, root / part / study)
            without(root, "conversion")
    content = yaml.safe_load((REPO / "recipes" / "quickstart" / "study.yml").read_text())
    if study == "small":
        content |= small(content, endpoint)
    path = root / "recipes" / study / "study.yml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def small(quickstart: dict[str, object], endpoint: str) -> dict[str, object]:
    """What of the quickstart is less: two conditions, a few steps, short replies; and a judge with a model behind it is added."""
    training = quickstart["training"]
    assert isinstance(training, dict)
    model = {"endpoint": endpoint, "name": "judge-1", "concurrency": 4}
    return {
        "name": "small",
        "settings": {"benign": {"source": "boundary-benign", "rows": 32}},
        "styles": ["none", "refusal"],
        "counts": [8],
        "seeds": [1],
        "training": {**training, "epochs": 1},
        "suites": ["boundary-targets", "boundary-ordinary"],
        "judges": ["refusal", {"judge": "policy", "model": model}],
        "sampling": {"max_tokens": 16, "samples": 2, "temperature": 0.7},
        "ability": None,
        "leakage": {"near": 0.3},
        "compute": {"jobs": 1, "train_threads": 1, "threads": 1, "slots": 8, "context": 512},
        "notes": [],
    }


def stage_of(path: str) -> str:
    """The stage that writes the file, by its path within the project."""
    if path.startswith("reports/") or "/report." in path:
        return "report"
    if "/verdicts/" in path or "/answers/" in path:
        return "judging"
    if "/completions/" in path or "/ability/" in path:
        return "generation"
    return "conversion" if path.startswith("quantized/") or "/parity." in path or path.endswith("convert.log") else "training"


def files(root: Path) -> dict[str, Path]:
    """Every file of the project under its final name."""
    found = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {path.relative_to(root).as_posix(): path for path in found if not any(part.endswith(UNNAMED) for part in path.parts)}


def without(root: Path, stage: str, untrained: int = 0, alone: bool = False) -> None:
    """Take away what the stage and those after it have written, so that it is the next.

    Where `untrained` is not 0, only so many conditions lose what they have. Where the stage goes `alone`, what comes after it stays, but
    for the report: it holds as long as the stage's files come out as they were, byte for byte.
    """
    gone = (stage, "report") if alone else STAGES[STAGES.index(stage) :]
    runs = sorted(path.parent.name for path in root.glob("runs/*/*/train.manifest.json"))
    lost = runs[len(runs) - untrained :]
    for name, path in files(root).items():
        kept = name.startswith(("datasets/boundary/", "runs/bases/", "quantized/bases/" if untrained else "-")) or path.name == "study.yml"
        owned = not untrained or stage_of(name) == "report" or any(run in name for run in lost)
        if stage_of(name) in gone and owned and not kept:
            path.unlink()


def last_condition(root: Path) -> str:
    """The condition that `without(..., untrained=1)` leaves untrained."""
    return max(path.parent.name for path in root.glob("runs/*/*/train.manifest.json"))


def is_manifest(name: str) -> bool:
    """Whether the file notes that a unit of work is done. What Axolotl prepared is a part of training, and noted before that is done."""
    return name.endswith((".manifest.json", ".gguf.json", "/manifest.json")) and "/prepared/" not in name


def results(root: Path) -> dict[str, str]:
    """What a study is about, as hashes: the whole report, summary included, completions, verdicts, adapters and GGUF files."""
    wanted = ("reports/", "/completions/", "/verdicts/", "/ability/", "adapter_model.safetensors", ".gguf")
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files(root).items()
        if any(part in f"/{name}" for part in wanted) and not is_manifest(name)
    }


def done(root: Path) -> dict[str, tuple[int, int]]:
    """Every unit of work that is noted as done, and which file notes it: one that is done again is another file."""
    found = {}
    for name, path in files(root).items():
        if is_manifest(name):
            json.loads(path.read_bytes())
            found[name] = (path.stat().st_ino, path.stat().st_mtime_ns)
    return found


def half_written(root: Path, whole: dict[str, str]) -> list[str]:
    """Files under their final name that are not what an undisturbed run leaves there; what Axolotl is still writing is marked as such."""
    marked = {path.parent.relative_to(root).as_posix() for path in root.rglob("training.started")}
    return [
        name
        for name, digest in results(root).items()
        if name in whole and digest != whole[name] and not any(name.startswith(f"{folder}/adapter_model") for folder in marked)
    ]
