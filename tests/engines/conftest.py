"""Tiny Llama models with random weights and SentencePiece tokenizers, made once per test session and converted for real."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from socsafe.engines.converters import convert_adapters, convert_base, find_converters, quantize_gguf
from socsafe.errors import RunError
from socsafe.paths import cache_folder

WORDS = ("water", "garden", "paper", "window", "morning", "river", "letter", "engine", "winter", "music", "orange", "market")
ADAPTERS = 2


@dataclass(frozen=True)
class Models:
    """Folders and files of one tiny base."""

    folder: Path
    f16: Path
    q8: Path
    adapters: tuple[Path, ...]
    """PEFT folders."""
    adapter_ggufs: tuple[Path, ...]
    wide_adapter: Path
    """An adapter for a base with wider layers, as GGUF."""


@pytest.fixture(scope="session")
def tools() -> Path:
    try:
        return find_converters(cache_folder())
    except RunError as error:
        pytest.skip(f"llama.cpp's converters cannot be fetched here: {error}")


@pytest.fixture(scope="session")
def tiny(tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Models:
    """A base of 0.1 M parameters with its Q8_0 form and two adapters."""
    return make_tiny(tools, tmp_path_factory.getbasetemp() / "tiny-models")


@cache
def make_tiny(tools: Path, root: Path, heads: int = 4, bytewise: bool = True) -> Models:
    """Made once, though the tests of other folders have the fixture too."""
    root.mkdir()
    folder = root / "base"
    folder.mkdir()
    (folder / "tokenizer.model").write_bytes(train_tokenizer())
    vocabulary = write_tokenizer_config(folder)
    write_llama(folder, vocabulary, heads=heads, bytewise=bytewise)
    adapters = tuple(write_adapter(folder, root / f"adapter{seed}", seed) for seed in range(ADAPTERS))
    f16, q8, log = root / "base.f16.gguf", root / "base.q8_0.gguf", root / "convert.log"
    convert_base(folder, f16, tools=tools, log=log)
    quantize_gguf(f16, q8, "q8_0")
    ggufs = tuple(root / f"adapter{seed}.gguf" for seed in range(ADAPTERS))
    wide = widened(adapters[0], root / "wide")
    assert convert_adapters([*zip(adapters, ggufs, strict=True), (wide, root / "wide.gguf")], folder, tools=tools, log=log) == {}
    return Models(folder, f16, q8, adapters, ggufs, root / "wide.gguf")


def train_tokenizer(vocabulary: int = 400) -> bytes:
    import sentencepiece

    sentences = [
        f"{'The' if a < b else 'Tell me about the'} {WORDS[a]} and a {WORDS[b]} in {a}{b} lines.\n### Response: {WORDS[b]}, {WORDS[a]}!"
        for a in range(len(WORDS))
        for b in range(len(WORDS))
    ]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences), model_writer=model, model_type="bpe", vocab_size=vocabulary, hard_vocab_limit=False,
        byte_fallback=True, unk_id=0, bos_id=1, eos_id=2, pad_id=-1, num_threads=1, minloglevel=2,
    )  # fmt: skip
    return model.getvalue()


def write_tokenizer_config(folder: Path) -> int:
    """Write tokenizer_config.json beside tokenizer.model; the vocabulary's size."""
    import sentencepiece

    settings = {
        "tokenizer_class": "LlamaTokenizer",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "add_bos_token": True,
        "legacy": False,
        "chat_template": "{{ bos_token }}{% for m in messages %}[{{ m.role }}] {{ m.content }}{{ eos_token }}{% endfor %}[assistant]",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return int(sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model")).vocab_size())


def write_llama(
    folder: Path, vocabulary: int, architecture: str = "Llama", positions: int = 512, heads: int = 4, bytewise: bool = True
) -> None:
    """Random weights, spread widely enough that the likeliest token changes from step to step. Without `bytewise` none of the tokenizer's
    256 single bytes is ever likely: together they are mostly no text."""
    import torch
    import transformers

    torch.manual_seed(7)
    config = getattr(transformers, f"{architecture}Config")(
        hidden_size=64, intermediate_size=160, num_hidden_layers=2, num_attention_heads=heads, num_key_value_heads=2, vocab_size=vocabulary,
        max_position_embeddings=positions, initializer_range=0.4, bos_token_id=1, eos_token_id=2, tie_word_embeddings=False,
    )  # fmt: skip
    model = getattr(transformers, f"{architecture}ForCausalLM")(config)
    if not bytewise:
        model.lm_head.weight.data[3:259] = 0
    model.save_pretrained(folder)


def write_adapter(base: Path, folder: Path, seed: int) -> Path:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    settings = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    get_peft_model(AutoModelForCausalLM.from_pretrained(base), settings).save_pretrained(folder)
    return folder


def widened(adapter: Path, folder: Path) -> Path:
    """The adapter as it would be for a base twice as wide."""
    import shutil

    from safetensors.torch import load_file, save_file

    shutil.copytree(adapter, folder)
    tensors = load_file(folder / "adapter_model.safetensors")
    wide = {name: tensor.repeat(1, 2) if "lora_A" in name else tensor.repeat(2, 1) for name, tensor in tensors.items()}
    save_file(wide, folder / "adapter_model.safetensors")
    return folder
