"""Which files a condition trains on: the setting's one shared file, and a safety file of its style, form and count.

>>> [path.name for path in training_files(plan, condition)]
['benign.jsonl', 'safety-refusal-instruction-n40.jsonl']

Nothing is copied: conditions that differ in base or seed name the same files, and all conditions of a setting share its file.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from socsafe.catalogue import PACKAGE
from socsafe.files import sha256_file, sha256_text
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.sources import fingerprint
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


def lookalike_count(plan: Plan, count: int) -> int:
    """Look-alikes answered on top of `count` harmful prompts refused."""
    return int(count * plan.study.safety.lookalike_share + 1e-9)


def style_file(style: str) -> Path:
    """The module that makes the style's dialogues."""
    return PACKAGE / "styles" / f"{style.replace('-', '_')}.py"


class Fingerprints:
    """Hashes that name Axolotl's caches, each source hashed once however many conditions use it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._sources = {name: fingerprint(name, source, plan.project.root) for name, source in plan.sources.items()}
        self._styles = {style: sha256_file(style_file(style)) for style in _styles(plan.conditions)}
        self._shared = [
            _code_hash(),
            str(plan.study.data_seed),
            plan.study.safety.model_dump_json(),
            repr(plan.study.training.validation),
        ]

    def of(self, condition: Condition) -> str:
        """The first 16 hex digits of the hash of all that decides the condition's tokenised rows."""
        study, setting = self._plan.study, condition.setting
        training = study.training_for(setting)
        used = [study.settings[setting].source, study.safety.source]
        if training.validation:
            used.append(training.validation.source)
        parts = [
            *self._shared,
            condition.id,
            self._plan.bases[condition.base].model_dump_json(),
            study.settings[setting].model_dump_json(),
            training.template,
            training.train_on,
            str(training.sequence_len),
            self._styles[condition.style],
            *(self._sources[name] for name in used),
        ]
        return sha256_text("\n".join(parts))[:16]


def _styles(conditions: Iterable[Condition]) -> set[str]:
    return {condition.style for condition in conditions}


def composing_code() -> tuple[Path, ...]:
    """The modules whose text decides what composed data holds."""
    return tuple(sorted((PACKAGE / "data").glob("*.py")))


def _code_hash() -> str:
    return sha256_text("\n".join(sha256_file(path) for path in composing_code()))
