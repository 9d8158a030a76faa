"""The raw logits of every token of a given reply: what two computations of one model are compared by.

>>> with LogitEngine.open(Path("micro.f16.gguf"), slots=1, context=512, threads=1) as engine:
...     engine.logits([1, 420, 9], [17, 2]).shape
(2, 2048)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from socsafe.engines.decoding import CHUNK, Rows, read_alone
from socsafe.engines.llamacpp import Engine

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class LogitEngine(Engine):
    """An engine that shows what it chose its tokens by."""

    def logits(self, prompt: Sequence[int], reply: Sequence[int]) -> NDArray[np.float32]:
        """One row a token of `reply`: the logits of what may stand there, given all before it. Both hold a token at least.

        Both are read in chunks, and not token by token. Raises `RunError` when llama.cpp fails, as it does where prompt and reply are
        longer than the context.
        """
        import numpy as np

        handles = self._opened()
        memory, rows = handles.llama.llama_get_memory(handles.context), Rows(handles.llama, CHUNK)
        try:
            handles.llama.llama_memory_clear(memory, False)
            *_, first = read_alone(handles, rows, 0, prompt, 0, wanted=False)
            found = [first.copy()]
            found += [after.copy() for after in read_alone(handles, rows, 0, reply[:-1], len(prompt), wanted=True)]
        finally:
            handles.llama.llama_memory_clear(memory, False)
        return np.concatenate(found)
