"""What every section must keep to, and what the answer may and may not claim."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import pytest

from socsafe.catalogue import member, members
from socsafe.judges.refusal import METRICS
from socsafe.records import Metric, Verdict
from socsafe.report_data import Failure, JudgeFacts, ReportData, SuiteFacts
from socsafe.sections import ability, answer, comparisons, failures, settings, suites, training, unjudged
from socsafe.stages.report import report_text
from socsafe.stages.score import score
from socsafe.stats.compare import compare, declare
from socsafe.stats.grids import lay_out
from socsafe.stats.pooling import pool_seeds
from socsafe.study.conditions import Condition
from tests.synthetic import FAILED, JUDGE, report_data, verdict_frame, verdict_rows

NASTY = "x | y `z` <img src=q> [l](http://e.f)\n\n# h\n| a |"
SECTIONS = [member("sections", name) for name in members("sections")]


@pytest.fixture(scope="module")
def data() -> ReportData:
    return report_data()


def _study(rates: dict[tuple[str, int], tuple[int | None, ...]], prompts: int = 50, over: int | dict[str, int] = 0) -> ReportData:
    """A study on one suite: (style, count) -> harmful replies of each seed out of `prompts`; `over` of as many safe ones refused."""
    conditions: list[Condition] = []
    verdicts: list[Verdict] = []
    for (style, count), hits in rates.items():
        refused = over.get(style, 0) if isinstance(over, dict) else over
        for seed, hit in enumerate(hits, start=1):
            if hit is None:
                continue
            condition = Condition("micro", "benign", style, count, "question" if count else None, seed)
            conditions.append(condition)
            for number in range(prompts):
                harm = "full_compliance" if number < hit else "full_refusal"
                safe = "full_refusal" if number < refused and count else "full_compliance"
                common = (0, "refusal", "1")
                verdicts.append(Verdict(condition.id, "s", f"h{number}", *common, "refuse", "", "", "ok", harm, None, ""))
                verdicts.append(Verdict(condition.id, "s", f"b{number}", *common, "comply", "", "", "ok", safe, None, ""))
    frame = verdict_frame(verdicts)
    summary = score(frame, conditions)
    grids = lay_out(frame, [condition.id for condition in conditions], [("refusal", METRICS)])
    return ReportData(
        study="s",
        question="",
        conditions=conditions,
        suites=[SuiteFacts("s", prompts, prompts)],
        judges=[JudgeFacts("refusal", "1")],
        summary=summary,
        pooled=pool_seeds(summary),
        comparisons=compare(grids, conditions, declare((), ["refusal"])),
    )


def test_there_are_sections() -> None:
    assert len(SECTIONS) >= 10


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__.rsplit(".", 1)[-1])
def test_a_section_has_a_title_a_place_of_its_own_and_whole_tables(section: ModuleType, data: ReportData) -> None:
    assert section.TITLE
    assert [other.ORDER for other in SECTIONS].count(section.ORDER) == 1
    text = section.render(data)
    assert text.endswith("\n")
    assert "None" not in text
    assert not re.search(r"\bnan\b", text)
    for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1, table


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__.rsplit(".", 1)[-1])
def test_a_section_renders_a_study_with_the_least_there_can_be(section: ModuleType) -> None:
    text = section.render(_study({("none", 0): (50,)}))
    assert "None" not in text


def test_text_from_outside_can_break_neither_tables_nor_html(data: ReportData) -> None:
    hostile = replace(
        data,
        study=NASTY,
        question=NASTY,
        suites=[replace(suite, about=NASTY) for suite in data.suites],
        judges=[replace(JUDGE, about=NASTY)],
        failures=[Failure(FAILED, NASTY, NASTY)],
        sampling={NASTY: NASTY},
        hyperparameters={NASTY: {NASTY: NASTY}},
        versions={NASTY: NASTY},
        inputs={NASTY: NASTY},
        notes=[NASTY],
    )
    clean, dirty = report_text(data), report_text(hostile)
    assert "<img" not in dirty
    assert not re.search(r"(?<!\\)\]\(http", dirty)
    assert [line for line in dirty.splitlines() if line.startswith("## ")] == [
        line for line in clean.splitlines() if line.startswith("## ")
    ]
    assert not [line for line in dirty.splitlines() if line.startswith(("# h", "| a |"))]


ANSWERS: dict[str, tuple[Callable[[], ReportData], list[str], list[str]]] = {
    "a fall and a better style": (
        lambda: _study({("none", 0): (49, 49), ("refusal", 9): (25, 27), ("socratic", 9): (2, 3)}),
        [
            "98.0 %",
            "at each style's highest count the rate falls by 46.0 points (`refusal`, 95 % interval ",
            " to 93.0 (`socratic`, ",
            ") for every style.",
            "`socratic` does less harm than `refusal` (−47.0 points, ",
        ],
        ["one seed", "no difference could be shown in harm"],
    ),
    "no difference between styles": (
        lambda: _study({("none", 0): (49, 49), ("refusal", 9): (10, 12), ("socratic", 9): (11, 9)}),
        ["no difference could be shown in harm between `refusal` and `socratic`"],
        ["does less harm"],
    ),
    "seeds that lie far apart": (
        lambda: _study({("none", 0): (49, 49), ("refusal", 9): (20, 50), ("socratic", 9): (1, 21)}),
        [
            "at each style's highest count no difference could be shown (−76.0 to −28.0 points, intervals within ",
            "no difference could be shown in harm",
        ],
        ["does less harm", "falls"],
    ),
    "no fall": (lambda: _study({("none", 0): (40, 42), ("refusal", 9): (38, 41)}), ["no difference could be shown"], ["falls", "rises"]),
    "a rise": (
        lambda: _study({("none", 0): (5, 5), ("refusal", 9): (45, 45)}),
        ["the rate rises by 80.0 points (`refusal`, 95 % interval "],
        ["falls"],
    ),
    "one seed a side": (
        lambda: _study({("none", 0): (49,), ("refusal", 9): (40,), ("socratic", 9): (2,)}),
        [
            ") for every style. One seed a side: these two models differ, which says nothing of styles.",
            "`socratic` does less harm than `refusal` (−76.0 points, −85 to −60). One seed a side: these two models differ",
        ],
        [],
    ),
    "no seed in common": (
        lambda: _study({("none", 0): (49,), ("refusal", 9): (None, 2)}),
        ["there is no condition with safety data to hold against it"],
        ["falls", "shown"],
    ),
    "no control": (lambda: _study({("refusal", 9): (2, 2)}), ["no judged control, so no fall in harm"], ["Without safety data"]),
    "only a control": (lambda: _study({("none", 0): (49, 48)}), ["no condition with safety data to hold"], ["**Styles.**"]),
    "styles compared at a count they share": (
        lambda: _study({("none", 0): (49, 49), ("refusal", 9): (30, 30), ("refusal", 99): (1, 1), ("socratic", 9): (2, 2)}),
        ["At 9 harmful prompts refused in training, `socratic` does less harm than `refusal`"],
        [],
    ),
    "a price": (
        lambda: _study({("none", 0): (49, 49), ("refusal", 9): (2, 2)}, over=20),
        ["the model refused 0.0 % without safety data", "the rate rises by 40.0 points (`refusal`, 95 % interval "],
        [],
    ),
    "less harm at a higher price": (
        lambda: _study({("none", 0): (49, 49), ("refusal", 9): (2, 2), ("socratic", 9): (30, 31)}, over={"refusal": 40, "socratic": 3}),
        ["That is not yet a better boundary: `refusal` refuses more safe prompts of `s` than `socratic`."],
        [],
    ),
    "two models with one seed beside styles with several": (
        lambda: _study({("none", 0): (49, 49), ("refusal", 9): (25, 27), ("socratic", 9): (2, 3), ("reasons-long", 9): (40,)}),
        [
            "`socratic` does less harm than `refusal` (−47.0 points, ",
            "2 more pairs have one seed a side: in 2 of 2 the two models differ, which says nothing of styles.",
        ],
        ["`socratic` does less harm than `reasons-long`"],
    ),
    "many models with one seed": (
        lambda: _study({("none", 0): (49,), ("refusal", 9): (25,), ("socratic", 9): (2,), ("reasons-long", 9): (40,)}),
        ["in 3 of 3 pairs one model does less harm, by "],
        ["one style does"],
    ),
    "fewer safe prompts refused at no less harm": (
        lambda: _study({("none", 0): (49, 49), ("refusal", 9): (2, 2), ("socratic", 9): (2, 3)}, over={"refusal": 40, "socratic": 3}),
        [
            "no difference could be shown in harm between `refusal` and `socratic`. Of `s`, `socratic` refuses fewer safe prompts than "
            "`refusal` (−74.0 points, "
        ],
        ["boundary"],
    ),
    "less harm at no higher price": (
        lambda: _study({("none", 0): (49, 49), ("refusal", 9): (2, 2), ("socratic", 9): (30, 31)}, over={"refusal": 3, "socratic": 3}),
        ["`refusal` does less harm than `socratic`"],
        ["not yet a better boundary"],
    ),
    "no price": (
        lambda: _study({("none", 0): (49, 49), ("refusal", 9): (2, 2)}),
        ["highest count no difference could be shown (`refusal`, 9: 0.0 points, −4 to 4)"],
        ["rises"],
    ),
}


@pytest.mark.parametrize(("study", "said", "unsaid"), ANSWERS.values(), ids=list(ANSWERS))
def test_the_answer_claims_what_the_numbers_show_and_no_more(study: Callable[[], ReportData], said: list[str], unsaid: list[str]) -> None:
    text = answer.render(study())
    for words in said:
        assert words in text
    for words in unsaid:
        assert words not in text


def test_each_of_the_three_sentences_can_be_read_once(data: ReportData) -> None:
    first = [re.split(r"(?<=[\w)])\. ", block.split("** ", 1)[1])[0] for block in answer.render(data).split("\n\n")[:3]]
    assert len(first) == 3
    assert [sentence for sentence in first if len(sentence.split()) > 45] == []


def test_the_answer_names_conditions_that_gave_no_figures(data: ReportData) -> None:
    assert f"1 of 26 conditions gave no figures: `{FAILED}`" in answer.render(data)
    assert FAILED in failures.render(data)


def test_a_style_that_no_verdict_was_given_on_is_named_and_not_counted_among_every_style() -> None:
    rows = [replace(row, status="error", label=None, rationale="") if "socratic" in row.condition else row for row in verdict_rows()]
    text = answer.render(report_data(rows))
    assert "for every style" not in text
    assert "for `socratic` there is nothing to compare" in text
    assert "7 of 26 conditions gave no figures" in text
    told = comparisons.render(report_data(rows))
    assert "3 more could not be made" in told
    assert "`socratic`, 160 against `none` (`harmful_rate`, all suites)" in told


def test_what_was_not_declared_is_called_a_hint_in_the_answer_too(data: ReportData) -> None:
    hint = "not declared beforehand: a hint."
    harm, styles, price = answer.render(data).split("\n\n")[:3]
    assert hint not in harm
    assert "This is compared by default; the study declares nothing." in harm
    assert "by default" not in answer.render(replace(data, declared_by_default=False))
    assert styles.endswith(hint)
    assert hint in price
    declared = replace(data, comparisons=[replace(one, declared=True) for one in data.comparisons])
    assert hint not in answer.render(declared)


def test_what_a_study_declared_of_another_judges_scores_is_in_its_answer(data: ReportData) -> None:
    policy = JudgeFacts("policy", "1", metrics=(Metric("policy_score", "mean score", ("refuse",), score="mean"),))
    (first, second, *_) = [replace(one, judge="policy", metric="policy_score", mean=True) for one in data.comparisons if one.declared]
    unshown = replace(second, p_holm=0.4)
    told = answer.render(replace(data, judges=[policy], comparisons=[first, unshown]))
    assert "no judged control" not in told
    assert "**Declared.** `policy_score` by `policy` on all suites: lower than without safety data for `refusal` at 10; in 1 of 2 " in told


def test_ability_that_has_become_better_is_not_called_no_difference(data: ReportData) -> None:
    (first, *_) = [row for row in data.ability if row.metric == "accuracy" and row.seed is None and row.difference is not None]
    better = replace(first, difference=0.1, difference_low=0.05, difference_high=0.15, p_holm=0.001)
    told = ability.render(replace(data, ability=[better]))
    assert "is not shown to be lower than the control's for any arm." in told


def test_a_seed_that_failed_keeps_its_place_among_the_seeds(data: ReportData) -> None:
    (line, *_) = (line for line in suites.render(data).splitlines() if line.startswith("| `reasons-long` | 160 |"))
    assert " / – |" in line


def test_unjudged_replies_are_named_with_their_number(data: ReportData) -> None:
    text = unjudged.render(data)
    assert "60 of 9000 replies (0.7 %) could not be judged" in text
    assert "| `micro-benign-socratic-n10-instruction-s1` | `refusal` | 350 | 10 | 2.8 |" in text
    assert unjudged.render(_study({("none", 0): (50,)})) == "All 100 replies were judged.\n"


def test_settings_that_were_trained_differently_are_not_to_be_compared(data: ReportData) -> None:
    both = {"benign": {"lr": "1e-4", "epochs": "1", "r": "8"}, "identity": {"lr": "1e-3", "epochs": "20", "r": "8"}}
    assert "The settings differ in `lr` and `epochs`" in settings.render(replace(data, hyperparameters=both))
    alike = {"benign": {"lr": "1e-4"}, "identity": {"lr": "1e-4"}}
    assert "trained alike" in settings.render(replace(data, hyperparameters=alike))


def test_conditions_evaluated_on_other_tokens_than_trained_on_are_pointed_out(data: ReportData) -> None:
    facts = list(data.training)
    assert "Token parity.**" not in training.render(data)
    facts[0] = replace(facts[0], parity="differs")
    assert "1 of 25 conditions were not evaluated on the prompt tokens" in training.render(replace(data, training=facts))


def test_several_settings_are_reported_apart_and_each_has_its_figure(data: ReportData) -> None:
    others = [replace(condition, setting="identity") for condition in data.conditions]  # type: ignore[type-var]
    summary = [*data.summary, *(replace(row, setting="identity") for row in data.summary)]
    both = replace(data, conditions=[*data.conditions, *others], summary=summary, pooled=pool_seeds(summary))
    text = report_text(both)
    assert "dose-response-micro-benign-instruction.svg" in text
    assert "dose-response-micro-identity-instruction.svg" in text
    assert text.count("**Harm.**") == 2
