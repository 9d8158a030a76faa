"""What is measured of a model beside its safety: the records of it, on disk and in ability.csv.

    ChoiceQuestion -> ChoiceScore (one a choice), Example -> ReplyLoss (one a reply) -> AbilityRow (in ability.csv)

`loss` is the mean negative log-likelihood of a reply's tokens, in nats; `accuracy` the share of questions whose right answer has the
highest log-likelihood a character, which is `acc_norm` of lm-evaluation-harness (Gao et al.).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

LOSS: Final = "loss"
ACCURACY: Final = "accuracy"


@dataclass(frozen=True, slots=True)
class ChoiceQuestion:
    """A question and the answers offered."""

    id: str
    """Unique within its source."""
    question: str
    choices: tuple[str, ...]
    """At least two, no two alike."""
    answer: int
    """Which of them is right, from 0."""
    category: str = ""
    """The source's own; empty where it has none."""


@dataclass(frozen=True, slots=True)
class ReplyLoss:
    """How likely one model finds one reply that it was not trained on."""

    condition: str
    source: str
    row_id: str
    """The row's id in its source."""
    tokens: int
    """Tokens of the reply, its end-of-turn token included; 0 where it could not be read."""
    nll: float | None
    """Sum of the tokens' negative log-likelihoods, in nats; None where `error` says why there is none."""
    error: str


@dataclass(frozen=True, slots=True)
class ChoiceScore:
    """How likely one model finds one of the answers to a question."""

    condition: str
    source: str
    question_id: str
    choice: int
    """Its place among the answers, from 0."""
    right: bool
    characters: int
    """Length of its text."""
    tokens: int
    """Tokens of its text, without the end-of-turn token; 0 where it could not be read."""
    logprob: float | None
    """Sum of the tokens' log-probabilities, in nats; None where `error` says why there is none."""
    error: str


@dataclass(frozen=True, slots=True)
class AbilityRow:
    """One line of ability.csv: one figure of one arm, of all its seeds or of one."""

    base: str
    setting: str
    style: str
    count: int
    form: str
    seed: int | None
    """None for all seeds together."""
    source: str
    metric: Literal["loss", "accuracy"]
    value: float | None
    """Nats a token, or a share; None where nothing was measured."""
    low: float | None
    high: float | None
    n: int
    """Replies, or questions times seeds, that it rests on."""
    n_unread: int
    """Those that the model could not read, being longer than its context."""
    chance: float | None
    """The accuracy of guessing; None for a loss."""
    difference: float | None = None
    """Value less the control's on the same rows and seeds; None for the control itself, for one seed of several, or without a control."""
    difference_low: float | None = None
    """Lower end of its 95 % interval."""
    difference_high: float | None = None
    p_holm: float | None = None
    """Its p value after Holm's correction for all arms' differences of this figure."""
    n_seeds: int | None = None
    """Seeds that the difference rests on: one seed a side speaks of two models, not of styles. None without a difference."""
