"""What socsafe itself writes and somebody else may have changed: GGUF heads, manifests, answers."""

from __future__ import annotations

import json
import struct
from functools import cache
from typing import Any

from hypothesis import strategies as st

from socsafe.engines.answers import AnswerCache
from socsafe.engines.gguf_file import check_gguf
from socsafe.manifest import Step, inputs_now, record, why_stale
from socsafe.records import Answer
from tests.fuzz.area import Area, Bench, Call, horror
from tests.fuzz.data_rows import jsonl
from tests.fuzz.mutate import as_json, damaged, documents


def _text(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


def gguf(pairs: list[tuple[bytes, int, bytes]], tensors: bytes = b"", count: int = 0, declared: int | None = None) -> bytes:
    """A GGUF head of these key-value pairs and tensor descriptions, and a little data."""
    head = b"GGUF" + struct.pack("<IQQ", 3, count, len(pairs) if declared is None else declared)
    return head + b"".join(_text(key) + struct.pack("<I", kind) + value for key, kind, value in pairs) + tensors + bytes(128)


ARCHITECTURE = (b"general.architecture", 8, _text(b"llama"))
GGUF = gguf(
    [
        ARCHITECTURE,
        (b"general.alignment", 4, struct.pack("<I", 32)),
        (b"tokens", 9, struct.pack("<IQ", 8, 2) + _text(b"a") + _text(b"bc")),
        (b"scores", 9, struct.pack("<IQ", 6, 2) + bytes(8)),
        (b"x", 6, bytes(4)),
    ],
    _text(b"w") + struct.pack("<IQQIQ", 2, 4, 4, 0, 0),
    1,
)


@st.composite
def ggufs(draw: st.DrawFn) -> bytes:
    """Heads of any kinds of values and any counts."""
    number = st.sampled_from((0, 1, 2, 8, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1))
    value = (
        st.binary(max_size=24)
        | st.builds(lambda kind, count: struct.pack("<IQ", kind, count), st.integers(0, 13), number)
        | number.map(lambda size: struct.pack("<Q", size) + b"abc")
    )
    pair = st.tuples(
        st.sampled_from((b"general.architecture", b"general.alignment", b"general.type", b"\xff\xfe", b"", b"a" * 99)),
        st.integers(0, 14),
        value,
    )
    pairs = [ARCHITECTURE, *draw(st.lists(pair, max_size=4))]
    tensors = draw(st.binary(max_size=40)) or _text(b"w") + struct.pack(
        "<IQQIQ", 2, draw(number), draw(number), draw(st.integers(0, 40)), draw(number)
    )
    return gguf(pairs, tensors, draw(number | st.just(1)), draw(st.none() | number))


def gguf_corpus() -> list[Any]:
    """Horrors of GGUF heads."""
    nested = struct.pack("<IQ", 9, 1) * 20_000
    return [
        horror("an empty file", b"", "is not a GGUF file"),
        horror("wrong magic", b"GGML" + GGUF[4:], "is not a GGUF file"),
        horror("four bytes", b"GGUF", "cut short"),
        horror("2^63 tensors", gguf([ARCHITECTURE], count=2**63), "9,223,372,036,854,775,808 tensors"),
        horror("2^63 keys", gguf([ARCHITECTURE], declared=2**63), "9,223,372,036,854,775,808 keys"),
        horror("a text longer than the file", gguf([(b"general.architecture", 8, struct.pack("<Q", 2**62))]), "cut short or damaged"),
        horror(
            "an array of 2^63 texts",
            gguf([ARCHITECTURE, (b"a", 9, struct.pack("<IQ", 8, 2**63))]),
            "an array of 9,223,372,036,854,775,808 texts",
        ),
        horror("arrays nested twenty thousand deep", gguf([ARCHITECTURE, (b"a", 9, nested)]), "an array of the unknown type 9"),
        horror("a value of an unknown type", gguf([ARCHITECTURE, (b"a", 77, b"")]), "unknown type 77"),
        horror("an alignment that is a text", gguf([ARCHITECTURE, (b"general.alignment", 8, _text(b"x"))]), "general.alignment"),
        horror(
            "an alignment that is NaN",
            gguf([ARCHITECTURE, (b"general.alignment", 6, struct.pack("<f", float("nan")))]),
            "general.alignment",
        ),
        horror(
            "a tensor of 2^128 values",
            gguf([ARCHITECTURE], _text(b"w") + struct.pack("<IQQIQ", 2, 2**63, 2**63, 0, 0), 1),
            "its tensors need",
        ),
        horror("an architecture that is no text", gguf([(b"general.architecture", 8, _text(b"\xff\xfe\x1b[2J"))]), None),
        horror("a file cut in half", GGUF[: len(GGUF) // 2], "cut short or damaged"),
    ]


def _gguf(bench: Bench, content: bytes) -> Call:
    path = bench.file("given/m.gguf", content)
    return lambda: str(check_gguf(path)).encode()


def _step(bench: Bench) -> Step:
    given = bench.file("given/in.txt", b"x")
    return Step("mix", bench.root / "given" / "manifest.json", bench.root, (given,), (given,), (given,), {"a": 1})


def _manifest_file(bench: Bench, content: bytes) -> Call:
    step = _step(bench)
    bench.file("given/manifest.json", content)
    return lambda: why_stale(step)


@cache
def _good_manifest() -> bytes:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        step = _step(Bench(Path(folder) / "p"))
        record(step, inputs_now(step))
        return step.manifest.read_bytes()


def _answers(bench: Bench, content: bytes) -> Call:
    path = bench.file("given/answers.jsonl", content)

    def use() -> None:
        cache_of = AnswerCache(path)
        cache_of.put("k", Answer("yes"))
        assert AnswerCache(path).get("k") == Answer("yes")

    return use


@cache
def _good_answers() -> bytes:
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        kept = AnswerCache(Path(folder) / "a.jsonl")
        for number in range(3):
            kept.put(f"k{number}", Answer("é\ud800", 1, 2, "stop", "m"))
        return kept.path.read_bytes()


AREAS = (
    Area("GGUF", ("m.gguf",), _gguf, gguf_corpus, lambda: ggufs() | damaged([GGUF]), 1.5, lambda: GGUF),
    Area(
        "manifest",
        ("manifest.json",),
        _manifest_file,
        list,
        lambda: documents([json.loads(_good_manifest())], as_json) | damaged([_good_manifest()]),
        1.0,
        _good_manifest,
    ),
    Area(
        "answers",
        ("answers.jsonl",),
        _answers,
        list,
        lambda: damaged([_good_answers()]) | documents([json.loads(_good_answers().splitlines()[0])], jsonl),
        1.0,
        _good_answers,
    ),
)
