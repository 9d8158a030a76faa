"""A compute block for this machine, and putting it into a study: proposed once and written down, never guessed while a study runs.

>>> compute_line(propose(plan))
'compute: {jobs: 2, train_threads: 1, threads: 2, slots: 32, context: 768}'
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from socsafe.engines.gguf_file import check_gguf
from socsafe.engines.memory import CELLS, cache_bytes, cells, free_bytes
from socsafe.errors import InputError, Problem
from socsafe.files import write_text
from socsafe.study.checked import Plan
from socsafe.study.compute_block import Compute
from socsafe.study.load import read_model
from socsafe.study.models import model_file
from socsafe.study.spec import Study

SLOTS = 32
"""More is hardly faster on a CPU."""
FEWEST = 8
"""Batches are padded to so many rows, so fewer slots save no time."""
_SHARE = 2
"""The cache may take this part of the free memory."""
_BLOCK = re.compile(r"^compute:.*(?:\n|\Z)(?:(?:[ \t]*\n)*[ \t]+\S.*(?:\n|\Z))*", re.MULTILINE)


def propose(plan: Plan) -> Compute:
    """One training run and one generating thread a CPU, a context for the longest training row and a whole reply, and as many slots,
    up to 32, as half of the free memory holds; 32 where the model is not here yet."""
    study = plan.study
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    longest = max(study.training_for(setting).sequence_len for setting in study.settings)
    wanted = -(-(longest + study.sampling.max_tokens) // CELLS) * CELLS
    context = min(wanted, *(base.context for base in plan.bases.values()))
    slots = min((_slots(model, context) for model in _models(plan)), default=SLOTS)
    jobs = min(processors, len(plan.conditions), 64)
    return Compute(jobs=jobs, train_threads=1, threads=processors, slots=slots, context=context)


def compute_line(compute: Compute) -> str:
    """The block as a line of a study file."""
    return f"compute: {{{', '.join(f'{name}: {value}' for name, value in compute.model_dump().items())}}}"


def write_compute(plan: Plan, compute: Compute) -> None:
    """Put the block into the study file in place of its own, or at its end. All else stays as it is.

    Raises `InputError` where the file would not say what it is meant to.
    """
    path, line = plan.file, compute_line(compute) + "\n"
    text = path.read_text("utf-8")
    found = _BLOCK.search(text)
    new = text[: found.start()] + line + text[found.end() :] if found else text.rstrip("\n") + "\n" + line
    write_text(path, new)
    try:
        read = read_model(path, Study).compute
    except InputError:
        read = None
    if read != compute:
        write_text(path, text)
        raise InputError(Problem(str(path), "its compute block cannot be replaced", "a block of its own", f"write by hand: {line.strip()}"))


def _models(plan: Plan) -> list[Path]:
    return [path for path in dict.fromkeys(model_file(plan, condition) for condition in plan.conditions) if path.is_file()]


def _slots(model: Path, context: int) -> int:
    """As many as the memory holds beside the shared beginning, in steps of the fewest."""
    info, free = check_gguf(model), free_bytes()
    each = cache_bytes(info, cells(1, context))
    if each is None or free is None:
        return SLOTS
    return max(FEWEST, min(SLOTS, (free // _SHARE // each - 1) // FEWEST * FEWEST))
