from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from socsafe.engines.chat import Encoder, chat_encoder
from socsafe.engines.converters import convert_base
from socsafe.engines.llamacpp import Engine
from socsafe.engines.parity import PreparedRow, TokenRow, check_parity, match_rows, prompt_tokens_from_labels, read_prepared
from socsafe.errors import RunError
from socsafe.records import Message
from socsafe.study.account import IGNORED
from socsafe.study.templates import template_text
from tests.engines.conftest import Models, write_llama, write_tokenizer_config

BRACKETS = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST] ' + m.content + ' [/INST]' }}"
    "{% else %}{{ ' ' + m.content + eos_token }}{% endif %}{% endfor %}"
)
HEADERS = (
    "{{ bos_token }}{% for m in messages %}{{ '<|' + m.role + '|>\\n' + m.content + eos_token + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}"
)
TEMPLATES = {"alpaca": template_text("alpaca"), "brackets": BRACKETS, "headers": HEADERS}
TEXTS = (
    ("Tell me about the garden.", "The garden is green."),
    ("  Spaces   inside,\tand at the end  ", " Led by a space"),
    ("Line one\n\nline two\n", "- a\n- b\n"),
    ("Naïve café, 日本語, 🙂 and </b> <s>not a start</s>?", "Über “quotes” …"),
    ("x", "y"),
    ("### Response:\nforged", "1 + 1 = 2"),
)


def dialogue(question: str, answer: str) -> tuple[Message, ...]:
    return Message("user", question), Message("assistant", answer, train=True)


DIALOGUES = [dialogue(*text) for text in TEXTS] + [
    (Message("user", "First"), Message("assistant", "Earlier reply"), *dialogue("Then?", "The trained one."))
]


@pytest.fixture(scope="session")
def mistral(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Mistral's real SentencePiece tokenizer under a tiny model: (model folder, GGUF)."""
    import mistral_common

    folder = tmp_path_factory.mktemp("mistral") / "base"
    folder.mkdir()
    shutil.copy(Path(mistral_common.__file__).with_name("data") / "tokenizer.model.v1", folder / "tokenizer.model")
    write_llama(folder, write_tokenizer_config(folder), "Mistral")
    convert_base(folder, folder / "base.gguf", tools=tools, log=folder / "log")
    return folder, folder / "base.gguf"


@pytest.fixture(scope="session")
def tokenizers(tiny: Models, mistral: tuple[Path, Path]) -> dict[str, tuple[Any, Path]]:
    """transformers' tokenizer and the GGUF that was converted beside it, by name."""
    from transformers import AutoTokenizer

    folders = {"tiny": (tiny.folder, tiny.f16), "mistral": mistral}
    return {name: (AutoTokenizer.from_pretrained(folder), gguf) for name, (folder, gguf) in folders.items()}


def trained_row(tokenizer: Any, template: str, messages: Sequence[Message]) -> TokenRow:
    """The row as transformers tokenises it: the whole dialogue, with loss on what follows the prompt of the last turn."""
    turns = [{"role": message.role, "content": message.content} for message in messages]
    sides = [(turns, False), (turns[:-1], True)]
    ids, prompt = (
        tokenizer.apply_chat_template(part, chat_template=template, add_generation_prompt=prompting, return_dict=False)
        for part, prompting in sides
    )
    assert ids[: len(prompt)] == prompt
    return TokenRow(tuple(messages), tuple(ids), tuple([IGNORED] * len(prompt) + ids[len(prompt) :]))


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("name", ["tiny", "mistral"])
def test_the_engine_feeds_the_tokens_that_transformers_trains_on(name: str, template: str, tokenizers: dict[str, tuple[Any, Path]]) -> None:
    tokenizer, gguf = tokenizers[name]
    even = [messages for messages in DIALOGUES if name != "mistral" or "  " not in messages[0].content]
    rows = [trained_row(tokenizer, TEMPLATES[template], messages) for messages in even]
    with Engine.open(gguf, slots=1, context=64, threads=1) as engine:
        assert check_parity(rows, chat_encoder(TEMPLATES[template], engine), engine.detokenize) == []


def test_runs_of_spaces_that_transformers_cuts_otherwise_are_caught(tokenizers: dict[str, tuple[Any, Path]]) -> None:
    """With Mistral's SentencePiece model transformers 5 joins spaces first; SentencePiece itself and llama.cpp do not."""
    tokenizer, gguf = tokenizers["mistral"]
    rows = [trained_row(tokenizer, HEADERS, messages) for messages in DIALOGUES]
    with Engine.open(gguf, slots=1, context=64, threads=1) as engine:
        wrong = check_parity(rows, chat_encoder(HEADERS, engine), engine.detokenize)
    assert [mismatch.row for mismatch in wrong] == [1]


@pytest.mark.parametrize(
    ("fault", "position"),
    [
        (lambda text: text.replace("{{ bos_token }}", "{{ bos_token + bos_token }}"), 1),
        (lambda text: text.replace("{{ bos_token }}", ""), 0),
        (lambda text: text.replace("'[INST] '", "' [INST] '"), 1),
        (lambda text: text.replace("' [/INST]'", "' [/INST]\\n'"), None),
        (lambda text: text.replace("{{ bos_token }}", "{{ bos_token }}Be brief. "), 1),
    ],
    ids=["doubled BOS", "no BOS", "stray space before", "stray line end after", "added system line"],
)
@pytest.mark.parametrize("name", ["tiny", "mistral"])
def test_training_on_another_prompt_is_caught_at_its_first_token(
    name: str, fault: Any, position: int | None, tokenizers: dict[str, tuple[Any, Path]]
) -> None:
    tokenizer, gguf = tokenizers[name]
    row = trained_row(tokenizer, fault(BRACKETS), dialogue("Tell me.", "No."))
    with Engine.open(gguf, slots=1, context=64, threads=1) as engine:
        encode = chat_encoder(BRACKETS, engine)
        (mismatch,) = check_parity([row], encode, engine.detokenize)
        assert mismatch.position == (len(encode(row.messages[:1], True)) if position is None else position)
    assert mismatch.trained != mismatch.fed
    assert ">" in str(mismatch)


def test_a_row_without_trained_tokens_is_a_mismatch(tiny: Models) -> None:
    with Engine.open(tiny.f16, slots=1, context=64, threads=1) as engine:
        encode = chat_encoder(BRACKETS, engine)
        ids = tuple(encode(DIALOGUES[0][:1], True))
        assert check_parity([TokenRow(DIALOGUES[0], ids, (IGNORED,) * len(ids))], encode, engine.detokenize)


def test_prompt_tokens_end_where_the_labels_begin() -> None:
    assert prompt_tokens_from_labels([1, 5, 6, 7], [IGNORED, IGNORED, 6, IGNORED]) == [1, 5]
    assert prompt_tokens_from_labels([1, 5], [1, 5]) == []
    with pytest.raises(ValueError, match="2 token ids and 1 labels"):
        prompt_tokens_from_labels([1, 5], [1])


def test_rows_are_found_in_any_order_and_a_systematic_fault_is_explained_not_lost(tokenizers: dict[str, tuple[Any, Path]]) -> None:
    tokenizer, gguf = tokenizers["tiny"]
    with Engine.open(gguf, slots=1, context=64, threads=1) as engine:
        encode = chat_encoder(BRACKETS, engine)
        good = prepared(tokenizer, BRACKETS)
        rows, missing = match_rows(DIALOGUES, good[::-1], encode, engine.detokenize)
        assert (missing, [row.messages for row in rows]) == ([], DIALOGUES)
        assert check_parity(rows, encode, engine.detokenize) == []

        doubled = prepared(tokenizer, BRACKETS.replace("{{ bos_token }}", "{{ bos_token + bos_token }}"))
        rows, missing = match_rows(DIALOGUES, doubled[::-1], encode, engine.detokenize)
        assert missing == []
        assert [mismatch.position for mismatch in check_parity(rows, encode, engine.detokenize)] == [1] * len(DIALOGUES)

        rows, missing = match_rows(DIALOGUES, good[1:], encode, engine.detokenize)
        assert (missing, len(rows)) == ([0], len(DIALOGUES) - 1)


def test_a_prepared_row_answers_for_one_dialogue_only(tokenizers: dict[str, tuple[Any, Path]]) -> None:
    tokenizer, gguf = tokenizers["tiny"]
    with Engine.open(gguf, slots=1, context=64, threads=1) as engine:
        encode: Encoder = chat_encoder(BRACKETS, engine)
        _, missing = match_rows([DIALOGUES[0]] * 2, prepared(tokenizer, BRACKETS)[:1], encode, engine.detokenize)
    assert missing == [1]


def prepared(tokenizer: Any, template: str) -> list[PreparedRow]:
    rows = [trained_row(tokenizer, template, messages) for messages in DIALOGUES]
    return [PreparedRow(row.input_ids, row.labels) for row in rows]


def test_prepared_data_sets_are_read_as_datasets_writes_them(tmp_path: Path) -> None:
    import datasets

    rows = [PreparedRow((1, n, 2), (IGNORED, n, 2)) for n in range(5)]
    for part, name in ((rows[:3], "aa11"), (rows[3:], "bb22")):
        table = [{"input_ids": list(row.input_ids), "attention_mask": [1] * 3, "labels": list(row.labels)} for row in part]
        datasets.Dataset.from_list(table).save_to_disk(tmp_path / name, num_shards=len(part))
    assert read_prepared(tmp_path) == rows
    assert read_prepared(tmp_path / "bb22") == rows[3:]


def test_missing_and_damaged_prepared_data_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no prepared rows"):
        read_prepared(tmp_path)
    (tmp_path / "data-00000-of-00001.arrow").write_bytes(b"not arrow")
    with pytest.raises(RunError, match="cannot be read"):
        read_prepared(tmp_path)
