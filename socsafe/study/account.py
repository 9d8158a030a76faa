"""What is known of an adapter: the account that training leaves beside it, `training.json`, and what was noted when it was made or adopted.

>>> account = read_account(run / "training.json")
>>> account.steps, [file.rows for file in account.files]
(140, [400, 160])
>>> origin(run)
'trained'

`socsafe.axolotl_plugin` writes it, on whatever machine trains; an adapter that was copied in without one has none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from socsafe.errors import Problem, RunError
from socsafe.manifest import read_manifest

MANIFEST = "train.manifest.json"
"""The record of a training or an adoption, in the run's folder."""
MARK = "adopted"
"""Lies in a run's folder whose adapter was adopted, so that with its manifest damaged it is not trained over."""

IGNORED = -100
"""The label of a token that carries no loss."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)


class FileAccount(_Part):
    """One data file, as it was trained on."""

    file: str
    """Path as the recipe writes it."""
    rows: int = Field(ge=0)
    loss_tokens: int = Field(ge=0)
    """Tokens that carry loss, once through the file."""


class TurnAccount(_Part):
    """One turn of a sampled dialogue."""

    role: Literal["system", "user", "assistant"]
    content: str
    train: bool


class RowAccount(_Part):
    """One sampled row, with the tokens and labels it became."""

    messages: tuple[TurnAccount, ...]
    input_ids: tuple[int, ...]
    labels: tuple[int, ...]

    @model_validator(mode="after")
    def _as_many(self) -> Self:
        if len(self.input_ids) != len(self.labels):
            raise ValueError(f"{len(self.input_ids)} input_ids with {len(self.labels)} labels")
        return self


class Account(_Part):
    """What one adapter was trained on, and how far."""

    base_model: str
    seed: int
    steps: int = Field(ge=0)
    """Optimizer steps taken."""
    train_loss: float | None
    """Mean training loss, in nats a token; None where there was none, or where it was no number."""
    eval_loss: float | None
    """Lowest validation loss, in nats a token."""
    adapter_sha256: str | None = None
    """The hash of the adapter's weights, by which a copy of them is known to be whole; None where the account says nothing of it."""
    files: tuple[FileAccount, ...] = Field(min_length=1)
    sample: tuple[RowAccount, ...]


def read_account(path: Path) -> Account | None:
    """The account; None where there is no file. Raises `RunError` for one that cannot be read, is damaged or is no account."""
    try:
        return Account.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _no_account(path, f"cannot be read: {error.strerror or error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise _no_account(path, f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg'][:200]}") from error


def noted(run: Path) -> dict[str, Any]:
    """What was noted when the adapter in a run's folder was trained or adopted; nothing where the manifest is missing or damaged."""
    parameters = (read_manifest(run / MANIFEST) or {}).get("parameters")
    return parameters if isinstance(parameters, dict) else {}


def origin(run: Path) -> Literal["trained", "adopted"]:
    """Where the adapter in a run's folder comes from: trained here, or adopted.

    Told by its mark where a damaged manifest no longer tells. Without a manifest nothing was adopted.
    """
    if read_manifest(run / MANIFEST) is None:
        return "adopted" if (run / MANIFEST).is_file() and (run / MARK).is_file() else "trained"
    return "adopted" if noted(run).get("origin") == "adopted" else "trained"


def _no_account(path: Path, got: str) -> RunError:
    return RunError(Problem(str(path), got, "the account that training writes", "copy it again, or train the condition again"))
