"""Archives of studies that somebody else made, or changed."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from socsafe.archive import MANIFEST
from socsafe.facts.overlap import EVERYTHING, Overlap
from socsafe.records import TrainingFacts, Verdict
from socsafe.report_data import Failure, ReportData
from socsafe.stages.export import ABOUT, FACTS, unpack
from socsafe.stages.report import report_text
from socsafe.stages.score import score
from socsafe.stats.derive import derive
from socsafe.study.conditions import Condition
from socsafe.study.report_facts import facts_text
from socsafe.tables import jsonl as table_lines
from tests.fuzz.area import Area, Bench, Call, horror
from tests.fuzz.data_rows import jsonl
from tests.fuzz.mutate import DEEDS, NASTY_TEXT, WHOLE_TEXT, as_json, changed, damaged, nasty
from tests.synthetic import JUDGE, SUITES, verdict_frame
from tests.synthetic_breakdown import ability_of

CONDITIONS = (
    Condition("micro", "benign", "none", 0, None, 1),
    Condition("micro", "benign", "refusal", 10, "instruction", 1),
    Condition("micro", "benign", "refusal", 10, "instruction", 2),
)
SUITE = replace(SUITES[0], refuse=2, comply=2)


def zipped(members: dict[str, bytes], listed: dict[str, str] | None = None, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive with a right manifest, whatever its members are called."""
    out = io.BytesIO()
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in members.items()} if listed is None else listed
    with zipfile.ZipFile(out, "w", method) as made:
        made.writestr(MANIFEST, as_json({"format": 1, "members": digests}))
        for name, content in members.items():
            made.writestr(name, content)
    return out.getvalue()


@cache
def small_report() -> ReportData:
    """What a report of three conditions rests on."""
    trained = [TrainingFacts(cell.id, 400, cell.count, 0, 90, 8000, 20, 0.5, None, "equal", "trained") for cell in CONDITIONS]
    return ReportData(
        study="tiny",
        question="Does it hold?",
        conditions=CONDITIONS,
        suites=[SUITE],
        judges=[JUDGE],
        summary=(),
        pooled=(),
        ability=ability_of(list(CONDITIONS)),
        overlaps=[Overlap(EVERYTHING, SUITE.name, 4, 0, 0, 1, 2)],
        training=trained,
        hyperparameters={"benign": {"learning_rate": "0.002"}},
        sampling={"temperature": "0"},
        failures=[Failure(CONDITIONS[2].id, "train", "loss is not finite")],
        versions={"socsafe": "0.1.0"},
        inputs={"recipes/tiny/study.yml": "ab" * 32},
        notes=["A note."],
    )


@cache
def _verdicts() -> tuple[Verdict, ...]:
    return tuple(
        Verdict(
            condition=cell.id,
            suite=SUITE.name,
            prompt_id=f"p{n}",
            sample=0,
            judge=JUDGE.name,
            judge_version="1",
            expects=("refuse", "comply")[n % 2],
            category="fraud",
            form="instruction",
            status="ok",  # type: ignore[arg-type]
            label=("full_compliance", "full_refusal")[(n + bool(cell.count)) % 2],
            score=None,
            rationale="",
        )
        for cell in CONDITIONS
        for n in range(4)
    )


@cache
def archive_members() -> dict[str, bytes]:
    """A small archive's members, without a report."""
    members = {FACTS: facts_text(small_report(), ()).encode(), ABOUT: b'{"study": "tiny", "socsafe": "0", "completions": false}'}
    for cell in CONDITIONS:
        rows = [row for row in _verdicts() if row.condition == cell.id]
        members[f"verdicts/{cell.id}.jsonl"] = table_lines(verdict_frame(rows), Verdict)
    return members


def _archive(bench: Bench, content: bytes) -> Call:
    path = bench.file("given/a.zip", content)

    def render() -> None:
        """As `render_archive`, but for the figures, which take a second."""
        packed = unpack(path)
        cells = [cell for cell in packed.facts.conditions if isinstance(cell, Condition)]
        report_text(derive(replace(packed.facts, summary=score(packed.verdicts, cells)), packed.verdicts, packed.hypotheses))

    return render


@st.composite
def archives_changed(draw: st.DrawFn) -> bytes:
    """An archive whose checksums are right and whose facts or verdicts are not."""
    members = dict(archive_members())
    deeds = draw(st.sampled_from((("like", "like", "double"), DEEDS)))
    if draw(st.booleans()):
        members[FACTS] = as_json(draw(changed([json.loads(members[FACTS])], deeds=deeds)))
    else:
        name = draw(st.sampled_from([name for name in members if name.startswith("verdicts/")]))
        members[name] = jsonl(draw(changed([[json.loads(line) for line in members[name].splitlines()]], most=2, deeds=deeds)))
    if draw(st.integers(0, 19)) == 7:
        members.pop(draw(st.sampled_from(sorted(members))))
    return zipped(members)


@st.composite
def archives_odd(draw: st.DrawFn) -> bytes:
    """ZIP files of odd names, kinds and manifests, and good ones damaged."""
    if draw(st.booleans()):
        return draw(damaged([zipped(archive_members())]))
    members = draw(st.dictionaries(st.sampled_from([*WHOLE_TEXT, ABOUT, FACTS]), st.binary(max_size=8), max_size=3))
    listed = draw(st.none() | st.dictionaries(st.sampled_from(NASTY_TEXT), nasty, max_size=2))
    return zipped(members, listed, draw(st.sampled_from((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))))


def archive_corpus() -> list[Any]:
    """Horrors of archives."""
    good = archive_members()

    def with_facts(change: Callable[[dict[str, Any]], object]) -> bytes:
        facts = json.loads(good[FACTS])
        change(facts["data"])
        return zipped({**good, FACTS: as_json(facts)})

    def with_verdicts(old: bytes, new: bytes) -> bytes:
        name = f"verdicts/{CONDITIONS[0].id}.jsonl"
        return zipped({**good, name: good[name].replace(old, new)})

    return [
        horror("an empty file", b"", "not readable as a ZIP file"),
        horror("a zip bomb of 5 GB", _zip_bomb, "bytes unpacked, more than", 120),
        horror("a bomb that lies about its size", _lying_bomb, "not readable as a ZIP file", 60),
        horror("an absolute name", zipped({**good, "/etc/x": b""}), "a member called '/etc/x'"),
        horror("a name that leads out", zipped({**good, "../x": b""}), "a member called '../x'"),
        horror("two members of one name", lambda: _doubled("a"), "two members called 'a'"),
        horror("two members without a name", lambda: _doubled(""), "two members called ''"),
        horror("two members of one name after sixty thousand others", lambda: _doubled("z", 60_000), "two members called 'z'"),
        horror("a link", _linked, "is a link"),
        horror("an encrypted member", _encrypted(zipped(good)), "encrypted"),
        horror("a member that is missing", zipped({**good, FACTS: b"x"}, {FACTS: "0", "gone": "0"}), "gone is missing"),
        horror("no manifest", _no_manifest, f"without {MANIFEST}"),
        horror("a manifest nested too deep", _manifest(b"[" * 100_000), f"{MANIFEST} is not readable"),
        horror("a manifest with one name twice", _manifest(b'{"format": 1, "members": {}, "members": {}}'), f"{MANIFEST} is not readable"),
        horror("verdicts of a judge that nobody has", with_verdicts(b'"refusal"', b'"nobody"'), "judge"),
        horror("verdicts of a judge that is a module", with_verdicts(b'"judge": "refusal"', b'"judge": "../styles/none"'), "judge"),
        horror("verdicts on a suite that nobody has", with_verdicts(SUITE.name.encode(), b"nowhere"), "suite"),
        horror("facts without a suite", with_facts(lambda data: data.update(suites=[])), "suite"),
        horror("facts with NaN", zipped({**good, FACTS: good[FACTS].replace(b'"count": 10', b'"count": NaN')}), "a.zip"),
        horror("a cut archive", zipped(good)[:-30], "not readable as a ZIP file"),
    ]


def _zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        made.writestr(MANIFEST, "{}")
        for number in range(5):
            with made.open(f"m{number}", "w", force_zip64=True) as member:
                for _ in range(64):
                    member.write(bytes(1 << 24))
    return out.getvalue()


def _lying_bomb() -> bytes:
    content = bytearray(zipped({"m": bytes(50_000_000)}))
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 100)
    return bytes(content)


def _doubled(name: str, others: int = 0) -> bytes:
    """An archive that ends with two members of one name. Whoever looks for them by comparing all names with all others takes a minute."""
    import warnings

    out = io.BytesIO(zipped({f"m{number}": b"" for number in range(others)}, method=zipfile.ZIP_STORED))
    with warnings.catch_warnings(), zipfile.ZipFile(out, "a") as made:
        warnings.simplefilter("ignore")
        for content in (b"1", b"2"):
            made.writestr(zipfile.ZipInfo(name), content)
    return out.getvalue()


def _linked() -> bytes:
    out = io.BytesIO(zipped({}))
    with zipfile.ZipFile(out, "a") as made:
        entry = zipfile.ZipInfo("a")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(entry, b"/etc/passwd")
    return out.getvalue()


def _encrypted(content: bytes) -> bytes:
    changed_bytes = bytearray(content)
    at = changed_bytes.rindex(b"PK\x01\x02")
    changed_bytes[at + 8] |= 1
    return bytes(changed_bytes)


def _no_manifest() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("a", b"")
    return out.getvalue()


def _manifest(text: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(MANIFEST, text)
    return out.getvalue()


AREAS = (
    Area("archive bytes", ("a.zip",), _archive, archive_corpus, archives_odd, 1.0, lambda: zipped(archive_members())),
    Area("archive content", ("a.zip", "verdicts"), _archive, list, archives_changed, 0.4, lambda: zipped(archive_members())),
)
