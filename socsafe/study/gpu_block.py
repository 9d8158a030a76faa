"""What a recipe for GPUs may ask of Axolotl beyond the defaults: attention, packing, and several GPUs.

training:
  hardware: gpu
  gpu: {attention: flash_attention_2, gpus: 4, axolotl: {deepspeed: deepspeed_configs/zero3_bf16.json}}
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from socsafe.study.block import Block

Sharing = Literal[
    "ddp_broadcast_buffers",
    "ddp_bucket_cap_mb",
    "ddp_find_unused_parameters",
    "ddp_timeout",
    "deepspeed",
    "dp_replicate_size",
    "dp_shard_size",
    "fsdp_config",
    "fsdp_version",
    "gradient_checkpointing",
    "gradient_checkpointing_kwargs",
    "tensor_parallel_size",
]
"""Axolotl's keys that say how GPUs share a model and how memory is saved. None of them changes what is trained on."""


class Gpu(Block):
    """How training uses GPUs; nothing of it holds for `hardware: cpu`."""

    attention: Literal["sdpa", "flash_attention_2"] = "sdpa"
    """PyTorch's own attention, or FlashAttention 2, which must be installed beside Axolotl."""
    sample_packing: bool = False
    """Put several rows into one sequence of `sequence_len`. Faster, but a step is then so many sequences and not so many rows."""
    gpus: Annotated[int, Field(ge=1, le=1024)] = 1
    """GPUs of one training run. Each holds micro_batch_size rows, and batch_size stays the number of rows of a step."""
    axolotl: dict[Sharing, JsonValue] = Field(default={})
    """Axolotl's own keys for sharing a model between GPUs (DeepSpeed, FSDP), written into the recipe as they stand."""
