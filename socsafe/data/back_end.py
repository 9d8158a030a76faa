"""Who wrote a study's replies, as its report tells it.

>>> back_end(plan)
{'written by': 'llama.cpp on this machine', 'slots': 16, 'context': 512, 'threads': 2, 'weights': 'q8_0'}
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from socsafe.study.checked import Plan
from socsafe.study.serving import served_name


def back_end(plan: Plan) -> dict[str, Any]:
    """The back end and its settings, by the names that the report gives them.

    Of a server: where it was when it answered, and by what names it called the models, where these are not those it was asked for.
    """
    block, compute = plan.study.generation, plan.study.compute
    if block is None:
        settings = {"slots": compute.slots, "context": compute.context, "threads": compute.threads}
        return {"written by": "llama.cpp on this machine", **settings, "weights": plan.study.quantization.type}
    told = [content for path in written_by_files(plan) if (content := _read(path))]
    where = sorted({str(content.get("endpoint")) for content in told}) or [block.endpoint]
    asked = {served_name(block, condition) for condition in plan.conditions}
    names = sorted({str(name) for content in told for name in content.get("models", ())} - asked)
    model = block.model if isinstance(block.model, str) else "named one by one"
    answered = {"answered as": names} if names else {}
    return {
        "written by": f"{block.server} at {', '.join(where)}",
        "model": model,
        **answered,
        "prompts": block.prompt,
        "context": compute.context,
    }


def written_by_files(plan: Plan) -> list[Path]:
    """What was noted of the server that wrote each condition's replies to each suite, as far as it is here."""
    project, study = plan.project, plan.study
    paths = [project.written_by(study.name, condition.id, suite.name) for condition in plan.conditions for suite in study.suite_uses()]
    return [path for path in paths if path.is_file()] if study.generation else []


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
