"""Who writes a condition's replies: llama.cpp on this machine, or the server that the study names.

>>> with writers(plan, Budget()) as writer_for:
...     replies = writer_for(condition).complete(dialogues, sampling, seeds=seeds, on_progress=advance)

Stages see no difference. What a back end needs as files, and what of it decides a reply, is told here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from socsafe.engines.answers import AnswerCache
from socsafe.engines.budget import Budget, Prices, no_prices
from socsafe.engines.chat import Encoder, chat_encoder, each_read
from socsafe.engines.condition_model import computed_with, open_model, require_models
from socsafe.engines.holding import OneEngine
from socsafe.engines.llamacpp import Engine
from socsafe.engines.model_tokenizer import ModelTokenizer
from socsafe.engines.remote import Endpoint, Remote
from socsafe.engines.remote_access import destination
from socsafe.engines.remote_writer import PromptForm, RemoteWriter
from socsafe.engines.retry import RetryPolicy
from socsafe.engines.sampling import Reply, Sampling
from socsafe.engines.written import Dialogue, Writer, Written
from socsafe.errors import InputError, Problem, RunError
from socsafe.files import require_files
from socsafe.manifest import hash_of
from socsafe.progress import Progress, SilentProgress
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.generation_block import Generation
from socsafe.study.models import adapter_file, model_file
from socsafe.study.serving import served_name
from socsafe.study.templates import chat_template

CHUNK = 128
"""Dialogues of one unit of work of llama.cpp here. A part of every reply's circumstances, so a constant and not an option."""
_FORMAT = 2
"""Of the replies' files; those of another are made anew."""
_SHOWN = 8
"""Names of models that a message lists."""


class LocalWriter:
    """A condition's model in llama.cpp on this machine."""

    together = CHUNK

    def __init__(self, engine: Engine, encode: Encoder) -> None:
        self._engine, self._encode = engine, encode

    def complete(
        self, dialogues: Sequence[Dialogue], sampling: Sampling, *, seeds: Sequence[int], on_progress: Callable[[int, int], None]
    ) -> list[Written]:
        """As `Writer.complete` says."""
        read = each_read(lambda dialogue: self._encode(dialogue, True), dialogues)
        prompts = {number: tokens for number, tokens in enumerate(read) if not isinstance(tokens, str)}
        on_progress(len(read) - len(prompts), 0)
        own = [seeds[number] for number in prompts]
        replies = dict(
            zip(prompts, self._engine.complete(list(prompts.values()), sampling, seeds=own, on_progress=on_progress), strict=True)
        )
        return [
            Written("", "error", 0, 0, tokens) if isinstance(tokens, str) else _written(replies[number])
            for number, tokens in enumerate(read)
        ]


def _written(reply: Reply) -> Written:
    return Written(reply.text, reply.finish_reason, reply.prompt_tokens, reply.completion_tokens, reply.error)


def writing_files(plan: Plan, condition: Condition) -> tuple[Path, ...]:
    """The files of a condition that its replies are written from, or that say which model a server is to have."""
    block, adapter = plan.study.generation, adapter_file(plan, condition)
    if block is None:
        return (model_file(plan, condition), *((adapter,) if adapter else ()))
    run = plan.project.run(plan.study.name, condition.id)
    vocabulary = () if block.prompt == "chat" else (model_file(plan, condition),)
    return (*vocabulary, run / "adapter_model.safetensors", run / "adapter_config.json")


def circumstances(plan: Plan, condition: Condition) -> Mapping[str, Any]:
    """What beside files, prompts and sampling decides a reply, as JSON values. Not where a server of one's own is: it may move."""
    block = plan.study.generation
    if block is None:
        return {**computed_with(plan), "chunk": CHUNK, "format": _FORMAT}
    return {"server": _decides(block), "model": served_name(block, condition), "context": plan.study.compute.context, "format": _FORMAT}


@contextmanager
def writers(
    plan: Plan, budget: Budget, retry: RetryPolicy | None = None, progress: Progress | None = None
) -> Iterator[Callable[[Condition], Writer]]:
    """Gives a condition's writer for as long as the block runs; one that was given before may be closed by the next.

    What is given raises `RunError` or `InputError` where the condition's model cannot be had. Entering says where a key goes, and raises
    `RunError` where a server cannot be asked at all.
    """
    block, compute = plan.study.generation, plan.study.compute
    if block is None:
        with OneEngine(slots=compute.slots, context=compute.context, threads=compute.threads) as engines:
            yield lambda condition: _local(plan, condition, engines)
    else:
        with ExitStack() as stack:
            yield _Served(plan, block, budget, retry or RetryPolicy(), stack, progress or SilentProgress()).writer


def require_writing(plan: Plan, condition: Condition) -> None:
    """Raise `RunError` or `InputError` where a file of `writing_files` is missing or is not what it is taken for."""
    if plan.study.generation is None:
        require_models(plan, condition)
        return
    *vocabulary, weights, config = writing_files(plan, condition)
    require_files((weights, config), "is not here", "the adapter that the server is to have", f"socsafe train {plan.argument}")
    require_files(vocabulary, "is not here", "the GGUF whose tokenizer makes the prompts", f"socsafe quantize {plan.argument}")


def written_by(plan: Plan, writer: Writer) -> dict[str, Any]:
    """What a server's replies are to be known by: where it is, what it was asked for and by what names it has answered."""
    block = plan.study.generation
    answered = sorted(writer.answered_by) if isinstance(writer, RemoteWriter) else []
    return {"endpoint": block.endpoint, "server": block.server, "prompt": block.prompt, "models": answered} if block else {}


def _local(plan: Plan, condition: Condition, engines: OneEngine) -> LocalWriter:
    engine = open_model(plan, condition, engines)
    return LocalWriter(engine, chat_encoder(chat_template(plan.study, engine.chat_template), engine))


class _Served:
    """The conditions' models behind one server."""

    def __init__(self, plan: Plan, block: Generation, budget: Budget, retry: RetryPolicy, stack: ExitStack, progress: Progress) -> None:
        if budget.limit is not None and block.prices is None:
            raise RunError(no_prices(block.endpoint, "no prices for the server that writes the replies", "the study's `generation` block"))
        if block.key_env:
            progress.say(destination("generation", block.key_env, block.endpoint))
        self._plan, self._block, self._budget, self._retry, self._stack = plan, block, budget, retry, stack
        self._tokenizers: dict[str, ModelTokenizer] = {}
        self._listed = self._remote("").models()

    def writer(self, condition: Condition) -> RemoteWriter:
        name = served_name(self._block, condition)
        if self._listed is not None and name not in self._listed:
            raise _not_served(self._block, name, self._listed, self._plan, condition)
        project, study = self._plan.project, self._plan.study
        *_, weights, config = writing_files(self._plan, condition)
        decides = {"writes": _FORMAT, "server": _decides(self._block), "model": name, "adapter": [hash_of(weights), hash_of(config)]}
        return RemoteWriter(
            self._remote(name),
            self._form(condition),
            AnswerCache(project.replies(study.name, condition.id)),
            decides,
            context=study.compute.context,
            where=f"{name} at {self._block.endpoint}",
        )

    def _remote(self, name: str) -> Remote:
        block = self._block
        endpoint = Endpoint(
            url=block.endpoint,
            name=name,
            key_env=block.key_env,
            concurrency=block.concurrency,
            timeout=block.timeout,
            prices=Prices(block.prices.prompt, block.prices.completion) if block.prices else None,
            retry=self._retry,
        )
        return Remote(endpoint, self._budget)

    def _form(self, condition: Condition) -> PromptForm:
        if self._block.prompt == "chat":
            return PromptForm(self._block.server, "chat", "", None)
        model = model_file(self._plan, condition)
        content = hash_of(model)
        if content not in self._tokenizers:
            self._tokenizers[content] = self._stack.enter_context(ModelTokenizer.open(model))
        tokenizer = self._tokenizers[content]
        return PromptForm(self._block.server, self._block.prompt, chat_template(self._plan.study, tokenizer.chat_template), tokenizer)


def _decides(block: Generation) -> dict[str, Any]:
    """What of the block decides a reply: of a hosted service where it is too, since its names are its own."""
    return block.decides() if block.server == "openai" else {key: value for key, value in block.decides().items() if key != "endpoint"}


def _not_served(block: Generation, name: str, listed: Sequence[str], plan: Plan, condition: Condition) -> InputError:
    has = ", ".join(listed[:_SHOWN]) + (f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else "")
    run = plan.project.relative(plan.project.run(plan.study.name, condition.id))
    model, adapter = plan.bases[condition.base].model, adapter_file(plan, condition)
    gguf = f"-m {plan.project.relative(model_file(plan, condition))}"
    lora = f" --lora {plan.project.relative(adapter)}" if adapter else ""
    compute, rank = plan.study.compute, plan.study.training_for(condition.setting).adapter.r
    # vLLM knows ranks that are powers of two, from 8 on.
    room = f"--max-model-len {compute.context} --max-lora-rank {max(8, 1 << (rank - 1).bit_length())}"
    mend = {
        "vllm": f"vllm serve {model} {room} --enable-lora --lora-modules {name}={run}",
        "llama.cpp": f"llama-server {gguf}{lora} --alias {name} -np {compute.slots} -c {compute.slots * compute.context}",
        "openai": f"curl {block.endpoint.rstrip('/')}/models   # what the server has; name it in generation: {{model: ...}}",
    }[block.server]
    return InputError(Problem(block.endpoint, f"the server has no model {name}; it has {has}", f"the model of {condition.id}", mend))
