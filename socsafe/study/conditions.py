"""From a study to its conditions: the matrix base x setting x style x count x form x seed, less `exclude`, plus `include`.

>>> [condition.id for condition in conditions(study)][:2]
['micro-benign-none-n0-s1', 'micro-benign-refusal-n10-instruction-s1']

The control (`none`) has no safety data, so count and form do not multiply it: there is one per base, setting and seed.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from socsafe.records import Form
from socsafe.study.spec import Cell, SettingName, Study

CONTROL = "none"


@dataclass(frozen=True, slots=True)
class Condition:
    """One cell of the study: one model that is trained and evaluated."""

    base: str
    """Name or hub id as the study writes it."""
    setting: SettingName
    style: str
    count: int
    """Harmful prompts refused in training; 0 for the control."""
    form: Form | None
    """Form of the safety prompts in training; None for the control."""
    seed: int

    @property
    def id(self) -> str:
        """The slug used in every path; unique within a study."""
        parts = [slug(self.base), self.setting, self.style, f"n{self.count}", *([self.form] if self.form else []), f"s{self.seed}"]
        return "-".join(parts)

    @property
    def control(self) -> bool:
        """Whether this is a control: no safety data."""
        return self.style == CONTROL


def slug(name: str) -> str:
    """A base's name as it stands in paths: the part after the last `/`, lower case, odd characters as `-`."""
    return re.sub(r"[^a-z0-9._]+", "-", name.rsplit("/", 1)[-1].lower()).strip("-.") or "base"


def conditions(study: Study) -> tuple[Condition, ...]:
    """All conditions in the study's order: by base, setting, style, count, form, seed, then what `include` adds."""
    listed = [cell for cell in matrix(study) if not any(matches(cell, cut) for cut in study.exclude)]
    for addition in study.include:
        listed += _added(study, addition)
    return tuple(dict.fromkeys(listed))


def matrix(study: Study) -> Iterable[Condition]:
    """The whole matrix, before `exclude` and `include`."""
    for base, setting, style in itertools.product(study.bases, study.settings, study.styles):
        yield from _cells(base, setting, style, study.counts_for(setting), study.forms, study.seeds)


def _cells(
    base: str, setting: SettingName, style: str, counts: Sequence[int], forms: Sequence[Form], seeds: Sequence[int]
) -> Iterable[Condition]:
    if style == CONTROL:
        yield from (Condition(base, setting, style, 0, None, seed) for seed in seeds)
        return
    for count, form, seed in itertools.product(counts, forms, seeds):
        yield Condition(base, setting, style, count, form, seed)


def _added(study: Study, cell: Cell) -> Iterable[Condition]:
    """An `include` entry: a dimension it leaves out stands for every value that the study lists."""
    bases = (cell.base,) if cell.base is not None else study.bases
    settings = (cell.setting,) if cell.setting is not None else tuple(study.settings)
    styles = (cell.style,) if cell.style is not None else study.styles
    forms = (cell.form,) if cell.form is not None else study.forms
    seeds = (cell.seed,) if cell.seed is not None else study.seeds
    for base, setting, style in itertools.product(bases, settings, styles):
        counts = (cell.count,) if cell.count is not None else study.counts_for(setting)
        yield from _cells(base, setting, style, [count for count in counts if count], forms, seeds)


def matches(condition: Condition, cut: Cell) -> bool:
    """Whether every dimension that the `exclude` entry fixes is the condition's."""
    fixed = cut.model_dump(exclude_none=True)
    return all(getattr(condition, dimension) == value for dimension, value in fixed.items())
