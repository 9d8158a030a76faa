"""The `judges` block of a study file: who rules, and which model stands behind a judge that needs one.

judges:
  - refusal
  - judge: policy
    model:
      endpoint: https://api.openai.com/v1
      name: gpt-4o-mini-2024-07-18
      key_env: OPENAI_API_KEY
      prices: {prompt: 0.15, completion: 0.6}
  - {judge: yesno, model: {gguf: models/judge.gguf}}
  - {judge: guard, model: {gguf: models/guard.gguf}}
  - {judge: reward, model: {classifier: models/reward}}
  - {judge: ensemble, of: [refusal, policy, yesno]}
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from socsafe.study.block import Block, Name, Seed
from socsafe.study.endpoint_block import Server


class EndpointModel(Server):
    """A model behind a server that speaks OpenAI's protocol."""

    name: Name
    """The model, in the server's words; a dated one is the same tomorrow."""


class GgufModel(Block):
    """A model on this machine, run by llama.cpp; its answers are held to their form by a grammar."""

    gguf: Name
    """The file, relative to the project's folder."""
    context: Annotated[int, Field(ge=256, le=1_000_000)] = 4096
    """Most tokens of question and answer together."""
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    """CPU threads; those of `compute` when left out."""


class ClassifierModel(Block):
    """A sequence classifier with one output, run by transformers."""

    classifier: Name
    """A folder relative to the project's, or a hub id."""
    revision: Name | None = None
    """Commit, tag or branch on the hub; the newest when left out, which may be another one tomorrow."""


def _kind(value: Any) -> str | None:
    """Which of the three a model's block is, by the key that says where it is; not that key itself, which would stand for a place."""
    keys = ("endpoint", "gguf", "classifier")
    return next((f"{key} model" for key in keys if (key in value if isinstance(value, dict) else hasattr(value, key))), None)


JudgeModel = Annotated[
    Annotated[EndpointModel, Tag("endpoint model")]
    | Annotated[GgufModel, Tag("gguf model")]
    | Annotated[ClassifierModel, Tag("classifier model")],
    Discriminator(
        _kind,
        custom_error_type="model_kind",
        custom_error_message="a model has one of: endpoint (with name), gguf, classifier",
    ),
]


class JudgeUse(Block):
    """A judge with what it needs."""

    judge: Name
    """A judge, by its name in the catalogue (`socsafe/judges`)."""
    model: JudgeModel | None = None
    """The model it asks; left out where it asks none."""
    of: tuple[Name, ...] = ()
    """For `ensemble`: the judges of this study whose verdicts it combines."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    """What its model is asked at."""
    seed: Seed = 0
    """The seed its model is asked with."""

    def decides(self) -> dict[str, Any]:
        """What of this block decides an answer, as JSON values: not the price, the key's name, or how many are asked at a time."""
        model = (
            self.model.model_dump(mode="json", exclude={"key_env", "prices", "concurrency", "timeout", "threads"}) if self.model else None
        )
        asked = {"temperature": self.temperature, "seed": self.seed} if self.model else {}
        return {"model": model, **asked} | ({"of": list(self.of)} if self.of else {})


def standing_behind(use: JudgeUse, uses: Sequence[JudgeUse]) -> str:
    """The judge's model, or an ensemble's members with theirs: a judge's figures hold for no other."""
    members = {other.judge: model_name(other) for other in uses}
    named = (f"{name} ({members[name]})" if members.get(name) else name for name in sorted(use.of))
    return " + ".join(named) or model_name(use)


def model_name(use: JudgeUse) -> str:
    """What verdicts and reports call a judge's model where it does not say itself; empty where there is none."""
    if isinstance(use.model, EndpointModel):
        return use.model.name
    if isinstance(use.model, GgufModel):
        return PurePosixPath(use.model.gguf).name
    return use.model.classifier if isinstance(use.model, ClassifierModel) else ""
