"""What is done of a study, its report, and what is made for others to check it with: all that only reads what stages have made.

>>> report(plan, progress)
PosixPath('.../reports/quickstart/report.md')
>>> render_archive(Path("quickstart.zip"), Path("there"))
Rendered(report=PosixPath('there/report.md'), differing=[], version='0.1.0')

With `socsafe.pipeline`, which runs the stages, this is where stages are chained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from socsafe.errors import InputError, Problem, RunError
from socsafe.integrity import read_for_report
from socsafe.manifest import NOT_DONE, Step, inputs_now, is_current, record, why_stale
from socsafe.progress import Progress
from socsafe.strict_json import parse_json
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition

if TYPE_CHECKING:
    import polars as pl

    from socsafe.data.replies import Unit
    from socsafe.report_data import ReportData

DONE, STALE = "done", "stale"
ASIDE = ("ability",)
"""Stages that no verdict rests on: a condition that fails there is judged and counted all the same."""
_BEFORE_REPLIES = ("recipe", "train", "quantize", "parity")
"""Stages without which no reply is up to date, though its own inputs may not have moved yet."""
Unfinished = Mapping[str, Mapping[str, str]]
"""Stage -> condition id -> why it is not up to date."""


class NothingJudgedError(RunError):
    """No condition has verdicts that are up to date: there is nothing to report on."""


def report(plan: Plan, progress: Progress, failures: Mapping[str, Mapping[str, str]] | None = None) -> Path:
    """Score what is up to date and write the report, unless the report is up to date itself.

    Conditions that failed, are not done, or were made from something that has changed since are named, not counted. Raises
    `NothingJudgedError` where that leaves none.
    """
    from socsafe.stages.assemble import report_step

    path = plan.project.report(plan.study.name) / "report.md"
    read_for_report(plan, progress)
    unfinished = _unfinished(plan, failures or {})
    finished = _finished(plan, unfinished)
    beside = _beside(plan, finished)
    if not is_current(report_step(plan, finished, unfinished, beside)):
        from socsafe.stages.report import build_report

        inputs = inputs_now(report_step(plan, finished, unfinished, beside))
        data, _ = _gathered(plan, finished, unfinished)
        if not data.summary:
            mend = f"socsafe status {plan.argument}"
            raise NothingJudgedError(Problem(plan.argument, "no condition has verdicts", "at least one judged condition", mend))
        build_report(data, plan.project.report(plan.study.name))
        # Which figures there are is known only now.
        record(report_step(plan, finished, unfinished, beside), inputs)
        progress.say(f"report: {plan.project.relative(path)}")
    return path


def export(plan: Plan, path: Path, progress: Progress, with_completions: bool = False) -> None:
    """Bring the report up to date, then write the archive from which it can be worked out anew without models."""
    from socsafe.stages.export import export as write_export

    report(plan, progress)
    unfinished = _unfinished(plan, {})
    data, verdicts = _gathered(plan, _finished(plan, unfinished), unfinished)
    write_export(plan, data, verdicts, path, with_completions)


def export_replies(plan: Plan, progress: Progress, table: Path | None = None, logs: Path | None = None) -> list[Path]:
    """Write all replies that are up to date, with their prompts and verdicts; give the files.

    As one Parquet `table`, as `logs` of Inspect AI in a folder, one a condition and suite, or as both. Raises `RunError` where no
    replies are up to date.
    """
    from socsafe.data.inspect_logs import write_logs
    from socsafe.data.replies import write_parquet
    from socsafe.stages.judge import read_verdicts
    from socsafe.stages.score import score

    replied = _replied(plan, progress)
    written: list[Path] = []
    if table:
        write_parquet(plan, replied, table)
        written.append(table)
    if logs:
        judged = _finished(plan, _unfinished(plan, {}))
        written += write_logs(plan, replied, score(read_verdicts(plan, judged), plan.conditions), logs)
    return written


def _replied(plan: Plan, progress: Progress) -> list[Unit]:
    """Every condition and suite whose replies are up to date, with the judges whose verdicts on them are. Says how many are not."""
    from socsafe.data.replies import Unit
    from socsafe.stages.generate import completions_step
    from socsafe.stages.judge import verdicts_step

    read_for_report(plan, progress)
    judges, suites, marks = [use.judge for use in plan.study.judge_uses()], plan.study.suite_uses(), status(plan)
    replied = [
        Unit(cell, suite, tuple(judge for judge in judges if is_current(verdicts_step(plan, cell, suite, judge))))
        for cell in plan.conditions
        if all(marks[cell.id][stage] == DONE for stage in _BEFORE_REPLIES)
        for suite in suites
        if is_current(completions_step(plan, cell, suite))
    ]
    if left := len(plan.conditions) * len(suites) - len(replied):
        where = f"To see which: socsafe status {plan.argument}"
        progress.say(f"{left} of {left + len(replied)} files of replies are not up to date and left out. {where}")
    return replied


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report that was made from an archive."""

    report: Path
    differing: list[str]
    """Names of files that did not come out as they were when the study was exported."""
    version: str
    """Of the socsafe that exported it."""


def render_archive(path: Path, folder: Path | None) -> Rendered:
    """Work the figures out anew from an archive's verdicts and write the report into `folder`, or `<study>-report` here.

    Raises `InputError` where the archive is damaged or is none, or where the folder holds anything but an earlier report on the study.
    """
    from socsafe.stages.export import differing, unpack
    from socsafe.stages.report import build_report
    from socsafe.stages.score import score
    from socsafe.stats.derive import derive

    packed = unpack(path)
    target = folder or Path(f"{packed.facts.study}-report")
    _refuse_occupied(target, packed.facts.study)
    conditions = [cell for cell in packed.facts.conditions if isinstance(cell, Condition)]
    facts = replace(packed.facts, summary=score(packed.verdicts, conditions))
    if not facts.summary:
        raise InputError(Problem(str(path), "no condition has verdicts", "at least one judged condition", "export the study again"))
    files = build_report(derive(facts, packed.verdicts, packed.hypotheses), target)
    return Rendered(files[0], differing(packed, target), packed.version)


def _refuse_occupied(folder: Path, study: str) -> None:
    """Raise `InputError` where something other than a report on the study lies in the folder: a report replaces and removes by name."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    try:
        held = parse_json((folder / "provenance.json").read_text())["study"]["name"]
    except (OSError, ValueError, LookupError, TypeError):
        held = None
    if held != study:
        expected = f"a new or empty folder, or that of an earlier report on {study}"
        raise InputError(Problem(str(folder), "a folder that holds something else", expected, "name another: --to FOLDER"))


def _gathered(plan: Plan, finished: Sequence[Condition], unfinished: Unfinished) -> tuple[ReportData, pl.DataFrame]:
    """All that a report is made from, and the verdicts on the finished conditions."""
    from socsafe.stages.ability import read_ability
    from socsafe.stages.assemble import assemble
    from socsafe.stages.drift import read_drift
    from socsafe.stages.fidelity import read_fidelity
    from socsafe.stages.judge import read_verdicts
    from socsafe.stages.score import score

    verdicts = read_verdicts(plan, finished)
    measured = read_ability(plan, finished)
    weights = read_drift(plan, finished), read_fidelity(plan, finished)
    return assemble(plan, verdicts, score(verdicts, plan.conditions), unfinished, measured, weights), verdicts


def _beside(plan: Plan, finished: Sequence[Condition]) -> list[Path]:
    """The files of what was measured beside verdicts that are up to date, and so are read for the report."""
    from socsafe.stages.ability import ability_steps
    from socsafe.stages.drift import drift_files
    from socsafe.stages.fidelity import fidelity_files

    measured = [step.outputs[0] for cell in finished for step in ability_steps(plan, cell).values() if is_current(step)]
    return [*measured, *drift_files(plan, finished), *fidelity_files(plan, finished)]


def _finished(plan: Plan, unfinished: Unfinished) -> list[Condition]:
    missing = {condition for found in unfinished.values() for condition in found}
    return [condition for condition in plan.conditions if condition.id not in missing]


def _unfinished(plan: Plan, failures: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Stage -> condition id -> why: those that failed now, and those that a stage has yet to bring up to date."""
    found = {stage: dict(messages) for stage, messages in failures.items() if stage not in ASIDE}
    failed = {condition for messages in found.values() for condition in messages}
    for condition, marks in status(plan).items():
        behind = next(((stage, mark) for stage, mark in marks.items() if mark != DONE and stage not in ASIDE), None)
        if behind is not None and condition not in failed:
            stage, mark = behind
            why = {"-": "not done yet", STALE: "made from something that has changed since"}.get(mark, f"{mark} done")
            found.setdefault(stage, {})[condition] = why
    return found


def status(plan: Plan) -> dict[str, dict[str, str]]:
    """Condition id -> stage -> `done`, `stale`, `-` for not done yet, or `n/m` where n of m parts are done."""
    from socsafe.stages.ability import ability_steps
    from socsafe.stages.generate import completions_step
    from socsafe.stages.judge import verdicts_step
    from socsafe.stages.parity import parity_step
    from socsafe.stages.quantize import base_step, condition_step
    from socsafe.stages.render import render_recipes
    from socsafe.stages.train import train_step

    suites, judges = plan.study.suite_uses(), [use.judge for use in plan.study.judge_uses()]
    rendered = render_recipes(plan)

    def marks(condition: Condition) -> dict[str, str]:
        models = [condition_step(plan, condition)]
        if plan.study.quantization.mode == "adapter":
            models.append(base_step(plan, condition.base))
        recipe = plan.project.recipe(plan.study.name, condition.id)
        measured = _mark(list(ability_steps(plan, condition).values()))
        marked = _downstream(
            {
                "recipe": "-" if not recipe.is_file() else DONE if recipe.read_bytes() == rendered[recipe].encode() else STALE,
                "train": _mark([train_step(plan, condition)]),
                "quantize": _mark(models),
                "parity": _mark([parity_step(plan, condition)]),
                "generate": _mark([completions_step(plan, condition, suite) for suite in suites]),
                "judge": _mark([verdicts_step(plan, condition, suite, judge) for suite in suites for judge in judges]),
            }
        )
        if plan.study.ability:
            marked["ability"] = STALE if measured == DONE and marked["quantize"] != DONE else measured
        return marked

    return {condition.id: marks(condition) for condition in plan.conditions}


def _downstream(marks: dict[str, str]) -> dict[str, str]:
    """What follows from a stage that is not up to date is not up to date either, though its own inputs have not moved yet."""
    behind = False
    for stage, mark in marks.items():
        marks[stage] = STALE if behind and mark == DONE else mark
        behind = behind or mark != DONE
    return marks


def _mark(steps: Sequence[Step]) -> str:
    reasons = [why_stale(step) for step in steps]
    fresh = sum(not reason for reason in reasons)
    if fresh == len(steps):
        return DONE
    if fresh:
        return f"{fresh}/{len(steps)}"
    return "-" if all(reason == NOT_DONE for reason in reasons) else STALE
