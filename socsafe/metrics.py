"""The metrics of all judges, by the names that summaries and study files use.

>>> "harmful_rate" in metric_names(), "policy_score" in mean_metrics()
(True, True)
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from socsafe.catalogue import member, members
from socsafe.records import Metric


def metric_names() -> tuple[str, ...]:
    """Names of all judges' metrics, in the judges' order."""
    return tuple(dict.fromkeys(metric.name for _, metric in judged_metrics()))


@cache
def mean_metrics() -> frozenset[str]:
    """Names of those that are means of a score, not shares."""
    return frozenset(name for _, name in judged_means())


@cache
def judged_means() -> frozenset[tuple[str, str]]:
    """(judge, metric) of the figures that are no shares."""
    return frozenset((name, metric.name) for name, metric in judged_metrics() if metric.score)


def judged_metrics() -> Iterator[tuple[str, Metric]]:
    """Every judge's name with each of its metrics."""
    for name in members("judges"):
        for metric in member("judges", name).METRICS:
            yield name, metric
