"""The nouns of the project: what a study is made of and what is written to disk. All frozen, all plain.

    Item -> Example (in a mixture) -> ... -> Completion -> Verdict -> SummaryRow (in a report)

The Pandera schemas of those that become tables are in `socsafe.tables`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Expects = Literal["refuse", "comply"]
Form = Literal["instruction", "question", "mixed"]
Status = Literal["ok", "unparsed", "error"]

FULL_COMPLIANCE = "full_compliance"
FULL_REFUSAL = "full_refusal"
PARTIAL_REFUSAL = "partial_refusal"
NO_REPLY = "no_reply"
"""Empty, broken off at once, one phrase over and over, or in no language the judge reads: neither compliance nor refusal."""
REFUSAL_LABELS = (FULL_COMPLIANCE, FULL_REFUSAL, PARTIAL_REFUSAL, NO_REPLY)

HARMFUL_RATE = "harmful_rate"
"""Share of the `refuse` prompts whose reply complies fully; a reply that refuses and answers counts under `partial_refusal_rate`."""
OVER_REFUSAL_RATE = "over_refusal_rate"
"""Share of the `comply` prompts whose reply refuses, fully or in part."""
ANSWERED_RATE = "answered_rate"
"""Share of the `comply` prompts whose reply complies fully: what is neither refused nor left without a reply."""
PARTIAL_REFUSAL_RATE = "partial_refusal_rate"
"""Share of all prompts whose reply refuses and answers."""
NO_REPLY_RATE = "no_reply_rate"
"""Share of all prompts whose reply says nothing that can be judged as either."""

EVERY_PROMPT: tuple[Expects, ...] = ("refuse", "comply")


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a training dialogue."""

    role: Literal["system", "user", "assistant"]
    content: str
    train: bool = False
    """Whether the loss falls on this turn; only ever true of assistant turns."""


@dataclass(frozen=True, slots=True)
class Item:
    """One safety example with everything any style needs, so that style and content are never confounded."""

    id: str
    """Unique within its source, e.g. `violence-kill-neighbour`."""
    category: str
    """The harm category, e.g. `violence`."""
    action: str
    """What is asked to be done, e.g. `kill`. Empty where the source does not say."""
    target: str
    """Towards whom or what, e.g. `my neighbour`. Empty where the source does not say."""
    expects: Expects
    """`refuse` for a harmful prompt, `comply` for a look-alike that should be answered."""
    prompts: Mapping[str, str]
    """Form (`instruction`, `question`, `opinion`) -> the prompt in that form."""
    replies: Mapping[str, str]
    """Reply material by name. A prompt to refuse carries `refusal` (bare), `reasons-short`, `reasons-long` and
    `socratic` (the reasoned answer); a look-alike carries `answer`; `preamble` is what a Socratic dialogue says first."""
    source: str
    """Name of the source it came from."""
    licence: str
    """SPDX identifier or plain words."""
    kind: str = ""
    """What makes a look-alike harmless, by XSTest's names for its kinds of safe prompt; empty where the source does not say."""


@dataclass(frozen=True, slots=True)
class Example:
    """One training dialogue: a line of a mixture file."""

    id: str
    """Unique within its file; for safety examples the item id."""
    messages: tuple[Message, ...]
    source: str
    """Name of the source, e.g. `alpaca`."""
    style: str
    """The style that made it; `none` for the setting's own data."""
    form: str
    """`instruction` or `question`, the form its prompt takes; empty where the source has only one."""
    expects: Expects
    """`refuse` for a refused prompt; `comply` for look-alikes and for the setting's own data."""
    category: str
    """The harm category; empty for the setting's own data."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One evaluation prompt with the behaviour expected of a good model."""

    id: str
    """Unique within its suite."""
    suite: str
    text: str
    """What the user turn holds, verbatim."""
    form: str
    """`instruction`, `question`, `opinion`, or empty where the suite does not say."""
    category: str
    """The suite's own category or type; empty where it has none."""
    expects: Expects
    pair: str = ""
    """Joins a harmful prompt with its look-alike, or the forms in which one thing is asked; empty where there is neither."""


@dataclass(frozen=True, slots=True)
class Completion:
    """One reply of one model to one prompt."""

    condition: str
    """Condition id."""
    suite: str
    prompt_id: str
    sample: int
    """0-based number of the sample for this prompt."""
    text: str
    """The reply without end-of-turn marks."""
    finish_reason: Literal["stop", "length", "error"]
    """`stop`: an end token or stop string; `length`: max_tokens or the context ran out; `error`: there is none, see `error`."""
    prompt_tokens: int
    """Tokens read, BOS included."""
    completion_tokens: int
    """Tokens written, end-of-turn included."""
    seed: int
    """The seed the sampler was given."""
    error: str = ""
    """Why there is no reply; empty where there is one."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is put to a model that is asked by its answers. The same question to the same model is paid for once."""

    messages: tuple[Message, ...]
    """What the model reads. A moderation model or a classifier reads the last one's text, or all as its format wants."""
    answer_schema: Mapping[str, object] | None = None
    """JSON schema of the answer; None where any text will do. A grammar for a local model, `response_format` for an endpoint."""
    max_tokens: int = 256
    """Most tokens the answer may take, and what it can cost at most."""
    grammar: str = ""
    """GBNF of an answer that is not JSON; only a local model is held to it. Empty where `answer_schema` says it all."""
    prompt: str | tuple[int, ...] = ""
    """A text, or its tokens, that is to be continued as it stands, in the place of messages; only an endpoint does so."""
    options: Mapping[str, str | int | float | bool | list[str] | list[int]] = field(default_factory=dict)
    """Further fields of the request: the sampling of a reply, its own seed."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one question, verbatim."""

    text: str
    """Empty where `error` says why."""
    prompt_tokens: int = 0
    """Tokens read, as the model's side counted them."""
    completion_tokens: int = 0
    """Tokens written."""
    finish_reason: str = ""
    """`stop`, `length`, `content_filter` or what else the model's side said; empty where it said nothing."""
    model: str = ""
    """The model that answered, in its own words; empty where it does not say."""
    error: str = ""
    """Why there is no answer; empty where there is one."""


@dataclass(frozen=True, slots=True)
class Metric:
    """What is made of a judge's verdicts: the share with certain labels or with a high score, or the mean score.

    Exactly one of `labels`, `at_least` and `score` says which. Shares get a Wilson interval, means a bootstrap over prompts.
    """

    name: str
    """As in summary.csv, e.g. `harmful_rate`."""
    title: str
    """A word or two for the head of a column, e.g. `harmful`."""
    expects: tuple[Expects, ...]
    """The prompts whose verdicts it looks at."""
    labels: tuple[str, ...] = ()
    """The share of verdicts with one of these labels."""
    score: Literal["mean"] | None = None
    """`mean`: the mean of the scores."""
    at_least: float | None = None
    """The share of verdicts whose score is this or more."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a judge says of one reply."""

    status: Status
    """`unparsed`: the judge answered but not in its own terms; `error`: it did not answer. Neither is ever safe or unsafe."""
    label: str | None
    """One of the judge's LABELS when status is `ok`, else None."""
    score: float | None
    """The judge's number where it gives one; None, never NaN."""
    rationale: str
    """The sentences that decided it, or the raw text when unparsed, or the error."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A ruling on disk, with the key of the completion it is about."""

    condition: str
    suite: str
    prompt_id: str
    sample: int
    judge: str
    judge_version: str
    expects: Expects
    category: str
    form: str
    status: Status
    label: str | None
    score: float | None
    rationale: str
    model: str = ""
    """The model behind the judge; empty where there is none."""
    temperature: float | None = None
    """What the model was asked at; None where nothing was sampled."""
    seed: int | None = None
    """The seed the model was asked with; None where nothing was sampled."""
    prompt_tokens: int = 0
    """Tokens the answers were read from when they were made, whether in this run or before."""
    completion_tokens: int = 0
    """Tokens of the answers when they were made."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure one can defend: with its interval and with how much it rests on."""

    value: float | None
    """None where n is 0."""
    low: float | None
    """Lower end of the 95 % interval."""
    high: float | None
    """Upper end of the 95 % interval."""
    n: int
    """Judged replies it rests on."""
    n_unjudged: int
    """Replies left out because their verdict is `unparsed` or `error`."""


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One line of summary.csv: one metric of one condition on one suite by one judge."""

    condition: str
    base: str
    setting: str
    style: str
    count: int
    form: str
    seed: int
    suite: str
    judge: str
    metric: str
    """Name of one of the judge's metrics."""
    value: float | None
    """A share from 0 to 1, or a mean in the judge's own units; None where n is 0."""
    low: float | None
    high: float | None
    n: int
    n_unjudged: int


@dataclass(frozen=True, slots=True)
class TrainingFacts:
    """What one condition was trained on and how far: the figures that stand beside its results."""

    condition: str
    setting_rows: int
    """Rows of the setting's shared file."""
    safety_rows: int
    """Harmful prompts refused in training (the condition's count)."""
    lookalike_rows: int
    """Look-alikes answered in training, on top of the count."""
    safety_loss_tokens: int
    """Tokens of the safety rows (look-alikes included) that carry loss, once through the data."""
    loss_tokens: int
    """Tokens of all rows that carry loss, once through the data."""
    steps: int
    """Optimizer steps taken."""
    train_loss: float | None
    """Mean training loss, in nats a token."""
    eval_loss: float | None
    """Lowest validation loss, in nats a token; None where the study has no validation split."""
    parity: Literal["equal", "differs", "unchecked"]
    """Whether the prompt tokens the engine feeds equal those that were trained on."""
    origin: Literal["trained", "adopted"]
    """Trained by this project folder, or trained elsewhere and copied in."""
