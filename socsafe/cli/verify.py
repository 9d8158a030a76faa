"""`socsafe verify`: whether everything that a study has made is still, byte for byte, what was made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from socsafe.cli.display import print_table, progress_display
from socsafe.cli.options import study_argument

if TYPE_CHECKING:
    from rich.table import Table

    from socsafe.paths import Project
    from socsafe.stages.verify import Finding

CAPTION = (
    "whole: as it was made   stale: whole, but made from something that has changed since   unrecorded: copied here, to be adopted\n"
    "damaged, gone: to be made anew   differs: a recipe that is neither what the study renders to nor what was trained on"
)


@click.command(epilog="\b\nExample:\n  socsafe verify recipes/quickstart/study.yml")
@study_argument
def verify(study: Path, base: str | None) -> None:
    """Read every artefact of a study in full and hold it against what was noted when it was made.

    Leaves with 1 where anything is damaged, gone or differs, and names the command that makes it anew. What was never made is no fault.
    """
    from socsafe.errors import Problem, RunError
    from socsafe.pipeline import verify as look
    from socsafe.study.checked import load_study

    plan = load_study(study, base)
    with progress_display() as progress:
        found = look(plan, progress)
    print_table(_table(found, plan.project))
    wrong = [
        Problem(
            str(one.path),
            ": ".join(filter(None, (one.state, one.detail))),
            "what the study renders to" if one.state == "differs" else "what was made, byte for byte",
            one.mend or f"socsafe run {plan.argument}",
        )
        for one in found
        if one.wrong
    ]
    if wrong:
        raise RunError(wrong)


def _table(found: Sequence[Finding], project: Project) -> Table:
    """One row a kind and state where that is no fault, and one for each file that is at fault."""
    from rich.table import Table

    table = Table(caption=CAPTION)
    for title in ("artefact", "state"):
        table.add_column(title, no_wrap=True)
    for title in ("units", "files", "MB"):
        table.add_column(title, justify="right")
    for kind, state in dict.fromkeys((one.kind, one.state) for one in found):
        own = [one for one in found if (one.kind, one.state) == (kind, state)]
        if own[0].wrong:
            for one in own:
                table.add_row(f"{kind}: {project.relative(one.path)}", state, "1", "1", "")
        else:
            size = sum(one.size for one in own)
            table.add_row(kind, state, str(len(own)), str(sum(one.files for one in own)), f"{size / 1e6:.1f}")
    return table
