"""From figures to a report: `report.md`, `summary.csv` and the figures, in a folder that is committed.

>>> build_report(data, Path("reports/quickstart"))
[PosixPath('reports/quickstart/report.md'), PosixPath('reports/quickstart/summary.csv'), ...]

The same data give the same bytes, and a file that would not change is not touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from socsafe.catalogue import member, members
from socsafe.errors import Problem, RunError
from socsafe.files import write_bytes, write_if_changed
from socsafe.markdown import escape
from socsafe.report_data import ReportData
from socsafe.tables import write_csv

_FIGURES = "dose-response*"


def build_report(data: ReportData, folder: Path) -> list[Path]:
    """Write the report and all that it shows into `folder`; give the files, the report first.

    Figures of an earlier report that this one no longer shows are removed. Raises `RunError` where nothing was judged or
    the folder cannot be written.
    """
    if not data.summary:
        raise RunError(
            Problem(
                where=data.study,
                got="no condition has verdicts",
                expected="at least one judged condition",
                mend=f"socsafe status recipes/{data.study}",
            )
        )
    report, summary = folder / "report.md", folder / "summary.csv"
    write_csv(summary, data.summary)
    figures = [folder / name for name in _write_figures(data, folder)]
    for stale in sorted(set(folder.glob(_FIGURES)) - set(figures)):
        stale.unlink()
    write_if_changed(report, report_text(data))
    return [report, summary, *figures]


def report_text(data: ReportData) -> str:
    """The whole report as Markdown: title, question, then every section that has something to say, by its ORDER."""
    blocks = [f"# {escape(data.study)}\n"]
    if data.question:
        blocks.append(f"**Question.** {escape(data.question)}\n")
    if data.subject:
        blocks.append(f"**Subject.** {escape(data.subject)}\n")
    sections = sorted((member("sections", name) for name in members("sections")), key=lambda section: (section.ORDER, section.TITLE))
    for section in sections:
        if text := section.render(data):
            blocks += [f"## {section.TITLE}\n", text]
    return "\n".join(blocks)


def _write_figures(data: ReportData, folder: Path) -> Iterator[str]:
    """Draw every panel's dose-response figure, as SVG for the report and as PNG for where that does not show."""
    from socsafe.stats.figures import dose_response

    for panel in data.panels():
        for kind in ("svg", "png"):
            name = f"{data.figure(panel)}.{kind}"
            content = dose_response(data, panel, kind)
            if not (folder / name).is_file() or (folder / name).read_bytes() != content:
                write_bytes(folder / name, content)
            yield name
