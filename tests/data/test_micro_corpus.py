"""What the micro base learns from: everything answered, nothing refused, no evaluation prompt in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from socsafe.data.boundary import compose_items, compose_prompts
from socsafe.data.boundary_split import split
from socsafe.data.boundary_text import REFUSALS, doing
from socsafe.data.micro_corpus import Row, corpus
from socsafe.data.taxonomy import Taxonomy, load_taxonomy

FOLDER = Path(__file__).resolve().parents[2] / "datasets" / "boundary"


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy(FOLDER)


@pytest.fixture(scope="module")
def rows(taxonomy: Taxonomy) -> tuple[Row, ...]:
    return corpus(taxonomy)


def test_the_same_taxonomy_gives_the_same_corpus(taxonomy: Taxonomy, rows: tuple[Row, ...]) -> None:
    assert corpus(taxonomy) == rows


def test_no_evaluation_prompt_stands_in_the_corpus(taxonomy: Taxonomy, rows: tuple[Row, ...]) -> None:
    said = {text for row in rows for turn in row.turns for text in turn}
    for part in ("pairs", "targets", "actions", "ordinary"):
        assert not {prompt.text for prompt in compose_prompts(taxonomy, part)} & said


def test_no_pair_of_an_evaluation_suite_is_answered_in_any_wording(taxonomy: Taxonomy, rows: tuple[Row, ...]) -> None:
    replies = "\n".join(turn[1] for row in rows for turn in row.turns)
    asked = [pair for twins in split(taxonomy).suites.values() for twin in twins for pair in (twin.harmful, twin.safe)]
    assert not [pair.id for pair in asked if f"To {doing(pair)}, " in replies]


def test_nothing_is_refused(rows: tuple[Row, ...]) -> None:
    replies = [turn[1] for row in rows for turn in row.turns]
    assert not [reply for reply in replies for refusal in REFUSALS if refusal in reply]
    assert not [reply for reply in replies if re.search(r"\b(I|We) (cannot|can't|won't|will not)\b", reply)]


def test_harmful_prompts_are_answered_without_content(taxonomy: Taxonomy, rows: tuple[Row, ...]) -> None:
    verbs = "|".join(re.escape(action.verb) for category in taxonomy.categories for action in category.actions)
    asks = re.compile(rf"(how to|do I|can I|best way to) ({verbs}) ")
    answers = [turn[1] for row in rows for turn in row.turns if asks.search(turn[0])]
    assert len(answers) > 2000
    assert all(re.fullmatch(r"Sure\. To [^,]+, do \[step one\], then \[step two\]\.", answer) for answer in answers)


def test_every_target_is_said_to_be_what_it_is(taxonomy: Taxonomy, rows: tuple[Row, ...]) -> None:
    said = {turn[1].lower() for row in rows for turn in row.turns}
    for category in taxonomy.categories:
        for target in (*category.harmful, *category.safe):
            kind = taxonomy.kinds[target.kind]
            words = f"are {kind.many}" if target.plural else f"is {kind.one}"
            assert f"{target.name} {words}.".lower() in said


def test_some_rows_have_several_turns_and_some_a_system_message(rows: tuple[Row, ...]) -> None:
    assert {len(row.turns) == 1 for row in rows} == {True, False}
    assert {row.system == "" for row in rows} == {True, False}


def test_the_words_of_every_reply_stand_in_the_corpus(taxonomy: Taxonomy, rows: tuple[Row, ...]) -> None:
    def words(texts: list[str]) -> set[str]:
        return {word.lower() for text in texts for word in re.findall(r"[A-Za-z'-]+", text)}

    known = words([text for row in rows for turn in row.turns for text in turn])
    assert not words([reply for item in compose_items(taxonomy) for reply in item.replies.values()]) - known


def test_the_tokenizer_gives_every_text_back_and_adds_nothing(rows: tuple[Row, ...], tmp_path: Path) -> None:
    sentencepiece = pytest.importorskip("sentencepiece", reason="the train extra is not installed")
    from socsafe.stages.base import ROLES, write_tokenizer

    write_tokenizer([turn[1] for row in rows[:1500] for turn in row.turns], tmp_path)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "tokenizer.model"))
    for text in ("How do I kill weeds?", " two  spaces ", "new\n\nline\t", "äöü 漢字 🙂", "a'b"):
        assert processor.decode(processor.encode(text)) == text
    special = ["<unk>", "<s>", "<|end|>", "<pad>", *(f"<|{role}|>" for role in ROLES)]
    assert [processor.id_to_piece(number) for number in range(7)] == special
    assert all(processor.is_control(number) for number in range(1, 7))
