from __future__ import annotations

import polars as pl
import pytest

from socsafe.facts.breakdown import FormRow
from socsafe.judges import policy
from socsafe.judges.refusal import METRICS
from socsafe.records import FULL_COMPLIANCE, FULL_REFUSAL, HARMFUL_RATE, OVER_REFUSAL_RATE, Verdict
from socsafe.report_data import JudgeFacts
from socsafe.schemas import dtypes
from socsafe.stats.forms import FORMS, Pairs, form_rows
from socsafe.stats.grids import lay_out
from socsafe.study.conditions import Condition

ITEMS = 30
JUDGE = JudgeFacts("refusal", "1", metrics=METRICS)
PAIRS = {"suite": {f"{expects}{n}-{form}": f"{expects}{n}" for expects in ("refuse", "comply") for n in range(ITEMS) for form in FORMS}}
CONDITIONS = [Condition("micro", "benign", "none", 0, None, seed) for seed in (1, 2)]


def verdicts(condition: Condition, complied: dict[str, int], unjudged: tuple[str, ...] = ()) -> pl.DataFrame:
    """In each form the first so many harmful items are complied with; all harmless ones are."""
    rows = []
    for expects in ("refuse", "comply"):
        for n in range(ITEMS):
            for form in FORMS:
                prompt = f"{expects}{n}-{form}"
                label = FULL_COMPLIANCE if expects == "comply" or n < complied[form] else FULL_REFUSAL
                ok = prompt not in unjudged
                judged = ("ok", label) if ok else ("error", None)
                rows.append(Verdict(condition.id, "suite", prompt, 0, "refusal", "1", expects, "c", form, *judged, None, ""))  # type: ignore[arg-type]
    return pl.DataFrame([{name: getattr(row, name) for name in dtypes(Verdict)} for row in rows], schema=dtypes(Verdict))


def rows_of(table: pl.DataFrame, conditions: list[Condition], pairs: Pairs, judge: JudgeFacts = JUDGE) -> list[FormRow]:
    grids = lay_out(table, [condition.id for condition in conditions], [(judge.name, judge.metrics)])
    return [row for row in form_rows(grids, conditions, pairs) if row.seed is None]


def harm(rows: list[FormRow]) -> dict[tuple[str, str], FormRow]:
    return {(row.asked, row.against): row for row in rows if row.metric == HARMFUL_RATE}


def test_each_form_has_its_rate_and_each_two_forms_their_difference_on_the_same_items() -> None:
    rows = rows_of(verdicts(CONDITIONS[0], {"instruction": 6, "question": 9, "opinion": 27}), CONDITIONS[:1], PAIRS)
    found = harm(rows)
    assert {key: row.value for key, row in found.items() if not key[1]} == pytest.approx(
        {("instruction", ""): 0.2, ("question", ""): 0.3, ("opinion", ""): 0.9}
    )
    gap = found["instruction", "opinion"]
    assert (gap.value, gap.n, gap.n_unjudged) == (pytest.approx(-0.7), ITEMS, 0)
    # Exact McNemar: 21 items one way, none the other; the third smallest p of three is the one corrected least.
    assert gap.p_holm == pytest.approx(3 * 2 * 0.5**21)
    assert found["instruction", "question"].p_holm == pytest.approx(2 * 0.5**3)
    assert (gap.low or 0) < -0.5 < 0
    assert {row.value for row in rows if row.metric == OVER_REFUSAL_RATE} == {0.0}


def test_an_item_without_a_verdict_in_one_form_is_left_out_of_the_difference_and_counted() -> None:
    table = verdicts(CONDITIONS[0], {"instruction": 6, "question": 9, "opinion": 27}, unjudged=("refuse0-opinion",))
    found = harm(rows_of(table, CONDITIONS[:1], PAIRS))
    assert (found["instruction", "opinion"].n, found["instruction", "opinion"].n_unjudged) == (ITEMS - 1, 1)
    assert found["instruction", "opinion"].value == pytest.approx(-21 / 29)
    assert (found["opinion", ""].n, found["opinion", ""].n_unjudged) == (ITEMS - 1, 1)
    assert found["instruction", "question"].n == ITEMS


def test_seeds_that_disagree_widen_the_interval() -> None:
    steady = {"instruction": 6, "question": 9, "opinion": 27}
    alike = pl.concat([verdicts(one, steady) for one in CONDITIONS])
    apart = pl.concat([verdicts(CONDITIONS[0], steady | {"opinion": 30}), verdicts(CONDITIONS[1], steady | {"opinion": 24})])
    widths = []
    for table in (alike, apart):
        gap = harm(rows_of(table, CONDITIONS, PAIRS))["instruction", "opinion"]
        assert gap.value == pytest.approx(-0.7)
        assert gap.n == 2 * ITEMS
        widths.append((gap.high or 0) - (gap.low or 0))
    assert widths[0] < widths[1]


def test_a_condition_that_was_not_judged_has_no_row_and_a_suite_in_one_form_none_at_all() -> None:
    table = verdicts(CONDITIONS[0], {"instruction": 6, "question": 9, "opinion": 27})
    other = Condition("micro", "benign", "refusal", 40, "instruction", 1)
    assert {row.style for row in rows_of(table, [*CONDITIONS, other], PAIRS)} == {"none"}
    assert rows_of(table.filter(pl.col("form") == "opinion"), CONDITIONS, PAIRS) == []
    assert rows_of(table, CONDITIONS, {}) == []


def test_mean_scores_are_taken_apart_by_form_as_rates_are() -> None:
    judge = JudgeFacts("policy", "1", metrics=policy.METRICS)
    scored = []
    for condition in CONDITIONS:
        table = verdicts(condition, {"instruction": 6, "question": 9, "opinion": 27}).filter(expects="refuse")
        score = pl.when(label=FULL_COMPLIANCE).then(5.0).otherwise(1.0)
        scored.append(table.with_columns(pl.lit("policy").alias("judge"), score.alias("score"), pl.lit(None, pl.String).alias("label")))
    found = {(row.metric, row.asked, row.against): row for row in rows_of(pl.concat(scored), CONDITIONS, PAIRS, judge)}
    mean, gap = found["policy_score", "opinion", ""], found["policy_score", "instruction", "opinion"]
    assert (mean.value, mean.n, mean.mean) == (pytest.approx(1 + 4 * 0.9), 2 * ITEMS, True)
    assert (mean.low or 0) < (mean.value or 0) < (mean.high or 0)
    assert (gap.value, gap.n_seeds) == (pytest.approx(-4 * 0.7), 2)
    assert (gap.high or 0) < 0
    assert (gap.p_holm or 1) < 0.001
    assert found["rate_of_fives", "opinion", ""].value == pytest.approx(0.9)
