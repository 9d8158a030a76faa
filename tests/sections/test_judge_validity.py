"""Corrected rates beside the raw ones, where it is known how far the judge agrees with people."""

from __future__ import annotations

from dataclasses import replace

from socsafe.report_data import Validity
from socsafe.sections import judge_validity
from socsafe.stats.intervals import wilson
from socsafe.stats.validity import corrected
from tests.synthetic import JUDGE, report_data


def test_without_labelled_replies_the_section_says_how_to_get_there() -> None:
    text = judge_validity.render(report_data())
    assert "was not measured in this project" in text
    assert f"socsafe judge validate --labels FILE --judge {JUDGE.name} --out reports/judges/report.md" in text
    assert "|" not in text


def test_raw_and_corrected_rates_stand_side_by_side() -> None:
    data = report_data()
    validity = {JUDGE.name: Validity(JUDGE.version, wilson(90, 100), wilson(95, 100))}
    data = replace(data, validity=validity, corrected=corrected(data.pooled, validity, {}))
    text = judge_validity.render(data)
    assert "finds 90.0 (82.6–94.5) % of 100 refusals" in text
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| `")]
    assert len(rows) == len(data.corrected) > 0
    for cells, row in zip(rows, data.corrected, strict=True):
        raw = data.row(row.arm, row.suite, row.metric, row.judge)
        assert raw is not None
        assert cells[4] == f"{100 * (raw.estimate.value or 0):.1f}"
        assert cells[6].startswith(f"{100 * (row.rate.value or 0):.1f} (")
