from __future__ import annotations

import io
import os
import shutil
import tarfile
from pathlib import Path

import pytest

from socsafe.engines.converter_source import _extract, find_converters
from socsafe.errors import InputError, RunError


@pytest.fixture
def only_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all pip can see."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name, value in {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}.items():
        monkeypatch.setenv(name, value)
    return folder


def archive(file: Path, *names: str) -> Path:
    with tarfile.open(file, "w:gz") as opened:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 2
            opened.addfile(member, io.BytesIO(b"x\n"))
    return file


def test_the_converters_are_fetched_once(tools: Path) -> None:
    for name in ("convert_hf_to_gguf.py", "convert_lora_to_gguf.py", "conversion/llama.py", "gguf-py/gguf/__init__.py", "LICENSE"):
        assert (tools / name).is_file()
    assert not (tools / "ggml").exists()
    listed = tools / "manifest.json"
    before = listed.stat().st_mtime_ns
    assert find_converters(tools.parent.parent) == tools
    assert listed.stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["convert_lora_to_gguf.py", "conversion/llama.py", "gguf-py/gguf/gguf_reader.py", "manifest.json"])
def test_a_converter_of_which_a_byte_has_changed_is_not_run(tools: Path, only_index: Path, tmp_path: Path, name: str) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(tools, cache / "llama.cpp" / tools.name)
    assert find_converters(cache) == cache / "llama.cpp" / tools.name
    file = cache / "llama.cpp" / tools.name / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with pytest.raises(RunError, match="pip could not fetch it"):
        find_converters(cache)


def test_a_checkout_is_taken_as_it_is(tools: Path, tmp_path: Path) -> None:
    assert find_converters(tmp_path / "cache", checkout=tools) == tools
    assert not (tmp_path / "cache").exists()


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"convert_hf_to_gguf.py.*gguf-py"):
        find_converters(tmp_path, checkout=tmp_path)


def test_no_network_leaves_no_cache(only_index: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="pip could not fetch it"):
        find_converters(tmp_path / "cache")
    assert not list((tmp_path / "cache" / "llama.cpp").iterdir())


def test_an_archive_with_another_checksum_leaves_no_cache(only_index: Path, tmp_path: Path) -> None:
    archive(only_index / "llama_cpp_python-0.3.36.tar.gz", "llama_cpp_python-0.3.36/pyproject.toml")
    with pytest.raises(RunError, match=r"(?is)hashes.*expected sha256"):
        find_converters(tmp_path / "cache")
    assert not list((tmp_path / "cache" / "llama.cpp").iterdir())


def test_a_cut_archive_is_one_clear_error(tmp_path: Path) -> None:
    file = archive(tmp_path / "a.tar.gz", "a/vendor/llama.cpp/LICENSE", *(f"a/{number}" for number in range(99)))
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(RunError, match="cannot be unpacked"):
        _extract(file, tmp_path / "out")


def test_an_archive_cannot_write_outside_its_folder(tmp_path: Path) -> None:
    file = archive(tmp_path / "a.tar.gz", "a/vendor/llama.cpp/conversion/../../../../escaped")
    with pytest.raises(RunError, match="cannot be unpacked"):
        _extract(file, tmp_path / "deep" / "out")
    assert not list(tmp_path.rglob("escaped"))
