"""Token parity: the prompt tokens that the engine feeds equal the prompt tokens that were trained on.

>>> prepared = read_prepared(project.prepared("quickstart", key))
>>> rows, missing = match_rows(dialogues, prepared, encode, engine.detokenize)
>>> check_parity(rows, encode, engine.detokenize)
[]

Axolotl's prepared data set holds, for every row, the token ids and the labels, which are -100 wherever no loss falls. The ids
before the first label that is not -100 are the prompt as it was trained on. The engine's side of the comparison is the chat
template rendered up to that turn and tokenised by llama.cpp. A doubled BOS, a stray space or a missing system line shows as a
difference at its first token.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from socsafe.engines.chat import Encoder
from socsafe.errors import Problem, RunError
from socsafe.records import Message
from socsafe.study.account import IGNORED

CONTEXT = 6
"""Tokens shown before and after the place where two prompts part."""

Detokenizer = Callable[[Iterable[int], bool], str]
"""(token ids, whether to write out special tokens) -> text."""


@dataclass(frozen=True, slots=True)
class PreparedRow:
    """One row of Axolotl's prepared data set."""

    input_ids: tuple[int, ...]
    labels: tuple[int, ...]
    """As long as `input_ids`; -100 where no loss falls."""


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A training dialogue and what became of it."""

    messages: tuple[Message, ...]
    input_ids: tuple[int, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A dialogue whose prompt is not the same in training and in evaluation."""

    row: int
    """Number of the row in what was checked, counted from 0."""
    position: int
    """Index of the first token that differs."""
    trained: str
    """The trained prompt around that place, special tokens written out, the differing token between > and <."""
    fed: str
    """The engine's prompt around that place."""

    def __str__(self) -> str:
        return f"row {self.row}, token {self.position}: trained on {self.trained!r}, the engine feeds {self.fed!r}"


def prompt_tokens_from_labels(input_ids: Sequence[int], labels: Sequence[int]) -> list[int]:
    """The tokens before the first trained one; all of them when none is trained. Raises `ValueError` for unequal lengths."""
    if len(input_ids) != len(labels):
        raise ValueError(f"{len(input_ids)} token ids and {len(labels)} labels")
    first = next((at for at, label in enumerate(labels) if label != IGNORED), len(labels))
    return list(input_ids[:first])


def check_parity(rows: Sequence[TokenRow], encode: Encoder, detokenize: Detokenizer) -> list[Mismatch]:
    """The rows whose trained prompt is not what the engine feeds for the messages before the first trained assistant turn.

    A row in which no assistant turn is trained has no prompt and is a mismatch, too.
    """
    found = []
    for number, row in enumerate(rows):
        trained = prompt_tokens_from_labels(row.input_ids, row.labels)
        turn = next((at for at, message in enumerate(row.messages) if message.train), len(row.messages))
        fed = encode(row.messages[:turn], True)
        if trained != fed or len(trained) == len(row.labels):
            found.append(_mismatch(number, trained, fed, detokenize))
    return found


def match_rows(
    dialogues: Sequence[tuple[Message, ...]], prepared: Iterable[PreparedRow], encode: Encoder, detokenize: Detokenizer
) -> tuple[list[TokenRow], list[int]]:
    """Pair dialogues with prepared rows, whose order Axolotl may have changed; the pairs, and the numbers of dialogues without one.

    A row is found by the tokens of its whole dialogue or, where tokenisation itself differs, by its text without spaces and
    special tokens, so that a systematic difference is explained rather than reported as missing rows.
    """
    by_tokens: dict[tuple[int, ...], list[PreparedRow]] = defaultdict(list)
    for row in prepared:
        by_tokens[row.input_ids].append(row)
    pairs: dict[int, PreparedRow] = {}
    unmatched: list[int] = []
    for number, dialogue in enumerate(dialogues):
        left = by_tokens.get(tuple(encode(dialogue, False)))
        if left:
            pairs[number] = left.pop()
        else:
            unmatched.append(number)
    by_text: dict[str, list[PreparedRow]] = defaultdict(list)
    if unmatched:
        for row in (row for rows in by_tokens.values() for row in rows):
            by_text[_squeezed(detokenize(row.input_ids, False))].append(row)
    missing = []
    for number in unmatched:
        left = by_text.get(_squeezed(detokenize(encode(dialogues[number], False), False)))
        if left:
            pairs[number] = left.pop()
        else:
            missing.append(number)
    return [TokenRow(dialogues[number], row.input_ids, row.labels) for number, row in sorted(pairs.items())], missing


def read_prepared(folder: Path) -> list[PreparedRow]:
    """All rows under Axolotl's `dataset_prepared_path`, which keeps each data set in a subfolder named by a hash.

    `folder` may also be one such subfolder. Raises `RunError` when there are no rows or the files cannot be read.
    """
    files = sorted(folder.glob("data-*.arrow")) or sorted(folder.glob("*/data-*.arrow"))
    rows = [row for file in files for row in _read_arrow(file)]
    if not rows:
        raise RunError(_unreadable(folder, "holds no prepared rows (data-*.arrow)"))
    return rows


def _read_arrow(file: Path) -> Iterator[PreparedRow]:
    """The rows of one Arrow stream, as Hugging Face `datasets` writes it."""
    import polars as pl

    try:
        frame = pl.read_ipc_stream(file, columns=["input_ids", "labels"])
    except (OSError, pl.exceptions.PolarsError) as error:
        raise RunError(_unreadable(file, f"cannot be read: {error}")) from error
    for ids, labels in zip(frame["input_ids"].to_list(), frame["labels"].to_list(), strict=True):
        yield PreparedRow(tuple(ids), tuple(labels))


def _unreadable(path: Path, got: str) -> Problem:
    return Problem(str(path), got, "the data set that Axolotl prepared", "axolotl preprocess <recipe>, or train the condition again")


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _mismatch(number: int, trained: Sequence[int], fed: Sequence[int], detokenize: Detokenizer) -> Mismatch:
    pairs = zip(trained, fed, strict=False)
    place = next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(trained), len(fed)))
    return Mismatch(number, place, _around(trained, place, detokenize), _around(fed, place, detokenize))


def _around(tokens: Sequence[int], place: int, detokenize: Detokenizer) -> str:
    before = detokenize(tokens[max(0, place - CONTEXT) : place], True)
    there = detokenize(tokens[place : place + 1], True) or "(end)"
    return f"{before}>{there}<{detokenize(tokens[place + 1 : place + 1 + CONTEXT], True)}"
