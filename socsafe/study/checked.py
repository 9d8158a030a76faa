"""A study that makes sense: names that exist, dimensions that fit together, paths that stay inside the project.

>>> plan = load_study(Path("recipes/quickstart/study.yml"))
>>> plan.study.name, len(plan.conditions)
('quickstart', 18)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from socsafe.catalogue import did_you_mean
from socsafe.errors import InputError, Problem
from socsafe.metrics import metric_names
from socsafe.paths import Project, link_problems, unfit_name
from socsafe.report_data import CONTROL
from socsafe.strict_yaml import Document, KeyPath, load_yaml
from socsafe.study.bases import Base, base_names, find_base, known_base
from socsafe.study.conditions import MAX_CONDITIONS, Condition, conditions, fixed, matches, matrix, matrix_size, slug
from socsafe.study.gpu_block import Gpu
from socsafe.study.hypotheses import hypothesis_problems
from socsafe.study.judging import judge_problems
from socsafe.study.load import validate
from socsafe.study.names import source_uses, unknown_names
from socsafe.study.serving import generation_problems
from socsafe.study.sources import Source, load_source
from socsafe.study.spec import Study
from socsafe.study.variants import on_base, variant_names, variant_problems

RESERVED = ("bases",)
"""Names of folders that all studies share."""
MAX_VALUES = 5_000
"""Keys and list items of a study file: each is checked against all others. The longest in `recipes/` has some 100."""
MAX_VARIANTS = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """A study with everything it names looked up."""

    project: Project
    file: Path
    """The study.yml."""
    study: Study
    conditions: tuple[Condition, ...]
    bases: dict[str, Base]
    """Base as the study writes it -> what is known of it."""
    sources: dict[str, Source]
    """Every source the study names -> its description."""
    base: str | None = None
    """The base that `--base` put in the place of the study's own; None where the study is taken as it stands."""

    @property
    def argument(self) -> str:
        """The study as a command names it: the file within the project, with `--base` where that was given."""
        file = self.project.relative(self.file)
        return f"{file} --base {self.base}" if self.base else file


def load_study(path: Path, base: str | None = None) -> Plan:
    """Read and check a study, on `base` where one is given. Raises `InputError` with every mistake, each with its line."""
    file = path / "study.yml" if path.is_dir() else path
    whole = load_yaml(file)
    _refuse_large(whole)
    project = Project.around(file)
    if base is not None and find_base(base) is None:
        raise InputError(Problem(f"--base {base}", "unknown base", did_you_mean(base, base_names()), "socsafe base list"))
    problems = dict.fromkeys([*_problems(whole, project), *_folder(whole, project), *variant_problems(whole)])
    # A mistake in the study itself stands in every variant as well, and is told once.
    for name in variant_names(whole):
        problems |= dict.fromkeys(_problems(on_base(whole, name), project))
    document = whole if base is None else on_base(whole, base)
    if base is not None and base not in variant_names(whole):
        problems |= dict.fromkeys(_problems(document, project))
    if problems:
        raise InputError(list(problems))
    study = validate(document, Study)
    bases = {name: found for name in study.bases if (found := find_base(name)) is not None}
    sources = {name: load_source(name, project.root) for name in dict.fromkeys(use.name for use in source_uses(document.data))}
    return Plan(project, file.resolve(), study, conditions(study), bases, sources, base)


def _problems(document: Document, project: Project) -> list[Problem]:
    """Everything that is wrong with the study."""
    names = list(unknown_names(document, project.root))
    try:
        study = validate(document, Study)
    except InputError as error:
        # Names can be looked up all the same, so that they are not a second round of mistakes.
        return [*error.problems, *names]
    if (size := matrix_size(study)) > MAX_CONDITIONS:
        expected = f"at most {MAX_CONDITIONS:,}: bases x settings x styles x counts x forms x seeds, and what include adds"
        mend = "fewer seeds or counts, or several studies"
        return [*names, Problem(document.where(("seeds",)), f"a study of {size:,} conditions", expected, mend)]
    return [*names, *_Checker(document, study).problems()]


def _refuse_large(document: Document) -> None:
    """Raise `InputError` for a file that no person wrote, before its entries are looked up and held against each other."""
    for got, where, size, most in (
        ("keys and list items", str(document.path), len(document.lines), MAX_VALUES),
        ("variants", document.where(("variants",)), len(variant_names(document)), MAX_VARIANTS),
    ):
        if size > most:
            raise InputError(Problem(where, f"{size:,} {got}", f"at most {most:,}", "several studies"))


def _folder(document: Document, project: Project) -> Iterator[Problem]:
    """Whether the file lies where the study's name says."""
    name = document.data.get("name") if isinstance(document.data, dict) else None
    if not isinstance(name, str):
        return
    folder = document.path.resolve().parent
    if folder.name != name or folder.parent != project.recipes:
        expected = f"the file at recipes/{name}/study.yml, where paths in recipes and reports take their names from"
        yield Problem(document.where(("name",)), f"name {name} in {folder.parent.name}/{folder.name}/", expected)
    if wrong := unfit_name(name):
        yield Problem(document.where(("name",)), f"name {name} {wrong}", "a name that is a folder's on every system")
    else:
        yield from link_problems(project.root, project.written(name))
    if name in RESERVED:
        yield Problem(document.where(("name",)), f"name {name}", f"another name: runs/{name} is what all studies share")


@dataclass(frozen=True, slots=True)
class _Checker:
    document: Document
    study: Study

    def problems(self) -> Iterator[Problem]:
        yield from self._cells()
        yield from self._dimensions()
        yield from self._training()
        yield from self._sampling()
        yield from self._published()
        yield from self._ability()
        yield from generation_problems(self.document, self.study)
        yield from judge_problems(self.document, self.study)
        suites, judges = [use.name for use in self.study.suite_uses()], [use.judge for use in self.study.judge_uses()]
        yield from hypothesis_problems(self.document, self.study.hypotheses, conditions(self.study), suites, judges)

    def _wrong(self, at: KeyPath, got: str, expected: str, mend: str = "") -> Problem:
        return Problem(self.document.where(at), got, expected, mend)

    def _cells(self) -> Iterator[Problem]:
        whole = list(matrix(self.study))
        for number, cell in enumerate(self.study.exclude):
            cut = fixed(cell)
            problems = list(self._cell(("exclude", number), cut))
            if not problems and not any(matches(condition, cut) for condition in whole):
                problems.append(self._wrong(("exclude", number), "an exclude entry that no cell matches", "part of the matrix"))
            yield from problems
        for number, cell in enumerate(self.study.include):
            yield from self._cell(("include", number), fixed(cell))
            if cell.count is not None and (cell.count == 0) != (cell.style == CONTROL):
                got = f"count {cell.count} with style {cell.style or 'left out'}"
                yield self._wrong(("include", number, "count"), got, f"count 0 for {CONTROL}, the control, and at least 1 for a style")

    def _cell(self, at: KeyPath, cut: dict[str, object]) -> Iterator[Problem]:
        listed = {"base": self.study.bases, "setting": tuple(self.study.settings), "style": self.study.styles,
                  "form": self.study.forms, "seed": self.study.seeds}  # fmt: skip
        if not cut:
            yield self._wrong(at, f"an empty {at[0]} entry", "at least one of base, setting, style, count, form, seed")
        for dimension, value in cut.items():
            # `include` may bring a new count, form or seed; what must be described elsewhere in the study must be listed there.
            must = (at[0] == "exclude" and dimension in listed) or dimension in ("base", "setting", "style")
            if must and value not in listed[dimension]:
                expected = did_you_mean(str(value), map(str, listed[dimension]))
                yield self._wrong((*at, dimension), f"{dimension} {value} is not in this study", expected)

    def _dimensions(self) -> Iterator[Problem]:
        study = self.study
        for dimension in ("bases", "styles", "forms", "seeds"):
            yield from self._repeated((dimension,), getattr(study, dimension))
        yield from self._repeated(("suites",), [use.name for use in study.suite_uses()])
        yield from self._bases()
        if isinstance(study.counts, dict):
            for setting in study.counts:
                yield from self._repeated(("counts", setting), study.counts[setting])
                if setting not in study.settings:
                    yield self._wrong(
                        ("counts", setting), f"counts for {setting}", f"one of the study's settings: {', '.join(study.settings)}"
                    )
        else:
            yield from self._repeated(("counts",), study.counts)
        for setting in study.settings:
            if set(study.styles) != {CONTROL} and not study.counts_for(setting):
                yield self._wrong(
                    ("counts",), f"no counts for setting {setting}", "how many harmful prompts are refused in training, such as [10, 40]"
                )
        if not conditions(study):
            yield self._wrong(("exclude",), "every cell is excluded", "at least one condition")

    def _bases(self) -> Iterator[Problem]:
        bases = list(dict.fromkeys(self.study.bases))
        slugs = [slug(base) for base in bases]
        for number, base in enumerate(bases):
            at: KeyPath = ("bases", self.study.bases.index(base))
            if slugs[number] in slugs[:number]:
                got = f"{base}, which would share the name {slugs[number]} in paths with another base"
                yield self._wrong(at, got, "bases that differ after the /")
            if wrong := unfit_name(slugs[number]):
                got = f"{base}, whose name in paths would be {slugs[number]}, which {wrong}"
                yield self._wrong(at, got, "a base with another name after the /")

    def _repeated(self, at: KeyPath, values: Sequence[object]) -> Iterator[Problem]:
        seen: set[object] = set()
        for number, value in enumerate(values):
            if value in seen:
                yield self._wrong((*at, number), f"{value} twice in {'.'.join(map(str, at))}", "each once")
            seen.add(value)

    def _training(self) -> Iterator[Problem]:
        for setting in self.study.settings:
            training = self.study.training_for(setting)
            if training.batch_size % (share := (training.micro_batch_size or 1) * training.gpu.gpus):
                expected = f"a multiple of micro_batch_size {training.micro_batch_size or 1}"
                expected += f" x gpus {training.gpu.gpus} = {share}" if training.gpu.gpus > 1 else ""
                yield self._wrong(("training",), f"batch_size {training.batch_size} for {setting}", expected)
        for setting in self.study.training.per_setting:
            if setting not in self.study.settings:
                at: KeyPath = ("training", "per_setting", setting)
                yield self._wrong(at, f"training for {setting}", f"one of the study's settings: {', '.join(self.study.settings)}")
        training = self.study.training
        if training.load_in_4bit and training.hardware == "cpu":
            yield self._wrong(("training", "load_in_4bit"), "load_in_4bit on a CPU", "hardware: gpu (bitsandbytes' 4-bit needs one)")
        if training.optimizer not in ("adamw_torch", "adamw_torch_fused") and training.hardware == "cpu":
            yield self._wrong(("training", "optimizer"), f"{training.optimizer} on a CPU", "adamw_torch")
        if training.gpu != Gpu() and training.hardware == "cpu":
            yield self._wrong(("training", "gpu"), "gpu settings for training on a CPU", "hardware: gpu, or no gpu block")
        for number, name in enumerate(self.study.bases):
            base = find_base(name)
            if base is not None and not base.chat_template and training.template == "chat":
                yield self._wrong(("bases", number), f"{name} has no chat template", "training: {template: alpaca}")

    def _published(self) -> Iterator[Problem]:
        names = metric_names() if self.study.published else ()
        for number, block in enumerate(self.study.published):
            for place, figure in enumerate(block.figures):
                if figure.metric not in names:
                    at: KeyPath = ("published", number, "figures", place, "metric")
                    yield self._wrong(at, f"unknown metric {figure.metric}", did_you_mean(figure.metric, names))

    def _ability(self) -> Iterator[Problem]:
        ability = self.study.ability
        if ability is not None and ability.heldout is None and not ability.choices:
            yield self._wrong(("ability",), "an empty ability block", "heldout: {source: ..., rows: ...}, choices: [...], or both")
        yield from self._repeated(("ability", "choices"), ability.choices if ability else ())

    def _sampling(self) -> Iterator[Problem]:
        if self.study.sampling.max_tokens >= self.study.compute.context:
            got = f"max_tokens {self.study.sampling.max_tokens} in a context of {self.study.compute.context}"
            yield self._wrong(("sampling", "max_tokens"), got, "room for the prompt too: a larger compute: {context: ...}")
        short = {
            name: base.context for name in self.study.bases if (base := known_base(name)) and base.context < self.study.compute.context
        }
        if short:
            got = f"a context of {self.study.compute.context:,}"
            limits = ", ".join(f"{context:,} of {name}" for name, context in short.items())
            yield self._wrong(("compute", "context"), got, f"at most the length that each base was trained for: {limits}")
        if self.study.sampling.samples > 1 and self.study.sampling.temperature == 0:
            yield self._wrong(
                ("sampling", "samples"), "several samples at temperature 0", "samples: 1 (greedy replies are all alike), or a temperature"
            )
