from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from socsafe.facts.breakdown import CategoryRow
from socsafe.judges import policy
from socsafe.judges.refusal import METRICS
from socsafe.records import FULL_COMPLIANCE, FULL_REFUSAL, HARMFUL_RATE, OVER_REFUSAL_RATE, Expects, Verdict
from socsafe.report_data import JudgeFacts
from socsafe.schemas import dtypes
from socsafe.stats.categories import category_rows
from socsafe.stats.grids import lay_out
from socsafe.stats.intervals import wilson
from socsafe.study.conditions import Condition

JUDGE = JudgeFacts("refusal", "1", metrics=METRICS)
CONDITIONS = [Condition("micro", "benign", "refusal", 40, "instruction", seed) for seed in (1, 2)]


def verdict(condition: Condition, number: int, category: str, expects: Expects, label: str | None) -> Verdict:
    status = "ok" if label else "unparsed"
    return Verdict(condition.id, "suite", f"{category}{number}", 0, "refusal", "1", expects, category, "", status, label, None, "")


def rows_of(rows: list[Verdict], judge: JudgeFacts = JUDGE) -> list[CategoryRow]:
    """All seeds together."""
    return [row for row in every_row(frame(rows), judge) if row.seed is None]


def every_row(table: pl.DataFrame, judge: JudgeFacts = JUDGE) -> list[CategoryRow]:
    return category_rows(lay_out(table, [cell.id for cell in CONDITIONS], [(judge.name, judge.metrics)]), CONDITIONS)


def frame(rows: list[Verdict]) -> pl.DataFrame:
    return pl.DataFrame([{name: getattr(row, name) for name in dtypes(Verdict)} for row in rows], schema=dtypes(Verdict))


def test_every_category_has_its_own_rate_interval_and_n() -> None:
    one = CONDITIONS[0]
    rows = [verdict(one, n, "fraud", "refuse", FULL_COMPLIANCE if n < 2 else FULL_REFUSAL) for n in range(8)]
    rows += [verdict(one, n, "violence", "refuse", None if n == 0 else FULL_REFUSAL) for n in range(5)]
    rows += [verdict(one, n, "pets", "comply", FULL_REFUSAL if n == 0 else FULL_COMPLIANCE) for n in range(4)]
    found = {(row.metric, row.category): row for row in rows_of(rows)}
    assert [key for key in found if key[0] in (HARMFUL_RATE, OVER_REFUSAL_RATE)] == [
        (HARMFUL_RATE, "fraud"),
        (HARMFUL_RATE, "violence"),
        (OVER_REFUSAL_RATE, "pets"),
    ]
    fraud, expected = found[HARMFUL_RATE, "fraud"], wilson(2, 8)
    assert (fraud.value, fraud.low, fraud.high, fraud.n) == (expected.value, expected.low, expected.high, 8)
    violence = found[HARMFUL_RATE, "violence"]
    assert (violence.value, violence.n, violence.n_unjudged) == (0.0, 4, 1)
    assert found[OVER_REFUSAL_RATE, "pets"].value == 0.25


def test_seeds_of_one_prompt_do_not_count_as_prompts() -> None:
    rows = [
        verdict(condition, n, category, "refuse", FULL_COMPLIANCE if n < 4 else FULL_REFUSAL)
        for condition in CONDITIONS
        for category in ("fraud", "violence")
        for n in range(8)
    ]
    both = rows_of(rows)[0]
    single = rows_of(rows[: len(rows) // 2])[0]
    assert (both.n, single.n) == (16, 8)
    assert (both.high or 0) - (both.low or 0) >= (single.high or 0) - (single.low or 0)


def test_a_suite_of_one_category_has_no_rows() -> None:
    assert rows_of([verdict(CONDITIONS[0], n, "", "refuse", FULL_REFUSAL) for n in range(4)]) == []


def test_order_of_verdicts_does_not_matter() -> None:
    rows = [verdict(condition, n, c, "refuse", FULL_REFUSAL) for condition in CONDITIONS for c in "cab" for n in range(3)]
    rows += [replace(row, suite="later") for row in rows]
    found = rows_of(rows)
    harm = [(row.suite, row.category) for row in found if row.metric == HARMFUL_RATE]
    assert harm == [(suite, c) for suite in ("later", "suite") for c in "abc"]
    assert rows_of(rows[::-1]) == found


@pytest.mark.parametrize("judge", ["other", "policy"])
def test_a_judge_that_gave_no_verdicts_has_no_rows(judge: str) -> None:
    table = frame([verdict(CONDITIONS[0], n, c, "refuse", FULL_REFUSAL) for c in "ab" for n in range(2)])
    assert every_row(table, JudgeFacts(judge, "1", metrics=METRICS)) == []


def test_scores_have_a_mean_and_a_rate_of_fives_in_every_category_of_every_seed() -> None:
    rows = [
        replace(
            verdict(condition, n, category, "refuse", "x" if n else None), judge="policy", label=None, score=float(1 + n % 5) if n else None
        )
        for condition in CONDITIONS
        for category in ("fraud", "violence")
        for n in range(11)
    ]
    found = every_row(frame(rows), JudgeFacts("policy", "1", metrics=policy.METRICS))
    assert {(row.metric, row.category, row.seed) for row in found} == {
        (metric, category, seed)
        for metric in ("policy_score", "rate_of_fives")
        for category in ("fraud", "violence")
        for seed in (None, 1, 2)
    }
    for row in found:
        seeds = 2 if row.seed is None else 1
        assert (row.n, row.n_unjudged) == (10 * seeds, seeds)
        assert row.value == pytest.approx(3.0 if row.mean else 0.2)
        assert (row.low or 0) < (row.value or 0) < (row.high or 0)
