"""The engine: a GGUF model loaded once, adapters swapped on it, many replies written at a time.

>>> with Engine.open(Path("micro.q8_0.gguf"), slots=16, context=512, threads=2) as engine:
...     engine.use_adapter(Path("refusal-n100.lora.gguf"))
...     prompt = engine.tokenize(render_chat(engine.chat_template, messages, ...))
...     replies = engine.complete([prompt], Sampling(max_tokens=64), seeds=[1])

Replies do not depend on which prompts share the batch, on their order or on the number of slots: see `batching`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Self

from socsafe.engines.batching import Batcher
from socsafe.engines.decoding import GROUP, READ_ROWS, Handles
from socsafe.engines.gguf_file import GgufInfo, check_gguf
from socsafe.engines.library import forget_log, library, log_tail
from socsafe.engines.likelihood import Continuation, Likelihood, LikelihoodReader
from socsafe.engines.memory import check_memory
from socsafe.engines.sampling import Reply, Sampling
from socsafe.engines.vocabulary import Vocabulary
from socsafe.errors import InputError, Problem, RunError

_FLASH_ATTENTION = 1
"""On: a split cache writes 30-40 % faster with it, and it takes the same path for any number of rows in a group."""


class Engine:
    """An open model. Make it with `Engine.open`; use it in a `with` block, or `close` it."""

    def __init__(self, llama: ModuleType, model: object, handles: Handles, info: GgufInfo) -> None:
        self._llama, self._model, self._handles, self._info = llama, model, handles, info
        self._adapter: object | None = None
        self.bos_token = handles.vocabulary.text_of(handles.vocabulary.bos)
        """The text of the beginning-of-sequence token, as chat templates want it."""
        self.eos_token = handles.vocabulary.text_of(handles.vocabulary.eos)
        """The text of the end-of-sequence token."""
        self.chat_template = str(info.metadata.get("tokenizer.chat_template", ""))
        """The model's own chat template; empty where it has none."""

    @classmethod
    def open(cls, model: Path, *, slots: int, context: int, threads: int, exact: bool = True) -> Self:
        """Load `model` with room for `slots` replies of `context` tokens each (prompt included), computing in `threads` threads.

        With `exact` a batch is padded to eight rows, so that a reply is the same to the byte in any
        company; without it small batches are faster, and the same prompts in the same order still give the same replies.
        Raises `InputError` for settings the model cannot meet and `RunError` when the file or the memory is not enough.
        """
        info = check_gguf(model)
        if info.kind != "model":
            raise _wrong(
                model, f"is an {info.kind}, not a model", "the GGUF of a base model", "pass the base here and the adapter to use_adapter"
            )
        for name, value in (("slots", slots), ("context", context), ("threads", threads)):
            if value < 1:
                raise _wrong(model, f"{name} is {value}", "1 or more", f"set {name} in the study")
        llama = library()
        forget_log()
        parameters = llama.llama_model_default_params()
        # Repacking copies the weights into memory, and Q4_K_M then multiplies differently by the number of rows.
        parameters.use_extra_bufts = False
        handle = llama.llama_model_load_from_file(str(model).encode(), parameters)
        if not handle:
            raise _cannot_load(model)
        try:
            handles = _open_context(llama, handle, model, info, slots=slots, limit=context, threads=threads, group=GROUP if exact else 1)
        except BaseException:
            llama.llama_model_free(handle)
            raise
        return cls(llama, handle, handles, info)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Free the context, the adapter and the model; afterwards every use of the engine raises `RunError`."""
        if self._model is not None:
            self._llama.llama_free(self._handles.context)
            self._llama.llama_model_free(self._model)  # frees its adapters too
            self._model = self._adapter = None

    def _opened(self) -> Handles:
        """What calls to llama.cpp need. Once freed, they would end the process instead of raising."""
        if self._model is None:
            raise RunError(Problem("engine", "has been closed", "an open engine", "open the model again with Engine.open"))
        return self._handles

    def use_adapter(self, path: Path | None) -> None:
        """Put a LoRA adapter on the model in place of the one before; None takes it off. The base stays loaded.

        Raises `RunError` when the file is broken and `InputError` when it is no adapter of this model.
        """
        context = self._opened().context
        adapter = self._load_adapter(path) if path is not None else None
        array = (self._llama.llama_adapter_lora_p_ctypes * 1)(adapter) if adapter is not None else None
        scales = (ctypes.c_float * 1)(1.0)
        code = self._llama.llama_set_adapters_lora(context, array, 0 if array is None else 1, scales)
        if code:
            raise RunError(f"{path}: llama.cpp cannot apply the adapter: {log_tail()}")
        if self._adapter is not None:
            self._llama.llama_adapter_lora_free(self._adapter)
        self._adapter = adapter
        self._handles.held.tokens = ()

    def _load_adapter(self, path: Path) -> object:
        info = check_gguf(path)
        if info.kind != "adapter":
            raise _wrong(
                path, f"is a {info.kind}, not an adapter", "a LoRA adapter GGUF", "quantize the study: that makes one per condition"
            )
        if info.architecture != self._info.architecture:
            raise _other_base(path, f"is an adapter for the architecture {info.architecture}, the model is {self._info.architecture}")
        forget_log()
        adapter = self._llama.llama_adapter_lora_init(self._model, str(path).encode())
        if not adapter:
            raise _other_base(path, f"does not fit the model: {log_tail()}")
        return adapter

    def tokenize(self, text: str) -> list[int]:
        """The tokens of a rendered chat template, with exactly one BOS: see `Vocabulary.tokenize`."""
        return self._opened().vocabulary.tokenize(text)

    def detokenize(self, tokens: Iterable[int], special: bool = False) -> str:
        """The text of the tokens; with `special` control tokens are written out too."""
        return self._opened().vocabulary.detokenize(tokens, special)

    def control_texts(self) -> tuple[str, ...]:
        """The texts that `tokenize` takes for control tokens: what a text of somebody else's must not hold."""
        return self._opened().vocabulary.control_texts()

    def complete(
        self,
        prompts: Sequence[Sequence[int]],
        sampling: Sampling,
        *,
        seeds: Sequence[int],
        shared: Sequence[int] = (),
        on_progress: Callable[[int, int], None] = lambda _count, _tokens: None,
    ) -> list[Reply]:
        """One reply per prompt (token ids), in the order of the prompts.

        `seeds` has one number per prompt and matters only when the temperature is above 0. What prompts have in common at their
        beginning (a system text, a preamble, all of it where there are several samples) is read once and copied; an engine that is
        not exact is told it by `shared`, which must follow from the template alone. `on_progress` is told how many replies were
        finished and how many tokens they have. An empty or too long prompt gives a reply with the finish reason `error`; the
        others are done. Raises `RunError` when llama.cpp fails.
        """
        if len(seeds) != len(prompts):
            raise ValueError(f"{len(prompts)} prompts and {len(seeds)} seeds")
        return Batcher(self._opened(), sampling, shared).run(prompts, seeds, on_progress)

    def ends(self, token: int) -> bool:
        """Whether the token ends a turn."""
        return self._opened().vocabulary.ends(token)

    def log_likelihoods(
        self, pairs: Sequence[Continuation], *, on_progress: Callable[[int], None] = lambda _count: None
    ) -> list[Likelihood]:
        """How likely the model finds each continuation, in the order of the pairs: see `likelihood`.

        One that is empty or too long has an error and no numbers; the others are done. Raises `RunError` when llama.cpp fails.
        """
        return LikelihoodReader(self._opened()).run(pairs, on_progress)


def _open_context(
    llama: ModuleType, model: object, path: Path, info: GgufInfo, *, slots: int, limit: int, threads: int, group: int
) -> Handles:
    trained = int(llama.llama_model_n_ctx_train(model))
    if limit > trained:
        raise _wrong(
            path, f"context is {limit:,}", f"at most {trained:,}, the length the model was trained for", "lower context in the study"
        )
    rows = max(slots, group)
    most = int(llama.llama_max_parallel_sequences()) - 1
    if rows > most:
        raise _wrong(path, f"slots is {slots}", f"at most {most}", "lower slots in the study")
    check_memory(path, info, slots=slots, context=limit, rows=rows + 1)
    parameters = llama.llama_context_default_params()
    parameters.n_seq_max = rows + 1
    parameters.n_ctx = (rows + 1) * limit
    parameters.n_batch = parameters.n_ubatch = max(READ_ROWS, rows)
    parameters.n_threads = parameters.n_threads_batch = threads
    parameters.kv_unified = False
    parameters.flash_attn_type = _FLASH_ATTENTION
    parameters.no_perf = True
    context = llama.llama_init_from_model(model, parameters)
    if not context:
        raise RunError(
            Problem(
                where=str(path),
                got=f"no memory for {slots} replies of {limit:,} tokens: {log_tail()}",
                expected="memory for the KV cache of slots x context tokens",
                mend="lower slots or context in the study",
            )
        )
    return Handles(llama, context, Vocabulary(llama, model), slots=slots, rows=rows, limit=limit, group=group)


def _wrong(path: Path, got: str, expected: str, mend: str) -> InputError:
    return InputError(Problem(where=str(path), got=got, expected=expected, mend=mend))


def _other_base(path: Path, got: str) -> InputError:
    return _wrong(path, got, "an adapter that was trained on this very model", f"rm {path}, then quantize the study again")


def _cannot_load(path: Path) -> RunError:
    return RunError(
        Problem(
            where=str(path),
            got=f"llama.cpp cannot load it: {log_tail()}",
            expected="a GGUF model of an architecture that this llama-cpp-python knows",
            mend=f"rm {path}, then quantize the study again",
        )
    )
