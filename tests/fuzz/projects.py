"""What people write by hand: studies, sources, bases, the boundary set, lists of rows left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import yaml

from socsafe.data import boundary
from socsafe.data.boundary_items import load_natural
from socsafe.paths import Project
from socsafe.study.bases import Base
from socsafe.study.dropped import read_dropped
from socsafe.study.load import read_model
from tests.conftest import REPO, SOURCES, STUDY
from tests.fuzz.area import Area, Bench, Call, horror
from tests.fuzz.mutate import as_yaml, documents
from tests.fuzz.outcome import command

LONG_STUDY: dict[str, Any] = {
    "name": "tiny",
    **STUDY,
    "seeds": [1, 2],
    "forms": ["instruction"],
    "data_seed": 3,
    "exclude": [{"style": "refusal", "count": 8, "seed": 2}],
    "include": [{"style": "refusal", "count": 2}],
    "training": {
        "learning_rate": 0.001,
        "epochs": 2,
        "batch_size": 8,
        "micro_batch_size": 4,
        "adapter": {"r": 4, "targets": ["q_proj"]},
        "per_setting": {"benign": {"epochs": 3}},
        "validation": {"source": "tiny-chat", "rows": 3},
    },
    "suites": ["tiny-suite", {"source": "tiny-suite", "eval_preamble": True, "limit": 4}],
    "ability": {"heldout": {"source": "tiny-chat", "rows": 2}},
    "leakage": {"same": 0.0, "near": 0.1},
    "judges": ["refusal", {"judge": "yesno", "model": {"endpoint": "https://example.org/v1", "name": "m", "key_env": "A_KEY"}}],
    "hypotheses": [{"style": "refusal", "metric": "over_refusal_rate", "suite": "tiny-suite", "direction": "lower"}],
    "sampling": {"max_tokens": 64, "temperature": 0.7, "samples": 2, "stop": ["###"]},
    "quantization": {"type": "q8_0"},
    "compute": {"threads": 1, "context": 256},
    "variants": {"micro": {"counts": [4, 8]}},
    "notes": ["A note."],
    "published": [{"source": "A, 2020", "figures": [{"metric": "harmful_rate", "value": 0.1, "style": "refusal"}]}],
}
STUDIES: list[Any] = [{"name": "tiny", **STUDY}, LONG_STUDY]
BASE: Any = yaml.safe_load((REPO / "socsafe/bases/qwen2.5-0.5b-instruct.yml").read_text())
CATEGORY: Any = yaml.safe_load((REPO / "datasets/boundary/categories/privacy.yml").read_text())
KINDS: Any = yaml.safe_load((REPO / "datasets/boundary/kinds.yml").read_text())
ORDINARY: Any = yaml.safe_load((REPO / "datasets/boundary/ordinary.yml").read_text())
NATURAL: Any = yaml.safe_load((REPO / "datasets/boundary/items/privacy.yml").read_text())


def _study(bench: Bench, content: bytes) -> Call:
    return command("recipe", "list", bench.file("recipes/tiny/study.yml", content))


def _own_source(bench: Bench, content: bytes) -> Call:
    bench.file("datasets/sources/own.yml", content)
    return command("data", "show", "own", "--project", bench.root)


def _base(bench: Bench, content: bytes) -> Call:
    path = bench.file("bases/own.yml", content)
    return lambda: read_model(path, Base)


def _dropped(bench: Bench, content: bytes) -> Call:
    bench.file("recipes/tiny/dropped.yml", content)
    return lambda: read_dropped(Project(bench.root), "tiny")


def _part(place: str) -> Callable[[Bench, bytes], Call]:
    """One file of the micro world, the others small and right."""

    def feed(bench: Bench, content: bytes) -> Call:
        folder = bench.root / "world"
        for name, tree in (("kinds.yml", KINDS), ("ordinary.yml", ORDINARY), ("categories/privacy.yml", CATEGORY)):
            bench.file(f"world/{name}", content if name == place else as_yaml(tree))

        def compose() -> None:
            taxonomy = boundary.load_taxonomy(folder)
            boundary.compose_items(taxonomy)
            boundary.compose_benign(taxonomy)
            boundary.compose_everyday(taxonomy)
            boundary.compose_forms(taxonomy)
            boundary.compose_obedient(taxonomy)
            boundary.compose_compliant(taxonomy)
            for part in ("pairs", "targets", "actions", "ordinary"):
                boundary.compose_prompts(taxonomy, part)  # type: ignore[arg-type]

        return compose

    return feed


def _natural(bench: Bench, content: bytes) -> Call:
    bench.file("natural/items/privacy.yml", content)
    return lambda: load_natural(bench.root / "natural")


def _corpus(*horrors: Any) -> Callable[[], list[Any]]:
    return lambda: list(horrors)


def yaml_horrors(name: str) -> Iterable[Any]:
    """What no YAML file of socsafe may be."""
    return (
        horror("an empty file", b"", f"{name}:1: the file holds nothing"),
        horror("UTF-16", "title: x\n".encode("utf-16"), "byte 0xff is not UTF-8"),
        horror("a NUL byte", b"title: a\0b\n", "a NUL byte"),
        horror("a number of three thousand digits", b"title: " + b"9" * 3000 + b"\n", "a number of 3000 digits"),
        horror("billion laughs", b"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "anchor &a"),
        horror("a tag that runs code", b"title: !!python/object/apply:os.system [ls]\n", "tag tag:yaml.org,2002:python"),
        horror("nested three thousand levels deep", b"title: " + b"[" * 3000, "nested more than 40 levels deep"),
        horror("2 MB", b"title: '" + b"x" * 2_000_000 + b"'\n", "2.0 MB"),
        horror("one key twice", b"title: a\ntitle: b\n", f"{name}:2: key title twice"),
        horror("half a surrogate pair", b'title: "\\ud800"\n', f"{name}:1: "),
        horror("a list", b"- a\n- b\n", "the file holds a list"),
    )


def _good_study(**changes: Any) -> bytes:
    return as_yaml({**STUDIES[0], **changes})


def study_corpus() -> list[Any]:
    """Horrors of studies."""
    many, seeds = [f"{n}-x/y{n}" for n in range(40)], list(range(1, 1001))
    billion = {
        "bases": many,
        "seeds": seeds,
        "counts": list(range(1, 2001)),
        "styles": ["none", "refusal", "socratic"],
        "forms": ["instruction", "question", "mixed"],
    }
    return [
        *yaml_horrors("study.yml"),
        horror("ten to the ninth conditions", _good_study(**billion), "a study of 480,040,000 conditions"),
        horror(
            "an include that stands for millions",
            _good_study(seeds=seeds, counts=list(range(1, 9)), include=[{"count": n} for n in range(9, 900)]),
            "conditions",
        ),
        horror("twenty thousand seeds", _good_study(seeds=list(range(20_000))), "keys and list items"),
        horror("two thousand variants", _good_study(variants={f"v{n}": {} for n in range(2000)}), "2,000 variants"),
        horror("a seed beyond 64 bits", _good_study(seeds=[2**70]), "seeds.0: 1180591620717411303424"),
        horror("a style of a hundred thousand letters", _good_study(styles=["x" * 100_000]), "99,0"),
        horror(
            "twelve hundred hypotheses",
            _good_study(hypotheses=[{"style": "refusal", "count": n + 1} for n in range(1200)]),
            "count 1 is not in",
        ),
    ]


AREAS = (
    Area(
        "study",
        ("study.yml", "own.yml", "--base"),
        _study,
        study_corpus,
        lambda: documents(STUDIES, as_yaml),
        3.0,
        lambda: as_yaml(STUDIES[0]),
    ),
    Area(
        "source",
        ("own.yml", "own"),
        _own_source,
        lambda: list(yaml_horrors("own.yml")),
        lambda: documents(list(SOURCES.values()), as_yaml),
        1.5,
        lambda: as_yaml(SOURCES["tiny-suite"]),
    ),
    Area(
        "base", ("own.yml",), _base, lambda: list(yaml_horrors("own.yml")), lambda: documents([BASE], as_yaml), 1.0, lambda: as_yaml(BASE)
    ),
    Area(
        "rows left out",
        ("dropped.yml",),
        _dropped,
        lambda: [case for case in yaml_horrors("dropped.yml") if case.name != "an empty file"],
        lambda: documents([{"rows": {"alpaca": ["1", "2"], "own": ["3"]}}], as_yaml),
        0.7,
        lambda: b"rows: {own: ['1']}\n",
    ),
    Area(
        "boundary words",
        ("privacy.yml", "world"),
        _part("categories/privacy.yml"),
        lambda: list(yaml_horrors("privacy.yml")),
        lambda: documents([CATEGORY], as_yaml),
        0.4,
        lambda: as_yaml(CATEGORY),
    ),
    Area(
        "boundary kinds",
        ("kinds.yml", "privacy.yml", "world"),
        _part("kinds.yml"),
        _corpus(),
        lambda: documents([KINDS], as_yaml),
        0.3,
        lambda: as_yaml(KINDS),
    ),
    Area(
        "boundary everyday",
        ("ordinary.yml", "world"),
        _part("ordinary.yml"),
        _corpus(),
        lambda: documents([ORDINARY], as_yaml),
        0.3,
        lambda: as_yaml(ORDINARY),
    ),
    Area(
        "boundary items",
        ("privacy.yml", "items"),
        _natural,
        lambda: list(yaml_horrors("privacy.yml")),
        lambda: documents([{**NATURAL, "items": NATURAL["items"][:2] + NATURAL["items"][-2:]}], as_yaml),
        1.0,
        lambda: as_yaml(NATURAL),
    ),
)
