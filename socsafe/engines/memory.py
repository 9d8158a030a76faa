"""Whether a model and its context fit into this machine's memory, worked out from the file's head before anything is loaded.

>>> cache_bytes(check_gguf(Path("llama-2-7b.q8_0.gguf")), cells(16, 1024))
8589934592

Linux hands out memory that it does not have and ends the process when it is used, so that llama.cpp's own attempt tells nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from socsafe.engines.gguf_file import GgufInfo
from socsafe.errors import Problem, RunError

CELLS = 256
"""llama.cpp gives every sequence of a split cache a multiple of so many cells."""
_BYTES = 2
"""Of one number in the cache (F16)."""
_MEGA = 1_000_000
_VERSION_2 = ("memory.max", "memory.current", "inactive_file")
"""A control group's limit, what of it is in use, and the line of `memory.stat` with what of that can be given up."""
_VERSION_1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
_NO_LIMIT = 1 << 60
_LESS_THAN_ALL = ("attention.sliding_window", "attention.kv_lora_rank", "ssm.state_size", "full_attention_interval")
"""Keys of architectures that keep less than every layer's keys and values of every token: what follows would be too much for them."""


def cells(rows: int, context: int) -> int:
    """Cells of a split cache for so many sequences of `context` tokens."""
    return rows * -(-context // CELLS) * CELLS


def cache_bytes(info: GgufInfo, count: int) -> int | None:
    """Bytes of `count` cells, each a token's keys and values; None where the head does not tell, or the model keeps less."""
    if any(_number(info, name) for name in _LESS_THAN_ALL):
        return None
    names = ("block_count", "embedding_length", "attention.head_count", "attention.head_count_kv")
    layers, width, heads, shared = (_number(info, name) for name in names)
    if not (layers and width and heads and shared):
        return None
    both = sum(_number(info, f"attention.{name}_length") or width // heads for name in ("key", "value"))
    return layers * shared * both * count * _BYTES


def _number(info: GgufInfo, name: str) -> int:
    """A number of the architecture's; 0 where there is none."""
    value = info.metadata.get(f"{info.architecture}.{name}")
    return value if isinstance(value, int) and value > 0 else 0


def check_memory(model: Path, info: GgufInfo, *, slots: int, context: int, rows: int) -> None:
    """Raise `RunError` where the cache of `rows` sequences of `context` tokens is larger than the memory that is free for it.

    The weights are not counted: they are mapped, and a machine that cannot hold them is slow but does not fail.
    """
    needed, free = cache_bytes(info, cells(rows, context)), free_bytes()
    if needed is not None and free is not None and needed > free:
        raise RunError(
            Problem(
                where=str(model),
                got=f"no memory for {slots} replies of {context:,} tokens: their KV cache takes {needed // _MEGA:,} MB",
                expected=f"no more than the {free // _MEGA:,} MB that are free",
                mend="lower slots or context in the study's compute block",
            )
        )


def free_bytes() -> int | None:
    """Memory that a process may still take, of the machine and of its control groups; None where the system does not say."""
    try:
        told = Path("/proc/self/cgroup").read_text(encoding="utf-8")
    except (OSError, ValueError):
        told = ""
    return min([*_machine(), *left_by_groups(told, Path("/sys/fs/cgroup"))], default=None)


def _machine() -> Iterator[int]:
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                yield int(line.split()[1]) * 1024
                return
    except (OSError, ValueError):
        pass
    try:
        # Elsewhere than on Linux: all there is, of which some is surely in use.
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return


def left_by_groups(told: str, mounted: Path) -> Iterator[int]:
    """Bytes that each control group of the process leaves it, from its own up to the root.

    A container or Slurm may have set the limit on any of them. `told` is what `/proc/self/cgroup` says, `mounted` the folder that the
    groups are mounted on.
    """
    for line in told.splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0" and not controllers:
            at, files = mounted, _VERSION_2
        elif "memory" in controllers.split(","):
            at, files = mounted / "memory", _VERSION_1
        else:
            continue
        names = PurePosixPath(path).relative_to("/").parts
        # In a container it may lead out of what is mounted there, whose root then is the group.
        names = () if ".." in names else names
        for depth in range(len(names), -1, -1):
            yield from _group(at.joinpath(*names[:depth]), files)


def _group(folder: Path, files: tuple[str, str, str]) -> Iterator[int]:
    """What one group leaves; what it holds of files can be given up."""
    limit, used, given_up = files
    try:
        most, taken = ((folder / name).read_text(encoding="ascii").strip() for name in (limit, used))
        counted = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):
        return
    # Version 2 says `max` where there is none, version 1 a number that no machine has.
    if most.isdigit() and int(most) < _NO_LIMIT:
        yield max(0, int(most) - int(taken) + int(counted.get(given_up, 0)))
