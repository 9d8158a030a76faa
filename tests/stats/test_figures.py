from __future__ import annotations

import struct
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from socsafe.report_data import ReportData
from socsafe.stats.figures import dose_response
from tests.synthetic import report_data


@pytest.fixture(scope="module")
def data() -> ReportData:
    return report_data()


def test_an_svg_is_well_formed_and_carries_no_date(data: ReportData) -> None:
    svg = dose_response(data, data.panels()[0], "svg")
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert b"<dc:date>" not in svg


def test_a_png_is_as_wide_as_a_page_of_text_needs(data: ReportData) -> None:
    png = dose_response(data, data.panels()[0], "png")
    width, height = struct.unpack(">II", png[16:24])
    assert 800 <= width <= 1600
    assert height > 400


def test_a_style_that_was_never_judged_leaves_the_others_as_they_are(data: ReportData) -> None:
    rows = [row for row in data.pooled if row.arm.style != "socratic"]
    assert dose_response(replace(data, pooled=rows), data.panels()[0], "svg") != dose_response(data, data.panels()[0], "svg")


def test_a_study_of_controls_alone_can_be_drawn(data: ReportData) -> None:
    controls = [condition for condition in data.conditions if condition.style == "none"]
    bare = replace(data, conditions=controls)
    assert dose_response(bare, bare.panels()[0], "svg").startswith(b"<?xml")


def test_noise_in_the_sixth_digit_moves_nothing(data: ReportData) -> None:
    noisy = [
        replace(row, estimate=replace(row.estimate, low=row.estimate.low and row.estimate.low * (1 - 1e-9))) if row.estimate.low else row
        for row in data.pooled
    ]
    assert dose_response(replace(data, pooled=noisy), data.panels()[0], "svg") == dose_response(data, data.panels()[0], "svg")


def test_names_with_dollar_signs_are_no_mathematics(data: ReportData) -> None:
    suites = [replace(data.suites[0], name="a$b_{$"), *data.suites[1:]]
    assert dose_response(replace(data, suites=suites), data.panels()[0], "svg").startswith(b"<?xml")
