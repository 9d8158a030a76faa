"""Which files a condition trains on: the setting's one shared file, and a safety file of its style, form and count.

>>> [path.name for path in training_files(plan, condition)]
['benign.jsonl', 'safety-refusal-instruction-n40.jsonl']

Nothing is copied: conditions that differ in base or seed name the same files, and all conditions of a setting share its file.
"""

from __future__ import annotations

from pathlib import Path

from socsafe.catalogue import PACKAGE
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.spec import SettingName


def setting_file(plan: Plan, setting: SettingName) -> Path:
    """The setting's own rows."""
    return plan.project.mixtures(plan.study.name) / f"{setting}.jsonl"


def safety_file(plan: Plan, condition: Condition) -> Path | None:
    """The condition's safety rows; None for the control."""
    if condition.control:
        return None
    return plan.project.mixtures(plan.study.name) / f"safety-{condition.style}-{condition.form}-n{condition.count}.jsonl"


def validation_file(plan: Plan) -> Path | None:
    """The fixed validation split; None where the study has none."""
    return plan.project.mixtures(plan.study.name) / "validation.jsonl" if plan.study.training.validation else None


def training_files(plan: Plan, condition: Condition) -> tuple[Path, ...]:
    """What the condition trains on, the setting's file first."""
    safety = safety_file(plan, condition)
    return (setting_file(plan, condition.setting), *((safety,) if safety else ()))


def trained_on(plan: Plan) -> tuple[Path, ...]:
    """The files that any condition trains on, each once, in the order of the conditions."""
    return tuple(dict.fromkeys(path for condition in plan.conditions for path in training_files(plan, condition)))


def lookalike_count(plan: Plan, count: int) -> int:
    """Look-alikes answered on top of `count` harmful prompts refused."""
    return int(count * plan.study.safety.lookalike_share + 1e-9)


def style_file(style: str) -> Path:
    """The module that makes the style's dialogues."""
    return PACKAGE / "styles" / f"{style.replace('-', '_')}.py"
