"""Names for Axolotl's caches: a hash of all that decides a condition's tokenised rows.

>>> Fingerprints(plan).of(condition)
'1d0c6a5be1f0a4c7'

A recipe names its cache by it and is committed, so the hash is of contents and of declared checksums, never of code or of
what happens to have been fetched. What else could make a cache stale (a style's module edited, say) is caught when training
begins: `socsafe train` clears the cache, and the plugin in every recipe compares the prepared rows with the mixture.
"""

from __future__ import annotations

from dataclasses import asdict
from json import dumps
from pathlib import Path

from socsafe.data.load import load_examples, load_items
from socsafe.files import sha256_file, sha256_text
from socsafe.manifest import Step, hash_of, inputs_now, noted_outputs, record
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.dropped import read_dropped
from socsafe.study.sources import Source, data_file, source_inputs

SAYS_NOTHING_OF_ROWS = ("title", "setting", "note", "licence", "citation", "origin", "access", "rows", "sha256")
"""What may be reworded in a source's description without any row becoming another."""
_composed: dict[tuple[str, ...], str] = {}
"""Name and hashes of what a composed source is made from -> its fingerprint: composing costs more than hashing."""


class Fingerprints:
    """The fingerprints of one study's conditions, each source hashed once however many conditions use it."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._sources: dict[str, str] = {}
        self._dropped = read_dropped(plan.project, plan.study.name)

    def of(self, condition: Condition) -> str:
        """The first 16 hex digits of the hash."""
        study, setting = self._plan.study, condition.setting
        training = study.training_for(setting)
        used = [study.settings[setting].source, study.safety.source]
        if training.validation:
            used.append(training.validation.source)
        parts = [
            condition.id,
            self._plan.bases[condition.base].model_dump_json(),
            study.settings[setting].model_dump_json(),
            study.safety.model_dump_json(),
            str(study.data_seed),
            repr(training.validation),
            training.template,
            training.train_on,
            str(training.sequence_len),
            *(self._source(name) for name in used),
            *(f"{name}: {' '.join(ids)}" for name, ids in self._dropped.items()),
        ]
        return sha256_text("\n".join(parts))[:16]

    def _source(self, name: str) -> str:
        if name not in self._sources:
            self._sources[name] = source_fingerprint(name, self._plan.sources[name], self._plan.project.root)
        return self._sources[name]


def seal_prepared(plan: Plan, condition: Condition) -> None:
    """Note what Axolotl prepared for the condition, once it has been trained on."""
    step = _prepared_step(plan, condition)
    record(step, inputs_now(step))


def prepared_is_whole(plan: Plan, condition: Condition) -> bool:
    """Whether Axolotl's prepared data set is here, byte for byte as it was trained on."""
    step = _prepared_step(plan, condition)
    noted = noted_outputs(step.manifest, step.root)
    return bool(noted) and set(noted) == set(step.outputs) and all(hash_of(path) == noted[path] for path in step.outputs)


def _prepared_step(plan: Plan, condition: Condition) -> Step:
    folder = plan.project.prepared(plan.study.name, Fingerprints(plan).of(condition))
    files = tuple(path for path in sorted(folder.rglob("*")) if path.is_file())
    return Step("prepare", folder.with_name(f"{folder.name}.manifest.json"), plan.project.root, inputs=(), outputs=files)


def source_fingerprint(name: str, source: Source, root: Path) -> str:
    """A hash of what a training source holds, the same whether or not a file with a declared checksum has been fetched."""
    if source.format == "boundary":
        key = (name, *(hash_of(path) for path in source_inputs(name, source, root)))
        if key not in _composed:
            records = (load_items if source.kind == "items" else load_examples)(name, source, root)
            _composed[key] = sha256_text(dumps([asdict(record) for record in records], sort_keys=True))
        return _composed[key]
    data = data_file(name, source, root)
    content = source.sha256 or (sha256_file(data) if data is not None and data.is_file() else "absent")
    return sha256_text(f"{name}\n{source.model_dump_json(exclude=set(SAYS_NOTHING_OF_ROWS), exclude_defaults=True)}\n{content}")
