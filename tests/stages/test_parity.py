"""Parity as a stage: what it notes where tokens agree, where they differ, and where nothing tells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from socsafe.engines.chat import chat_encoder
from socsafe.engines.llamacpp import Engine
from socsafe.manifest import is_current, sealed
from socsafe.progress import SilentProgress
from socsafe.records import Message
from socsafe.stages.parity import check, parity_step
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.models import model_file
from tests.engines.conftest import Models
from tests.stages.conftest import put_ggufs

pytestmark = pytest.mark.slow
TURNS = (Message("user", "Name a river."), Message("assistant", "The Po.", True))


def trained(plan: Plan, condition: Condition, tiny: Models, account: object = None) -> Path:
    """Put the condition's GGUFs, an adapter and its account in place; the run's folder."""
    put_ggufs(plan, condition, tiny)
    run = plan.project.run(plan.study.name, condition.id)
    run.mkdir(parents=True)
    (run / "adapter_model.safetensors").write_bytes((tiny.adapters[0] / "adapter_model.safetensors").read_bytes())
    if account is not None:
        (run / "training.json").write_text(account if isinstance(account, str) else json.dumps(account))
    return run


def sample(tiny: Models, first: int = 0) -> dict[str, Any]:
    """An account of one dialogue with the tokens it has in evaluation, from the given one on."""
    with Engine.open(tiny.q8, slots=1, context=64, threads=1) as engine:
        encode = chat_encoder(engine.chat_template, engine)
        prompt, whole = encode(TURNS[:1], True), encode(TURNS, False)
    reply = whole[-4:]
    messages = [{"role": turn.role, "content": turn.content, "train": turn.train} for turn in TURNS]
    ids, labels = [*prompt, *reply], [*[-100] * len(prompt), *reply]
    return account(sample=[{"messages": messages, "input_ids": ids[first:], "labels": labels[first:]}])


def account(**changes: object) -> dict[str, Any]:
    """An account as training writes it."""
    files = [{"file": "benign.jsonl", "rows": 1, "loss_tokens": 4}]
    return {"base_model": "b", "seed": 1, "steps": 1, "train_loss": 1.5, "eval_loss": None, "files": files, "sample": [], **changes}


def noted(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "parity.json").read_text()))


def test_equal_tokens_are_recorded(two_bases: Plan, tiny: Models) -> None:
    condition = two_bases.conditions[0]
    run = trained(two_bases, condition, tiny, sample(tiny))
    assert check(two_bases, [condition], SilentProgress()) == {}
    assert noted(run) == {"parity": "equal", "rows": 1}
    assert is_current(parity_step(two_bases, condition))


def test_tokens_that_differ_are_noted_and_checked_again_the_next_time(two_bases: Plan, tiny: Models) -> None:
    condition = two_bases.conditions[0]
    run = trained(two_bases, condition, tiny, sample(tiny))
    assert check(two_bases, [condition], SilentProgress()) == {}
    (run / "training.json").write_text(json.dumps(sample(tiny, first=1)))
    for _ in range(2):
        assert "1 of 1 training rows" in check(two_bases, [condition], SilentProgress())[condition.id]
        assert noted(run) == {"parity": "differs", "rows": 1, "differing": 1}
        assert not is_current(parity_step(two_bases, condition))


def test_a_check_that_cannot_be_made_leaves_no_earlier_finding(two_bases: Plan, tiny: Models) -> None:
    condition = two_bases.conditions[0]
    run = trained(two_bases, condition, tiny, sample(tiny))
    assert check(two_bases, [condition], SilentProgress()) == {}
    (run / "training.json").write_text("{")
    assert list(check(two_bases, [condition], SilentProgress())) == [condition.id]
    assert not (run / "parity.json").exists()


def test_what_was_prepared_here_says_nothing_of_an_adopted_adapter(two_bases: Plan, tiny: Models) -> None:
    from socsafe.data.fingerprints import Fingerprints, seal_prepared
    from socsafe.study.mixtures import training_files

    condition = two_bases.conditions[0]
    run = trained(two_bases, condition, tiny)
    prepared = two_bases.project.prepared("tiny", Fingerprints(two_bases).of(condition))
    prepared.mkdir(parents=True)
    (prepared / "state.json").write_text("{}")
    seal_prepared(two_bases, condition)
    for file in training_files(two_bases, condition):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    assert list(check(two_bases, [condition], SilentProgress())) == [condition.id], "the empty files are read"
    (run / "train.manifest.json").write_text(sealed({"parameters": {"origin": "adopted"}}))
    assert check(two_bases, [condition], SilentProgress()) == {}
    assert noted(run) == {"parity": "unchecked", "rows": 0}


def test_a_prepared_data_set_that_is_not_what_was_trained_on_is_not_read(two_bases: Plan, tiny: Models) -> None:
    from socsafe.data.fingerprints import Fingerprints, prepared_is_whole, seal_prepared
    from socsafe.study.mixtures import training_files

    condition = two_bases.conditions[0]
    trained(two_bases, condition, tiny)
    prepared = two_bases.project.prepared("tiny", Fingerprints(two_bases).of(condition))
    prepared.mkdir(parents=True)
    (prepared / "data.arrow").write_bytes(b"rows")
    seal_prepared(two_bases, condition)
    assert prepared_is_whole(two_bases, condition)
    (prepared / "data.arrow").write_bytes(b"rowz")
    for file in training_files(two_bases, condition):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    assert check(two_bases, [condition], SilentProgress()) == {}, "the sample beside the adapter is read, not the empty files"


@pytest.mark.parametrize(
    "told",
    [
        "{",
        "[]",
        "[" * 100_000,
        {"steps": 7},
        account(sample=3),
        account(sample=[{}]),
        account(sample=[{"messages": [{"speaker": "user"}], "input_ids": [], "labels": []}]),
        account(sample=[{"messages": [{"role": "user", "content": None, "train": True}], "input_ids": [1], "labels": [1]}]),
        account(sample=[{"messages": [], "input_ids": [1, 2], "labels": [1]}]),
        account(sample=[{"messages": [], "input_ids": ["one"], "labels": [1]}]),
    ],
    ids=lambda told: str(told.get("sample", told) if isinstance(told, dict) else told)[:60],
)
def test_a_damaged_account_is_one_clear_error(two_bases: Plan, tiny: Models, told: object) -> None:
    condition = two_bases.conditions[0]
    run = trained(two_bases, condition, tiny, told)
    message = check(two_bases, [condition], SilentProgress())[condition.id]
    assert message.startswith(f"{run / 'training.json'}: ")
    assert "expected: the account that training writes" in message
    assert "train the condition again" in message


def test_each_missing_step_is_named_by_its_command(two_bases: Plan, tiny: Models) -> None:
    untrained, unquantized, *_ = two_bases.conditions
    trained(two_bases, unquantized, tiny)
    model_file(two_bases, unquantized).unlink()
    failures = check(two_bases, [untrained, unquantized], SilentProgress())
    assert "is not trained yet" in failures[untrained.id]
    assert "socsafe train recipes/tiny/study.yml" in failures[untrained.id]
    assert "is not here" in failures[unquantized.id]
    assert "socsafe quantize recipes/tiny/study.yml" in failures[unquantized.id]


def test_a_base_that_cannot_be_opened_fails_its_conditions_alone(two_bases: Plan, tiny: Models) -> None:
    first, second, bad, _ = two_bases.conditions
    account = sample(tiny)
    runs = [trained(two_bases, condition, tiny, account) for condition in (first, second, bad)]
    model, _adapter = put_ggufs(two_bases, bad, tiny)
    model.write_bytes(tiny.q8.read_bytes()[:-500])
    assert list(check(two_bases, (first, bad, second), SilentProgress())) == [bad.id]
    assert [noted(run)["parity"] for run in runs[:2]] == ["equal", "equal"]
