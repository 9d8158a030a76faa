"""Weights are read from safetensors alone: a `.bin` or `.pt` is a pickle, which can run code when it is loaded.

>>> require_safetensors(Path("runs/quickstart/micro-benign-none-n0-s1"), ADAPTER)

The files' names count as transformers, peft and llama.cpp's converters read them: of `pytorch_model.bin` beside `other.safetensors` they
would take the pickle.
"""

from __future__ import annotations

from pathlib import Path

from socsafe.errors import InputError, Problem

MODEL, ADAPTER = "model", "adapter_model"
"""How the names of a whole model's weights begin, and of an adapter's."""
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
_CONVERT = {
    ADAPTER: (
        'python -c "from torch import load; from safetensors.torch import save_file; '
        "save_file(load('{file}', weights_only=True, map_location='cpu'), '{folder}/adapter_model.safetensors')\" && rm {file}"
    ),
    MODEL: (
        'python -c "from transformers import AutoModelForCausalLM as M; '
        "M.from_pretrained('{folder}', dtype='auto').save_pretrained('{folder}')\" && rm {file}"
    ),
}
"""Both read a pickle as nothing but numbers (torch's `weights_only`), which is safe as far as torch's own reader is."""


def require_safetensors(folder: Path, kind: str) -> None:
    """Raise `InputError` where the folder has no weights of the kind as safetensors: for a pickle, with what converts it."""
    if any(folder.glob(f"{kind}*.safetensors")):
        return
    refuse_pickle(folder, kind)
    raise InputError(Problem(str(folder), "holds no weights (*.safetensors)", "a whole model folder", f"ls {folder}"))


def refuse_pickle(folder: Path, kind: str) -> None:
    """Raise `InputError` where the folder holds weights as a pickle, with what converts them."""
    pickled = sorted(path for path in folder.glob("*model*") if path.suffix in _PICKLES) if folder.is_dir() else []
    if pickled:
        what = "an adapter" if kind == ADAPTER else "weights"
        expected = f"{kind}.safetensors: a {pickled[0].suffix} is a pickle, which can run code when it is loaded, and is not read"
        mend = _CONVERT[kind].format(file=pickled[0], folder=folder)
        raise InputError(Problem(str(pickled[0]), f"{what} saved as a pickle", expected, mend))
