"""The raw logits of every token of a given reply: what two computations of one model are compared by.

>>> with LogitEngine.open(Path("micro.f16.gguf"), slots=1, context=512, threads=1) as engine:
...     engine.logits([1, 420, 9], [17, 2]).shape
(2, 2048)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from socsafe.engines.decoding import CHUNK, decode, logits
from socsafe.engines.llamacpp import Engine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class LogitEngine(Engine):
    """An engine that shows what it chose its tokens by."""

    def logits(self, prompt: Sequence[int], reply: Sequence[int]) -> NDArray[np.float32]:
        """One row a token of `reply`: the logits of what may stand there, given all before it. Both hold a token at least.

        The prompt is read as generation reads it; the reply is read in chunks, too, and not token by token. Raises `RunError` when
        llama.cpp fails, as it does where prompt and reply are longer than the context.
        """
        import numpy as np

        handles = self._opened()
        llama = handles.llama
        memory, batch = llama.llama_get_memory(handles.context), llama.llama_batch_init(CHUNK, 0, 1)
        rows: list[NDArray[np.float32]] = []
        try:
            llama.llama_memory_clear(memory, False)
            for tokens, start in ((prompt, 0), (reply[:-1], len(prompt))):
                for at in range(0, len(tokens), CHUNK):
                    piece = tokens[at : at + CHUNK]
                    for row, token in enumerate(piece):
                        batch.token[row], batch.pos[row] = token, start + at + row
                        batch.n_seq_id[row], batch.seq_id[row][0], batch.logits[row] = 1, 0, start > 0
                    batch.logits[len(piece) - 1] = 1
                    decode(handles, batch, len(piece))
                    if start or at + CHUNK >= len(tokens):
                        rows.append(logits(handles, len(piece) if start else 1).copy())
        finally:
            llama.llama_memory_clear(memory, False)
            llama.llama_batch_free(batch)
        return np.concatenate(rows)
