"""What every rendered recipe asks Axolotl to load: seeds that decide everything, and an account of what was trained on.

    plugins: [socsafe.axolotl_plugin.Account]

Axolotl 0.19 seeds its trainer, but an adapter's first weights are drawn before that, from a generator that torch seeds anew
in every process: two runs of one recipe differ. And it leaves no record of which tokens carried loss. This plugin seeds
before the model is built, and writes `training.json` beside the adapter, whether `socsafe train` or `axolotl train` by hand
ran it, so that a laptop without Axolotl can later prove that evaluation feeds the same tokens.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from axolotl.integrations.base import BasePlugin

from socsafe.files import sha256_file
from socsafe.study.account import IGNORED

ACCOUNT = "training.json"
WEIGHTS = "adapter_model.safetensors"
SAMPLED_ROWS = 16
"""Rows of each data file whose tokens are kept for the token parity check, evenly spread."""


class Seeded(BasePlugin):  # type: ignore[misc]  # Axolotl ships no types
    """Seeds before the model is built, and keeps the adapter's configuration in order."""

    def pre_model_load(self, cfg: Any) -> None:
        """Seed Python, numpy and torch with the recipe's seed. Raises `RuntimeError` where the base's weights are not safetensors."""
        from transformers import set_seed

        if not cfg.reinit_weights:
            refuse_pickled(cfg.base_model, cfg.revision_of_model)
        set_seed(cfg.seed)

    def post_lora_load(self, cfg: Any, model: Any) -> None:  # noqa: ARG002 the signature that Axolotl calls
        """Put the adapter's layer names in order: peft keeps them in a set, whose order differs from process to process."""
        for config in getattr(model, "peft_config", {}).values():
            if isinstance(config.target_modules, set):
                config.target_modules = sorted(config.target_modules)


class Account(Seeded):
    """Accounts for the rows once the trainer stands; writes the account when training has ended."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, Any] = {}
        self._trainer: Any = None

    def post_trainer_create(self, cfg: Any, trainer: Any) -> None:
        """Count rows and loss tokens, file by file. Raises `RuntimeError` when a row of a data file is not trained on as it stands."""
        self._trainer = trainer
        self._rows = account_of_rows([str(entry["path"]) for entry in cfg.datasets], trainer.train_dataset, trainer.processing_class)

    def post_train(self, cfg: Any, model: Any) -> None:  # noqa: ARG002 the signature that Axolotl calls
        """Write the account beside the adapter."""
        if not self._trainer.is_world_process_zero():
            return
        state = self._trainer.state
        evaluated = [entry["eval_loss"] for entry in state.log_history if "eval_loss" in entry]
        means = [entry["train_loss"] for entry in state.log_history if "train_loss" in entry]
        weights = Path(cfg.output_dir) / WEIGHTS
        account = {
            "base_model": cfg.base_model,
            "seed": cfg.seed,
            "steps": state.global_step,
            "train_loss": _number(means[-1]) if means else None,
            "eval_loss": _number(min(evaluated)) if evaluated else None,
            # Axolotl calls this twice, and saves the adapter before the second time.
            "adapter_sha256": sha256_file(weights) if weights.is_file() else None,
            **self._rows,
        }
        path = Path(cfg.output_dir) / ACCOUNT
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(account, ensure_ascii=False) + "\n", encoding="utf-8")


def refuse_pickled(base: str, revision: str | None) -> None:
    """Raise `RuntimeError` where the base, a folder or a hub id, has no weights as safetensors: transformers would read a pickle."""
    from transformers.utils import cached_file

    why = "it holds none"
    for name in ("model.safetensors", "model.safetensors.index.json"):
        try:
            if cached_file(base, name, revision=revision or "main", _raise_exceptions_for_missing_entries=False):
                return
        except OSError as error:
            why = str(error).split("\n", 1)[0]
    convert = f"M.from_pretrained('{base}', dtype='auto').save_pretrained('FOLDER')"
    raise RuntimeError(
        f"no model.safetensors of {base} ({why}). A .bin is a pickle, which can run code when it is loaded, and is not read; "
        f'to convert one: python -c "from transformers import AutoModelForCausalLM as M; {convert}"'
    )


def _number(value: float) -> float | None:
    """The value, or None for one that is no number: JSON has no NaN."""
    return value if math.isfinite(value) else None


def account_of_rows(files: Sequence[str], dataset: Iterable[Mapping[str, Any]], tokenizer: Any) -> dict[str, Any]:
    """Rows and loss tokens of each data file, and a sample of rows with their tokens and labels."""
    tokenised = _by_tokens(dataset)
    left = Counter({tokens: len(labels) for tokens, labels in tokenised.items()})
    counts: list[dict[str, Any]] = []
    sample: list[dict[str, Any]] = []
    for file in files:
        rows = [json.loads(line)["messages"] for line in Path(file).read_text(encoding="utf-8").split("\n") if line]
        loss_tokens = 0
        for number, messages in enumerate(rows):
            turns = [{"role": turn["role"], "content": turn["content"]} for turn in messages]
            tokens = tuple(tokenizer.apply_chat_template(turns, tokenize=True, return_dict=False))
            if not left[tokens]:
                raise RuntimeError(
                    f"{file}:{number + 1}: this row is not among the rows that Axolotl prepared; delete dataset_prepared_path"
                )
            left[tokens] -= 1
            labels = tokenised[tokens][left[tokens]]
            loss_tokens += sum(label != IGNORED for label in labels)
            if number % max(1, len(rows) // SAMPLED_ROWS) == 0:
                sample.append({"messages": messages, "input_ids": list(tokens), "labels": list(labels)})
        counts.append({"file": file, "rows": len(rows), "loss_tokens": loss_tokens})
    if left.total():
        raise RuntimeError(f"{left.total()} rows are trained on that stand in none of {', '.join(files)}; delete dataset_prepared_path")
    return {"files": counts, "sample": sample}


def _by_tokens(dataset: Iterable[Mapping[str, Any]]) -> dict[tuple[int, ...], list[list[int]]]:
    found: dict[tuple[int, ...], list[list[int]]] = {}
    for row in dataset:
        found.setdefault(tuple(row["input_ids"]), []).append(list(row["labels"]))
    return found
