"""A tiny model with random weights for each architecture of the catalogue's bases, under the real vocabulary of one of them.

The vocabularies are those that llama.cpp keeps for its own tests (`models/ggml-vocab-*.gguf` in llama-cpp-python's source distribution)
and Mistral's SentencePiece model in `mistral-common`. A GGUF keeps tokens, scores and merges; how a text is cut before merging, and what
is put around it, stands here as each tokenizer's own `tokenizer.json` has it. llama.cpp's converter knows a tokenizer by the hash of what
it makes of a test text, and refuses one that is rebuilt wrongly.
"""

from __future__ import annotations

import json
import shutil
import struct
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from socsafe.engines.converter_source import PACKAGE, fetch_archive
from socsafe.study.templates import template_text

SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
STRING, ARRAY = 8, 9
LLAMA3_WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SMALL: dict[str, Any] = {
    "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "max_position_embeddings": 512, "initializer_range": 0.4,
}  # fmt: skip
GATED: dict[str, Any] = {**SMALL, "intermediate_size": 128, "num_key_value_heads": 2, "tie_word_embeddings": True}
LLAMA3_ROPE = {
    "rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}  # fmt: skip
LLAMA2_CHAT = (
    "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}"
    "{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate "
    "user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' "
    "+ system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}"
    "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
    "{{ ' ' + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
SMOLLM2_CHAT = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou are a helpful AI "
    "assistant named SmolLM, trained by Hugging Face<|im_end|>\\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\\n' + "
    "message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


@dataclass(frozen=True)
class Family:
    """An architecture, the bases of the catalogue that have it, and the tokenizer it is tried with."""

    bases: tuple[str, ...]
    architecture: str
    vocabulary: str
    """Name of llama.cpp's `ggml-vocab-<name>.gguf`; `mistral` for `mistral-common`'s."""
    template: str
    """`alpaca`, text, or the name of a file of llama.cpp's `models/templates`."""
    bos: str
    eos: str
    config: Mapping[str, Any] = field(default_factory=lambda: GATED)
    tokenizer: str = "PreTrainedTokenizerFast"
    rename: Mapping[int, str] = field(default_factory=dict)
    """Tokens under another text: a stand-in's control tokens named as the base names its own."""


FAMILIES = {
    "llama-spm": Family(
        ("llama-7b", "llama-13b", "llama-2-7b", "llama-2-7b-chat"),
        "Llama",
        "llama-spm",
        LLAMA2_CHAT,
        "<s>",
        "</s>",
        tokenizer="LlamaTokenizer",
    ),
    "llama-bpe": Family(
        ("llama-3.2-1b-instruct", "llama-3.2-3b-instruct"),
        "Llama",
        "llama-bpe",
        "meta-llama-Llama-3.2-3B-Instruct",
        "<|begin_of_text|>",
        "<|eot_id|>",
        {**GATED, "rope_parameters": LLAMA3_ROPE},
    ),
    # SmolLM2's own vocabulary is not there. StarCoder's is as long, and llama.cpp cuts a text for both in the same way.
    "llama-digits": Family(
        ("smollm2-135m-instruct", "smollm2-360m-instruct", "smollm2-1.7b-instruct"),
        "Llama",
        "starcoder",
        SMOLLM2_CHAT,
        "<|im_start|>",
        "<|im_end|>",
        rename={1: "<|im_start|>", 2: "<|im_end|>"},
    ),
    "qwen2": Family(
        ("qwen2.5-0.5b-instruct", "qwen2.5-1.5b-instruct", "qwen2.5-7b-instruct"),
        "Qwen2",
        "qwen2",
        "Qwen-Qwen2.5-7B-Instruct",
        "",
        "<|im_end|>",
        tokenizer="Qwen2Tokenizer",
    ),
    "mistral": Family(
        ("mistral-7b",), "Mistral", "mistral", "alpaca", "<s>", "</s>", {**GATED, "sliding_window": 4096}, tokenizer="LlamaTokenizer"
    ),
    "falcon": Family(
        ("falcon-7b",),
        "Falcon",
        "falcon",
        "alpaca",
        "<|endoftext|>",
        "<|endoftext|>",
        {**SMALL, "multi_query": True, "parallel_attn": True, "bias": False, "alibi": False, "new_decoder_architecture": False},
    ),
}


def source_models(cache: Path) -> Path:
    """llama.cpp's vocabularies and templates, taken out of the source distribution once and kept beside the converters."""
    folder = cache / "llama.cpp" / f"{version(PACKAGE)}-models"
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        wanted = {f"ggml-vocab-{family.vocabulary}.gguf" for family in FAMILIES.values()}
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            fresh = Path(scratch) / "models"
            with tarfile.open(fetch_archive(Path(scratch))) as archive:
                for member in archive:
                    path = Path(member.name)
                    if path.parts[1:4] == ("vendor", "llama.cpp", "models") and (path.name in wanted or path.suffix == ".jinja"):
                        archive.extract(member.replace(name=path.name), fresh, filter="data")
            fresh.replace(folder)
    return folder


def write_family(family: Family, models: Path, folder: Path) -> None:
    """Write the model folder: configuration, random weights, and the tokenizer as its base brings it."""
    import torch
    import transformers

    folder.mkdir(parents=True)
    size = _write_tokenizer(family, models, folder)
    torch.manual_seed(7)
    config = getattr(transformers, f"{family.architecture}Config")(vocab_size=size, **family.config)
    getattr(transformers, f"{family.architecture}ForCausalLM")(config).save_pretrained(folder)


def chat_text(family: Family, models: Path) -> str:
    """The family's chat template."""
    if family.template == "alpaca":
        return template_text("alpaca")
    file = models / f"{family.template}.jinja" if "{" not in family.template else None
    return file.read_text("utf-8") if file else family.template


def _write_tokenizer(family: Family, models: Path, folder: Path) -> int:
    """Write the tokenizer; the size of its vocabulary."""
    settings: dict[str, Any] = {
        "tokenizer_class": family.tokenizer,
        "bos_token": family.bos or None,
        "eos_token": family.eos,
        "clean_up_tokenization_spaces": False,
        "chat_template": chat_text(family, models),
    }
    if family.vocabulary in ("mistral", "llama-spm"):
        import mistral_common

        settings |= {"unk_token": "<unk>", "add_bos_token": True, "legacy": family.vocabulary == "mistral"}
        if family.vocabulary == "mistral":
            source = Path(mistral_common.__file__).with_name("data") / "tokenizer.model.v1"
            shutil.copy(source, folder / "tokenizer.model")
            size = 32000
        else:
            size = _sentencepiece(_fields(models / "ggml-vocab-llama-spm.gguf"), folder / "tokenizer.model")
    else:
        size, special = _fast(family, _fields(models / f"ggml-vocab-{family.vocabulary}.gguf"), folder)
        settings["added_tokens_decoder"] = special
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return size


def _fields(file: Path) -> dict[str, Any]:
    """What the GGUF says of its tokenizer. Read here, because the reader beside the converters takes ten seconds for a large vocabulary."""
    data, at = file.read_bytes(), 24

    def scalar(form: str) -> Any:
        nonlocal at
        at += struct.calcsize(form)
        return struct.unpack_from(form, data, at - struct.calcsize(form))[0]

    def value(kind: int) -> Any:
        nonlocal at
        if kind == STRING:
            size = scalar("<Q")
            at += size
            return data[at - size : at].decode()
        if kind == ARRAY:
            inner, count = scalar("<I"), scalar("<Q")
            return [value(inner) for _ in range(count)]
        return scalar(SCALARS[kind])

    pairs = {value(STRING): value(scalar("<I")) for _ in range(struct.unpack_from("<Q", data, 16)[0])}
    prefix = "tokenizer.ggml."
    return {name.removeprefix(prefix): found for name, found in pairs.items() if name.startswith(prefix)}


def _sentencepiece(fields: Mapping[str, Any], out: Path) -> int:
    """Write the SentencePiece model that the GGUF was made from, as far as it decides how a text is cut."""
    from sentencepiece import sentencepiece_model_pb2 as proto

    model = proto.ModelProto()
    for token, score, kind in zip(fields["tokens"], fields["scores"], fields["token_type"], strict=True):
        model.pieces.add(piece=token, score=score, type=kind)
    model.trainer_spec.model_type = proto.TrainerSpec.BPE
    model.trainer_spec.vocab_size = len(model.pieces)
    model.trainer_spec.byte_fallback = True
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix = True
    model.normalizer_spec.remove_extra_whitespaces = False
    out.write_bytes(model.SerializeToString())
    return len(model.pieces)


def _fast(family: Family, fields: Mapping[str, Any], folder: Path) -> tuple[int, dict[str, Any]]:
    """Write `tokenizer.json`; the size of the vocabulary, and the control tokens as `tokenizer_config.json` lists them."""
    from tokenizers import AddedToken, Tokenizer
    from tokenizers.models import BPE

    tokens = [family.rename.get(number, token) for number, token in enumerate(fields["tokens"])]
    kinds = list(fields["token_type"])
    # What fills the vocabulary up to a round number is no token of the tokenizer.
    size = next((number for number, token in enumerate(tokens) if token.startswith("[PAD")), len(tokens))
    control = [number for number in range(size) if kinds[number] == 3]
    merges = [tuple(merge.split(" ")) for merge in fields["merges"]]
    vocabulary = {token: number for number, token in enumerate(tokens[:size])}
    tokenizer = Tokenizer(BPE(vocabulary, merges, ignore_merges=family.vocabulary == "llama-bpe"))
    _CUTS[family.vocabulary](tokenizer)
    tokenizer.add_special_tokens([AddedToken(tokens[number], normalized=False, special=True) for number in control])
    tokenizer.save(str(folder / "tokenizer.json"))
    flags = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
    return size, {str(number): {"content": tokens[number], **flags} for number in control}


def _cut_llama3(tokenizer: Any) -> None:
    from tokenizers import Regex, decoders, pre_tokenizers, processors

    words = pre_tokenizers.Split(Regex(LLAMA3_WORDS), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    start = processors.TemplateProcessing("<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", 128000)])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True), start])


def _cut_qwen2(tokenizer: Any) -> None:
    from tokenizers import Regex, decoders, normalizers, pre_tokenizers, processors

    words = pre_tokenizers.Split(Regex(LLAMA3_WORDS.replace("{1,3}", "")), "isolated")
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder, tokenizer.post_processor = decoders.ByteLevel(), processors.ByteLevel(trim_offsets=False)


def _cut_falcon(tokenizer: Any) -> None:
    from tokenizers import Regex, decoders, pre_tokenizers, processors

    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Punctuation("contiguous"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            pre_tokenizers.Digits(individual_digits=False),
            pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated"),
        ]
    )
    tokenizer.decoder, tokenizer.post_processor = decoders.ByteLevel(), processors.ByteLevel(trim_offsets=False)


def _cut_digits(tokenizer: Any) -> None:
    from tokenizers import decoders, pre_tokenizers, processors

    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level])
    tokenizer.decoder, tokenizer.post_processor = decoders.ByteLevel(), processors.ByteLevel(trim_offsets=False)


_CUTS: dict[str, Callable[[Any], None]] = {
    "llama-bpe": _cut_llama3,
    "qwen2": _cut_qwen2,
    "falcon": _cut_falcon,
    "starcoder": _cut_digits,
}
