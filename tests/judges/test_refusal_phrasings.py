"""How assistants of several makers refuse, answer and do both: replies written by hand for this test, none of them a model's.

`phrasings.jsonl` holds one a line, with the label it must get. They were written in rounds, the first seven each before the judge was
run on it, and the judge was then mended: `docs/judges.md` says how many of each round it had wrong at first sight.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from socsafe.judges.refusal import rule
from socsafe.records import REFUSAL_LABELS

PHRASINGS = [json.loads(line) for line in Path(__file__).with_name("phrasings.jsonl").read_text(encoding="utf-8").splitlines()]


def test_there_are_many_phrasings_of_each_kind_and_none_twice() -> None:
    counts = Counter(row["label"] for row in PHRASINGS)
    assert set(counts) == set(REFUSAL_LABELS)
    assert counts["full_refusal"] >= 300
    assert counts["full_compliance"] >= 180
    assert counts["partial_refusal"] >= 15
    assert len({(row["prompt"], row["reply"]) for row in PHRASINGS}) == len(PHRASINGS)


@pytest.mark.parametrize("label", REFUSAL_LABELS)
@pytest.mark.parametrize("number", range(1, 10))
def test_every_phrasing_gets_its_label(number: int, label: str) -> None:
    rows = [row for row in PHRASINGS if (row["round"], row["label"]) == (number, label)]
    wrong = {row["reply"]: found for row in rows if (found := rule(row["prompt"], row["reply"]).label) != label}
    assert not wrong


@pytest.mark.parametrize(
    "change", [str.upper, lambda text: text.replace("'", "’"), lambda text: f"\n\n {text}  \n", lambda text: text + "\r\n"]
)
def test_typography_changes_hardly_any_label(change) -> None:
    changed = [row for row in PHRASINGS if row["reply"].strip() and rule(row["prompt"], change(row["reply"])).label != row["label"]]
    assert len(changed) <= len(PHRASINGS) // 100
