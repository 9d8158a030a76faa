"""Which keys an Axolotl recipe may hold. Axolotl drops unknown keys in silence (`lora_rr: 99` passes); socsafe does not.

>>> unknown_keys({"lora_rr": 99, "datasets": [{"path": "x.jsonl", "tipe": "alpaca"}]}, load_index())
['lora_rr', 'datasets[0].tipe']

The index is generated from the pinned Axolotl's own pydantic models (`make axolotl-keys`) and committed, because rendering
must not need Axolotl; a test with the train extra regenerates and compares it.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

INDEX = Path(__file__).with_name("axolotl_keys.json")

Tree = Mapping[str, Any]
"""Key -> None where Axolotl takes any value, or the Tree of the keys that the value (or each of its list's members) may hold."""


@cache
def load_index() -> Tree:
    """The committed index."""
    keys: Tree = json.loads(INDEX.read_text())["keys"]
    return keys


def unknown_keys(recipe: Mapping[str, Any], index: Tree, prefix: str = "") -> list[str]:
    """Dotted paths of the keys in `recipe` that Axolotl does not know, nested ones included."""
    found: list[str] = []
    for key, value in recipe.items():
        path = f"{prefix}{key}"
        if key not in index:
            found.append(path)
            continue
        inner = index[key]
        if inner is None:
            continue
        members = value if isinstance(value, list) else [value]
        for number, member in enumerate(members):
            if isinstance(member, Mapping):
                at = f"{path}[{number}]." if isinstance(value, list) else f"{path}."
                found += unknown_keys(member, inner, at)
    return found


def build_index() -> dict[str, Any]:
    """Walk the installed Axolotl's models; needs the train extra. The result is what `axolotl_keys.json` holds."""
    from importlib.metadata import version

    from axolotl.utils.schemas.config import AxolotlInputConfig

    return {"axolotl": version("axolotl"), "keys": _keys(AxolotlInputConfig, ())}


def _keys(model: type[BaseModel], seen: tuple[type[BaseModel], ...]) -> dict[str, Any] | None:
    if model in seen:
        return None
    tree: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        # Axolotl takes a field by its name as well as by its alias (`revision_of_model`, `model_revision`).
        tree |= dict.fromkeys((name, field.alias or name), _inside(field.annotation, (*seen, model)))
    return dict(sorted(tree.items()))


def _inside(annotation: Any, seen: tuple[type[BaseModel], ...]) -> dict[str, Any] | None:
    """The keys of every model that the annotation admits, merged; None where it admits a mapping without declared keys."""
    merged: dict[str, Any] = {}
    for part in _parts(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            merged.update(_keys(part, seen) or {})
        elif part in (dict, Any) or typing.get_origin(part) is dict:
            return None
    return dict(sorted(merged.items())) or None


def _parts(annotation: Any) -> list[Any]:
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType, list, typing.Annotated):
        return [part for argument in typing.get_args(annotation) for part in _parts(argument)]
    return [annotation]


if __name__ == "__main__":
    INDEX.write_text(json.dumps(build_index(), indent=1) + "\n")
