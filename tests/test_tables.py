from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socsafe.errors import RunError
from socsafe.records import Completion, Example, Message, Prompt, SummaryRow, TrainingFacts, Verdict
from socsafe.tables import parse_csv, read_rows, records, write_csv, write_rows

VERDICT = Verdict("c", "s", "p", 0, "refusal", "1", "refuse", "violence", "question", "ok", "full_refusal", None, "No.")
COMPLETION = Completion("c", "s", "p", 0, "No.", "stop", 12, 3, 7)
PROMPT = Prompt("p", "s", "How?", "question", "", "refuse", "pair-1")
EXAMPLE = Example("e", (Message("user", "Hi"), Message("assistant", "Yes", train=True)), "alpaca", "none", "", "comply", "")
FACTS = TrainingFacts("c", 400, 10, 5, 90, 8090, 102, 1.25, None, "equal", "trained")
SUMMARY = SummaryRow("c", "micro", "benign", "none", 0, "", 1, "s", "refusal", "harmful_rate", 1 / 3, 0.2, 0.5, 9, 1)


@pytest.mark.parametrize("record", [VERDICT, COMPLETION, PROMPT, EXAMPLE, FACTS, SUMMARY], ids=lambda record: type(record).__name__)
def test_a_record_comes_back_as_it_was_written(tmp_path: Path, record: object) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, [record])
    assert records(read_rows(path, type(record), expected=1), type(record)) == [record]


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_of_a_model_comes_back_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "rows.jsonl"
    rows = [replace(COMPLETION, text=text), replace(COMPLETION, text=text, sample=1)]
    write_rows(path, rows)
    assert records(read_rows(path, Completion, expected=2), Completion) == rows


def test_a_line_has_the_fields_in_the_records_order_and_unescaped_letters(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [replace(PROMPT, text="Größe?")])
    line = (tmp_path / "rows.jsonl").read_text()
    assert "Größe?" in line
    assert list(json.loads(line)) == ["id", "suite", "text", "form", "category", "expects", "pair"]


BAD_RECORDS = {
    "the same key twice": ([VERDICT, VERDICT], ":2: not the only row with condition 'c'"),
    "a label no judge gives": ([VERDICT, replace(VERDICT, sample=1, label="maybe")], ":2: label is 'maybe'"),
    "a negative number": ([replace(COMPLETION, prompt_tokens=-1)], ":1: prompt_tokens is -1"),
    "NaN": ([replace(VERDICT, score=float("nan"))], ":1: score is nan"),
    "infinity": ([replace(FACTS, train_loss=float("inf"))], ":1: train_loss is inf"),
    "a word the record does not allow": ([replace(VERDICT, expects="obey")], ":1: expects is 'obey'"),
    "a number for a text": ([replace(PROMPT, text=3)], ":1: text is 3"),
    "a truth value for a number": ([replace(VERDICT, sample=True)], ":1: sample is True"),
    "a number beyond 64 bits": ([replace(VERDICT, sample=2**70)], ":1: sample is"),
    "half a surrogate pair": ([replace(COMPLETION, text="\ud800")], "unicode"),
    "an empty key": ([replace(PROMPT, id="")], ":1: id is ''"),
    "a label although not judged": ([replace(VERDICT, status="error")], "a label or a score exactly where the status is ok"),
    "no label although judged": ([replace(VERDICT, label=None)], "a label or a score exactly where the status is ok"),
    "text of a failed completion": ([replace(COMPLETION, finish_reason="error")], "a completion that failed has no text"),
    "loss on the user": ([replace(EXAMPLE, messages=(Message("user", "Hi", True), *EXAMPLE.messages))], "on assistant turns only"),
    "loss on nothing": ([replace(EXAMPLE, messages=EXAMPLE.messages[:1])], "on at least one turn"),
    "no turns": ([replace(EXAMPLE, messages=())], "on at least one turn"),
    "a role nobody plays": ([replace(EXAMPLE, messages=(*EXAMPLE.messages, Message("tool", "x")))], "messages.2.role is 'tool'"),
}


@pytest.mark.parametrize(("rows", "message"), BAD_RECORDS.values(), ids=list(BAD_RECORDS))
def test_bad_rows_are_not_written(tmp_path: Path, rows: list[object], message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("what was there before\n")
    with pytest.raises(RunError) as caught:
        write_rows(path, rows)
    assert message in str(caught.value)
    assert "nothing was written" in str(caught.value)
    assert path.read_text() == "what was there before\n"


def _line(**changes: object) -> str:
    row = {name: getattr(VERDICT, name) for name in VERDICT.__slots__}
    return json.dumps({**row, **changes})


BAD_LINES = {
    "a torn line": (_line()[:60], "one whole JSON object"),
    "NUL bytes": ("\x00" * 40, "one whole JSON object"),
    "an empty line": ("", "one whole JSON object"),
    "a list": ("[1, 2]", "one whole JSON object"),
    "NaN": (_line(sample=1, score=float("nan")), "score is nan"),
    "a wrong type": (_line(sample="1"), "sample is '1'"),
    "an unknown column": (_line(sample=1, mood="good"), "mood is 'good'"),
    "a missing column": (json.dumps({"condition": "c"}), "column suite is missing"),
    "a row twice": (_line(), "not the only row"),
    "a negative number": (_line(sample=-1), "sample is -1"),
}


@pytest.mark.parametrize(("line", "message"), BAD_LINES.values(), ids=list(BAD_LINES))
def test_a_damaged_file_is_named_with_its_line_and_the_remedy(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{_line()}\n{line}\n{_line(sample=9)}\n")
    with pytest.raises(RunError) as caught:
        read_rows(path, Verdict)
    assert f"{path}:2: " in str(caught.value)
    assert message in str(caught.value)
    assert "delete the file and run again: it is rebuilt" in str(caught.value)


def test_bytes_that_are_no_utf8_are_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(_line().encode().replace(b"No.", b"\xff\xfe"))
    with pytest.raises(RunError, match="one whole JSON object"):
        read_rows(path, Verdict)


def test_all_mistakes_are_told_at_once_but_no_more_than_twenty_in_full(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(_line(sample=-number) + "\n" for number in range(1, 51)))
    with pytest.raises(RunError) as caught:
        read_rows(path, Verdict)
    assert len(caught.value.problems) == 21
    assert "and 30 more" in str(caught.value)


@pytest.mark.parametrize(("rows", "expected"), [(2, 3), (2, 1), (2, 0), (0, 2), (0, None)])
def test_a_file_with_another_number_of_rows_than_expected_is_an_error(tmp_path: Path, rows: int, expected: int | None) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, [replace(VERDICT, sample=number) for number in range(rows)])
    with pytest.raises(RunError, match=f"holds {rows} rows"):
        read_rows(path, Verdict, expected=expected)


def test_an_empty_file_is_fine_where_nothing_is_expected(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [])
    frame = read_rows(tmp_path / "rows.jsonl", Verdict, expected=0)
    assert frame.height == 0
    assert frame.columns == list(VERDICT.__slots__)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be read"):
        read_rows(tmp_path / "none", SummaryRow)


def test_csv_rounds_to_four_decimals_and_leaves_cells_empty_where_there_is_no_figure(tmp_path: Path) -> None:
    path = tmp_path / "summary.csv"
    bare = replace(SUMMARY, metric="no_reply_rate", value=None, low=None, high=None, n=0)
    write_csv(path, [SUMMARY, bare])
    assert path.read_text().splitlines()[1:] == [
        "c,micro,benign,none,0,,1,s,refusal,harmful_rate,0.3333,0.2000,0.5000,9,1",
        "c,micro,benign,none,0,,1,s,refusal,no_reply_rate,,,,0,1",
    ]
    assert records(parse_csv(path.read_bytes(), SummaryRow, "table.csv"), SummaryRow) == [replace(SUMMARY, value=0.3333), bare]


def test_csv_does_not_change_with_noise_in_the_sixth_digit(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [SUMMARY])
    write_csv(tmp_path / "b.csv", [replace(SUMMARY, value=SUMMARY.value + 2e-6, low=0.2 - 2e-6)])
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


@pytest.mark.parametrize(
    "change",
    [{"value": 1.2, "high": 1.2}, {"low": 0.4}, {"value": None}, {"n": 0}, {"value": float("nan")}, {"metric": "mood"}, {"n": -1}],
)
def test_a_summary_row_that_cannot_be_is_not_written(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(RunError, match=r"summary\.csv:2: "):
        write_csv(tmp_path / "summary.csv", [replace(SUMMARY, **change)])
    assert not (tmp_path / "summary.csv").exists()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("harmful_rate", "harm"),
        ("0.3333", "nan"),
        ("0.3333", "much"),
        (",9,1", ",9"),
        ("metric", "metrik"),
        ("c,micro", '"c,micro'),
        (",9,", ",9.5,"),
    ],
)
def test_a_damaged_csv_is_a_clear_error(tmp_path: Path, old: str, new: str) -> None:
    path = tmp_path / "summary.csv"
    write_csv(path, [SUMMARY])
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(RunError, match="delete the file and run again"):
        parse_csv(path.read_bytes(), SummaryRow, "table.csv")
