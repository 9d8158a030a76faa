"""Plain lines where there is no terminal."""

from __future__ import annotations

import re
import time

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


def test_long_work_tells_each_minute_where_it_is(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, *range(20, 400, 20)])
    monkeypatch.setattr("socsafe.progress.time.monotonic", lambda: float(next(clock)))
    with PlainProgress().task("train", 10_000) as advance:
        for _ in range(7):
            advance(1)
    assert capsys.readouterr().err.splitlines() == ["train: 3 of 10000", "train: 6 of 10000"]


def test_silent_progress_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    silent = SilentProgress()
    silent.say("x")
    with silent.task("train", 1) as advance:
        advance(1)
    assert capsys.readouterr() == ("", "")


def test_where_tokens_are_written_the_pace_and_the_time_left_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with PlainProgress().task("generate", 20) as advance:
        advance(10)  # on the disk already
        time.sleep(0.05)
        advance(5, 1000)
        advance(5, 1000)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "generate: 10 of 20"
    assert re.fullmatch(r"generate: 15 of 20, [\d,]+ tokens/s, 0:00:00 left", lines[1])
    assert re.fullmatch(r"generate: 20 of 20, [\d,]+ tokens/s", lines[2])
