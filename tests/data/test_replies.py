"""Replies in the formats of other tools."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from socsafe.data.inspect_logs import CREATED, log
from socsafe.data.replies import Unit
from socsafe.progress import SilentProgress
from socsafe.records import Prompt
from socsafe.reporting import export_replies
from socsafe.stages.judge import read_verdicts
from socsafe.stages.score import score
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from tests.conftest import REPO, Left, new_folder
from tests.finished import HOSTILE, finished, polite, tree
from tests.stages.conftest import Said

INSPECT = Path(os.environ.get("SOCSAFE_INSPECT_PYTHON", REPO / ".venv-inspect" / "bin" / "python"))
READ = """
import json, sys
from inspect_ai.log import list_eval_logs, read_eval_log
told = []
for info in list_eval_logs(sys.argv[1]):
    log = read_eval_log(info)
    header = read_eval_log(info, header_only=True)
    told.append({
        "status": log.status, "task": log.eval.task, "model": log.eval.model, "metadata": log.eval.metadata,
        "epochs": log.eval.config.epochs,
        "header": header.samples is None and header.results.total_samples,
        "metrics": {score.name: {name: metric.value for name, metric in score.metrics.items()} for score in log.results.scores},
        "samples": [
            {"id": s.id, "epoch": s.epoch, "target": s.target, "reply": s.output.completion, "stop": s.output.stop_reason,
             "roles": [message.role for message in s.messages], "scores": {name: score.value for name, score in s.scores.items()},
             "tokens": s.output.usage.total_tokens}
            for s in log.samples
        ],
    })
print(json.dumps(told))
"""


@dataclass(frozen=True)
class Replied:
    """A study of two suites, two samples a prompt, one of which nobody can parse the verdict of."""

    plan: Plan
    logs: Path
    table: Path


@pytest.fixture(scope="module")
def replied(tmp_path_factory: pytest.TempPathFactory) -> Replied:
    folder = new_folder(tmp_path_factory.mktemp("replied") / "project")
    plan = finished(folder, says=_says, counts=[4], sampling={"samples": 2, "temperature": 1.0, "top_k": 40}, judges=["refusal"])
    export_replies(plan, SilentProgress(), folder.root / "replies.parquet", folder.root / "logs")
    return Replied(plan, folder.root / "logs", folder.root / "replies.parquet")


def _says(condition: Condition, prompt: Prompt) -> str:
    return HOSTILE if prompt.id == "3" else polite(condition, prompt)


def test_the_table_has_a_row_a_reply_with_its_prompt_and_verdict(replied: Replied) -> None:
    frame = pl.read_parquet(replied.table)
    verdicts = read_verdicts(replied.plan, replied.plan.conditions)
    assert frame.height == verdicts.height == 2 * 12 * 2
    assert frame["prompt"].to_list() == [f"Prompt {int(name) - 1}" for name in frame["prompt_id"]]
    assert frame["refusal_label"].to_list() == verdicts["label"].to_list()
    assert set(frame.filter(prompt_id="3")["reply"]) == {HOSTILE}
    assert {"condition", "base", "setting", "style", "count", "form", "seed", "suite", "sample", "expects", "finish_reason"} <= set(
        frame.columns
    )


def test_the_same_replies_make_the_same_files(replied: Replied, tmp_path: Path) -> None:
    export_replies(replied.plan, SilentProgress(), tmp_path / "replies.parquet", tmp_path / "logs")
    assert (tmp_path / "replies.parquet").read_bytes() == replied.table.read_bytes()
    assert tree(tmp_path / "logs") == tree(replied.logs)


def test_replies_that_nobody_judged_are_exported_without_verdicts(replied: Replied, socsafe: Callable[..., Left], tmp_path: Path) -> None:
    plan = finished(new_folder(tmp_path / "project"), counts=[4])
    for path in plan.project.study_run("tiny").glob("*/verdicts/refusal/*"):
        path.unlink()
    left = socsafe("export", plan.file, "--completions", tmp_path / "x.parquet", "--inspect", tmp_path / "logs")
    assert left.code == 0, left.err
    assert pl.read_parquet(tmp_path / "x.parquet")["refusal_status"].null_count() == 24
    logs = [json.loads(content) for content in tree(tmp_path / "logs").values()]
    assert {len(log["samples"]) for log in logs} == {12}
    assert {json.dumps(sample["scores"]) for log in logs for sample in log["samples"]} == {"{}"}
    assert not list(Path.cwd().glob("tiny.zip"))


def test_a_study_without_replies_has_none_to_export(replied: Replied, socsafe: Callable[..., Left], tmp_path: Path) -> None:
    study = new_folder(tmp_path / "project").study()
    left = socsafe("export", study, "--completions", tmp_path / "x.parquet")
    assert left.code == 1
    assert "no replies are up to date" in left.err
    assert "socsafe run" in left.err
    assert not (tmp_path / "x.parquet").exists()


def test_replies_of_a_model_that_is_out_of_date_are_not_exported(socsafe: Callable[..., Left], tmp_path: Path) -> None:
    """Their own inputs have not moved: the GGUF is made anew only when somebody trains again."""
    folder = new_folder(tmp_path / "project")
    plan = finished(folder, counts=[4])
    recipe = plan.project.recipe("tiny", plan.conditions[0].id)
    recipe.write_text(recipe.read_text().replace("learning_rate: ", "learning_rate: 1"))
    left = socsafe("export", plan.file, "--completions", tmp_path / "x.parquet", "--inspect", tmp_path / "logs")
    assert left.code == 0
    assert set(pl.read_parquet(tmp_path / "x.parquet")["condition"]) == {plan.conditions[1].id}
    assert len(tree(tmp_path / "logs")) == 1
    assert left.err == ("1 of 2 files of replies are not up to date and left out. To see which: socsafe status recipes/tiny/study.yml\n")
    folder.study(counts=[4], training={"learning_rate": 0.5})
    assert socsafe("recipe", "render", plan.file).code == 0
    left = socsafe("export", plan.file, "--completions", tmp_path / "y.parquet")
    assert (left.code, "no replies are up to date" in left.err) == (1, True)
    assert not (tmp_path / "y.parquet").exists()


def test_damaged_replies_are_told_once_and_by_the_display_of_the_command(tmp_path: Path) -> None:
    plan = finished(new_folder(tmp_path / "project"), counts=[4])
    path = plan.project.completions("tiny", plan.conditions[0].id, "tiny-suite")
    path.write_text(path.read_text().replace("Sure", "Well"))
    said = Said()
    export_replies(plan, said, tmp_path / "x.parquet", tmp_path / "logs")
    assert [line for line in said.lines if "is damaged and left out" in line] == [
        f"{plan.project.relative(path)}: is damaged and left out. To make it anew: socsafe run {plan.argument}"
    ]


def test_inspect_ai_reads_every_log_and_finds_in_it_what_the_study_has(replied: Replied) -> None:
    """Made with the real package: `make inspect-env` installs it in an environment of its own."""
    if not INSPECT.is_file():
        pytest.skip(f"Inspect AI is not at {INSPECT}: make inspect-env")
    done = subprocess.run([INSPECT, "-c", READ, str(replied.logs)], capture_output=True, text=True, check=False, cwd=replied.logs)
    assert done.returncode == 0, done.stderr
    told = {log["metadata"]["condition"]: log for log in json.loads(done.stdout)}
    assert set(told) == {condition.id for condition in replied.plan.conditions}
    frame = pl.read_parquet(replied.table)
    summary = score(read_verdicts(replied.plan, replied.plan.conditions), replied.plan.conditions)
    for name, found in told.items():
        own = frame.filter(condition=name)
        assert (found["status"], found["task"], found["model"], found["epochs"], found["header"]) == (
            "success", "tiny-suite", f"socsafe/{name}", 2, own.height,
        )  # fmt: skip
        assert [sample["reply"] for sample in found["samples"]] == own["reply"].to_list()
        assert [(sample["id"], sample["epoch"] - 1) for sample in found["samples"]] == own.select("prompt_id", "sample").rows()
        assert [sample["scores"] for sample in found["samples"]] == [{"refusal": label} for label in own["refusal_label"]]
        assert {tuple(sample["roles"]) for sample in found["samples"]} == {("user", "assistant")}
        assert found["metrics"]["refusal"] == {row.metric: row.value for row in summary if row.condition == name}


def test_a_log_holds_no_clock_and_no_path(replied: Replied) -> None:
    for name, content in tree(replied.logs).items():
        assert name.startswith(CREATED.replace(":", "-"))
        assert str(replied.plan.project.root).encode() not in content
        assert json.loads(content)["eval"]["created"] == CREATED


def test_a_reply_that_failed_or_could_not_be_judged_is_a_state_of_its_own(tmp_path: Path) -> None:
    folder = new_folder(tmp_path / "project")
    plan = finished(folder, counts=[4], styles=["none"])
    condition, suite = plan.conditions[0], plan.study.suite_uses()[0]
    path = plan.project.completions("tiny", condition.id, suite.name)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[0] |= {"text": "", "finish_reason": "error"}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    verdicts = plan.project.verdicts("tiny", condition.id, suite.name, "refusal")
    told = [json.loads(line) for line in verdicts.read_text().splitlines()]
    told[0] |= {"status": "error", "label": None, "rationale": "no reply"}
    told[1] |= {"status": "unparsed", "label": None, "rationale": "7 of 5"}
    verdicts.write_text("".join(json.dumps(row) + "\n" for row in told))
    found = log(plan, Unit(condition, suite, ("refusal",)), [])["samples"]
    assert [sample["scores"]["refusal"]["value"] for sample in found[:3]] == ["error", "unparsed", "full_compliance"]
    assert found[0]["output"]["choices"][0]["stop_reason"] == "unknown"
    assert "error" in found[0]
    assert "error" not in found[1]
