"""The data the study was made with: what each source was used for, where it is from, its checksum and its licence."""

from __future__ import annotations

from collections.abc import Sequence

from socsafe.facts.source_facts import SourceFacts
from socsafe.markdown import NOTHING, code, escape, listed, table
from socsafe.report_data import ReportData

TITLE = "Data"
ORDER = 54

_SHOWN = 12
"""Digits of a checksum."""


def render(data: ReportData) -> str:
    """A line for each use of a source, then who published what; left out where nothing is told."""
    if not data.sources:
        return ""
    rows = [
        [
            code(one.name),
            escape(one.use),
            escape(one.rows),
            escape(one.licence),
            escape(one.origin),
            code(one.sha256[:_SHOWN]) if one.sha256 else NOTHING,
        ]
        for one in data.sources
    ]
    return "\n".join(
        [
            "What the study trained and evaluated on. A licence is that of the source as its publisher gives it, and holds for what is "
            "made from it; a checksum is of the file that was read (of composed data, those of its parts stand under "
            "[Provenance](#provenance)).\n",
            table(["source", "used for", "rows used", "licence", "origin", "SHA-256"], rows, "llrlll"),
            *_cited(data.sources),
        ]
    )


def _cited(sources: Sequence[SourceFacts]) -> list[str]:
    """Who published which, one line a publication."""
    by_citation: dict[str, dict[str, None]] = {}
    for one in sources:
        if one.citation:
            by_citation.setdefault(one.citation, {})[one.name] = None
    lines = [f"- {listed([code(name) for name in names])}: {escape(citation)}" for citation, names in by_citation.items()]
    return ["\n".join(lines) + "\n"] if lines else []
