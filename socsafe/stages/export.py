"""What a reader needs to check a study's figures without its models, as one archive; and that archive read back.

>>> export(plan, data, verdicts, Path("quickstart.zip"), with_completions=False)
>>> packed = unpack(Path("quickstart.zip"))
>>> packed.facts.study, packed.verdicts.height
('quickstart', 5040)

An archive holds the study, its recipes, every verdict, the facts that reports rest on, what each step was made from, and the report as it
was. Weights are never in it. Replies are in it only on demand: without, the words that a judge quotes from a reply are left out as well,
and of the examples only which they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socsafe import __version__
from socsafe.archive import read_archive, write_archive
from socsafe.errors import InputError, Problem
from socsafe.manifest import read_manifest
from socsafe.paths import report_files
from socsafe.records import Verdict
from socsafe.report_data import ReportData
from socsafe.strict_json import parse_json
from socsafe.study.checked import Plan
from socsafe.study.hypotheses import Hypothesis
from socsafe.study.report_facts import facts_text, read_facts
from socsafe.tables import jsonl, parse_rows

if TYPE_CHECKING:
    import polars as pl

FACTS, ABOUT, STEPS, GUIDE = "facts.json", "about.json", "steps.json", "README.md"
_REPORT = "report/"
_GUIDE = """# Study {study}

To work out the figures anew from the verdicts, and compare them with the report as it was:

    socsafe report render --from {file} --to {study}-report

| member | what it holds |
|:--|:--|
| `study.yml`, `recipes/` | the experiment, and the Axolotl recipe of each condition |
| `verdicts/<condition>.jsonl` | every judge's verdict on every reply{quotes} |
| `facts.json` | what else the report rests on: conditions, suites, judges, training, versions, checksums |
| `steps.json` | what each step was made from, and what it made, by SHA-256 |
| `report/` | the report as it was written |
{completions}| `MANIFEST.json` | the SHA-256 of every member |

Written by socsafe {version}. No weights are in it.
"""


@dataclass(frozen=True)
class Packed:
    """An archive that has been read and checked."""

    facts: ReportData
    """Without what follows from the verdicts."""
    hypotheses: tuple[Hypothesis, ...]
    verdicts: pl.DataFrame
    report: Mapping[str, bytes]
    """The files of the report as it was, by their names in its folder."""
    version: str
    """Of the socsafe that wrote it."""


def export(plan: Plan, data: ReportData, verdicts: pl.DataFrame, path: Path, with_completions: bool) -> None:
    """Write the archive. `data` and `verdicts` are what the study's report, which is up to date, was made from."""
    study, project = plan.study.name, plan.project
    members = {
        "study.yml": plan.file.read_bytes(),
        FACTS: facts_text(_without_texts(data, with_completions), plan.study.hypotheses).encode(),
    }
    members[ABOUT] = _json({"study": study, "socsafe": __version__, "completions": with_completions})
    for condition in plan.conditions:
        if (recipe := project.recipe(study, condition.id)).is_file():
            members[f"recipes/{condition.id}.yml"] = recipe.read_bytes()
        if with_completions and (replies := list(_completions(plan, condition.id))):
            members[f"completions/{condition.id}.jsonl"] = b"".join(replies)
    for (condition_id,), rows in verdicts.partition_by("condition", as_dict=True, maintain_order=True).items():
        members[f"verdicts/{condition_id}.jsonl"] = jsonl(_without_quotes(rows, with_completions), Verdict)
    members[STEPS] = _json(dict(_steps(plan)))
    folder = project.report(study)
    for file in report_files(folder):
        if with_completions or file.parent == folder:
            members[_REPORT + file.relative_to(folder).as_posix()] = file.read_bytes()
    members[GUIDE] = _guide(study, path.name, with_completions).encode()
    write_archive(path, members)


def unpack(path: Path) -> Packed:
    """Read an archive. Raises `InputError` where it is none, is not whole, or holds what no export writes."""
    members = read_archive(path)
    try:
        about = parse_json(members[ABOUT].decode())
        facts, hypotheses = read_facts(parse_json(members[FACTS].decode()))
        version = str(about["socsafe"])
    except (ValueError, KeyError, TypeError) as error:
        got = f"without {error}" if isinstance(error, KeyError) else f"{FACTS} or {ABOUT}: {error}"
        raise InputError(Problem(str(path), got, "an archive as `socsafe export` writes it", "export the study again")) from error
    report = {name.removeprefix(_REPORT): content for name, content in members.items() if name.startswith(_REPORT)}
    verdicts = _verdicts(path, members, [cell.id for cell in facts.conditions])
    _refuse_strangers(path, facts, verdicts)
    return Packed(facts, hypotheses, verdicts, report, version)


def _refuse_strangers(path: Path, facts: ReportData, verdicts: pl.DataFrame) -> None:
    """Raise `InputError` where the verdicts speak of what the facts do not: figures of both would not go together."""
    known = {
        "condition": [cell.id for cell in facts.conditions],
        "suite": [suite.name for suite in facts.suites],
        "judge": [judge.name for judge in facts.judges],
    }
    problems = [
        Problem(f"{path}/verdicts", f"verdicts with {column} {name[:80]!r}", f"one of: {', '.join(names)}", "export the study again")
        for column, names in known.items()
        for name in sorted(set(verdicts[column].unique()) - set(names))
    ]
    if problems:
        raise InputError(problems[:20])


def differing(packed: Packed, folder: Path) -> list[str]:
    """Names of the report's files that are not now, in `folder`, what they were when the study was exported."""
    return [name for name, content in packed.report.items() if not (folder / name).is_file() or (folder / name).read_bytes() != content]


def _verdicts(path: Path, members: Mapping[str, bytes], conditions: Sequence[str]) -> pl.DataFrame:
    """All verdicts, in the study's order of conditions."""
    import polars as pl

    from socsafe.schemas import dtypes

    names = [f"verdicts/{condition}.jsonl" for condition in conditions]
    mend = "export the study again"
    tables = [parse_rows(members[name], Verdict, f"{path}/{name}", mend) for name in names if name in members]
    return pl.concat(tables) if tables else pl.DataFrame(schema=dtypes(Verdict))


def _without_texts(data: ReportData, with_completions: bool) -> ReportData:
    """The examples without their words, where replies are not to be in the archive."""
    if with_completions:
        return data
    bare = {name: tuple(replace(one, prompt=None, reply=None) for one in replies) for name, replies in data.examples.items()}
    return replace(data, examples=bare)


def _without_quotes(rows: pl.DataFrame, with_completions: bool) -> pl.DataFrame:
    """Verdicts without the reply's own words, which a rationale quotes."""
    import polars as pl

    return rows if with_completions else rows.with_columns(rationale=pl.lit(""))


def _completions(plan: Plan, condition: str) -> Iterator[bytes]:
    files = (plan.project.completions(plan.study.name, condition, suite.name) for suite in plan.study.suite_uses())
    return (file.read_bytes() for file in files if file.is_file())


def _steps(plan: Plan) -> Iterator[tuple[str, Any]]:
    """Each step's manifest, without what belongs to one machine: times, inodes, and where things lay outside the project."""
    project, study = plan.project, plan.study.name
    for path in sorted(project.study_run(study).rglob("*manifest.json")) + sorted((project.root / "quantized" / study).glob("*.json")):
        noted = read_manifest(path)
        if noted is None or path == project.study_run(study) / "report.manifest.json":
            continue
        yield (
            project.relative(path),
            {
                "stage": noted.get("stage"),
                "parameters": noted.get("parameters"),
                **{kind: _hashes(noted.get(kind)) for kind in ("inputs", "if_here", "outputs")},
            },
        )


def _hashes(entries: Any) -> dict[str, str]:
    """Name -> SHA-256; of a file outside the project only its last name."""
    found = entries.items() if isinstance(entries, dict) else ()
    return {
        name if not Path(name).is_absolute() else Path(name).name: str(entry.get("sha256"))
        for name, entry in found
        if isinstance(entry, dict)
    }


def _guide(study: str, file: str, with_completions: bool) -> str:
    return _GUIDE.format(
        study=study,
        file=file,
        version=__version__,
        quotes="" if with_completions else ", without the words it quotes",
        completions="| `completions/<condition>.jsonl` | every reply |\n" if with_completions else "",
    )


def _json(content: Any) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"
