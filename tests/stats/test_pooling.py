from __future__ import annotations

from dataclasses import replace

import pytest

from socsafe.records import SummaryRow
from socsafe.report_data import Arm
from socsafe.stats.intervals import wilson
from socsafe.stats.pooling import pool_seeds

ROW = SummaryRow("c-s1", "micro", "benign", "refusal", 40, "question", 1, "pairs", "refusal", "harmful_rate", 1 / 7, 0.0, 0.6, 7, 2)


def test_seeds_are_pooled_by_their_replies_not_by_their_rates() -> None:
    other = replace(ROW, condition="c-s2", seed=2, value=3 / 3, low=0.4, high=1.0, n=3, n_unjudged=0)
    (pooled,) = pool_seeds([ROW, other])
    assert pooled.arm == Arm("micro", "benign", "refusal", 40, "question")
    assert pooled.estimate == wilson(4, 10, 2)
    assert [(seed, estimate.value, estimate.n) for seed, estimate in pooled.seeds] == [(1, 1 / 7, 7), (2, 1.0, 3)]


def test_what_differs_in_more_than_the_seed_is_not_pooled() -> None:
    changes = [{"style": "socratic"}, {"count": 10}, {"form": "mixed"}, {"suite": "x"}, {"judge": "y"}, {"metric": "no_reply_rate"}]
    assert len(pool_seeds([ROW, *(replace(ROW, **change) for change in changes)])) == 7


def test_a_seed_without_verdicts_adds_nothing_but_its_unjudged_replies() -> None:
    (pooled,) = pool_seeds([ROW, replace(ROW, seed=2, value=None, low=None, high=None, n=0, n_unjudged=9)])
    assert pooled.estimate == wilson(1, 7, 11)


def test_a_rounded_share_is_refused_because_its_count_is_lost() -> None:
    with pytest.raises(ValueError, match="no whole number"):
        pool_seeds([replace(ROW, value=0.143)])
