"""The Pandera schema of every record that becomes a table: types from the record itself, ranges and keys from here.

>>> schema(Verdict).validate(frame, lazy=True)

A column's type, whether it may be null and its allowed words come from the dataclass in `socsafe.records`, so that no
field is described twice. Validate collected frames only: on a `LazyFrame` Pandera lets duplicates and values out of
range pass, and it takes any empty frame for good (`socsafe.tables` counts the rows).
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Literal, Union, get_args, get_origin, get_type_hints

from socsafe.catalogue import member, members
from socsafe.facts.ability import AbilityRow, ChoiceScore, ReplyLoss
from socsafe.facts.arm_row import ArmRow
from socsafe.facts.breakdown import CategoryRow, FormRow
from socsafe.facts.comparison import Comparison
from socsafe.facts.drift import DriftReply, DriftRow
from socsafe.facts.item_row import ItemRow
from socsafe.facts.parity import ParityRow
from socsafe.metrics import mean_metrics, metric_names
from socsafe.records import Completion, Example, Message, Prompt, SummaryRow, TrainingFacts, Verdict

if TYPE_CHECKING:
    import pandera.polars as pa
    import polars as pl
    from pandera.api.polars.types import PolarsData

_FINITE = sys.float_info.max
_ANY_NUMBER = (-_FINITE, _FINITE)
_NON_NEGATIVE = (0.0, _FINITE)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a table must keep to beyond the types of its columns."""

    key: tuple[str, ...]
    """The columns that together name a row: never twice the same, and never empty but for those of `bare`."""
    bare: tuple[str, ...] = ()
    """Columns of the key that may be empty."""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Column -> lowest and highest value allowed, ends included; NaN and infinity never are."""
    words: Mapping[str, Callable[[], tuple[str, ...]]] = field(default_factory=dict)
    """Column -> what gives the allowed words, where the record's own type does not list them."""
    sentences: tuple[str, ...] = ()
    """Names of the rules that join several columns: keys of `_row_rules`."""


def _labels() -> tuple[str, ...]:
    """The labels of all judges."""
    return tuple(dict.fromkeys(label for name in members("judges") for label in member("judges", name).LABELS))


_COMPLETION_KEY = ("condition", "suite", "prompt_id", "sample")
_ARM = ("base", "setting", "style", "count", "form")
_FIGURES = "low <= value <= high, and all three empty exactly where n is 0"
_READ = "a number exactly where there is no error"
RULES: Mapping[type, Rules] = {
    Example: Rules(key=("id",), sentences=("the loss falls on at least one turn, and on assistant turns only",)),
    Prompt: Rules(key=("suite", "id")),
    ItemRow: Rules(key=("id",), sentences=("a prompt, and a refusal to refuse or an answer to a look-alike",)),
    Completion: Rules(
        key=_COMPLETION_KEY,
        ranges=dict.fromkeys(("sample", "prompt_tokens", "completion_tokens"), _NON_NEGATIVE),
        sentences=("a completion that failed has no text",),
    ),
    Verdict: Rules(
        key=(*_COMPLETION_KEY, "judge"),
        ranges={**dict.fromkeys(("sample", "prompt_tokens", "completion_tokens"), _NON_NEGATIVE), "score": _ANY_NUMBER},
        words={"label": _labels},
        sentences=("a label or a score exactly where the status is ok",),
    ),
    SummaryRow: Rules(
        key=("condition", "suite", "judge", "metric"),
        ranges={**dict.fromkeys(("count", "n", "n_unjudged"), _NON_NEGATIVE), **dict.fromkeys(("value", "low", "high"), _ANY_NUMBER)},
        words={"metric": metric_names},
        sentences=(_FIGURES, "a share lies between 0 and 1"),
    ),
    Comparison: Rules(
        key=("base", "setting", "form", "style", "count", "against", "suite", "judge", "metric"),
        ranges={
            **dict.fromkeys(("count", "against_count", "n_prompts", "n_seeds", "n_pairs", "n_unjudged", "family"), _NON_NEGATIVE),
            **dict.fromkeys(("value", "against_value", "difference", "low", "high"), _ANY_NUMBER),
            **dict.fromkeys(("se_prompts", "se_seeds", "sd_seeds", "detectable"), _NON_NEGATIVE),
            **dict.fromkeys(("p", "p_holm"), (0.0, 1.0)),
        },
        words={"metric": metric_names},
        sentences=("low <= difference <= high",),
    ),
    CategoryRow: Rules(
        key=(*_ARM, "seed", "suite", "judge", "metric", "category"),
        bare=("form", "category"),
        ranges={**dict.fromkeys(("count", "n", "n_unjudged"), _NON_NEGATIVE), **dict.fromkeys(("value", "low", "high"), _ANY_NUMBER)},
        words={"metric": metric_names},
        sentences=(_FIGURES, "a share lies between 0 and 1"),
    ),
    FormRow: Rules(
        key=(*_ARM, "seed", "suite", "judge", "metric", "asked", "against"),
        bare=("form", "against"),
        ranges={
            **dict.fromkeys(("count", "n", "n_unjudged", "n_seeds"), _NON_NEGATIVE),
            **dict.fromkeys(("value", "low", "high"), _ANY_NUMBER),
            "p_holm": (0.0, 1.0),
        },
        words={"metric": metric_names},
    ),
    ReplyLoss: Rules(
        key=("condition", "source", "row_id"),
        ranges={"tokens": _NON_NEGATIVE, "nll": _NON_NEGATIVE},
        sentences=(_READ,),
    ),
    ChoiceScore: Rules(
        key=("condition", "source", "question_id", "choice"),
        ranges={**dict.fromkeys(("choice", "tokens"), _NON_NEGATIVE), "characters": (1.0, _FINITE), "logprob": (-_FINITE, 0.0)},
        sentences=(_READ,),
    ),
    ArmRow: Rules(
        key=(*_ARM, "suite", "judge", "metric"),
        bare=("form",),
        ranges={
            **dict.fromkeys(("count", "n", "n_unjudged", "n_no_reply"), _NON_NEGATIVE),
            **dict.fromkeys(("value", "low", "high", "corrected", "corrected_low", "corrected_high"), _ANY_NUMBER),
        },
        words={"metric": metric_names},
        sentences=(_FIGURES,),
    ),
    DriftReply: Rules(key=("condition", "suite", "prompt_id"), words=dict.fromkeys(("f16_label", "label"), _labels)),
    DriftRow: Rules(
        key=("condition", "judge"),
        bare=("condition",),
        ranges={
            **dict.fromkeys(("prompts", "n", "n_unjudged"), _NON_NEGATIVE),
            **dict.fromkeys(("replies", "replies_low", "replies_high", "value", "low", "high", "f16_refused", "refused"), (0.0, 1.0)),
            **dict.fromkeys(("difference", "difference_low", "difference_high"), (-1.0, 1.0)),
            **dict.fromkeys(("p", "p_holm"), (0.0, 1.0)),
        },
        sentences=(_FIGURES,),
    ),
    ParityRow: Rules(
        key=("condition", "against"),
        ranges=dict.fromkeys(("prompts", "tokens", "equal", "near_ties", "apart", "largest", "mean", "left_out"), _NON_NEGATIVE),
        sentences=("every prompt is equal, a near-tie or apart",),
    ),
    AbilityRow: Rules(
        key=(*_ARM, "seed", "source", "metric"),
        bare=("form",),
        ranges={
            **dict.fromkeys(("count", "n", "n_unread", "value", "n_seeds"), _NON_NEGATIVE),
            **dict.fromkeys(("low", "high", "difference", "difference_low", "difference_high"), _ANY_NUMBER),
            **dict.fromkeys(("chance", "p_holm"), (0.0, 1.0)),
        },
        sentences=(_FIGURES,),
    ),
    TrainingFacts: Rules(
        key=("condition",),
        ranges=dict.fromkeys(
            ("setting_rows", "safety_rows", "lookalike_rows", "safety_loss_tokens", "loss_tokens", "steps", "train_loss", "eval_loss"),
            _NON_NEGATIVE,
        ),
    ),
}


@cache
def schema(kind: type) -> pa.DataFrameSchema:
    """The schema of the table of `kind`; `KeyError` for a record that is never a table."""
    import pandera.polars as pa

    rules = RULES[kind]
    return pa.DataFrameSchema(
        {name: _column(name, hint, rules) for name, hint in get_type_hints(kind).items()},
        checks=[pa.Check(_row_check(sentence), name=sentence) for sentence in rules.sentences],
        unique=list(rules.key),
        strict=True,
        ordered=True,
    )


def dtypes(kind: type) -> dict[str, pl.DataType]:
    """Column -> Polars type of the table of `kind`, in the record's order."""
    return {name: _dtype(_without_none(hint)) for name, hint in get_type_hints(kind).items()}


def _column(name: str, hint: object, rules: Rules) -> pa.Column:
    """One column's schema: its type, its allowed words, its range, and that a key is never empty."""
    import pandera.polars as pa

    plain = _without_none(hint)
    checks = []
    if words := get_args(plain) if get_origin(plain) is Literal else rules.words.get(name, tuple)():
        checks.append(pa.Check.isin(words, error=f"one of: {', '.join(words)}"))
    if name in rules.ranges:
        checks.append(_range_check(*rules.ranges[name]))
    if name in rules.key and name not in rules.bare and plain is str:
        checks.append(pa.Check.str_length(min_value=1, error="at least one character"))
    return pa.Column(_dtype(plain), checks, nullable=plain is not hint)


def _range_check(low: float, high: float) -> pa.Check:
    """A finite number within the range. NaN compares false with everything and so falls out too."""
    import pandera.polars as pa

    words = "a finite number" + (f", {low:g} or more" if low > -_FINITE else "") + (f", {high:g} at most" if high < _FINITE else "")
    return pa.Check.in_range(low, high, error=words)


def _dtype(plain: object) -> pl.DataType:
    """The Polars type for a field's Python type."""
    import polars as pl

    if plain is int:
        return pl.Int64()
    if plain is float:
        return pl.Float64()
    if plain is bool:
        return pl.Boolean()
    if plain is str or get_origin(plain) is Literal:
        return pl.String()
    if plain == tuple[Message, ...]:
        return pl.List(pl.Struct(dtypes(Message)))
    raise TypeError(f"no column type for {plain}")


def _without_none(hint: object) -> object:
    """`str` for `str | None`; anything else as it is."""
    if get_origin(hint) in (types.UnionType, Union):
        (plain,) = (part for part in get_args(hint) if part is not type(None))
        return plain
    return hint


def _row_check(sentence: str) -> Callable[[PolarsData], pl.LazyFrame]:
    """The rule of that name, in the shape Pandera calls: data in, one boolean a row out."""
    return lambda data: data.lazyframe.select(_row_rules()[sentence])


def _row_rules() -> dict[str, pl.Expr]:
    """Sentence -> the expression that is true of a good row."""
    import polars as pl

    turn = pl.element().struct
    trained = pl.col("messages").list.eval(turn.field("train")).list.any()
    misplaced = pl.col("messages").list.eval(turn.field("train") & (turn.field("role") != "assistant")).list.any()
    judged = pl.col("label").is_not_null() | pl.col("score").is_not_null()
    figures = [pl.col(name) for name in ("value", "low", "high")]
    ordered = (pl.col("low") <= pl.col("value")) & (pl.col("value") <= pl.col("high"))
    asked = pl.any_horizontal(pl.col(form).is_not_null() for form in ("instruction", "question", "opinion"))
    refused = pl.any_horizontal(pl.col(name).is_not_null() for name in ("refusal", "reasons_short", "reasons_long", "socratic", "decision"))
    bounds = (pl.col("low") <= pl.col("difference")) & (pl.col("difference") <= pl.col("high"))
    return {
        "low <= difference <= high": bounds.fill_null(True),
        "a prompt, and a refusal to refuse or an answer to a look-alike": asked
        & pl.when(pl.col("expects") == "refuse").then(refused).otherwise(pl.col("answer").is_not_null()),
        "the loss falls on at least one turn, and on assistant turns only": trained & ~misplaced,
        "a completion that failed has no text": (pl.col("finish_reason") != "error") | (pl.col("text") == ""),
        "a label or a score exactly where the status is ok": judged == (pl.col("status") == "ok"),
        _READ: (pl.col("error") == "") == pl.coalesce(pl.col("^nll|logprob$")).is_not_null(),
        _FIGURES: pl.when(pl.col("n") == 0)
        .then(pl.all_horizontal(figure.is_null() for figure in figures))
        .otherwise(ordered.fill_null(False)),
        "every prompt is equal, a near-tie or apart": pl.col("equal") + pl.col("near_ties") + pl.col("apart") == pl.col("prompts"),
        "a share lies between 0 and 1": pl.col("metric").is_in(sorted(mean_metrics()))
        | pl.all_horizontal(figure.is_null() | figure.is_between(0, 1) for figure in figures),
    }
