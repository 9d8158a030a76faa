"""Holding what lies on the disk against what was noted when it was made: every byte is read, and nothing is changed.

>>> finding = check_step("completions", step)
>>> finding.state, finding.wrong
('damaged', True)

The hashes are those of the manifests (`socsafe.manifest`), which carry one of themselves; parts of a unit in the making bear theirs in
their names, answers of a judge's model have one on every line. What was never made is no fault, and neither is what a change of
the study has left behind. Recipes have no hash of their own and are looked at in `socsafe.integrity`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from socsafe.data.parts import is_whole_part
from socsafe.engines.answers import damaged_lines
from socsafe.manifest import Step, hash_of, noted_outputs, read_manifest, why_stale
from socsafe.study.dropped import is_altered

State = Literal["whole", "stale", "not made yet", "unrecorded", "damaged", "gone", "differs"]
WRONG: tuple[State, ...] = ("damaged", "gone", "differs")
"""States of what has to be made anew because something happened to it; of what `differs`, a recipe, nobody can tell whether it did."""
FREE = ("base", "adapters")
"""Kinds that may have been copied here without a manifest."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One artefact, or one file of it that is not as it should be."""

    kind: str
    """What sort of artefact, in the words of the table: `completions`, `adapters` ..."""
    path: Path
    """Its first file, or the one that is meant."""
    state: State
    detail: str = ""
    """What is wrong with it; empty where nothing is."""
    files: int = 0
    """How many files were read."""
    size: int = 0
    """Their bytes."""
    mend: str = ""
    """The command that mends it, where `socsafe run` does not."""

    @property
    def wrong(self) -> bool:
        """Whether something has happened to it."""
        return self.state in WRONG


def check_step(kind: str, step: Step) -> list[Finding]:
    """What the step left: one finding where all is well, else one for each file that is not what was made."""
    first = (*step.outputs, step.manifest)[0]
    if not step.manifest.is_file():
        there = [path for path in step.outputs if path.is_file()]
        if not there:
            return [Finding(kind, first, "not made yet")]
        if kind in FREE:
            return [Finding(kind, first, "unrecorded", "copied here: nothing says what it was", len(there), _size(there))]
        return [Finding(kind, step.manifest, "gone", "the manifest of what lies beside it")]
    found = check_manifest(kind, step.manifest, step.root)
    if found[0].wrong or not (reason := why_stale(step)):
        return found
    return [Finding(kind, first, "stale", reason, found[0].files, found[0].size)]


def check_manifest(kind: str, manifest: Path, root: Path) -> list[Finding]:
    """As `check_step`, for all that a manifest which is there speaks of; whether that is out of date is not asked."""
    if read_manifest(manifest) is None:
        return [Finding(kind, manifest, "damaged", "a manifest that does not have its own hash")]
    noted = noted_outputs(manifest, root)
    found = [one for path, digest in noted.items() if (one := _file(kind, path, digest))]
    return found or [Finding(kind, next(iter(noted), manifest), "whole", files=len(noted), size=_size(noted))]


def check_parts(kind: str, folder: Path) -> list[Finding]:
    """The parts of a unit that is not done yet."""
    parts = sorted(folder.glob("*.jsonl"))
    found = [Finding(kind, part, "damaged", "not what its name says by its hash") for part in parts if not is_whole_part(part)]
    return found or [Finding(kind, folder, "whole", files=len(parts), size=_size(parts))]


def check_answers(kind: str, path: Path) -> list[Finding]:
    """A cache of answers, line by line."""
    if lines := damaged_lines(path):
        return [Finding(kind, path, "damaged", f"line {', '.join(map(str, lines[:5]))}{' ...' if len(lines) > 5 else ''}")]
    return [Finding(kind, path, "whole", files=1, size=_size([path]))]


def check_dropped(kind: str, path: Path, mend: str) -> list[Finding]:
    """The list of rows that a study leaves out; `mend` is how it is made anew."""
    if is_altered(path):
        return [Finding(kind, path, "damaged", "not what the hash in its second line says", mend=mend)]
    return [Finding(kind, path, "whole", files=1, size=_size([path]))]


def _file(kind: str, path: Path, digest: str) -> Finding | None:
    """What has happened to a file that had the hash; None where nothing has."""
    if not path.is_file():
        return Finding(kind, path, "gone")
    found = hash_of(path)
    return None if found == digest else Finding(kind, path, "damaged", f"SHA-256 {found[:12]}..., when it was made {digest[:12]}...")


def _size(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths)
