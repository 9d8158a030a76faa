"""What the last look for leakage found, on disk: `runs/<study>/leakage.json`.

>>> read_overlaps(project, "quickstart")[0].right
'boundary-pairs'
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from socsafe.errors import Problem, RunError
from socsafe.facts.overlap import Overlap
from socsafe.files import write_text
from socsafe.manifest import is_whole
from socsafe.paths import Project


def leakage_file(project: Project, study: str) -> Path:
    """Where the overlaps lie."""
    return project.study_run(study) / "leakage.json"


def write_overlaps(project: Project, study: str, overlaps: Sequence[Overlap]) -> None:
    """Write them, one a line."""
    lines = ",\n".join(json.dumps(asdict(one)) for one in overlaps)
    write_text(leakage_file(project, study), f"[\n{lines}\n]\n")


def read_overlaps(project: Project, study: str) -> tuple[Overlap, ...]:
    """What was found; nothing where nobody has looked. Raises `RunError` when the file is not what was written."""
    path = leakage_file(project, study)
    if not path.is_file():
        return ()
    manifest = path.with_name("leakage.manifest.json")
    if manifest.is_file() and not is_whole(path, manifest, project.root):
        raise RunError(
            Problem(str(path), "is not what was found (by its SHA-256)", "the file that was written", f"rm {path}, then run again")
        )
    try:
        return tuple(Overlap(**row) for row in json.loads(path.read_bytes()))
    except (ValueError, TypeError, RecursionError) as error:
        raise RunError(Problem(str(path), "not a list of overlaps", "the file that socsafe data check writes", f"rm {path}")) from error
