"""Asking every trained model every suite's prompts: with llama.cpp here, the base loaded once for all conditions that share it, or by way
of the server that the study names.

>>> failures = generate(plan, plan.conditions, PlainProgress())

Prompts are answered in chunks, each written whole before the next begins: a run that is cut goes on with the chunk it was in. With
llama.cpp here its bytes are those of an undisturbed run, because a chunk is always scheduled in the same way; what a server writes is kept
as it comes. Where a server failed on a prompt the completion says why, and the next run asks it again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from socsafe.data.parts import Parts
from socsafe.data.suites import Asked, asked_prompts, read_once, suite_inputs, turns
from socsafe.engines.budget import Budget
from socsafe.engines.remote_writer import FROM_SERVER
from socsafe.engines.retry import RetryPolicy
from socsafe.engines.sampling import Sampling
from socsafe.engines.writers import circumstances, require_writing, writers, writing_files, written_by
from socsafe.engines.written import Writer
from socsafe.errors import SocsafeError, apart
from socsafe.files import sha256_text, write_text
from socsafe.manifest import Step, inputs_now, is_current, record
from socsafe.progress import Advance, Progress
from socsafe.records import Completion, Prompt
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.spec import Suite
from socsafe.tables import read_rows, records, write_rows


def completions_step(plan: Plan, condition: Condition, suite: Suite) -> Step:
    """The unit of work that makes one condition's replies to one suite."""
    project, study = plan.project, plan.study
    out = project.completions(study.name, condition.id, suite.name)
    return Step(
        stage="generate",
        manifest=out.with_name(f"{suite.name}.manifest.json"),
        root=project.root,
        inputs=(*writing_files(plan, condition), *suite_inputs(plan, suite)),
        outputs=(out, project.written_by(study.name, condition.id, suite.name)) if study.generation else (out,),
        parameters={
            "sampling": study.sampling.model_dump(mode="json"),
            "suite": suite.model_dump(),
            "system": study.settings[condition.setting].eval_system,
            "template": study.training.template,
            **circumstances(plan, condition),
        },
    )


def stale(plan: Plan, conditions: Sequence[Condition]) -> list[tuple[Condition, Suite]]:
    """The condition and suite of every unit that is missing, out of date, or without a reply that its server may yet give."""
    pairs = [(condition, suite) for condition in conditions for suite in plan.study.suite_uses()]
    return [(condition, suite) for condition, suite in pairs if _to_do(plan, condition, suite)]


def _to_do(plan: Plan, condition: Condition, suite: Suite) -> bool:
    step = completions_step(plan, condition, suite)
    if plan.study.generation is None or not is_current(step):
        return not is_current(step)
    return any(row.error.startswith(FROM_SERVER) for row in records(read_rows(step.outputs[0], Completion), Completion))


def generate(
    plan: Plan, conditions: Sequence[Condition], progress: Progress, budget: Budget | None = None, retry: RetryPolicy | None = None
) -> dict[str, str]:
    """Bring all completions up to date; condition id -> message for those that failed.

    `budget` is what the replies of a server that charges for them may cost, `retry` how often it is asked again.
    """
    todo: dict[Condition, list[Suite]] = {}
    for condition, suite in stale(plan, conditions):
        todo.setdefault(condition, []).append(suite)
    if not todo:
        return {}
    prompts_of = read_once(plan, asked_prompts)
    total = sum(len(prompts_of(suite)) for suites in todo.values() for suite in suites) * plan.study.sampling.samples
    with progress.task("generate", total) as advance:
        work = _Work(plan, prompts_of, progress, advance)
        # What fails here is the back end itself.
        with apart(lambda error: work.failed(todo, error)), writers(plan, budget or Budget(), retry, progress) as writer_for:
            for condition, suites in todo.items():
                work.complete(condition, suites, writer_for)
    return work.failures


@dataclass(frozen=True, slots=True)
class _Work:
    """One call of `generate`."""

    plan: Plan
    prompts_of: Callable[[Suite], Sequence[Asked]]
    progress: Progress
    advance: Advance
    failures: dict[str, str] = field(default_factory=dict)

    def complete(self, condition: Condition, suites: Sequence[Suite], writer_for: Callable[[Condition], Writer]) -> None:
        """One condition's replies to some suites; what goes wrong with it does not keep others from theirs."""
        with apart(lambda error: self.failed({condition: suites}, error)):
            require_writing(self.plan, condition)
            steps = {suite: completions_step(self.plan, condition, suite) for suite in suites}
            # Before model and prompts are read, so that what is replaced meanwhile is not taken for what was asked or replied.
            inputs = {suite: inputs_now(step) for suite, step in steps.items()}
            writer = writer_for(condition)
            for suite, step in steps.items():
                rows = self._replies(condition, suite, step, writer)
                write_rows(step.outputs[0], rows)
                for told in step.outputs[1:]:
                    write_text(told, json.dumps(written_by(self.plan, writer), indent=1, sort_keys=True) + "\n")
                record(step, inputs[suite])
                Parts.of(step).done()
                self._tell(condition, suite, rows)

    def failed(self, todo: Mapping[Condition, Sequence[Suite]], error: SocsafeError) -> None:
        """Note what kept these from being completed; of units that were only to be asked again the replies that are there stand."""
        steps = {condition: [completions_step(self.plan, condition, suite) for suite in suites] for condition, suites in todo.items()}
        new = {condition.id: str(error) for condition, own in steps.items() if not all(map(is_current, own))}
        self.failures.update(new)
        names = ", ".join(condition.id for condition in todo)
        self.progress.say(f"failed: {names}\n{error}" if new else f"{names}: prompts that failed were not asked again\n{error}")

    def _replies(self, condition: Condition, suite: Suite, step: Step, writer: Writer) -> list[Completion]:
        """All replies to a suite, those of finished chunks from the disk."""
        sampling, parts = self.plan.study.sampling, Parts.of(step)
        units = [(asked, sample) for asked in self.prompts_of(suite) for sample in range(sampling.samples)]
        chosen = Sampling(**sampling.model_dump(exclude={"samples", "seed"}))
        rows: list[Completion] = []
        for number, start in enumerate(range(0, len(units), writer.together)):
            chunk = units[start : start + writer.together]
            if (made := parts.read(number, Completion, expected=len(chunk))) is not None:
                rows += made
                self.advance(len(chunk))
                continue
            seeds = [_seed(sampling.seed, asked.prompt, sample) for asked, sample in chunk]
            dialogues = [turns(self.plan, condition, asked) for asked, _ in chunk]
            replies = writer.complete(dialogues, chosen, seeds=seeds, on_progress=self.advance)
            done = [
                reply.completion(condition.id, asked.prompt, sample=sample, seed=seed)
                for (asked, sample), reply, seed in zip(chunk, replies, seeds, strict=True)
            ]
            parts.write(number, done)
            rows += done
        return rows

    def _tell(self, condition: Condition, suite: Suite, rows: Sequence[Completion]) -> None:
        failed = [row for row in rows if row.finish_reason == "error"]
        if failed:
            unanswered, asked = len({row.prompt_id for row in failed}), len({row.prompt_id for row in rows})
            told = f"{condition.id}: {unanswered} of {asked} prompts of {suite.name} could not be answered: {failed[0].error}"
            again = any(row.error.startswith(FROM_SERVER) for row in failed)
            self.progress.say(told + ("\n    to try them again: the same command" if again else ""))


def _seed(seed: int, prompt: Prompt, sample: int) -> int:
    """31 bits that depend on nothing but the study's seed, the suite, the prompt and the sample."""
    return int(sha256_text(f"{seed}:{prompt.suite}:{prompt.id}:{sample}")[:8], 16) & 0x7FFFFFFF
