"""A model's tokenizer and chat template out of its GGUF, without the weights: what a server's prompts are made with.

>>> with ModelTokenizer.open(Path("quantized/bases/micro.q8_0.gguf")) as tokenizer:
...     prompt = chat_encoder(tokenizer.chat_template, tokenizer)(messages, True)

Opening one takes the time of reading the vocabulary, whatever the model's size.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType, TracebackType

from socsafe.engines.gguf_file import GgufInfo, check_gguf
from socsafe.engines.library import forget_log, library, log_tail
from socsafe.engines.vocabulary import Vocabulary
from socsafe.errors import Problem, RunError


class ModelTokenizer:
    """An open vocabulary. Make it with `ModelTokenizer.open`; use it in a `with` block, or `close` it."""

    def __init__(self, llama: ModuleType, model: object, info: GgufInfo) -> None:
        self._llama, self._model = llama, model
        self.vocabulary = Vocabulary(llama, model)
        """Texts to tokens, as the engine makes them."""
        self.bos_token = self.vocabulary.text_of(self.vocabulary.bos)
        """The text of the beginning-of-sequence token."""
        self.eos_token = self.vocabulary.text_of(self.vocabulary.eos)
        """The text of the end-of-sequence token."""
        self.chat_template = str(info.metadata.get("tokenizer.chat_template", ""))
        """The model's own chat template; empty where it has none."""
        self.end_tokens = tuple(token for token in range(self.vocabulary.size) if self.vocabulary.ends(token))
        """The tokens at which the engine ends a reply."""

    @classmethod
    def open(cls, model: Path) -> ModelTokenizer:
        """Read the vocabulary of a GGUF. Raises `RunError` for a file that is broken or holds none."""
        info = check_gguf(model)
        llama = library()
        forget_log()
        parameters = llama.llama_model_default_params()
        parameters.vocab_only = True
        handle = llama.llama_model_load_from_file(str(model).encode(), parameters)
        if not handle:
            got = f"llama.cpp cannot read its vocabulary: {log_tail()}"
            raise RunError(Problem(str(model), got, "the GGUF of a base model", f"rm {model}, then quantize the study again"))
        return cls(llama, handle, info)

    def __enter__(self) -> ModelTokenizer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Free the vocabulary; it must not be used any more."""
        if self._model is not None:
            self._llama.llama_model_free(self._model)
            self._model = None

    def tokenize(self, text: str) -> list[int]:
        """The tokens of a rendered chat template, with exactly one BOS: see `Vocabulary.tokenize`."""
        return self.vocabulary.tokenize(text)
