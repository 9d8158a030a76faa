"""What every back end gives: one reply a dialogue, in the dialogues' order, whoever wrote it.

>>> writer.complete([(Message("user", "Hi"),)], Sampling(max_tokens=64), seeds=[1])
[Written(text='Hello!', finish_reason='stop', prompt_tokens=9, completion_tokens=4, error='')]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from socsafe.engines.sampling import Sampling
from socsafe.records import Completion, Message, Prompt

Dialogue = Sequence[Message]
"""What a model is to reply to; its last turn is the user's."""


@dataclass(frozen=True, slots=True)
class Written:
    """A reply, or why there is none."""

    text: str
    """Without end-of-turn marks and without the stop string; empty when `finish_reason` is `error`."""
    finish_reason: Literal["stop", "length", "error"]
    prompt_tokens: int
    """Tokens read."""
    completion_tokens: int
    """Tokens written, end-of-turn included."""
    error: str = ""
    """Why nothing was written."""

    def completion(self, condition: str, prompt: Prompt, *, sample: int, seed: int) -> Completion:
        """The row of the replies' table."""
        return Completion(
            condition=condition,
            suite=prompt.suite,
            prompt_id=prompt.id,
            sample=sample,
            text=self.text,
            finish_reason=self.finish_reason,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            seed=seed,
            error=self.error,
        )


def too_long(tokens: int, context: int) -> str:
    """Why a prompt that leaves no room for a reply is not answered."""
    return f"the prompt has {tokens:,} tokens, the context holds {context:,} with the reply: raise `context`"


class Writer(Protocol):
    """One condition's model, ready to reply."""

    together: int
    """Dialogues that are put to it at a time: one unit of work, which is done whole or again."""

    def complete(
        self, dialogues: Sequence[Dialogue], sampling: Sampling, *, seeds: Sequence[int], on_progress: Callable[[int, int], None]
    ) -> list[Written]:
        """One reply a dialogue; `on_progress` is told how many more are done and how many tokens they have.

        A dialogue that cannot be answered has the finish reason `error`, and the others are done. Raises `RunError` or `InputError`
        where the model can answer none.
        """
