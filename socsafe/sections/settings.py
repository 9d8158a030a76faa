"""How the models were trained, sampled and judged, and whether the settings may be compared with each other."""

from __future__ import annotations

from collections.abc import Mapping

from socsafe.markdown import NOTHING, code, escape, listed, table
from socsafe.report_data import ReportData

TITLE = "Settings"
ORDER = 80


def render(data: ReportData) -> str:
    """Hyperparameters by setting, sampling, judges."""
    blocks = [_hyperparameters(data)] if data.hyperparameters else []
    if data.sampling:
        blocks.append("Replies were drawn with:\n\n" + _sampling(data.sampling))
    judges = [[code(judge.name), code(judge.version), escape(judge.about)] for judge in data.judges]
    blocks.append("Replies were judged by:\n\n" + table(["judge", "version", "what it rules on"], judges, "lll"))
    return "\n".join(blocks)


def _hyperparameters(data: ReportData) -> str:
    """One column a setting, and a warning where they differ."""
    settings = list(data.hyperparameters)
    keys = list(dict.fromkeys(key for values in data.hyperparameters.values() for key in values))
    differing = [key for key in keys if len({data.hyperparameters[setting].get(key) for setting in settings}) > 1]
    rows = [[code(key), *(_value(data.hyperparameters[setting].get(key)) for setting in settings)] for key in keys]
    found = ""
    if differing:
        names = listed([code(key) for key in differing])
        found = f"**The settings differ in {names}**: conditions can be compared within a setting, not across settings.\n\n"
    elif len(settings) > 1:
        found = "All settings were trained alike.\n\n"
    return found + table(["training", *(code(setting) for setting in settings)], rows, "l" + "r" * len(settings))


def _sampling(values: Mapping[str, str]) -> str:
    rows = [[code(name), code(value)] for name, value in values.items()]
    return table(["sampling", "value"], rows, "lr")


def _value(value: str | None) -> str:
    return NOTHING if value is None else code(value)
