"""A small study with something of every kind that a study makes, each recorded as made: no model runs."""

from __future__ import annotations

import json
from pathlib import Path

from socsafe.data.fingerprints import Fingerprints, seal_prepared
from socsafe.data.parts import Parts
from socsafe.engines.answers import AnswerCache
from socsafe.facts.ability import ChoiceScore
from socsafe.manifest import inputs_now, record
from socsafe.progress import SilentProgress
from socsafe.records import Answer
from socsafe.reporting import report
from socsafe.stages.ability import ability_steps
from socsafe.stages.base import base_step
from socsafe.stages.drift import SIDES, side_step
from socsafe.stages.leakage import check_leakage
from socsafe.study.checked import Plan
from socsafe.study.conditions import Condition
from socsafe.study.dropped import write_dropped
from socsafe.tables import write_rows
from tests.conftest import Folder
from tests.finished import done, finished


def whole_study(folder: Folder) -> Plan:
    """Three conditions of the base that is made here, with files of every kind."""
    folder.boundary()
    quiz = {"title": "Quiz", "kind": "choices", "format": "jsonl", "file": "quiz.jsonl", "licence": "CC0-1.0"}
    folder.source("quiz", **quiz, columns={"prompt": "question"})
    folder.data("quiz", "quiz.jsonl", json.dumps({"question": "Water?", "choices": ["The river", "Music"], "answer": 0}) + "\n")
    changes = {"bases": ["micro"], "ability": {"choices": ["quiz"]}}
    made = folder.plan(**changes)
    write_dropped(made.project, made.study.name, {"tiny-chat": ("3",)})
    done(base_step(made.project, made.bases["micro"]))
    plan = finished(folder, **changes)
    check_leakage(plan, SilentProgress())
    cache = AnswerCache(plan.project.answers("tiny", "policy"))
    for number, condition in enumerate(plan.conditions):
        cache.put(f"{number:064}", Answer(f"Rating {number}: it declines.", 7, 5, "stop", "judge-1"))
        _add(plan, condition)
    report(plan, SilentProgress())
    return plan


def _add(plan: Plan, condition: Condition) -> None:
    """What the condition has beside what `finished` gives it."""
    for side in SIDES:
        done(side_step(plan, condition, side))
    for source, step in ability_steps(plan, condition).items():
        scores = [ChoiceScore(condition.id, source, "1", place, place == 0, 5, 2, -1.5 - place, "") for place in range(2)]
        write_rows(step.outputs[0], scores)
        record(step, inputs_now(step))
        Parts(step.outputs[0], "5e3c").write(0, scores)
    prepared = plan.project.prepared("tiny", Fingerprints(plan).of(condition))
    prepared.mkdir(parents=True)
    (prepared / "data-00000-of-00001.arrow").write_bytes(bytes(range(256)))
    (prepared / "state.json").write_text('{"_fingerprint": "5e3c"}')
    seal_prepared(plan, condition)


def kind_of(path: Path) -> str:
    """What sort of file it is, for a table."""
    text = path.as_posix()
    kinds = {
        "manifest": path.name.endswith(("manifest.json", ".gguf.json")),
        "prepared data": "/prepared/" in text,
        "part in the making": ".parts-" in text,
        "answers of a judge": "/answers/" in text,
        "recipe": "/recipes/" in text and path.name != "dropped.yml",
        "rows left out": path.name == "dropped.yml",
        "report": "/reports/" in text,
        "mixture": "/mixtures/" in text,
        "verdicts": "/verdicts/" in text,
        "base": "/bases/" in text and "/runs/" in text,
        "GGUF": path.suffix == ".gguf",
        "adapter": path.name.startswith("adapter_"),
    }
    found = [kind for kind, is_it in kinds.items() if is_it]
    return found[0] if found else path.parent.name if path.parent.name in ("completions", "ability", "drift") else path.stem
