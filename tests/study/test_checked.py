"""What a study that can be read may still have wrong, and that everything is told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from socsafe.errors import InputError, Problem
from socsafe.study.checked import load_study
from tests.conftest import BASE, Folder


def problems(folder: Folder, **changes: object) -> tuple[Problem, ...]:
    with pytest.raises(InputError) as caught:
        folder.plan(**changes)
    return caught.value.problems


def told(folder: Folder, **changes: object) -> str:
    """The one mistake, with its line as `:line`."""
    (problem,) = problems(folder, **changes)
    return str(problem).removeprefix(str(folder.root / "recipes" / "tiny" / "study.yml"))


def test_a_study_knows_everything_it_names(folder: Folder) -> None:
    plan = folder.plan(training={"validation": {"source": "tiny-chat", "rows": 3}})
    assert sorted(plan.sources) == ["tiny-chat", "tiny-safety", "tiny-suite"]
    assert plan.bases[BASE].context == 32768
    assert plan.project.root == folder.root


def test_a_study_may_be_named_by_its_folder_and_from_anywhere(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load_study(folder.study())
    monkeypatch.chdir(folder.root / "recipes" / "tiny")
    assert load_study(Path("study.yml")) == load_study(Path()) == whole
    monkeypatch.chdir(folder.root)
    assert load_study(Path("recipes/tiny")) == whole


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"styles": ["none", "refusel"]}, "unknown style refusel\n    expected: did you mean refusal?"),
        ({"styles": ["reasons_short"]}, "unknown style reasons_short\n    expected: did you mean reasons-short?"),
        ({"bases": ["mikro"]}, "unknown base mikro\n    expected: did you mean micro?"),
        ({"bases": ["../outside"]}, "unknown base ../outside"),
        ({"judges": ["refusla"]}, "unknown judge refusla\n    expected: did you mean refusal?"),
        ({"suites": ["tiny-siute"]}, "unknown source tiny-siute\n    expected: did you mean tiny-suite?"),
        ({"suites": [{"source": "xtest"}]}, "unknown source xtest\n    expected: did you mean xstest?"),
        ({"safety": {"source": "tiny-safty"}}, "unknown source tiny-safty\n    expected: did you mean tiny-safety?"),
        ({"suites": ["../sources/tiny-suite"]}, "unknown source ../sources/tiny-suite"),
        ({"suites": ["tiny-chat"]}, "tiny-chat holds examples\n    expected: a source of prompts"),
        ({"settings": {"benign": {"source": "tiny-safety"}}}, "tiny-safety holds items\n    expected: a source of examples"),
        ({"suites": ["tiny-safety"]}, "tiny-safety holds items\n    expected: a source of prompts"),
        ({"bases": ["micro", "micro"]}, "micro twice in bases"),
        ({"bases": ["a/x", "b/x"]}, "b/x, which would share the name x in paths"),
        ({"seeds": [1, 2, 1]}, "1 twice in seeds"),
        ({"counts": [4, 4]}, "4 twice in counts"),
        ({"counts": {"benign": [4, 4]}}, "4 twice in counts.benign"),
        ({"suites": ["tiny-suite", {"source": "tiny-suite", "limit": 3}]}, "tiny-suite twice in suites"),
        ({"counts": None}, "no counts for setting benign"),
        ({"counts": {"benign": [4], "identity": [4]}}, "counts for identity\n    expected: one of the study's settings: benign"),
        ({"training": {"per_setting": {"harmful": {"epochs": 2}}}}, "training for harmful\n    expected: one of the study's settings"),
        ({"training": {"batch_size": 16, "micro_batch_size": 3}}, "batch_size 16 for benign\n    expected: a multiple of"),
        ({"training": {"batch_size": 4, "micro_batch_size": 8}}, "batch_size 4 for benign\n    expected: a multiple of"),
        ({"training": {"load_in_4bit": True, "hardware": "cpu"}}, "load_in_4bit on a CPU"),
        ({"training": {"optimizer": "paged_adamw_8bit", "hardware": "cpu"}}, "paged_adamw_8bit on a CPU"),
        ({"sampling": {"samples": 3}}, "several samples at temperature 0"),
        ({"sampling": {"max_tokens": 512}, "compute": {"context": 512}}, "max_tokens 512 in a context of 512"),
        ({"bases": ["micro"], "compute": {"context": 2048}}, "a context of 2,048\n    expected: at most the length"),
        ({"bases": ["llama-7b"]}, "llama-7b has no chat template\n    expected: training: {template: alpaca}"),
        ({"exclude": [{"style": "socratic"}]}, "style socratic is not in this study"),
        ({"exclude": [{"seed": 3}]}, "seed 3 is not in this study"),
        ({"exclude": [{"count": 99}]}, "an exclude entry that no cell matches"),
        ({"exclude": [{"style": "none", "count": 4}]}, "an exclude entry that no cell matches"),
        ({"exclude": [{"style": "none"}, {"style": "refusal"}]}, "every cell is excluded"),
        ({"include": [{}]}, "an empty include entry"),
        ({"include": [{"setting": "harmful"}]}, "setting harmful is not in this study\n    expected: one of: benign"),
        ({"include": [{"base": "micro"}]}, "base micro is not in this study"),
        ({"include": [{"style": "refusal", "count": 0}]}, "count 0 with style refusal"),
        ({"include": [{"style": "none", "count": 4}]}, "count 4 with style none"),
    ],
)
def test_a_mistake_is_told_once_with_its_line_and_what_was_meant(folder: Folder, changes: dict[str, object], message: str) -> None:
    text = told(folder, **changes)
    line, _, rest = text.removeprefix(":").partition(": ")
    assert line.isdigit()
    assert rest.startswith(message)


def test_mistakes_of_every_kind_are_told_at_once(folder: Folder) -> None:
    wrong = problems(
        folder,
        bases=["mikro"],
        styles=["refusel"],
        judges=["strict"],
        suites=["tiny-siute"],
        seeds=["one"],
        sampling={"temprature": 1.0},
        training={"adapter": {"r": 0}},
        safety={},
    )
    gots = {problem.got for problem in wrong}
    assert gots == {
        "unknown base mikro",
        "unknown style refusel",
        "unknown judge strict",
        "unknown source tiny-siute",
        'seeds.0: "one"',
        "unknown key sampling.temprature",
        "training.adapter.r: 0",
        "key safety.source is missing",
    }


def test_several_mistakes_in_a_study_of_the_right_shape_are_told_at_once(folder: Folder) -> None:
    wrong = problems(folder, seeds=[1, 1], sampling={"samples": 2}, exclude=[{"count": 7}], styles=["refusal", "refusel"])
    assert len(wrong) == 4


def test_mistakes_in_a_source_of_the_projects_own_are_told_beside_the_studys(folder: Folder) -> None:
    path = folder.source("tiny-suite", kind="promts", licence=None)
    wrong = problems(folder, styles=["refusel"])
    assert {problem.where.rpartition(":")[0] for problem in wrong} == {str(path), str(folder.root / "recipes" / "tiny" / "study.yml")}
    assert len(wrong) == 3


def test_the_study_file_must_lie_where_its_name_says(folder: Folder) -> None:
    path = folder.study()
    path.write_text(path.read_text().replace("name: tiny", "name: other"))
    with pytest.raises(InputError, match=r"study\.yml:1: name other in recipes/tiny/\n +expected: the file at recipes/other/study\.yml"):
        load_study(path)
    path = folder.study()
    elsewhere = folder.root / "studies" / "tiny" / "study.yml"
    elsewhere.parent.mkdir(parents=True)
    path.rename(elsewhere)
    with pytest.raises(InputError, match="name tiny in studies/tiny/"):
        load_study(elsewhere)


def test_a_source_of_the_projects_own_wins_over_the_packages(folder: Folder) -> None:
    folder.source("xstest", title="Ours", kind="prompts", file="x.csv", expects="comply", licence="CC0-1.0")
    assert folder.plan(suites=["xstest"]).sources["xstest"].title == "Ours"


def test_a_hub_id_that_the_catalogue_does_not_know_is_taken(folder: Folder) -> None:
    plan = folder.plan(bases=["some-owner/Some-Model"])
    assert plan.bases["some-owner/Some-Model"].model == "some-owner/Some-Model"


def test_a_settings_own_training_replaces_only_what_it_names(folder: Folder) -> None:
    settings = {"benign": {"source": "tiny-chat"}, "identity": {"source": "tiny-chat", "rows": 5}}
    training = {"learning_rate": 0.001, "epochs": 2, "per_setting": {"identity": {"epochs": 20}}}
    study = folder.plan(settings=settings, training=training).study
    assert (study.training_for("identity").epochs, study.training_for("identity").learning_rate) == (20, 0.001)
    assert study.training_for("benign").epochs == 2


def test_a_study_that_is_a_link_is_read_where_it_lies(folder: Folder) -> None:
    path = folder.study()
    link = folder.root / "study-link.yml"
    link.symlink_to(path)
    assert load_study(link) == load_study(path)
