"""Which GGUF files stand for a condition.

>>> model_file(plan, condition).name, adapter_file(plan, condition).name
('micro.q8_0.gguf', 'micro-benign-refusal-n40-instruction-s1.lora.gguf')
"""

from __future__ import annotations

from pathlib import Path

from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition, slug

REFERENCE = "f16"
"""The type of the weights that quantized ones are held against."""


def model_file(plan: Plan, condition: Condition, kind: str = "") -> Path:
    """The GGUF that is loaded for the condition; with `adapter_file` on top of it where adapters are applied at run time.

    `kind` is the type of its weights, the study's where empty.
    """
    kind = kind or plan.study.quantization.type
    if plan.study.quantization.mode == "merged":
        return plan.project.merged_gguf(plan.study.name, condition.id, kind)
    return plan.project.base_gguf(slug(condition.base), kind)


def adapter_file(plan: Plan, condition: Condition) -> Path | None:
    """The condition's LoRA GGUF; None in the merged mode."""
    if plan.study.quantization.mode == "merged":
        return None
    return plan.project.adapter_gguf(plan.study.name, condition.id)
