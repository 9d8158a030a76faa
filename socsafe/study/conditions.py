"""From a study to its conditions: the matrix base x setting x style x count x form x seed, less `exclude`, plus `include`.

>>> [condition.id for condition in conditions(study)][:2]
['micro-benign-none-n0-s1', 'micro-benign-refusal-n10-instruction-s1']

The control (`none`) has no safety data, so count and form do not multiply it: there is one per base, setting and seed.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from socsafe.records import Form
from socsafe.report_data import CONTROL
from socsafe.study.spec import Cell, SettingName, Study

MAX_CONDITIONS = 10_000
"""Most conditions of a study. Each is a training run, a model and a recipe of its own: at a minute each, this many take a week, and
`socsafe status` reads a file or more for each stage of every one. The largest published matrix (`recipes/`) has fewer than 100."""


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
    cuts = [fixed(cut) for cut in study.exclude]
    listed = [cell for cell in matrix(study) if not any(matches(cell, cut) for cut in cuts)]
    for addition in study.include:
        listed += _added(study, addition)
    return tuple(dict.fromkeys(listed))


def matrix_size(study: Study) -> int:
    """How many cells the matrix and `include` name before any is made, counted by multiplying: a study can name 10^9 in five lines."""
    treated = len([style for style in study.styles if style != CONTROL])
    cells = sum(len(study.counts_for(setting)) * len(study.forms) * treated + len(study.styles) - treated for setting in study.settings)
    return len(study.bases) * len(study.seeds) * cells + sum(_size_of(study, cell) for cell in study.include)


def _size_of(study: Study, cell: Cell) -> int:
    """How many cells an `include` entry stands for, at most."""
    open_dimensions = {"base": study.bases, "setting": study.settings, "style": study.styles, "form": study.forms, "seed": study.seeds}
    counts = max((len(study.counts_for(setting)) for setting in study.settings), default=0) if cell.count is None else 1
    return max(counts, 1) * math.prod(len(values) for name, values in open_dimensions.items() if getattr(cell, name) is None)


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


def fixed(cut: Cell) -> dict[str, object]:
    """The dimensions that an `exclude` or `include` entry fixes, with their values."""
    return cut.model_dump(exclude_none=True)


def matches(condition: Condition, cut: Mapping[str, object]) -> bool:
    """Whether every dimension that an `exclude` entry fixes is the condition's."""
    return all(getattr(condition, dimension) == value for dimension, value in cut.items())
