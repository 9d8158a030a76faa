"""Nothing that socsafe prints is obeyed by a terminal, whoever wrote it: a study, a file's name, a server, a command's own arguments."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest

from socsafe.cli.display import TerminalProgress, VisibleProgress, print_table
from tests.conftest import Folder, Left

Socsafe = Callable[..., Left]
ORDERS = "\x1b]0;owned\x07\x1b[2J\x1b[1A\r\x08\x9b31m\u202e\u2066\u200b\x7f"


def obeyed(text: str) -> set[str]:
    return {character for character in text if character != "\n" and unicodedata.category(character) in ("Cc", "Cf", "Cs")}


@pytest.mark.parametrize("key", ["name", "question", "bases", "styles", "suites", "judges", "hypotheses"])
def test_a_study_cannot_speak_through_its_mistakes(here: Folder, socsafe: Socsafe, key: str) -> None:
    value: object = ORDERS if key in ("name", "question") else [ORDERS]
    study = here.study(**({key: value} if key != "name" else {}))
    if key == "name":
        study.write_text(study.read_text().replace("name: tiny", 'name: "\\e[2J\\x9b\\u202e"'))
    study.write_text(study.read_text() + f'"{ORDERS.encode("unicode_escape").decode()}": 1\n')
    left = socsafe("recipe", "render", study)
    assert left.code == 2
    assert obeyed(left.out + left.err) == set()


def test_a_files_name_cannot_speak(here: Folder, socsafe: Socsafe) -> None:
    folder = here.root / "recipes" / ORDERS.replace("\x00", "")
    folder.mkdir(parents=True)
    (folder / "study.yml").write_text("name: tiny\n")
    for arguments in (
        ("recipe", "render", folder),
        ("report", "show", folder),
        ("data", "fetch", "tiny-suite", "--from", folder, "--force"),
    ):
        left = socsafe(*arguments)
        assert left.code == 2, arguments
        assert obeyed(left.out + left.err) == set(), arguments


@pytest.mark.parametrize(
    "arguments", [(ORDERS,), ("run", "--" + ORDERS), ("recipe", "render", ORDERS), ("data", "show", ORDERS), ("data", ORDERS)]
)
def test_what_was_given_on_the_command_line_is_shown(here: Folder, socsafe: Socsafe, arguments: tuple[str, ...]) -> None:
    left = socsafe(*arguments)
    assert left.code == 2
    assert obeyed(left.out + left.err) == set()


def test_a_recipe_on_disk_cannot_speak_through_the_difference_that_is_shown(here: Folder, socsafe: Socsafe) -> None:
    study = here.study()
    assert socsafe("recipe", "render", study).code == 0
    recipe = next(path for path in study.parent.glob("*.yml") if path.name != "study.yml")
    recipe.write_text(recipe.read_text() + f"# {ORDERS}\n")
    left = socsafe("recipe", "render", study, "--check")
    assert left.code == 1
    assert "owned" in left.out
    assert obeyed(left.out + left.err) == set()


def test_progress_shows_what_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TextColumn

    plain = VisibleProgress()
    plain.say(ORDERS)
    with plain.task(ORDERS, total=1) as advance:
        advance(1)
    shown = capsys.readouterr()
    assert "owned" in shown.err
    assert obeyed(shown.err) == set()
    console = Console(width=400, force_terminal=False)
    with console.capture() as caught, Bars(TextColumn("{task.description}", markup=False), console=console, auto_refresh=False) as bars:
        live = TerminalProgress(bars)
        live.say(f"{ORDERS}[bold]x[/bold]")
        with live.task(f"{ORDERS}[bold]y[/bold]", total=1) as advance:
            advance(1)
    assert "[bold]x[/bold]" in caught.get()
    assert obeyed(caught.get()) == set()


def test_a_cell_of_a_table_is_text_and_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.table import Table

    table = Table("name")
    table.add_row(f"{ORDERS} [red]a[/red] [link=https://evil.example]b[/link] :bomb:")
    print_table(table)
    shown = capsys.readouterr().out
    assert "[red]a[/red] [link=https://evil.example]b[/link] :bomb:" in shown
    assert obeyed(shown) == set()
