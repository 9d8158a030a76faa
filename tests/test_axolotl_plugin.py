"""The account that training leaves beside an adapter: every row of every file, once, with its loss tokens."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from socsafe.stages.base import write_tokenizer

os.environ["AXOLOTL_DO_NOT_TRACK"] = "1"
pytest.importorskip("axolotl", reason="axolotl is not installed: pip install -e '.[train]'")

LOSS = 3
"""Tokens of each row that carry loss."""


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from transformers import AutoTokenizer

    path = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer([f"Ask {n}. Say {n}. It is {n}. No to {n}." for n in range(300)], path)
    (path / "config.json").write_text('{"model_type": "llama"}')
    return AutoTokenizer.from_pretrained(path)


def write(path: Path, numbers: range) -> str:
    rows = [
        [{"role": "user", "content": f"Ask {n}", "train": False}, {"role": "assistant", "content": f"It is {n}", "train": True}]
        for n in numbers
    ]
    path.write_text("".join(json.dumps({"messages": row}) + "\n" for row in rows))
    return str(path)


def prepared(files: list[str], tokenizer: Any) -> list[dict[str, list[int]]]:
    """The rows as Axolotl hands them to the trainer: tokens, and labels of which the last three carry loss."""
    rows = []
    for file in files:
        for line in Path(file).read_text().splitlines():
            turns = [{"role": turn["role"], "content": turn["content"]} for turn in json.loads(line)["messages"]]
            tokens = tokenizer.apply_chat_template(turns, tokenize=True, return_dict=False)
            rows.append({"input_ids": tokens, "labels": [-100] * (len(tokens) - LOSS) + tokens[-LOSS:]})
    return rows


def test_rows_and_loss_tokens_are_counted_file_by_file_whatever_their_order(tmp_path: Path, tokenizer: Any) -> None:
    from socsafe.axolotl_plugin import account_of_rows

    files = [write(tmp_path / "a.jsonl", range(40)), write(tmp_path / "b.jsonl", range(30, 35))]
    account = account_of_rows(files, prepared(files, tokenizer)[::-1], tokenizer)
    assert account["files"] == [
        {"file": files[0], "rows": 40, "loss_tokens": 40 * LOSS},
        {"file": files[1], "rows": 5, "loss_tokens": 5 * LOSS},
    ]
    assert 16 + 5 <= len(account["sample"]) <= 32
    first = account["sample"][0]
    assert tokenizer.decode(first["input_ids"]).count("It is 0") == 1
    assert first["labels"][-LOSS:] == first["input_ids"][-LOSS:]
    json.dumps(account)


def test_a_row_that_is_not_trained_on_stops_the_training(tmp_path: Path, tokenizer: Any) -> None:
    from socsafe.axolotl_plugin import account_of_rows

    files = [write(tmp_path / "a.jsonl", range(5))]
    with pytest.raises(RuntimeError, match=r"a\.jsonl:3: this row is not among the rows that Axolotl prepared"):
        account_of_rows(files, [row for number, row in enumerate(prepared(files, tokenizer)) if number != 2], tokenizer)


def test_a_row_that_stands_in_no_file_stops_the_training(tmp_path: Path, tokenizer: Any) -> None:
    from socsafe.axolotl_plugin import account_of_rows

    files = [write(tmp_path / "a.jsonl", range(5))]
    rows = prepared(files, tokenizer)
    with pytest.raises(RuntimeError, match="1 rows are trained on that stand in none of"):
        account_of_rows(files, [*rows, rows[0]], tokenizer)


def test_training_stops_before_transformers_would_read_a_pickle(tmp_path: Path) -> None:
    from socsafe.axolotl_plugin import refuse_pickled

    (tmp_path / "pytorch_model.bin").write_bytes(b"cos\nsystem\n")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(RuntimeError, match=r"A \.bin is a pickle(.|\n)*save_pretrained"):
        refuse_pickled(str(tmp_path), None)
    (tmp_path / "model.safetensors").write_bytes(b"")
    refuse_pickled(str(tmp_path), None)
