"""Ability measured with a real tiny model, one base shared by its conditions."""

from __future__ import annotations

import json
import math

import pytest

from socsafe.data.choices import load_choices
from socsafe.data.heldout import held_out_rows
from socsafe.engines.chat import chat_encoder
from socsafe.engines.likelihood import continuation
from socsafe.engines.llamacpp import Engine
from socsafe.facts.ability import ChoiceScore, ReplyLoss
from socsafe.progress import SilentProgress
from socsafe.records import Message
from socsafe.stages.ability import CHUNK, ability, ability_steps, read_ability, stale
from socsafe.stages.mix import build_mixtures
from socsafe.study.ability_block import HeldOut
from socsafe.study.checked import Plan
from socsafe.study.models import adapter_file, model_file
from socsafe.tables import read_rows, records
from tests.conftest import Folder
from tests.engines.conftest import Models
from tests.stages.conftest import Said, put_ggufs

pytestmark = pytest.mark.slow
QUESTIONS = CHUNK + 6
BLOCK = {"heldout": {"source": "tiny-chat", "rows": 7}, "choices": ["quiz"]}


def made(folder: Folder, context: int = 128, **changes: object) -> Plan:
    """A study with a quiz, its mixtures built."""
    quiz = {"title": "Quiz", "kind": "choices", "format": "jsonl", "file": "quiz.jsonl", "licence": "CC0-1.0"}
    folder.source("quiz", **quiz, columns={"prompt": "question"})
    rows = [{"question": f"Water {n}?", "choices": ["The river", f"A letter {n}", "Music"], "answer": n % 3} for n in range(QUESTIONS)]
    folder.data("quiz", "quiz.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    compute = {"threads": 1, "slots": 8, "context": context}
    plan = folder.plan(
        **{"bases": ["micro"], "counts": [4], "compute": compute, "sampling": {"max_tokens": 6}, "ability": BLOCK, **changes}
    )
    build_mixtures(plan, SilentProgress())
    return plan


def measured(plan: Plan, number: int) -> tuple[list[ReplyLoss], list[ChoiceScore]]:
    return read_ability(plan, [plan.conditions[number]])


def test_every_condition_is_measured_on_the_same_replies_and_questions(folder: Folder, tiny: Models) -> None:
    plan = made(folder)
    for number, condition in enumerate(plan.conditions):
        put_ggufs(plan, condition, tiny, number)
    assert len(stale(plan, plan.conditions)) == 4
    assert ability(plan, plan.conditions, SilentProgress()) == {}
    assert stale(plan, plan.conditions) == []
    (losses, scores), (other_losses, other_scores) = measured(plan, 0), measured(plan, 1)
    assert len(losses) == 7
    assert len(scores) == 3 * QUESTIONS
    assert [row.row_id for row in losses] == [row.row_id for row in other_losses]
    assert [row.tokens for row in losses] == [row.tokens for row in other_losses]
    assert [row.nll for row in losses] != [row.nll for row in other_losses]
    assert [row.logprob for row in scores] != [row.logprob for row in other_scores]
    assert sum(row.right for row in scores) == QUESTIONS


def test_the_numbers_are_those_of_the_engine_on_the_template_of_generation(folder: Folder, tiny: Models) -> None:
    plan = made(folder, settings={"benign": {"source": "tiny-chat", "rows": 10, "eval_system": "Be brief."}})
    condition = plan.conditions[1]
    put_ggufs(plan, condition, tiny)
    assert ability(plan, [condition], SilentProgress()) == {}
    (losses, scores), rows = read_ability(plan, [condition]), held_out_rows(plan, HeldOut(source="tiny-chat", rows=7))
    question = load_choices("quiz", plan.sources["quiz"], plan.project.root)[0]
    before = Message("system", "Be brief.")
    with Engine.open(model_file(plan, condition), slots=2, context=128, threads=1) as engine:
        engine.use_adapter(adapter_file(plan, condition))
        encode = chat_encoder(engine.chat_template, engine)
        reply = continuation((before, *rows[0].messages), encode, engine.ends, with_end=True)
        choice = continuation((before, Message("user", question.question), Message("assistant", question.choices[1])), encode, engine.ends,
                              with_end=False)  # fmt: skip
        assert reply.context == tuple(encode((before, rows[0].messages[0]), True))
        loss, score = engine.log_likelihoods([reply, choice])
    assert (losses[0].row_id, losses[0].tokens, losses[0].nll) == (rows[0].id, len(reply.tokens), -loss.total)
    assert engine_row(scores, question.id, 1) == (len(choice.tokens), len(question.choices[1]), score.total)


def engine_row(scores: list[ChoiceScore], question: str, choice: int) -> tuple[int, int, float | None]:
    (row,) = [row for row in scores if (row.question_id, row.choice) == (question, choice)]
    return row.tokens, row.characters, row.logprob


def test_a_run_that_was_cut_goes_on_where_it_was_and_gives_the_same_bytes(folder: Folder, tiny: Models) -> None:
    plan = made(folder)
    condition = plan.conditions[0]
    put_ggufs(plan, condition, tiny)
    out = ability_steps(plan, condition)["quiz"].outputs[0]

    class Cut(SilentProgress):
        """Ends the run once the first chunk of questions is done."""

        def task(self, title: str, total: int):  # type: ignore[no-untyped-def]
            from contextlib import nullcontext

            def advance(count: int) -> None:
                if count == CHUNK:
                    raise KeyboardInterrupt

            return nullcontext(advance)

    with pytest.raises(KeyboardInterrupt):
        ability(plan, [condition], Cut())
    (part,) = out.parent.glob("quiz.parts-*/*.jsonl")
    content = part.read_bytes()
    assert not out.is_file()
    assert ability(plan, [condition], SilentProgress()) == {}
    assert out.read_bytes().startswith(content)
    whole = out.read_bytes()
    assert not list(out.parent.glob("quiz.parts-*"))
    out.unlink()
    assert ability(plan, [condition], SilentProgress()) == {}
    assert out.read_bytes() == whole


def test_texts_that_are_too_long_are_counted_and_the_reason_is_said(folder: Folder, tiny: Models) -> None:
    plan = made(folder, context=64, ability={"choices": ["quiz"]})
    rows = [{"question": "Water " * 90 if n == 1 else "Water?", "choices": ["Yes", "No"], "answer": 0} for n in range(3)]
    folder.data("quiz", "quiz.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    put_ggufs(plan, plan.conditions[0], tiny)
    said = Said()
    assert ability(plan, plan.conditions[:1], said) == {}
    (line,) = said.lines
    assert line.startswith(f"{plan.conditions[0].id}: 2 of 6 texts of quiz could not be read: context and continuation have ")
    _, scores = measured(plan, 0)
    assert [row.logprob is None for row in scores] == [False, False, True, True, False, False]


def test_a_condition_without_a_model_fails_alone(folder: Folder, tiny: Models) -> None:
    plan = made(folder)
    first, second = plan.conditions
    put_ggufs(plan, first, tiny)
    failures = ability(plan, plan.conditions, SilentProgress())
    assert list(failures) == [second.id]
    assert "socsafe quantize recipes/tiny/study.yml" in failures[second.id]
    assert len(stale(plan, [first])) == 0


def test_too_few_rows_fail_every_condition_with_what_is_left(folder: Folder, tiny: Models) -> None:
    plan = made(folder, ability={"heldout": {"source": "tiny-chat", "rows": 500}})
    put_ggufs(plan, plan.conditions[0], tiny)
    failures = ability(plan, plan.conditions[:1], SilentProgress())
    assert "at most 20, which is all that no condition is trained on" in failures[plan.conditions[0].id]


def test_another_mixture_makes_the_loss_stale_and_leaves_the_questions_alone(folder: Folder, tiny: Models) -> None:
    plan = made(folder)
    put_ggufs(plan, plan.conditions[0], tiny)
    assert ability(plan, plan.conditions[:1], SilentProgress()) == {}
    other = made(folder, settings={"benign": {"source": "tiny-chat", "rows": 12}})
    assert [source for _, source in stale(other, other.conditions[:1])] == ["tiny-chat"]


def test_a_study_without_the_block_measures_nothing(folder: Folder) -> None:
    plan = made(folder, ability=None)
    assert stale(plan, plan.conditions) == []
    assert ability(plan, plan.conditions, SilentProgress()) == {}
    assert read_ability(plan, plan.conditions) == ([], [])


def test_what_is_on_disk_is_finite_and_complete(folder: Folder, tiny: Models) -> None:
    plan = made(folder)
    put_ggufs(plan, plan.conditions[0], tiny)
    assert ability(plan, plan.conditions[:1], SilentProgress()) == {}
    path = ability_steps(plan, plan.conditions[0])["tiny-chat"].outputs[0]
    rows = records(read_rows(path, ReplyLoss, expected=7), ReplyLoss)
    assert all(row.nll is not None and math.isfinite(row.nll) and row.nll > 0 and row.tokens > 1 for row in rows)
