"""The few prompts that checks of the engine itself ask: some of every suite of the study, the same on every machine.

>>> [asked.prompt.suite for asked in check_sample(plan)][:3]
['boundary-pairs', 'boundary-targets', 'boundary-actions']
"""

from __future__ import annotations

from itertools import zip_longest

from socsafe.data.suites import Asked, asked_prompts
from socsafe.files import sha256_text
from socsafe.study.checked import Plan


def check_sample(plan: Plan) -> list[Asked]:
    """As many prompts as `quantization: check` says: from every suite in turn the next by the hash of the study's seed and its id."""
    seed = plan.study.sampling.seed
    ranked = [
        sorted(asked_prompts(plan, suite), key=lambda asked: sha256_text(f"check:{seed}:{asked.prompt.suite}:{asked.prompt.id}"))
        for suite in plan.study.suite_uses()
    ]
    drawn = [asked for turn in zip_longest(*ranked) for asked in turn if asked is not None]
    return drawn[: plan.study.quantization.check]
