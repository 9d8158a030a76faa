"""The command line: light to start, helpful, and honest in its exit codes."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from socsafe import __version__
from socsafe.cli.main import cli
from tests.conftest import REPO, Folder, Left

Socsafe = Callable[..., Left]
HEAVY = (
    "polars", "pandera", "llama_cpp", "openai", "torch", "transformers", "scipy", "statsmodels", "matplotlib", "pydantic", "yaml", "rich",
    "jinja2", "numpy", "axolotl",
)  # fmt: skip


def commands(group: click.Group = cli, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with the words that name it."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))
        else:
            yield (*before, name), command


COMMANDS = dict(commands())


def process(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "socsafe.cli.main", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["recipe", "render", "--help"], ["--version"]])
def test_help_imports_nothing_heavier_than_click(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom socsafe.cli.main import main\nsys.argv = ['socsafe', *sys.argv[1:]]\n"
        "try:\n    main()\nfinally:\n    print('LOADED', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    loaded = done.stdout.rpartition("LOADED")[2].split()
    assert "click" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_a_machine_that_is_out_of_memory_is_told_in_words(here: Folder, socsafe: Socsafe, monkeypatch: pytest.MonkeyPatch) -> None:
    here.study()
    # More than any machine has: the allocator itself says no.
    monkeypatch.setattr("socsafe.study.checked.load_study", lambda *_: bytes(1 << 62))
    left = socsafe("status", "recipes/tiny")
    assert left.code == 1
    assert left.err.startswith("error: there is not enough memory")


def test_the_commands_are_those_of_the_work_in_its_order() -> None:
    words = list(cli.commands)
    stages = ["base", "train", "quantize", "generate", "ability", "judge", "report", "export"]
    assert words == ["run", "status", "verify", "recipe", "data", *stages]
    assert {("recipe", "render"), ("recipe", "list"), ("recipe", "schema"), ("data", "fetch"), ("base", "build")} <= set(COMMANDS)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(cli, [*words, "--help"])
    assert shown.exit_code == 0
    assert f"socsafe {' '.join(words)}" in shown.output.partition("Example")[2]
    assert COMMANDS[words].get_short_help_str()


@pytest.mark.parametrize(
    "words", [words for words in COMMANDS if "STUDY" in [p.make_metavar(click.Context(cli)) for p in COMMANDS[words].params]], ids=" ".join
)
def test_a_study_that_is_not_there_is_the_users_mistake_for_every_command(here: Folder, socsafe: Socsafe, words: tuple[str, ...]) -> None:
    left = socsafe(*words, "recipes/gone/study.yml")
    assert (left.code, left.out) == (2, "")
    assert left.err.startswith("error: recipes/gone/study.yml: cannot be read: No such file or directory")
    assert socsafe(*words).code == 2


def test_version_and_unknown_words(socsafe: Socsafe) -> None:
    assert socsafe("--version").out.strip().endswith(__version__)
    assert socsafe("rnu").code == 2
    assert socsafe("run", "--onyl", "x").code == 2
    assert socsafe().code == 2


def test_recipes_and_mixtures_are_rendered_and_then_unchanged(here: Folder, socsafe: Socsafe) -> None:
    study = here.study()
    first, second = socsafe("recipe", "render", study), socsafe("recipe", "render", study)
    assert (first.code, second.code) == (0, 0)
    assert first.out == "3 recipes: 3 written, 0 unchanged, 0 removed\nmixtures: built in datasets/mixtures/tiny\n"
    assert second.out == "3 recipes: 0 written, 3 unchanged, 0 removed\nmixtures: up to date in datasets/mixtures/tiny\n"


def test_check_writes_nothing_prints_the_difference_and_fails(here: Folder, socsafe: Socsafe) -> None:
    study = here.study()
    stale = socsafe("recipe", "render", study, "--check")
    assert stale.code == 1
    assert "+lora_r: 8" in stale.out
    assert f"To mend: socsafe recipe render {study}" in stale.err
    assert [path.name for path in study.parent.iterdir()] == ["study.yml"]
    assert not (here.root / "datasets" / "mixtures").exists()
    assert socsafe("recipe", "render", study, "--recipes-only").code == 0
    assert not (here.root / "datasets" / "mixtures").exists()
    fresh = socsafe("recipe", "render", study.parent, "--check")
    assert (fresh.code, fresh.out) == (0, f"3 recipes are what {study.parent} renders to\n")


def test_what_is_rendered_does_not_depend_on_where_the_command_is_given(
    here: Folder, socsafe: Socsafe, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert socsafe("recipe", "render", here.study(), "--recipes-only").code == 0
    monkeypatch.chdir(here.root / "recipes" / "tiny")
    assert socsafe("recipe", "render", "study.yml", "--check").code == 0


def test_list_shows_every_condition_on_a_line(here: Folder, socsafe: Socsafe) -> None:
    study = here.study(bases=["owner/Unlisted"])
    shown = socsafe("recipe", "list", study).out
    for condition in here.plan(bases=["owner/Unlisted"]).conditions:
        (line,) = [line for line in shown.splitlines() if condition.id in line]
        assert str(condition.count) in line
    assert "owner/Unlisted is not in the catalogue: taken to have a chat template, its adapter on q_proj, v_proj" in shown
    assert "catalogue" not in socsafe("recipe", "list", here.study()).out


def test_schema_prints_the_committed_schema(socsafe: Socsafe) -> None:
    assert json.loads(socsafe("recipe", "schema").out) == json.loads((REPO / "recipes" / "study.schema.json").read_text())


def test_status_shows_stage_by_condition(here: Folder, socsafe: Socsafe) -> None:
    study = here.study()
    socsafe("recipe", "render", study)
    left = socsafe("status", study)
    assert left.code == 0
    assert all(stage in left.out for stage in ("recipe", "train", "quantize", "parity", "generate", "judge"))
    lines = [line.split("│")[1:-1] for line in left.out.splitlines() if "-s1 " in line]
    assert [[cell.strip() for cell in line][1:] for line in lines] == [["done", "-", "-", "-", "-", "-"]] * 3
    here.study(training={"epochs": 9})
    assert sum("stale" in line for line in socsafe("status", study).out.splitlines() if "-s1 " in line) == 3


def test_only_takes_patterns_and_refuses_one_that_names_nothing(here: Folder, socsafe: Socsafe) -> None:
    left = socsafe("judge", here.study(), "--only", "qwen2.5-0.5b-instruct-benign-nnoe-n0-s1", "--only", "*refusal*")
    assert left.code == 2
    assert "no such condition\n    expected: did you mean qwen2.5-0.5b-instruct-benign-none-n0-s1?" in left.err
    assert "*refusal*" not in left.err


def test_a_report_without_verdicts_is_a_failed_run(here: Folder, socsafe: Socsafe) -> None:
    left = socsafe("report", here.study())
    assert left.code == 1
    assert "no condition has verdicts" in left.err


def test_one_run_at_a_time_works_on_a_study(here: Folder, socsafe: Socsafe) -> None:
    study, lock = here.study(), here.root / "runs" / "tiny" / "lock"
    lock.parent.mkdir(parents=True)
    with lock.open("w") as held:
        held.write("4711")
        held.flush()
        fcntl.flock(held, fcntl.LOCK_EX)
        left = socsafe("train", study)
        assert left.code == 1
        assert "process 4711 is working on study tiny" in left.err
    # A lock that nobody holds any more blocks nothing: this goes as far as the report, which has nothing to report on.
    assert "is working on this study" not in socsafe("judge", study).err


def test_sources_are_listed_shown_and_fetched(here: Folder, socsafe: Socsafe, tmp_path: Path) -> None:
    listed = socsafe("data", "list").out
    assert {"tiny-suite", "xstest"} <= set(listed.split())
    shown = socsafe("data", "show", "xstest").out
    assert "licence: CC-BY-4.0" in shown
    assert "socsafe data fetch xstest --from FILE-OR-FOLDER" in shown
    file = here.root / "datasets" / "fetched" / "tiny-suite" / "suite.csv"
    moved = file.rename(tmp_path / "suite.csv")
    assert socsafe("data", "fetch", "tiny-suite", "--from", moved).out == "tiny-suite: datasets/fetched/tiny-suite/suite.csv\n"
    # Without a declared checksum nothing tells an old copy from a new file.
    assert socsafe("data", "fetch", "tiny-suite", "--from", moved).out == "tiny-suite: datasets/fetched/tiny-suite/suite.csv\n"
    unknown = socsafe("data", "show", "xtest")
    assert (unknown.code, "did you mean xstest?" in unknown.err) == (2, True)
    assert socsafe("data", "fetch", "xstest", "--from", tmp_path / "gone").code == 2


def test_bases_are_listed_and_only_those_made_here_are_built(here: Folder, socsafe: Socsafe) -> None:
    listed = socsafe("base", "list").out
    assert {"micro", "Qwen/Qwen2.5-0.5B-Instruct"} <= set(listed.split())
    left = socsafe("base", "build", "mirco")
    assert (left.code, "did you mean micro?" in left.err) == (2, True)


def test_a_folder_that_cannot_be_written_is_a_failed_run(here: Folder, socsafe: Socsafe) -> None:
    study = here.study()
    (here.root / "datasets" / "mixtures").write_text("a file where a folder should be")
    (here.root / "runs").write_text("")
    for words in (("recipe", "render"), ("train",), ("status",)):
        left = socsafe(*words, study)
        assert left.code == (0 if words == ("status",) else 1)
        assert words == ("status",) or left.err.startswith("error: ")


def test_a_file_that_is_wrong_all_over_shows_its_first_mistakes_and_how_many_more(here: Folder, socsafe: Socsafe) -> None:
    study = here.study()
    study.write_text("a: 1\n" * 1000)
    left = socsafe("recipe", "list", study)
    assert (left.code, left.err.count("a twice")) == (2, 50)
    assert left.err.endswith("error: and 949 more like these\n")


def test_a_reader_that_goes_away_is_no_accident() -> None:
    command = f"{sys.executable} -m socsafe.cli.main recipe schema | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("{", "")


def test_exit_codes_reach_the_shell(here: Folder) -> None:
    study = here.study()
    assert process("recipe", "render", str(study), "--check", cwd=here.root).returncode == 1
    wrong = process("recipe", "list", "nowhere", cwd=here.root)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "Traceback" not in wrong.stderr
    assert process("recipe", "list", str(study), cwd=here.root).returncode == 0


@pytest.mark.parametrize(("group", "default"), [("judge", "run"), ("report", "write")])
def test_a_study_after_a_group_stands_for_its_default_command(here: Folder, socsafe: Socsafe, group: str, default: str) -> None:
    study = here.study()
    short, long = socsafe(group, study), socsafe(group, default, study)
    assert (short.code, short.err) == (long.code, long.err)
    assert short.code == 1
    assert socsafe(group, "--help").out.startswith(f"Usage: socsafe {group} ")
    assert socsafe(group).code == 2 or "Usage" in socsafe(group).err
