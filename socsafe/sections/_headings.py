"""How the sections head what belongs to one panel; a study with a single panel needs no heading."""

from __future__ import annotations

from socsafe.markdown import code
from socsafe.report_data import Panel, ReportData


def panel_title(panel: Panel) -> str:
    """Base, setting and form in code type."""
    return ", ".join(code(part) for part in (panel.base, panel.setting, panel.form) if part)


def panel_heading(data: ReportData, panel: Panel) -> list[str]:
    """The heading of a panel, as a list of one, or of none where it would say nothing."""
    return [f"### {panel_title(panel)}\n"] if len(data.panels()) > 1 else []
