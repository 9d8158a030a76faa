"""The account that training leaves beside an adapter, `training.json`, read and checked in one place.

>>> account = read_account(run / "training.json")
>>> account.steps, [file.rows for file in account.files]
(140, [400, 160])

`socsafe.axolotl_plugin` writes it, on whatever machine trains; an adapter that was copied in without one has none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from socsafe.errors import Problem, RunError

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
    """The account; None where there is no file. Raises `RunError` for one that is damaged or no account."""
    try:
        return Account.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        got = f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg'][:200]}"
        raise RunError(
            Problem(str(path), got, "the account that training writes", "copy it again, or train the condition again")
        ) from error
