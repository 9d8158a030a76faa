"""The base as a Hugging Face model folder: the one that is made here, or what the hub gives.

>>> base_folder(plan, "micro", weights=True)
PosixPath('.../runs/bases/micro')
"""

from __future__ import annotations

from pathlib import Path

from socsafe.errors import InputError, Problem
from socsafe.shown import blotted
from socsafe.study.checked import Plan

MODEL_FILES = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")
CONFIG_FILES = ("config.json",)
"""Not the index of the weights: the converter would miss the files it names."""


def base_folder(plan: Plan, base: str, weights: bool) -> Path:
    """The base as a Hugging Face model folder, fetched from the hub when it is not made here.

    Without `weights` nothing but its configuration is fetched, which is all that an adapter is converted with.
    """
    known = plan.bases[base]
    if known.made_here:
        folder = plan.project.root / known.model
        if not (folder / "config.json").is_file():
            raise InputError(Problem(str(folder), "the base is not here", "a model folder", f"socsafe base build {base}"))
        return folder
    try:
        from huggingface_hub import get_token, snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError as error:
        raise InputError(
            Problem(known.model, "huggingface_hub is not installed", "the convert extra", "pip install -e '.[convert]'")
        ) from error
    try:
        patterns = list(MODEL_FILES if weights else CONFIG_FILES)
        return Path(snapshot_download(known.model, revision=known.revision or None, allow_patterns=patterns))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        gated = "; it is gated: accept its licence on the hub and set HF_TOKEN" if known.gated else ""
        raise InputError(
            Problem(known.model, blotted(str(error).split("\n", 1)[0], get_token()), f"a model that the hub gives{gated}", "hf auth login")
        ) from error


def made_files(plan: Plan, base: str) -> tuple[Path, ...]:
    """The files of a base that is made here. One from the hub is told by its id and, where it has one, its revision."""
    known = plan.bases[base]
    names = ("config.json", "model.safetensors", "tokenizer.model", "tokenizer_config.json")
    return tuple(plan.project.root / known.model / name for name in names) if known.made_here else ()
