"""The part of a study file that says what the machine gives.

    compute: {jobs: 2, train_threads: 1, threads: 2, slots: 16, context: 1024}

`socsafe recipe compute` proposes it for a machine and writes it. `slots` decides the speed and the memory of generation, and no reply.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from socsafe.study.block import Block


class Compute(Block):
    """What the machine gives; written here so that a run does not depend on guesses."""

    jobs: Annotated[int, Field(ge=1, le=64)] = 1
    """Conditions trained side by side."""
    train_threads: Annotated[int, Field(ge=1, le=1024)] = 1
    """CPU threads of one training run."""
    threads: Annotated[int, Field(ge=1, le=1024)] = 2
    """CPU threads for generation."""
    slots: Annotated[int, Field(ge=1, le=255)] = 16
    """Replies generated side by side; llama.cpp has 256 sequences, and one holds what prompts have in common."""
    context: Annotated[int, Field(ge=64, le=1_000_000)] = 1024
    """Most tokens of prompt and reply together, per slot."""
