"""Continuous batching over llama.cpp's low-level interface, scheduled so that company never changes a reply.

    waiting prompts -> read into free slots, several of like length at once -> all slots write one token a step -> replies

What makes replies independent of what shares the batch (the logits were compared bit by bit, F16, Q8_0 and Q4_K_M):
- The KV cache is split: each slot attends to its own cells and to nothing else. It is also the faster cache: with a unified one
  every reply looks over the cells of all others.
- A batch has never fewer than eight rows, as kernels take other paths for fewer. Rows that are missing are padded.
- A sequence brings fewer than 64 rows to a batch: from 64 on flash attention takes another path.
- Weights are not repacked: repacked ones are multiplied four rows at a time.

Then each row is computed as if it were alone, so a prompt may be cut anywhere, read beside any other and begin with what was read
for another. Sequences read together bring equally many rows, or llama.cpp would cut the batch: shorter ones are filled up with
tokens that are taken out again. The last token of a prompt is left to the first step of writing, which needs its logits anyway.
"""

from __future__ import annotations

import codecs
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from socsafe.engines.beginnings import beginnings, common
from socsafe.engines.decoding import DIVERGED, Handles, Rows, decode, logits
from socsafe.engines.sampling import Chain, Reply, Sampling
from socsafe.engines.written import too_long
from socsafe.errors import Problem, RunError

SCHEDULE = 3
"""Of this way of computing rows; replies that were computed in another are made anew."""
WASTE = 0.2
"""Prompts are read together where at most this share of the rows would be padding."""
READ_AT = 4
"""Prompts are read when this part of the slots is free: a batch that reads several costs less than several that read one."""
IDLE_SPAN = 32
"""Cells that a padding row may fill before it begins anew, so that it never lengthens the attention of others."""


@dataclass(slots=True)
class _Job:
    """One reply in the making."""

    number: int
    prompt: Sequence[int]
    shared: tuple[int, ...] = ()
    """The beginning that is copied instead of read."""
    chain: Chain | None = None
    tokens: list[int] = field(default_factory=list)
    text: bytearray = field(default_factory=bytearray)
    cut: int = -1
    """Byte at which a stop string begins; -1 while none was found."""

    @property
    def unread(self) -> int:
        """Tokens to read before writing: all but what is copied and the last."""
        return len(self.prompt) - 1 - len(self.shared)

    @property
    def last(self) -> int:
        """The token that is put into the cache next."""
        return self.tokens[-1] if self.tokens else self.prompt[-1]

    @property
    def position(self) -> int:
        """Where that token goes."""
        return len(self.prompt) + len(self.tokens) - 1


class Batcher:
    """Writes the replies of one call to `complete`."""

    def __init__(self, handles: Handles, sampling: Sampling, shared: Sequence[int]) -> None:
        self._h, self._llama, self._sampling = handles, handles.llama, sampling
        self._shared = tuple(shared)
        self._memory = self._llama.llama_get_memory(handles.context)
        self._stops = [stop.encode() for stop in sampling.stop if stop]
        self._stop_tokens = {token for stop in sampling.stop if (token := handles.vocabulary.control_token(stop)) is not None}
        self._busy: dict[int, _Job] = {}
        self._idle = [0] * handles.rows
        self._rows = Rows(handles.llama, handles.room)
        self._whole_greedy = sampling.temperature == 0.0 and sampling.repeat_penalty == 1.0 and not sampling.grammar

    def run(self, prompts: Sequence[Sequence[int]], seeds: Sequence[int], on_progress: Callable[[int, int], None]) -> list[Reply]:
        """The replies, in the order of the prompts."""
        replies: dict[int, Reply] = {}

        def finish(number: int, reply: Reply) -> None:
            replies[number] = reply
            on_progress(1, reply.completion_tokens)

        waiting: list[_Job] = []
        whole = False
        try:
            for row in range(self._h.rows):
                self._empty(row)
            for number, prompt in enumerate(prompts):
                if refusal := self._refusal(prompt):
                    finish(number, Reply("", (), "error", len(prompt), refusal))
                else:
                    waiting.append(_Job(number, prompt))
            self._share(waiting)
            # The next to be read stands last: long ones first, so that those read together are alike.
            waiting.sort(key=lambda job: (job.shared, job.unread))
            while waiting or self._busy:
                self._fill(waiting, seeds)
                for number, reply in self._step():
                    finish(number, reply)
            whole = True
        finally:
            for job in self._busy.values():
                _close(job)
            if not whole:  # a copy may be under way
                self._llama.llama_memory_clear(self._memory, False)
                self._h.held.tokens = ()
        return [replies[number] for number in range(len(prompts))]

    def _refusal(self, prompt: Sequence[int]) -> str:
        """Why a prompt cannot be read; empty when it can."""
        if not prompt:
            return "the prompt is empty"
        if len(prompt) >= self._h.limit:
            return too_long(len(prompt), self._h.limit)
        if not all(0 <= token < self._h.vocabulary.size for token in prompt):
            return f"the prompt holds a token that is not in the vocabulary of {self._h.vocabulary.size:,}"
        return ""

    def _share(self, jobs: Sequence[_Job]) -> None:
        """Give every job the beginning that is copied instead of read, with room behind it for the padding of a batch."""
        # Where rows are computed as if alone, what is shared changes nothing, and may depend on which prompts there are.
        found = beginnings([job.prompt for job in jobs]) if self._h.group > 1 else [self._shared] * len(jobs)
        for job, shared in zip(jobs, found, strict=True):
            room = min(len(job.prompt) - 1, self._h.limit - self._h.group)
            if self._h.group > 1:
                job.shared = shared[: max(room, 0)]
            elif len(shared) <= room and tuple(job.prompt[: len(shared)]) == shared:
                job.shared = shared

    # Reading

    def _fill(self, waiting: list[_Job], seeds: Sequence[int]) -> None:
        """Read as many waiting prompts as there are free slots, once enough are free."""
        free = [row for row in range(self._h.slots) if row not in self._busy]
        if self._busy and len(free) < min(self._h.slots // READ_AT, len(waiting)):
            return
        while waiting and free:
            run = next((n for n in range(1, len(free)) if free[n] != free[0] + n), len(free))
            group = self._alike(waiting, run)
            if group[0].shared:
                self._hold(group[0].shared)
            for row, job in zip(free, group, strict=False):
                self._empty(row)
                if job.shared:
                    self._llama.llama_memory_seq_cp(self._memory, self._h.rows, row, -1, -1)
                if not self._whole_greedy:
                    job.chain = Chain(self._llama, self._h.vocabulary, self._sampling, seeds[job.number], job.prompt)
                self._busy[row] = job
            self._read(free[0], [(job.prompt[:-1], len(job.shared)) for job in group])
            del free[: len(group)]

    def _alike(self, waiting: list[_Job], most: int) -> list[_Job]:
        """Take the next prompts that are read together, the longest first."""
        group = [waiting.pop()]
        first = group[0]
        most = min(most, self._h.room // min(max(first.unread, 1), self._h.piece))
        while waiting and len(group) < most:
            job = waiting[-1]
            if job.shared != first.shared or job.unread < (1 - WASTE) * first.unread:
                break
            group.append(waiting.pop())
        return group

    def _hold(self, shared: tuple[int, ...]) -> None:
        """Have the beginning in the sequence that is copied from; what stands there of it already is kept."""
        held, row = self._h.held, self._h.rows
        there = int(self._llama.llama_memory_seq_pos_max(self._memory, row)) + 1
        kept = common(held.tokens[:there], shared)
        if kept < len(shared) and self._h.group == 1:
            kept = 0  # one way of cutting it
        held.tokens = ()
        self._remove(row, kept)
        if kept < len(shared):
            self._read(row, [(shared, kept)])
        held.tokens = shared

    def _read(self, first: int, texts: Sequence[tuple[Sequence[int], int]]) -> None:
        """Put texts, longest first, into as many sequences from `first` on; each is a token list and where in it to begin."""
        longest = max(len(tokens) - start for tokens, start in texts)
        pieces = -(-longest // self._h.piece)
        at = 0
        for number in range(pieces):
            until = longest * (number + 1) // pieces
            active = [(tokens, start) for tokens, start in texts if len(tokens) - start > at]
            self._read_piece(first, active, at, max(until - at, -(-self._h.group // len(active))))
            at = until

    def _read_piece(self, first: int, texts: Sequence[tuple[Sequence[int], int]], at: int, width: int) -> None:
        """Decode `width` rows of every text, padded where a text is shorter."""
        rows = self._rows
        count = len(texts) * width
        rows.wanted[:count] = 0
        padded = []
        for number, (tokens, start) in enumerate(texts):
            own, place = tokens[start + at : start + at + width], slice(number * width, (number + 1) * width)
            rows.token[place] = [*own, *[0] * (width - len(own))]
            rows.position[place] = range(start + at, start + at + width)
            rows.sequence[place] = first + number
            if len(own) < width:
                padded.append((first + number, len(tokens)))
        decode(self._h, rows.batch, count)
        for sequence, length in padded:
            self._remove(sequence, length)

    # Writing

    def _step(self) -> list[tuple[int, Reply]]:
        """Write one token in every busy slot; the replies that end."""
        self._close_ranks()
        count = max(self._h.group, len(self._busy))
        rows = self._rows
        for row in range(count):
            job = self._busy.get(row)
            if job is None and self._idle[row] == IDLE_SPAN:
                self._empty(row)
            rows.token[row] = job.last if job else 0
            rows.position[row] = job.position if job else self._idle[row]
            self._idle[row] += job is None
        rows.sequence[:count] = range(count)
        rows.wanted[:count] = 1
        decode(self._h, rows.batch, count)
        ended = []
        for row, token in self._drawn(count):
            number = self._busy[row].number
            if reply := self._take(row, token):
                ended.append((number, reply))
        return ended

    def _drawn(self, count: int) -> list[tuple[int, int | None]]:
        """The next token of every busy slot; None where the logits are not numbers."""
        rows = logits(self._h, count)
        # The greatest of a row with a NaN is the NaN. Where none is looked for, any will do: a NaN spreads over the whole row.
        best = rows.argmax(axis=1).tolist() if self._whole_greedy else [0] * count
        whole = [math.isfinite(rows[row, token]) for row, token in enumerate(best)]
        return [
            (row, None if not whole[row] else job.chain.draw(self._h.context, row) if job.chain else best[row])
            for row, job in sorted(self._busy.items())
        ]

    def _close_ranks(self) -> None:
        """Move the topmost slot down until there is no gap below: every row of a batch costs."""
        while max(self._busy) >= max(len(self._busy), self._h.group):
            top = max(self._busy)
            free = next(row for row in range(top) if row not in self._busy)
            self._empty(free)
            self._llama.llama_memory_seq_cp(self._memory, top, free, -1, -1)
            self._busy[free] = self._busy.pop(top)
            self._empty(top)

    def _take(self, slot: int, token: int | None) -> Reply | None:
        """Append a token, if there is one, to the slot's reply; the reply, and the slot set free, when that ends it."""
        job = self._busy[slot]
        if token is None:
            self._free(slot)
            return Reply("", (), "error", len(job.prompt), DIVERGED)
        job.tokens.append(token)
        ended = token in self._stop_tokens or self._h.vocabulary.ends(token)
        stopped = ended or self._stop_found(job, self._h.vocabulary.piece(token))
        if not stopped and len(job.tokens) < self._sampling.max_tokens and len(job.prompt) + len(job.tokens) < self._h.limit:
            return None
        self._free(slot)
        data = bytes(job.text if job.cut < 0 else job.text[: job.cut])
        # An incremental decoder leaves out a last character that max_tokens cut in two.
        text = codecs.getincrementaldecoder("utf-8")(errors="replace").decode(data)
        if self._h.vocabulary.space_marked:
            text = text.removeprefix(" ")  # SentencePiece's word mark, which its own detokeniser drops too
        return Reply(text, tuple(job.tokens), "stop" if stopped else "length", len(job.prompt))

    def _free(self, slot: int) -> None:
        _close(self._busy.pop(slot))
        self._empty(slot)

    def _stop_found(self, job: _Job, piece: bytes) -> bool:
        """Add the piece to the text; whether a stop string now stands in it."""
        before = len(job.text)
        job.text += piece
        found = [at for stop in self._stops if (at := job.text.find(stop, max(0, before - len(stop) + 1))) >= 0]
        job.cut = min(found, default=-1)
        return bool(found)

    # llama.cpp

    def _empty(self, row: int) -> None:
        self._remove(row, 0)
        self._idle[row] = 0

    def _remove(self, sequence: int, start: int) -> None:
        """Take out of the sequence all from `start` on. Raises `RunError` where the architecture cannot."""
        if not self._llama.llama_memory_seq_rm(self._memory, sequence, start, -1):
            expected = "an architecture with attention over its whole context"
            raise RunError(Problem("llama.cpp", "the model's memory cannot be cut", expected, "name another base in the study"))


def _close(job: _Job) -> None:
    if job.chain:
        job.chain.close()
