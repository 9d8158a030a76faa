"""What asking a model costs, before and after, and a limit that is kept.

>>> budget = Budget(limit=1.00)
>>> price = Prices(prompt=0.15, completion=0.60).most(question)
>>> budget.reserve(price)                 # False would mean: do not ask
True
>>> budget.settle(price, actual=0.0002)

A call is made only when its worst case still fits beside what has been spent and what calls under way may cost. The worst
case is safe, not likely: a byte-level tokenizer makes at most one token of a byte, so bytes are an upper bound of tokens.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from socsafe.errors import Problem
from socsafe.records import Answer, Question

_PER_MESSAGE = 16
"""Tokens that a chat template may put around a message, at most."""
_PER_CALL = 64
"""Tokens that a server may put before all messages, at most."""
_BYTES_A_TOKEN = 4
"""Of English prose, roughly: for estimates that people read."""
_MILLION = 1e6


def most_prompt_tokens(question: Question) -> int:
    """An upper bound of the tokens the question is read in as."""
    texts = sum(len(message.content.encode(errors="replace")) + _PER_MESSAGE for message in question.messages)
    texts += len(question.prompt if isinstance(question.prompt, tuple) else question.prompt.encode(errors="replace"))
    return texts + _PER_CALL + (len(json.dumps(question.answer_schema)) if question.answer_schema else 0)


def likely_prompt_tokens(question: Question) -> int:
    """About how many tokens the question is read in as."""
    if question.prompt:
        return len(question.prompt) // (1 if isinstance(question.prompt, tuple) else _BYTES_A_TOKEN)
    return sum(len(message.content.encode(errors="replace")) // _BYTES_A_TOKEN + 4 for message in question.messages)


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars a million tokens."""

    prompt: float
    """Of what is read."""
    completion: float
    """Of what is written."""

    def most(self, question: Question) -> float:
        """The most that one answer can cost, in dollars."""
        return self.of(most_prompt_tokens(question), question.max_tokens)

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """What so many tokens cost, in dollars."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / _MILLION

    def paid(self, question: Question, answer: Answer) -> float:
        """What an answer cost, in dollars: by the tokens the server counted, or the most possible where it counted none."""
        if answer.prompt_tokens or answer.completion_tokens:
            return self.of(answer.prompt_tokens, answer.completion_tokens)
        return self.most(question)


@dataclass(slots=True)
class Budget:
    """A limit on what one run may spend. Not for several threads at once."""

    limit: float | None = None
    """US dollars; None for no limit."""
    spent: float = 0.0
    """What has been paid for, in dollars; calls whose outcome is unknown count in full."""
    reserved: float = 0.0
    """What calls under way may cost, in dollars."""

    def reserve(self, most: float) -> bool:
        """Set aside what a call can cost at most; False where that does not fit any more."""
        if self.limit is not None and self.spent + self.reserved + most > self.limit:
            return False
        self.reserved += most
        return True

    def settle(self, reserved: float, actual: float) -> None:
        """Give back what was set aside for a call and book what it cost."""
        self.reserved = max(0.0, self.reserved - reserved)
        self.spent += actual


def no_prices(where: str, got: str, block: str) -> Problem:
    """What is wrong with a budget that is to be kept without prices; `block` is the part of the study that they belong in."""
    mend = f"add `prices: {{prompt: ..., completion: ...}}` (US dollars a million tokens; 0 for a free endpoint) to {block}"
    return Problem(where, got, "prices, since a budget is to be kept", mend)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What asking some questions would take."""

    calls: int
    """Questions whose answers are not in the cache."""
    cached: int
    """Questions whose answers are."""
    prompt_tokens: int
    """To be read, roughly."""
    completion_tokens: int
    """To be written, at most."""
    cost: float | None
    """US dollars: the prompts as estimated, every answer at its longest; None where no prices are known."""


def forecast(unanswered: Iterable[Question], cached: int, prices: Prices | None) -> Forecast:
    """The forecast for questions that are still to be asked."""
    questions = list(unanswered)
    prompt, completion = sum(map(likely_prompt_tokens, questions)), sum(question.max_tokens for question in questions)
    return Forecast(len(questions), cached, prompt, completion, prices.of(prompt, completion) if prices else None)
