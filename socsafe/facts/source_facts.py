"""A data source as a report names it: what it was used for, where it is from, and under which licence.

source YAML and the file beside it -> SourceFacts -> the report's section on data
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """One use of one source."""

    name: str
    """In the catalogue."""
    use: str
    """What the study takes it for, e.g. `setting benign`."""
    rows: str
    """How many of its rows are used, as written: a number, or `all 300`."""
    title: str
    licence: str
    """SPDX identifier or plain words, as its description has it."""
    origin: str
    """Where it was published, with the revision where one is fixed; or that it is the project's own."""
    sha256: str
    """Of its file; empty for data composed from several, whose checksums stand under provenance."""
    citation: str = ""
    """Who published it and where; empty where nothing is said."""
