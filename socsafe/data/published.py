"""A study's `published` block as the report takes it.

>>> published_figures(study)[0].figures[0].metric
'policy_score'
"""

from __future__ import annotations

from socsafe.facts.published import PublishedFigures, PublishedValue
from socsafe.metrics import mean_metrics
from socsafe.study.published_block import PublishedFigure
from socsafe.study.spec import Study

_DIMENSIONS = ("base", "setting", "style", "count", "form")


def published_figures(study: Study) -> list[PublishedFigures]:
    """The figures in the file's order."""
    means = mean_metrics()
    return [
        PublishedFigures(block.source, block.note or "", tuple(_value(figure, figure.metric not in means) for figure in block.figures))
        for block in study.published
    ]


def _value(figure: PublishedFigure, share: bool) -> PublishedValue:
    cell = {name: value for name in _DIMENSIONS if (value := getattr(figure, name)) is not None}
    return PublishedValue(figure.label or "", cell, figure.suite, figure.metric, figure.value, share)
