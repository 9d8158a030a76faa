from __future__ import annotations

from pathlib import Path

import pytest

from socsafe.engines.gguf_file import check_gguf
from socsafe.errors import RunError
from tests.engines.conftest import Models


def test_the_head_says_what_the_file_is(tiny: Models) -> None:
    base, adapter = check_gguf(tiny.f16), check_gguf(tiny.adapter_ggufs[0])
    assert (base.architecture, base.kind, base.metadata["llama.block_count"]) == ("llama", "model", 2)
    assert (adapter.architecture, adapter.kind, adapter.tensors) == ("llama", "adapter", 2 * 2 * 2)


def test_a_file_cut_anywhere_is_told_apart(tiny: Models, tmp_path: Path) -> None:
    whole = tiny.q8.read_bytes()
    cut = tmp_path / "cut.gguf"
    for size in [*range(5, 200, 13), 2_000, len(whole) // 2, len(whole) - 1]:
        cut.write_bytes(whole[:size])
        with pytest.raises(RunError, match="cut short"):
            check_gguf(cut)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a GGUF"),
        (b"PK\x03\x04 something else", "not a GGUF"),
        (b"GGUF" + (9).to_bytes(4, "little") + bytes(16), "version 9"),
        (b"GGUF" + (3).to_bytes(4, "little") + bytes(16), "no architecture"),
        (b"GGUF" + (3).to_bytes(4, "little") + bytes(8) + b"\xff" * 8 + bytes(40), "cut short or damaged"),
    ],
)
def test_a_foreign_file_is_one_clear_error(content: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "foreign.gguf"
    file.write_bytes(content)
    with pytest.raises(RunError, match=said):
        check_gguf(file)


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="No such file"):
        check_gguf(tmp_path / "none.gguf")
