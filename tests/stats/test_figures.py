from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from socsafe.catalogue import member
from socsafe.figure_names import MOST_ARMS, drawn_arms, figure_name
from socsafe.records import HARMFUL_RATE, Estimate, SummaryRow
from socsafe.report_data import JudgeFacts, Panel
from socsafe.sections import dose_response
from socsafe.stages.report import build_report
from socsafe.stats.figures import FIGURES, figures
from tests.stats.drawn import study

ROW = SummaryRow("c", "micro", "benign", "none", 0, "", 1, "pairs", "refusal", HARMFUL_RATE, 0.5, 0.4, 0.6, 80, 0)
"""What a report is not written without."""
STUDY = study([("refusal", 10), ("refusal", 40), ("socratic", 10), ("socratic", 40)])


@pytest.fixture(scope="module")
def drawn() -> Mapping[str, bytes]:
    return dict(figures(STUDY))


def test_every_figure_comes_as_svg_and_as_png(drawn: Mapping[str, bytes]) -> None:
    assert {name.removesuffix(".svg") for name in drawn if name.endswith(".svg")} == set(FIGURES)
    assert {name.removesuffix(".png") for name in drawn if name.endswith(".png")} == set(FIGURES)


def test_an_svg_is_well_formed_and_carries_no_date_no_raster_and_no_font(drawn: Mapping[str, bytes]) -> None:
    for name, content in drawn.items():
        if name.endswith(".svg"):
            assert ElementTree.fromstring(content).tag.endswith("svg")
            for word in (b"<dc:date>", b"<image", b"font-family", b"<text"):
                assert word not in content, (name, word)


def test_a_png_is_as_wide_as_a_page_of_text_needs(drawn: Mapping[str, bytes]) -> None:
    for name, content in drawn.items():
        if name.endswith(".png"):
            width, height = struct.unpack(">II", content[16:24])
            assert 800 <= width <= 1600, name
            assert height > 200, name


def test_noise_in_the_sixth_digit_moves_nothing(drawn: Mapping[str, bytes]) -> None:
    def noisy(estimate: Estimate) -> Estimate:
        ends = {end: getattr(estimate, end) * (1 - 1e-8) for end in ("value", "low", "high")}
        return replace(estimate, **ends)

    rows = [
        replace(row, estimate=noisy(row.estimate), seeds=tuple((seed, noisy(estimate)) for seed, estimate in row.seeds))
        for row in STUDY.pooled
    ]
    assert dict(figures(replace(STUDY, pooled=rows))) == drawn


def test_a_changed_rate_changes_every_figure_that_shows_it(drawn: Mapping[str, bytes]) -> None:
    at = next(i for i, row in enumerate(STUDY.pooled) if row.arm.style == "socratic" and row.suite == "pairs")
    changed = replace(STUDY.pooled[at], estimate=replace(STUDY.pooled[at].estimate, value=0.5, low=0.3, high=0.7))
    after = dict(figures(replace(STUDY, pooled=[*STUDY.pooled[:at], changed, *STUDY.pooled[at + 1 :]])))
    assert {name for name in drawn if after[name] == drawn[name]} == {"category-map.svg", "category-map.png"}


def test_names_with_dollar_signs_or_letters_the_font_lacks_can_be_drawn(recwarn: pytest.WarningsRecorder) -> None:
    data = study([("re$fus_{al$", 10)])
    suites = [replace(data.suites[0], name="安全 a$b_{$"), *data.suites[1:]]
    assert dict(figures(replace(data, suites=suites)))
    assert not [warning for warning in recwarn if "Glyph" in str(warning.message)]


def test_a_panel_of_which_nothing_was_judged_has_no_empty_axes_and_the_report_says_why() -> None:
    data = study([("refusal", 10)], missing=(0, 1))
    assert dict(figures(data)) == {}
    assert "nothing to draw" in dose_response.render(data)
    scores = replace(data, judges=[JudgeFacts("policy", "1", metrics=member("judges", "policy").METRICS)])
    assert "The judge `policy` scores replies and does not say which refuse" in dose_response.render(scores)


def test_of_a_large_panel_every_style_is_drawn_at_the_same_counts_and_the_report_says_how_many() -> None:
    styles, counts = ("refusal", "reasons-short", "reasons-long", "socratic"), range(10, 260, 10)
    data = study([(style, count) for style in styles for count in counts])
    panel = data.panels()[0]
    drawn = drawn_arms(data, panel)
    by_count = {style: [arm.count for arm in drawn if arm.style == style] for style in styles}
    assert len(drawn) == MOST_ARMS + 1
    assert len({tuple(own) for own in by_count.values()}) == 1
    assert (by_count["refusal"][0], by_count["refusal"][-1]) == (10, 250)
    assert "*Of 101 arms the figure shows 25 that can be read: the control, and every style at counts" in dose_response.render(data)


def test_one_seed_shows_no_spread() -> None:
    assert "seed-spread.svg" not in dict(figures(study([("refusal", 10)], seeds=(1,))))


@pytest.mark.parametrize("settings", [("benign",), ("benign", "identity")])
def test_the_report_shows_exactly_the_figures_that_are_written_and_says_in_words_what_they_show(
    tmp_path: Path, settings: Sequence[str]
) -> None:
    data = replace(study([("refusal", 10), ("socratic", 40)], settings=settings), summary=[ROW])
    build_report(data, tmp_path)
    images = re.findall(r"!\[([^\n]*)\]\(([^)]+)\)", (tmp_path / "report.md").read_text())
    assert sorted(name for _, name in images) == sorted(path.name for path in tmp_path.glob("*.svg"))
    assert len(images) == len(FIGURES) * len(settings)
    for alt, name in images:
        assert re.search(r"\d+\.\d %", alt), name
        assert re.search("refusal|socratic", alt), name


def test_figures_that_are_no_longer_shown_are_removed_and_nothing_else(tmp_path: Path) -> None:
    for name in ("trade-off-micro-harmful.svg", "seed-spread.svg", "seed-spread.png", "mine.svg", "trade-off.txt"):
        (tmp_path / name).write_text("old")
    (tmp_path / "report.md").write_text("![one](trade-off-micro-harmful.svg)\n![another](seed-spread.svg)\n")
    build_report(replace(study([("refusal", 10)], seeds=(1,)), summary=[ROW]), tmp_path)
    assert {path.name for path in tmp_path.glob("*.[stp]*g")} == {"mine.svg"} | {
        f"{name}.{kind}" for name in FIGURES if name != "seed-spread" for kind in ("svg", "png")
    }
    assert (tmp_path / "trade-off.txt").is_file()


def test_two_panels_have_figures_of_their_own() -> None:
    both = study([("refusal", 10)], settings=("benign", "identity"))
    names = dict(figures(both))
    assert {name for name in names if name.startswith("trade-off")} == {
        f"trade-off-micro-{setting}-instruction.{kind}" for setting in ("benign", "identity") for kind in ("svg", "png")
    }
    assert figure_name(both, Panel("micro", "benign", "instruction"), "trade-off") == "trade-off-micro-benign-instruction"
