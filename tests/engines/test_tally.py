"""Counting how far two computations agree."""

from __future__ import annotations

import numpy as np
import pytest

from socsafe.engines.tally import Tally, Trace
from socsafe.facts.parity import NEAR_TIE


def rows(*numbers: tuple[float, ...]) -> np.ndarray:
    return np.array(numbers, dtype=np.float32)


CLEAR = rows((5.0, 1.0, 0.0), (0.0, 5.0, 1.0))
TIE = rows((5.0, 1.0, 0.0), (0.0, 5.0, 5.0 - NEAR_TIE / 2))


def test_replies_that_part_count_as_near_ties_only_where_the_model_has_hardly_decided() -> None:
    tally = Tally()
    tally.add(Trace((0, 1), CLEAR), (0, 1), CLEAR + 0.25)
    tally.add(Trace((0, 1), TIE), (0, 2), TIE)
    tally.add(Trace((0, 1), CLEAR), (0, 2), CLEAR)
    row = tally.row("x", "transformers")
    assert (row.prompts, row.equal, row.near_ties, row.apart) == (3, 1, 1, 1)
    assert row.largest == 0.25
    assert row.mean == pytest.approx(0.25 / 3)


def test_logits_after_the_first_token_that_differs_do_not_count() -> None:
    tally, far = Tally(), CLEAR.copy()
    far[1] += 100
    tally.add(Trace((0, 1), CLEAR), (2,), far)
    row = tally.row("x", "merged")
    assert (row.tokens, row.largest, row.apart) == (1, 0.0, 1)


def test_a_reply_that_only_goes_on_longer_is_not_the_same() -> None:
    tally = Tally()
    tally.add(Trace((0, 1), CLEAR), (0,), CLEAR)
    assert tally.row("x", "merged").equal == 0
