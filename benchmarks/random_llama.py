"""Llama models with random weights, written as GGUF on the spot: real shapes and real kernels, without a download.

>>> write_llama(Path("108m.f16.gguf"), SHAPES["108M"])

The vocabulary is a SentencePiece one that is made up: three control tokens, the 256 bytes, then words. The end token's row of the
output layer is zero, so a greedy reply never ends by itself and every reply has the length that the benchmark asks for.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

VOCABULARY = 2000
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6


@dataclass(frozen=True, slots=True)
class Shape:
    """What decides the cost of a Llama."""

    width: int
    layers: int
    heads: int
    kv_heads: int
    inner: int
    context: int = 2048


SHAPES = {"108M": Shape(576, 30, 9, 3, 1536), "977M": Shape(2048, 22, 32, 4, 5632)}
"""SmolLM2-135M and TinyLlama-1.1B but for their vocabularies."""


def write_llama(out: Path, shape: Shape, tools: Path, seed: int = 7) -> None:
    """Write an F16 model; `tools` is the folder of llama.cpp's converters, which holds the `gguf` package."""
    sys.path.insert(0, str(tools / "gguf-py"))
    import gguf

    draw = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(str(out), "llama")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    _add_vocabulary(writer)

    def matrix(name: str, rows: int, columns: int, spread: float) -> None:
        values = draw.standard_normal((rows, columns), dtype=np.float32) * spread
        if name == "output.weight":
            values[2] = 0
        writer.add_tensor(name, values.astype(np.float16))

    def norm(name: str) -> None:
        writer.add_tensor(name, np.ones(shape.width, dtype=np.float32))

    spread = shape.width**-0.5
    narrow = shape.width // shape.heads * shape.kv_heads
    matrix("token_embd.weight", VOCABULARY, shape.width, 1.0)
    for layer in range(shape.layers):
        name = f"blk.{layer}."
        norm(name + "attn_norm.weight")
        matrix(name + "attn_q.weight", shape.width, shape.width, spread)
        matrix(name + "attn_k.weight", narrow, shape.width, spread)
        matrix(name + "attn_v.weight", narrow, shape.width, spread)
        matrix(name + "attn_output.weight", shape.width, shape.width, spread)
        norm(name + "ffn_norm.weight")
        matrix(name + "ffn_gate.weight", shape.inner, shape.width, spread)
        matrix(name + "ffn_up.weight", shape.inner, shape.width, spread)
        matrix(name + "ffn_down.weight", shape.width, shape.inner, shape.inner**-0.5)
    norm("output_norm.weight")
    matrix("output.weight", VOCABULARY, shape.width, spread)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_vocabulary(writer: object) -> None:
    words = [f"▁w{number}" for number in range(VOCABULARY - 259)]
    writer.add_tokenizer_model("llama")
    writer.add_token_list(["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *words])
    writer.add_token_scores([0.0] * 259 + [-float(number) for number in range(len(words))])
    writer.add_token_types([_UNKNOWN, _CONTROL, _CONTROL, *[_BYTE] * 256, *[_NORMAL] * len(words)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
