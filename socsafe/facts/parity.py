"""How near two computations of one model come: transformers and llama.cpp, or an adapter at run time and one merged into its base.

>>> row.prompts, row.equal, row.near_ties, row.apart
(64, 63, 1, 0)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

NEAR_TIE: Final = 0.1
"""Where the best token's logit leads the next by less, the model has hardly decided: the two differ in probability by under 10.6 %."""

Against = Literal["transformers", "merged"]


@dataclass(frozen=True, slots=True)
class ParityRow:
    """One comparison, over the greedy replies to the same prompts. One side is llama.cpp with F16 weights, as evaluation runs it."""

    condition: str
    """Whose adapter it is."""
    against: Against
    """`transformers`: PyTorch in float32 on the same weights; `merged`: the adapter merged into the base before conversion."""
    prompts: int
    tokens: int
    """Tokens whose logits were compared: those up to, and with, the first that differs."""
    equal: int
    """Prompts whose replies are the same to the last token."""
    near_ties: int
    """Prompts whose replies part where the best logit leads the next by less than `NEAR_TIE`."""
    apart: int
    """Prompts whose replies part anywhere else."""
    largest: float
    """The largest difference of any logit."""
    mean: float
    """The mean difference of all logits, in absolute value."""
    left_out: int = 0
    """Prompts of the sample that were not compared, because they leave no room for a reply."""
