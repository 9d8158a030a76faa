"""Other people's figures beside one's own."""

from __future__ import annotations

from dataclasses import replace

from socsafe.data.published import published_figures
from socsafe.facts.published import PublishedFigures, PublishedValue
from socsafe.metrics import metric_names
from socsafe.sections.published import render
from socsafe.study.checked import load_study
from tests.conftest import REPO
from tests.synthetic import report_data

OWN = PublishedValue("", {"style": "refusal", "count": 160}, "boundary-pairs", "harmful_rate", 0.125, share=True)
ELSEWHERE = PublishedValue("before fine-tuning | <b>", {}, None, "policy_score", 1.41, share=False)
ABSENT = PublishedValue("", {"style": "refusal", "count": 7}, None, "harmful_rate", 0.5, share=True)


def test_a_figure_stands_beside_the_arm_it_names_with_interval_and_n() -> None:
    text = render(replace(report_data(), published=[PublishedFigures("Somebody 2023", "Other models.", (OWN,))]))
    (line,) = [line for line in text.splitlines() if "boundary-pairs" in line]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[2:4] == ["`harmful_rate`", "12.5"]
    assert "(" in cells[4]
    assert int(cells[5].split(" ")[0]) > 0
    assert "**Somebody 2023** Other models." in text


def test_a_figure_without_an_arm_stands_alone() -> None:
    text = render(replace(report_data(), published=[PublishedFigures("S", "", (ELSEWHERE, ABSENT))]))
    assert "| before fine-tuning \\| &lt;b&gt; | – | `policy_score` | 1.41 | – | – |" in text
    assert "| refusal, 7 | – | `harmful_rate` | 50.0 | – | – |" in text


def test_the_judge_that_the_answer_goes_by_comes_before_others_with_the_same_metric() -> None:
    data = report_data()
    other = [replace(row, judge="another", estimate=replace(row.estimate, value=0.999)) for row in data.pooled]
    published = [PublishedFigures("S", "", (replace(OWN, suite=None),))]
    assert render(replace(data, pooled=[*other, *data.pooled], published=published)) == render(replace(data, published=published))


def test_a_report_without_published_figures_has_no_such_section() -> None:
    assert render(replace(report_data(), published=())) == ""


def test_the_published_studies_carry_the_figures_of_their_publications() -> None:
    found = {name: published_figures(load_study(REPO / "recipes" / name).study) for name in ("socratic-method", "augmented-refusals")}
    socratic = {(f.label, *f.cell.values(), f.metric): f.value for f in found["socratic-method"][0].figures}
    assert len(socratic) == 32
    assert socratic["", "harmful", "socratic", 25, "rate_of_fives"] == 0.456
    assert socratic["no fine-tuning", "policy_score"] == 1.41
    augmented = {(f.suite, *f.cell.values()): f.value for f in found["augmented-refusals"][0].figures}
    assert len(augmented) == 28
    assert augmented["llm-attacks", "reasons-long", 700] == 0.6796
    metrics = metric_names()
    assert all(f.metric in metrics for blocks in found.values() for block in blocks for f in block.figures)
