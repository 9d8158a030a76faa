"""From figures to a report: `report.md`, `summary.csv`, the tables beside it and the figures, in a folder that is committed.

>>> build_report(data, Path("reports/quickstart"))
[PosixPath('reports/quickstart/report.md'), PosixPath('reports/quickstart/summary.csv'), ...]

The same data give the same bytes, and a file that would not change is not touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from socsafe.catalogue import member, members
from socsafe.facts.arm_row import ArmRow
from socsafe.files import write_bytes, write_if_changed
from socsafe.markdown import escape
from socsafe.paths import TABLES, report_files
from socsafe.provenance import provenance_text
from socsafe.report_data import ReportData
from socsafe.sections._example_page import page
from socsafe.tables import write_csv


def build_report(data: ReportData, folder: Path) -> list[Path]:
    """Write the report and all that it shows into `folder`; give the files, the report first. Something in `data` was judged.

    Figures and examples of an earlier report that this one no longer shows are removed, and nothing else. Raises `RunError` where the
    folder cannot be written.
    """
    earlier = report_files(folder)
    report, provenance = folder / "report.md", folder / "provenance.json"
    # First, since the folder is known by it: where the rest could not be written, the same command may write here again.
    write_if_changed(provenance, provenance_text(data))
    files = [*write_tables(data, folder), *_write_figures(data, folder), provenance, *_write_examples(data, folder / "examples")]
    for stale in sorted(set(earlier) - {report, *files}):
        stale.unlink(missing_ok=True)
    # Last, since what it shows tells which pictures are its own.
    write_if_changed(report, report_text(data))
    return [report, *files]


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


def write_tables(data: ReportData, folder: Path) -> list[Path]:
    """Write the summary and the tables beside it; give the files. A table beside it with nothing in it is removed."""
    summary = folder / "summary.csv"
    write_csv(summary, data.summary)
    return [summary, *_write_beside(data, folder)]


def _write_beside(data: ReportData, folder: Path) -> Iterator[Path]:
    for name in TABLES:
        path, rows = folder / f"{name}.csv", _arm_rows(data) if name == "arms" else getattr(data, name)
        if rows:
            write_csv(path, rows)
            yield path
        else:
            path.unlink(missing_ok=True)


def _arm_rows(data: ReportData) -> list[ArmRow]:
    """The pooled figures, each with what it would be without the judge's mistakes."""
    corrected = {(row.arm, row.suite, row.judge, row.metric): row for row in data.corrected}
    rows = []
    for row in data.pooled:
        plain, other = row.estimate, corrected.get((row.arm, row.suite, row.judge, row.metric))
        value, low, high = (other.rate.value, other.rate.low, other.rate.high) if other else (None, None, None)
        rows.append(
            ArmRow(
                **asdict(row.arm),
                suite=row.suite,
                judge=row.judge,
                metric=row.metric,
                value=plain.value,
                low=plain.low,
                high=plain.high,
                n=plain.n,
                n_unjudged=plain.n_unjudged,
                corrected=value,
                corrected_low=low,
                corrected_high=high,
                n_no_reply=other.no_reply if other else None,
            )
        )
    return rows


def _write_examples(data: ReportData, folder: Path) -> Iterator[Path]:
    """A page of replies for each condition."""
    pages = {folder / f"{name}.md": page(name, data.judge, replies) for name, replies in data.examples.items()}
    for path, text in pages.items():
        write_if_changed(path, text)
    yield from pages


def _write_figures(data: ReportData, folder: Path) -> Iterator[Path]:
    """Draw every figure."""
    from socsafe.stats.figures import figures

    for name, content in figures(data):
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            write_bytes(path, content)
        yield path
