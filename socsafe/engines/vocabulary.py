"""The vocabulary of a loaded model: text to tokens and back.

>>> vocabulary.tokenize("<s>[INST] Hi [/INST]")
[1, 733, 16289, 28793, 15359, 733, 28748, 16289, 28793]
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from types import ModuleType

from socsafe.engines.library import forget_log, log_tail
from socsafe.errors import RunError

_SENTENCEPIECE = 1
_NONE = -1


class Vocabulary:
    """Tokenising and detokenising, with the pieces looked up once."""

    def __init__(self, llama: ModuleType, model: object) -> None:
        self._llama = llama
        self._vocab = llama.llama_model_get_vocab(model)
        self.size = int(llama.llama_vocab_n_tokens(self._vocab))
        self.bos = int(llama.llama_vocab_bos(self._vocab))
        self.eos = int(llama.llama_vocab_eos(self._vocab))
        self.wants_bos = bool(llama.llama_vocab_get_add_bos(self._vocab)) and self.bos != _NONE
        self.space_marked = llama.llama_vocab_type(self._vocab) == _SENTENCEPIECE
        self._pieces: dict[int, bytes] = {}
        self._ends: dict[int, bool] = {}

    def text_of(self, token: int) -> str:
        """The token as it stands in the vocabulary (`<s>`); empty for a token the model does not have."""
        if token == _NONE:
            return ""
        text = self._llama.llama_vocab_get_text(self._vocab, token)
        return bytes(text).decode("utf-8", errors="replace")

    def tokenize(self, text: str) -> list[int]:
        """The tokens of a rendered chat template: special tokens are recognised, and there is exactly one BOS at the start.

        The template writes the BOS. Where it writes none and the vocabulary asks for one, it is added; where it writes
        several, one is left. A vocabulary that asks for none gets what the template writes.
        """
        tokens = self._raw(text)
        while len(tokens) > 1 and tokens[0] == tokens[1] == self.bos:
            del tokens[0]
        if self.wants_bos and tokens[:1] != [self.bos]:
            tokens.insert(0, self.bos)
        return tokens

    def _raw(self, text: str) -> list[int]:
        if not text:
            return []
        data = text.encode("utf-8", errors="replace")
        room = len(data) + 8
        for _ in range(2):
            tokens = (self._llama.llama_token * room)()
            count = int(self._llama.llama_tokenize(self._vocab, data, len(data), tokens, room, False, True))
            if count >= 0:
                return list(tokens[:count])
            room = -count
        raise RunError(f"llama.cpp cannot tokenise a text of {len(data):,} bytes: {log_tail()}")

    def piece(self, token: int) -> bytes:
        """The bytes that the token stands for in a text; none for BOS, end-of-turn and other control tokens."""
        if token not in self._pieces:
            self._pieces[token] = self._piece(token, special=False)
        return self._pieces[token]

    def _piece(self, token: int, special: bool) -> bytes:
        room = 64
        while True:
            buffer = (ctypes.c_char * room)()
            count = int(self._llama.llama_token_to_piece(self._vocab, token, buffer, room, 0, special))
            if count >= 0:
                return buffer.raw[:count]
            room = -count

    def ends(self, token: int) -> bool:
        """Whether the token ends a turn (end of sequence, end of turn, end of message)."""
        if token not in self._ends:
            self._ends[token] = bool(self._llama.llama_vocab_is_eog(self._vocab, token))
        return self._ends[token]

    def control_token(self, text: str) -> int | None:
        """The control token that is written so; None where there is none. It stands for no text, so none of a reply holds it."""
        tokens = self._raw(text)
        return tokens[0] if len(tokens) == 1 and self._llama.llama_vocab_is_control(self._vocab, tokens[0]) else None

    def control_texts(self) -> tuple[str, ...]:
        """The texts that `tokenize` takes for control tokens (`<s>`, `<|im_end|>`), longest first."""
        controls = [token for token in range(self.size) if self._llama.llama_vocab_is_control(self._vocab, token)]
        return tuple(sorted(filter(None, map(self.text_of, controls)), key=lambda text: (-len(text), text)))

    def grammar_sampler(self, gbnf: str) -> object:
        """llama.cpp's sampler that lets through only what the grammar allows. Raises `RunError` where it is no grammar."""
        forget_log()
        sampler = self._llama.llama_sampler_init_grammar(self._vocab, gbnf.encode(), b"root")
        if not sampler:
            raise RunError(f"llama.cpp cannot read the grammar: {log_tail()}")
        return sampler

    def detokenize(self, tokens: Iterable[int], special: bool = False) -> str:
        """The text of the tokens; with `special` the control tokens are written out too."""
        pieces = (self._piece(token, special=True) if special else self.piece(token) for token in tokens)
        return b"".join(pieces).decode("utf-8", errors="replace")
