"""From accepted drafts to a source that studies can name: `datasets/<name>.jsonl` and `datasets/sources/<name>.yml`.

>>> publish("my-set", root, drafts, reviews, categories)
120

The source declares the file's checksum and rows, so that nothing gets in but by review. What is not accepted, or not any more,
is not in the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from socsafe.data.making.draft import FORMS, Categories, Draft, replies
from socsafe.data.making.reviews import Reviews, Standing
from socsafe.errors import InputError, Problem
from socsafe.files import sha256_text, write_if_changed
from socsafe.paths import link_problems, unfit_name
from socsafe.study.sources import source_file

MARK = "# Written by `socsafe data review {name}`, and written anew by it: do not edit."
"""The first line of a source that is ours to write."""


def check_name(name: str, root: Path) -> None:
    """Raise `InputError` where the set's name is none, or a source or data file of that name is not ours to write."""
    strange = not name.replace("-", "").isalnum() or not name.isascii() or name != name.lower() or not name[0].isalnum()
    if strange or len(name) > 60 or unfit_name(name):
        raise InputError(Problem(name, "is no name for a set", "lower-case letters, digits and hyphens, at most 60", "my-set, for example"))
    if problems := link_problems(root, [root / "datasets" / "sources", root / "datasets" / "drafts"]):
        raise InputError(problems)
    path = source_file(name, root)
    if path is not None and not _ours(path, name, root):
        raise InputError(Problem(str(path), f"there is a source {name} already", "a name that is free", "give the set another name"))
    data = root / "datasets" / f"{name}.jsonl"
    if path is None and data.exists():
        raise InputError(
            Problem(str(data), "is there, and no source that was made by review", "a name that is free", f"mv {data} elsewhere")
        )


def publish(name: str, root: Path, drafts: Iterable[Draft], reviews: Reviews, categories: Categories) -> int:
    """Write what is accepted, ordered by id; the number of items. Where nothing is, what was written before is taken away."""
    check_name(name, root)
    accepted = [(draft, standing) for draft in drafts if not draft.waiting and (standing := reviews.standing(draft)).status == "accepted"]
    rows = [_row(draft, standing, categories) for draft, standing in sorted(accepted, key=lambda pair: pair[0].id)]
    data, source = root / "datasets" / f"{name}.jsonl", root / "datasets" / "sources" / f"{name}.yml"
    if not rows:
        source.unlink(missing_ok=True)
        data.unlink(missing_ok=True)
        return 0
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    write_if_changed(data, text)
    write_if_changed(source, _source(name, [draft for draft, _ in accepted], rows, sha256_text(text)))
    return len(rows)


def _row(draft: Draft, standing: Standing, categories: Categories) -> dict[str, object]:
    subject, texts = draft.subject, standing.texts
    about = {"id": draft.id, "category": texts.get("category", ""), "expects": subject.expects, "kind": subject.kind, "pair": subject.pair}
    prompts = {form: texts[form] for form in FORMS if form in texts}
    made = {"models": draft.models, "prompt_versions": draft.prompt_versions, "seeds": draft.seeds, "edited": standing.edited}
    return {**about, **prompts, **replies(subject.expects, texts, categories), **made}


def _source(name: str, drafts: list[Draft], rows: list[dict[str, object]], checksum: str) -> str:
    """The source's YAML. Columns are those that some row has; JSON strings are YAML strings."""
    own = {"id", "category", "expects", "kind", "pair", *FORMS, "models", "prompt_versions", "seeds", "edited"}
    columns = list(dict.fromkeys(column for row in rows for column in row))
    expected = {str(row["expects"]) for row in rows}
    licences = sorted({draft.subject.licence for draft in drafts})
    models = sorted({model for draft in drafts for model in draft.models})
    versions = sorted({version for draft in drafts for version in draft.prompt_versions})
    edited = sum(row["edited"] is True for row in rows)
    note = (
        f"Written by {', '.join(models)} (prompts {', '.join(versions)}); every item was accepted in review, {edited} of {len(rows)} after "
        "a person's changes. The terms of the model's maker may bind its use."
    )
    fields: dict[str, object] = {
        "title": f"{name}, safety items written by a model and reviewed",
        "kind": "items",
        "format": "jsonl",
        "file": f"{name}.jsonl",
        "authored": True,
        "columns": {"id": "id", "category": "category"},
        "prompts": {form: form for form in FORMS if form in columns},
        "replies": {column: column for column in columns if column not in own},
        "expects": {"column": "expects", "refuse": ["refuse"]} if len(expected) > 1 else expected.pop(),
        "note": note,
        "licence": "; ".join(licences),
        "rows": len(rows),
        "sha256": checksum,
    }
    return "\n".join([MARK.format(name=name), *(f"{key}: {_yaml(value)}" for key, value in fields.items())]) + "\n"


def _yaml(value: object) -> str:
    """A value as flow YAML: words bare, everything else as JSON."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_yaml(inner)}" for key, inner in value.items()) + "}"
    if (
        isinstance(value, str)
        and value.replace("-", "a").isidentifier()
        and value.lower() not in ("yes", "no", "on", "off", "y", "n", "true", "null")
    ):
        return value
    return json.dumps(value, ensure_ascii=False)


def _ours(path: Path, name: str, root: Path) -> bool:
    first = path.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    return path.parent == root / "datasets" / "sources" and first == MARK.format(name=name)
