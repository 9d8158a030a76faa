"""Benign replies that no condition of a study was trained on, for the loss on them.

>>> len(held_out_rows(plan, plan.study.ability.heldout))
200

What is trained on is read from the built mixtures themselves. A row is left out when it stands there, and also when its prompt or its
reply does, but for case, punctuation and spaces: the same fact asked in another way would be no held-out reply.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from socsafe.data.draw import draw_rows
from socsafe.data.leakage import normalised
from socsafe.data.load import load_examples
from socsafe.errors import InputError, Problem
from socsafe.files import require_files
from socsafe.records import Example
from socsafe.study.ability_block import HeldOut
from socsafe.study.checked import Plan
from socsafe.study.mixtures import trained_on, validation_file
from socsafe.tables import read_rows, records


def held_out_rows(plan: Plan, wanted: HeldOut) -> tuple[Example, ...]:
    """The rows drawn by the study's `data_seed`, the same for every condition.

    Drawn from the end of the order that settings draw from the beginning of, those of the validation split, by which the checkpoint
    was chosen, last. Raises `RunError`
    where the mixtures are not built yet and `InputError` where fewer rows are left than wanted.
    """
    validation = validation_file(plan)
    files = (*trained_on(plan), *((validation,) if validation else ()))
    require_files(files, "is not here", "what the conditions are trained on", f"socsafe train {plan.argument}")
    trained = [row for path in trained_on(plan) for row in _rows(path)]
    known = {(row.source, row.id) for row in trained}
    texts = {text for row in trained for text in _texts(row)}
    source = load_examples(wanted.source, plan.sources[wanted.source], plan.project.root)
    unseen = [row for row in draw_rows(source, None, plan.study.data_seed)[::-1] if (row.source, row.id) not in known]
    free = [row for row in unseen if texts.isdisjoint(_texts(row))]
    chose = {(row.source, row.id) for row in _rows(validation)} if validation else set()
    last = [row for row in free if (row.source, row.id) in chose]
    drawn = [*(row for row in free if (row.source, row.id) not in chose), *last][: wanted.rows]
    if len(drawn) < wanted.rows:
        got = f"ability: {wanted.rows} held-out rows of {wanted.source}"
        expected = f"at most {len(drawn)}, which is all that no condition is trained on"
        raise InputError(Problem(plan.argument, got, expected, "fewer rows there or in the settings, or another source"))
    return tuple(drawn)


def _rows(path: Path) -> list[Example]:
    return records(read_rows(path, Example), Example)


def _texts(row: Example) -> Iterable[str]:
    """What a row asks and replies, so that it can be told from others."""
    return [f"{message.role}: {normalised(message.content)}" for message in row.messages if message.role != "system"]
