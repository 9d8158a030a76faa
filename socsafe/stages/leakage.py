"""Looking for the suites' prompts in the training data and in one another, before anything is trained.

>>> overlaps = check_leakage(plan, PlainProgress())
>>> [found.near for found in overlaps if found.left == EVERYTHING]
[0, 0]

What was found beyond the study's thresholds stops the run. `socsafe data check STUDY --drop` writes the rows concerned to
`recipes/<study>/dropped.yml`, a file to be committed; mixtures leave those rows out before they draw, so counts are still met.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from socsafe.catalogue import PACKAGE
from socsafe.data.leakage import Hit, Passage, PromptIndex, overlap
from socsafe.data.overlaps import leakage_file, read_overlaps, write_overlaps
from socsafe.data.suites import suite_inputs, suite_prompts
from socsafe.errors import Problem, RunError
from socsafe.facts.overlap import EVERYTHING, Overlap
from socsafe.manifest import Step, inputs_now, is_current, record
from socsafe.progress import Progress
from socsafe.records import Example, Prompt
from socsafe.study.checked import Plan
from socsafe.study.dropped import Dropped, read_dropped, write_dropped
from socsafe.study.mixtures import trained_on
from socsafe.tables import read_rows, records

_QUOTED = re.compile(r'"([^"\n]{8,})"')
"""What a preamble or a tutor quotes."""


def leakage_step(plan: Plan) -> Step:
    """The unit of work that compares every training file with every suite, and the suites with one another."""
    uses = plan.study.suite_uses()
    out = leakage_file(plan.project, plan.study.name)
    inputs = [*trained_on(plan), *(path for use in uses for path in suite_inputs(plan, use))]
    inputs += [PACKAGE / "data" / "leakage.py", Path(__file__)]
    return Step(
        stage="leakage",
        manifest=out.with_name("leakage.manifest.json"),
        root=plan.project.root,
        inputs=tuple(dict.fromkeys(inputs)),
        outputs=(out,),
        parameters={"suites": [use.model_dump() for use in uses]},
    )


def check_leakage(plan: Plan, progress: Progress) -> tuple[Overlap, ...]:
    """Every overlap, training files first; read from disk where nothing has changed. The mixtures are there."""
    step = leakage_step(plan)
    if not is_current(step):
        inputs = inputs_now(step)
        found, _ = _compare(plan, progress)
        write_overlaps(plan.project, plan.study.name, found)
        record(step, inputs)
    return read_overlaps(plan.project, plan.study.name)


def refuse_leakage(plan: Plan, overlaps: Sequence[Overlap]) -> None:
    """Raise `RunError` naming every suite of which the training data hold more than the study allows."""
    allowed = plan.study.leakage
    problems = []
    for found in (one for one in overlaps if one.left == EVERYTHING):
        for key, count, limit in (("same", found.normalised, allowed.same), ("near", found.near, allowed.near)):
            if count > limit * found.prompts:
                words = "stand in" if key == "same" else "stand, the same or nearly, in"
                got = f"{count} of the {found.prompts} prompts of {found.right} {words} the training data"
                expected = f"at most {100 * limit:g} % of them (leakage: {{{key}: {limit:g}}})"
                problems.append(Problem(plan.argument, got, expected, f"socsafe data check {plan.argument} --drop"))
    if problems:
        raise RunError(problems)


def drop_leaking(plan: Plan, progress: Progress) -> int:
    """Add the training rows that repeat a prompt, even nearly, to `dropped.yml`; how many were added."""
    _, hits = _compare(plan, progress)
    before = read_dropped(plan.project, plan.study.name)
    added: dict[str, set[str]] = {}
    for hit in hits:
        if hit.level != "eight_grams":
            added.setdefault(hit.left.owner, set()).add(hit.left.id)
    after: Dropped = {name: tuple(sorted({*before.get(name, ()), *added.get(name, ())})) for name in sorted({*before, *added})}
    if after != before:
        write_dropped(plan.project, plan.study.name, after)
    return sum(map(len, after.values())) - sum(map(len, before.values()))


def _compare(plan: Plan, progress: Progress) -> tuple[list[Overlap], list[Hit]]:
    """All overlaps, and the hits in training files, whose passages are owned by the rows' sources."""
    # An arm with the preamble asks the same prompts as the suite itself, as far as their limits are the same.
    asked: dict[str, dict[str, Prompt]] = {}
    for use in plan.study.suite_uses():
        asked.setdefault(use.source, {}).update((prompt.id, prompt) for prompt in suite_prompts(plan, use))
    suites = {source: tuple(prompts.values()) for source, prompts in asked.items()}
    passages = {name: [Passage(name, prompt.id, prompt.text) for prompt in prompts] for name, prompts in suites.items()}
    files = trained_on(plan)
    found: list[Overlap] = []
    every: list[Hit] = []
    with progress.task("leakage", len(files) + len(suites) + 1) as advance:
        index = PromptIndex(passage for own in passages.values() for passage in own)
        advance(1)
        for file in files:
            rows = records(read_rows(file, Example), Example)
            hits = index.scan(_asked(rows), whole=_said(rows))
            found += [overlap(file.stem, name, len(prompts), hits) for name, prompts in suites.items()]
            every += hits
            advance(1)
        found += [overlap(EVERYTHING, name, len(prompts), every) for name, prompts in suites.items()]
        for left, own in passages.items():
            hits = index.scan(own)
            found += [overlap(left, name, len(prompts), hits) for name, prompts in suites.items() if name != left]
            advance(1)
    return found, every


def _asked(rows: Sequence[Example]) -> Iterator[Passage]:
    """Every user turn, and what it is made of: an instruction above its input, a prompt below a preamble, requests that are quoted."""
    for row in rows:
        for message in row.messages:
            if message.role == "user":
                parts = [message.content, *message.content.split("\n\n"), *message.content.split("\n"), *_QUOTED.findall(message.content)]
                yield from (Passage(row.source, row.id, part) for part in dict.fromkeys(parts) if part.strip())


def _said(rows: Sequence[Example]) -> Iterator[Passage]:
    return (Passage(row.source, row.id, message.content) for row in rows for message in row.messages if message.role != "user")
