"""What a study may declare, and what it is told when it declares something that can have no answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from socsafe.errors import InputError
from socsafe.stats.compare import declare
from socsafe.study.checked import load_study
from socsafe.study.hypotheses import Hypothesis, judge_of

ROOT = Path(__file__).parent.parent.parent
STUDY = """\
name: tried
question: Does it?
bases: [micro]
settings: {benign: {source: boundary-benign, rows: 40}}
safety: {source: boundary-safety}
styles: [none, refusal, socratic]
counts: [10, 40]
forms: [mixed]
exclude: [{style: socratic, count: 40}]
training: {hardware: cpu}
suites: [boundary-pairs, boundary-ordinary]
compute: {context: 512}
"""


def _load(tmp_path: Path, block: str) -> tuple[Hypothesis, ...]:
    file = tmp_path / "recipes" / "tried" / "study.yml"
    file.parent.mkdir(parents=True)
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "boundary").symlink_to(ROOT / "datasets" / "boundary")
    file.write_text(STUDY + block)
    return load_study(file).study.hypotheses


def test_a_study_that_declares_nothing_asks_whether_harm_differs_from_the_control(tmp_path: Path) -> None:
    assert _load(tmp_path, "") == ()
    (only,) = declare((), ["policy", "refusal"])
    assert (only.judge, only.metric, only.suite, only.style, only.count, only.against, only.direction) == (
        "refusal", "harmful_rate", "all suites", None, None, "none", "",
    )  # fmt: skip


def test_a_hypothesis_names_a_style_a_count_a_suite_and_a_direction(tmp_path: Path) -> None:
    block = "hypotheses:\n  - {style: socratic, against: refusal, count: 10, suite: boundary-pairs, direction: lower}\n"
    assert _load(tmp_path, block)[0].direction == "lower"


@pytest.mark.parametrize(
    ("hypothesis", "line", "got", "expected"),
    [
        ("{style: sokratic}", 14, "style sokratic is not compared in this study", "socratic"),
        ("{style: none}", 14, "the control as the style that is compared", "refusal"),
        ("{against: reasons-long}", 14, "against reasons-long, which this study does not have", "none"),
        ("{style: refusal, against: refusal}", 14, "refusal against itself", "another style"),
        ("{count: 11}", 14, "count 11 is not in this study", "10, 40"),
        ("{suite: xstest}", 14, "suite xstest is not in this study", "boundary-pairs"),
        ("{metric: harmfull_rate}", 14, "no judge of this study gives harmfull_rate", "harmful_rate"),
        ("{judge: policy}", 14, "judge policy is not in this study", "refusal"),
        (
            "{style: refusal, against: socratic, count: 40}",
            14,
            "a hypothesis that no two conditions fit",
            "differ in nothing but their style",
        ),
        ("{}\n  - {}", 15, "a hypothesis twice", "each once"),
    ],
)
def test_a_hypothesis_without_an_answer_is_an_error_at_its_line(
    tmp_path: Path, hypothesis: str, line: int, got: str, expected: str
) -> None:
    with pytest.raises(InputError) as caught:
        _load(tmp_path, f"hypotheses:\n  - {hypothesis}\n")
    (problem,) = caught.value.problems
    assert problem.where.endswith(f"study.yml:{line}")
    assert got in problem.got
    assert expected in problem.expected


def test_the_judge_of_a_metric_is_the_first_that_has_it() -> None:
    assert judge_of(Hypothesis(), ["policy", "ensemble", "refusal"]) == "ensemble"
    assert judge_of(Hypothesis(judge="refusal"), ["ensemble", "refusal"]) == "refusal"
    assert judge_of(Hypothesis(metric="policy_score"), ["refusal"]) is None
