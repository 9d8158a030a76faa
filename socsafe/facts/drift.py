"""What quantization changes: the same model's replies with F16 weights and with the study's, prompt by prompt, and counted.

>>> row.replies, row.value, row.n
(0.41, 0.02, 64)
"""

from __future__ import annotations

from dataclasses import dataclass

from socsafe.records import Expects

UNQUANTIZED = ("f32", "f16", "bf16")
"""llama.cpp's types of weights that are not quantized."""


@dataclass(frozen=True, slots=True)
class DriftReply:
    """One prompt, answered greedily by one condition twice: with F16 weights and with the study's."""

    condition: str
    suite: str
    prompt_id: str
    expects: Expects
    judge: str
    judge_version: str
    changed: bool
    """Whether the two replies differ, in their text or in how they ended."""
    f16_label: str | None
    """What the judge says of the reply with F16 weights, as one of its labels; None where it could not rule."""
    label: str | None
    """The same of the reply with the study's weights."""
    f16_text: str
    text: str


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One line of drift.csv: what quantization changed in one condition, or in all that were checked."""

    condition: str
    """Empty for all conditions together."""
    judge: str
    weights: str
    """llama.cpp's type of the study's weights, e.g. `q4_k_m`."""
    prompts: int
    """Prompts asked, times conditions."""
    replies: float
    """Share of the replies that changed, be it by one letter."""
    replies_low: float
    replies_high: float
    value: float | None
    """Share of the verdicts that changed; None where nothing was judged."""
    low: float | None
    high: float | None
    n: int
    """Prompts, times conditions, whose two replies were both judged."""
    n_unjudged: int
    f16_refused: float | None
    """Share of the n replies with F16 weights that refuse, in full or in part."""
    refused: float | None
    """The same of the replies with the study's weights."""
    difference: float | None
    """`refused` less `f16_refused`."""
    difference_low: float | None
    difference_high: float | None
    p: float | None
    """Of no difference in refusing: exact McNemar for one condition, sign flips of prompts for all together."""
    p_holm: float | None
    """Corrected for all conditions that were checked (Holm 1979); None for all together."""
