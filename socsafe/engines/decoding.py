"""One call of llama.cpp: an open context, the rows of a batch, and the logits it gives.

>>> rows = Rows(library(), 256)
>>> rows.token[:3], rows.position[:3], rows.sequence[:3] = (1, 50, 60), range(3), 0
>>> rows.wanted[:3] = False
>>> decode(handles, rows.batch, 3)
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

from socsafe.engines.library import forget_log, log_tail
from socsafe.engines.vocabulary import Vocabulary
from socsafe.errors import Problem, RunError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHUNK = 128
"""Tokens of one text read at once where it is read alone; more is no faster on a CPU."""
GROUP = 8
"""Fewest rows of a batch whose rows are computed as if each were alone."""
PIECE = 60
"""Most rows that one sequence brings to such a batch."""
READ_ROWS = 320
"""Most rows of a batch that reads."""
DIVERGED = "the model's logits are not numbers: its training diverged"
"""Why a model that computes NaN gives no reply and no likelihood."""


@dataclass(slots=True)
class Held:
    """The shared beginning that the last sequence of the cache holds."""

    tokens: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Handles:
    """An open model and context, and how the context is divided."""

    llama: ModuleType
    context: object
    vocabulary: Vocabulary
    slots: int
    """Replies written at a time."""
    rows: int
    """Sequences that can be written: the slots, or the padding of a group. One more sequence holds the shared beginning."""
    limit: int
    """Tokens a sequence may hold, prompt and reply together."""
    group: int
    """Fewest rows of a batch: `GROUP`, or 1 where replies may depend on their company."""
    held: Held = field(default_factory=Held)
    """What was read of a shared beginning under the adapter that is on the model."""

    @property
    def piece(self) -> int:
        """Most rows that one sequence brings to a batch."""
        return PIECE if self.group > 1 else CHUNK

    @property
    def room(self) -> int:
        """Most rows of a batch."""
        return max(READ_ROWS, self.rows)


class Rows:
    """Room for so many rows, filled a column at a time. The arrays live as long as this object, and llama.cpp reads them where they are."""

    def __init__(self, llama: ModuleType, room: int) -> None:
        import numpy as np

        self.token = np.zeros(room, np.int32)
        """Token ids."""
        self.position = np.zeros(room, np.int32)
        """Where in its sequence each token stands."""
        self.sequence = np.zeros(room, np.int32)
        """The sequence of each token; equal ones must stand together, in rising order without gaps."""
        self.wanted = np.zeros(room, np.int8)
        """Whether the logits after the token are wanted."""
        self._ones = np.ones(room, np.int32)
        number = ctypes.POINTER(ctypes.c_int32)
        first, size = self.sequence.ctypes.data, self.sequence.itemsize
        self._sequences = (number * room)(*(ctypes.cast(first + size * row, number) for row in range(room)))
        self.batch: Any = llama.llama_batch()
        """What `llama_decode` takes."""
        self.batch.token = self.token.ctypes.data_as(number)
        self.batch.pos = self.position.ctypes.data_as(number)
        self.batch.n_seq_id = self._ones.ctypes.data_as(number)
        self.batch.seq_id = self._sequences
        self.batch.logits = self.wanted.ctypes.data_as(ctypes.POINTER(ctypes.c_int8))


def decode(handles: Handles, batch: Any, count: int) -> None:
    """Compute the first `count` rows of the batch. Raises `RunError` when llama.cpp fails."""
    batch.n_tokens = count
    forget_log()
    code = handles.llama.llama_decode(handles.context, batch)
    if code:
        raise RunError(
            Problem(
                where="llama.cpp",
                got=f"llama_decode failed with code {code}: {log_tail()}",
                expected="room for the batch in memory",
                mend="lower `slots` or `context` in the study, and see whether the machine has memory left",
            )
        )


def logits(handles: Handles, rows: int) -> NDArray[np.float32]:
    """The logits of the last decode's outputs, float32 of shape (rows, vocabulary); valid until the next decode."""
    import numpy as np

    size = handles.vocabulary.size
    return np.ctypeslib.as_array(handles.llama.llama_get_logits(handles.context), shape=(rows * size,)).reshape(rows, size)


def read_alone(
    handles: Handles, rows: Rows, sequence: int, tokens: Sequence[int], position: int, *, wanted: bool
) -> Iterator[NDArray[np.float32]]:
    """Put a text into a sequence from `position` on, in chunks counted from its own start and with nothing beside it.

    After each chunk the logits after every token of it (`wanted`) or after its last, valid until the next. `rows` has room for a chunk.
    """
    for at in range(0, len(tokens), CHUNK):
        piece = tokens[at : at + CHUNK]
        count = len(piece)
        rows.token[:count], rows.position[:count] = piece, range(position + at, position + at + count)
        rows.sequence[:count], rows.wanted[:count] = sequence, wanted
        rows.wanted[count - 1] = True
        decode(handles, rows.batch, count)
        yield logits(handles, count if wanted else 1)
