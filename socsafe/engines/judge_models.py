"""From a judge's block in the study file to the model that answers its questions.

>>> answers = asker(plan, use, Budget(), PlainProgress())(questions)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from socsafe.catalogue import member
from socsafe.engines.answers import AnswerCache, Model, answer_all
from socsafe.engines.budget import Budget, Prices
from socsafe.engines.remote_access import destination
from socsafe.engines.retry import RetryPolicy
from socsafe.errors import Problem, RunError
from socsafe.manifest import hash_of
from socsafe.progress import Progress
from socsafe.records import Answer, Question
from socsafe.study.checked import Plan
from socsafe.study.judge_blocks import ClassifierModel, EndpointModel, GgufModel, JudgeUse

_WEIGHTS = ("*.safetensors", "*.json", "*.model", "*.txt")
"""What decides a classifier's scores, in the folder that holds it."""
RETRY = RetryPolicy(paced=True)
"""How often an endpoint is asked: a judge's answers are short, and one that takes many times as long as the others hangs."""


def asker(plan: Plan, use: JudgeUse, budget: Budget, progress: Progress) -> Callable[[Sequence[Question]], list[Answer]]:
    """A function that has a judge's model answer questions: those that it has answered for this study before are not asked again.

    What of the kept answers is damaged is said at once, where a key goes before it is sent. The function raises whatever the model does,
    and `DiskError` where an answer cannot be kept; what was answered until then is.
    """
    root = plan.project.root
    cache, key = AnswerCache(plan.project.answers(plan.study.name, use.judge)), decides(use, root)
    if cache.damaged:
        progress.say(f"{plan.project.relative(cache.path)}: {cache.damaged} damaged lines are taken out; their questions are asked again")
    block = use.model
    untold = [destination(use.judge, block.key_env, block.endpoint)] if isinstance(block, EndpointModel) and block.key_env else []

    def opened() -> AbstractContextManager[Model]:
        while untold:
            progress.say(untold.pop())
        return open_model(use, root, plan.study.compute.threads, budget)

    def ask(questions: Sequence[Question]) -> list[Answer]:
        with progress.task(f"{use.judge}: answers", len(questions)) as advance:
            return answer_all(questions, opened, cache, key, advance)

    return ask


@contextmanager
def open_model(use: JudgeUse, root: Path, threads: int, budget: Budget) -> Iterator[Model]:
    """The model of a judge that has one, loaded for as long as the block runs.

    Raises `RunError` or `InputError` where it cannot be had: a file or a key that is missing, a budget to be kept without prices.
    """
    block = use.model
    if isinstance(block, EndpointModel):
        from socsafe.engines.remote import Endpoint, Remote

        kind = "moderation" if member("judges", use.judge).NEEDS == "moderation" else "chat"
        yield Remote(
            Endpoint(
                url=block.endpoint,
                name=block.name,
                key_env=block.key_env,
                concurrency=block.concurrency,
                timeout=block.timeout,
                temperature=use.temperature,
                seed=use.seed,
                kind=kind,  # type: ignore[arg-type]
                prices=prices(use),
                retry=RETRY,
            ),
            budget,
        )
    elif isinstance(block, GgufModel):
        from socsafe.engines.local_judge import LocalJudge

        (file,) = model_files(use, root)
        if not file.is_file():
            raise RunError(Problem(str(file), f"is not here: the model of judge {use.judge}", "a GGUF file", f"ls {file.parent}"))
        with LocalJudge.open(
            file, context=block.context, threads=block.threads or threads, temperature=use.temperature, seed=use.seed
        ) as local:
            yield local
    elif isinstance(block, ClassifierModel):
        from socsafe.engines.classifier import Classifier

        folder = root / block.classifier
        yield Classifier.open(str(folder) if folder.is_dir() else block.classifier, revision=block.revision)
    else:
        raise ValueError(f"judge {use.judge} has no model")


def prices(use: JudgeUse) -> Prices | None:
    """What the judge's model costs: nothing on this machine; None where the study does not say."""
    if isinstance(use.model, EndpointModel):
        return Prices(use.model.prices.prompt, use.model.prices.completion) if use.model.prices else None
    return Prices(0.0, 0.0)


def model_files(use: JudgeUse, root: Path) -> tuple[Path, ...]:
    """The files on this machine that decide what the model answers; some may be missing."""
    if isinstance(use.model, GgufModel):
        return (root / use.model.gguf,)
    if isinstance(use.model, ClassifierModel) and (root / use.model.classifier).is_dir():
        return tuple(sorted(path for pattern in _WEIGHTS for path in (root / use.model.classifier).glob(pattern)))
    return ()


def decides(use: JudgeUse, root: Path) -> Mapping[str, Any]:
    """All that decides an answer beside its question, as JSON values: the key under which answers are kept.

    Files count by their content, so that one that is moved costs nothing and one that is replaced is asked anew.
    """
    files = model_files(use, root)
    weights = {"files": [hash_of(path) for path in files if path.is_file()]} if files else {}
    block = {key: value for key, value in use.decides().items() if not (files and key == "model")}
    if isinstance(use.model, GgufModel):
        block["context"] = use.model.context
    return {"judge": use.judge, "version": member("judges", use.judge).VERSION, **block, **weights}
