"""Conditions that did not get through, and where they stopped."""

from __future__ import annotations

from socsafe.markdown import code, escape, table
from socsafe.report_data import ReportData

TITLE = "Incomplete conditions"
ORDER = 60


def render(data: ReportData) -> str:
    """A line for every failure; left out where there is none."""
    if not data.failures:
        return ""
    rows = [[code(failure.condition), code(failure.stage), escape(failure.message)] for failure in data.failures]
    return "The figures above are without these conditions:\n\n" + table(["condition", "stopped at", "message"], rows, "lll")
