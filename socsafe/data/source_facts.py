"""The data that a study uses, with origins, checksums and licences, for its report.

>>> [(facts.name, facts.use) for facts in source_facts(plan)][:2]
[('boundary-benign', 'setting benign'), ('boundary-safety', 'safety data')]
"""

from __future__ import annotations

from collections.abc import Iterator

from socsafe.data.suites import suite_prompts
from socsafe.facts.source_facts import SourceFacts
from socsafe.manifest import hash_of
from socsafe.study.checked import Plan
from socsafe.study.mixtures import lookalike_count
from socsafe.study.sources import Source, data_file


def source_facts(plan: Plan) -> list[SourceFacts]:
    """Every use of a source by the study: settings, safety data, validation split, suites, ability."""
    return [_facts(plan, name, use, rows) for name, use, rows in _uses(plan)]


def _uses(plan: Plan) -> Iterator[tuple[str, str, str]]:
    """Source, what it is used for, and how many rows of it."""
    study = plan.study
    for setting, block in study.settings.items():
        yield block.source, f"setting {setting}", str(block.rows) if block.rows else _all(plan, block.source)
    if most := max((condition.count for condition in plan.conditions), default=0):
        beside = lookalike_count(plan, most)
        yield study.safety.source, "safety data", f"at most {most}" + (f" and {beside} look-alikes" if beside else "")
    if validation := study.training.validation:
        yield validation.source, "validation split", str(validation.rows)
    for use in study.suite_uses():
        yield use.source, f"suite {use.name}" if use.name != use.source else "suite", str(len(suite_prompts(plan, use)))
    if study.ability:
        if held_out := study.ability.heldout:
            yield held_out.source, "held-out replies", str(held_out.rows)
        for name in study.ability.choices:
            yield name, "questions with choices", _all(plan, name)


def _all(plan: Plan, name: str) -> str:
    rows = plan.sources[name].rows
    return f"all {rows}" if rows else "all"


def _facts(plan: Plan, name: str, use: str, rows: str) -> SourceFacts:
    source = plan.sources[name]
    path = data_file(name, source, plan.project.root)
    digest = hash_of(path) if path is not None and path.is_file() else source.sha256 or ""
    return SourceFacts(name, use, rows, source.title, source.licence, _origin(source), digest, source.citation or "")


def _origin(source: Source) -> str:
    if source.format == "boundary":
        return "composed from this project's datasets/boundary"
    if source.authored:
        return "this project's own"
    if source.origin is None:
        return "the user's own" if source.access == "yours" else "not told"
    revision = f" at {source.origin.revision[:12]}" if source.origin.revision else ", no revision fixed"
    return f"{source.origin.host} {source.origin.repository}{revision}"
