"""Every area of bad input."""

from __future__ import annotations

from tests.fuzz import archives, artefacts, data_files, journals, projects, reports

AREAS = (*projects.AREAS, *data_files.AREAS, *journals.AREAS, *archives.AREAS, *artefacts.AREAS, *reports.AREAS)
