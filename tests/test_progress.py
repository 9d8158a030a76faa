"""Plain lines where there is no terminal."""

from __future__ import annotations

import pytest

from socsafe.progress import PlainProgress, SilentProgress


def test_plain_progress_prints_a_line_at_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with PlainProgress().task("train", 40) as advance:
        for _ in range(40):
            advance(1)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"train: {done} of 40" for done in range(4, 41, 4)]


def test_plain_progress_survives_a_task_without_work(capsys: pytest.CaptureFixture[str]) -> None:
    with PlainProgress().task("train", 0) as advance:
        advance(1)
    assert capsys.readouterr().err == ""


def test_silent_progress_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silent = SilentProgress()
    silent.say("x")
    with silent.task("train", 1) as advance:
        advance(1)
    assert capsys.readouterr() == ("", "")
