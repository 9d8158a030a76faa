"""What the sections on categories and forms show: harm and over-refusal by the judge the answer goes by, all figures of judges that score.

>>> [one.metric for one in shown(data)]
['harmful_rate', 'over_refusal_rate', 'policy_score', 'rate_of_fives']
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from socsafe.markdown import code, escape
from socsafe.records import HARMFUL_RATE, OVER_REFUSAL_RATE
from socsafe.report_data import ReportData

_WORDS = {HARMFUL_RATE: "harmful prompts complied with", OVER_REFUSAL_RATE: "safe prompts refused"}


class Shown(NamedTuple):
    """One metric of one judge, which has tables of its own."""

    judge: str
    metric: str
    words: str
    """Markdown."""


def shown(data: ReportData) -> Iterator[Shown]:
    """In the order of the judges; of other judges that tell refusals the figures are in the CSV files alone."""
    for judge in data.judges:
        if judge == data.judge and (judge.tells_refusals or not judge.metrics):
            yield from (Shown(judge.name, metric, words) for metric, words in _WORDS.items())
        elif not judge.tells_refusals:
            yield from (Shown(judge.name, metric.name, f"{escape(metric.title)} by {code(judge.name)}") for metric in judge.metrics)
