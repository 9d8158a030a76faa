"""Where llama.cpp's converters come from: a checkout the user names, or llama-cpp-python's source distribution.

>>> find_converters(cache_folder())
PosixPath('~/.cache/socsafe/llama.cpp/0.3.36')

No wheel holds the converters. The source distribution of exactly the installed version does, so they match the library that
will read their output. It is fetched once with pip from whatever index pip is configured for, compared with the SHA-256
kept in `llama_cpp_sdist.json`, and only the converters are taken out of it. What was taken is held against a list of checksums each
time that it is about to be run, and fetched anew where a byte differs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from socsafe.errors import InputError, Problem, RunError
from socsafe.files import cannot_write, scratch_folder, sha256_file, write_text
from socsafe.manifest import Step, hash_of, inputs_now, noted_outputs, read_manifest, record

PACKAGE = "llama-cpp-python"
SCRIPTS = ("convert_hf_to_gguf.py", "convert_lora_to_gguf.py")
FOLDERS = ("conversion", "gguf-py")
_INSIDE = ("vendor", "llama.cpp")
_MANIFEST = "manifest.json"
_OWN_CHECKOUT = "git clone https://github.com/ggml-org/llama.cpp, and name the folder as the converters' checkout"
_METADATA_ONLY = '''
"""Stands in for the build back end: pip asks for a name and a version before it hands over an archive, and no more."""

from pathlib import Path


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    folder = Path(metadata_directory, "llama_cpp_python-VERSION.dist-info")
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\\nName: llama_cpp_python\\nVersion: VERSION\\n")
    return folder.name
'''


def find_converters(cache: Path, checkout: Path | None = None) -> Path:
    """The folder that holds llama.cpp's converter scripts, `conversion` and `gguf-py`.

    With `checkout`, that folder, which must hold them; else `<cache>/llama.cpp/<version>`, filled on first use. Raises
    `InputError` for a checkout without converters and `RunError` when they cannot be fetched, do not match their checksum or
    cannot be written; nothing half-made is left behind.
    """
    if checkout is not None:
        if missing := _missing(checkout):
            expected = "a llama.cpp checkout"
            raise InputError(Problem(str(checkout), f"holds no {', no '.join(missing)}", expected, _OWN_CHECKOUT))
        return checkout
    installed = version(PACKAGE)
    expected_sha = _pinned(installed)
    folder = cache / "llama.cpp" / installed
    if _is_whole(folder, expected_sha):
        return folder
    try:
        with scratch_folder(folder) as scratch:
            archive = _download(installed, expected_sha, scratch)
            fresh = scratch / "converters"
            _extract(archive, fresh)
            step = _extracted(fresh, expected_sha)
            record(step, inputs_now(step))
            if folder.exists():
                folder.replace(scratch / "replaced")
            fresh.replace(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return folder


def fetch_archive(folder: Path) -> Path:
    """Fetch the source distribution of the installed llama-cpp-python into `folder`, an empty one; the archive's path.

    Raises `RunError` when it cannot be fetched or does not match its checksum.
    """
    installed = version(PACKAGE)
    return _download(installed, _pinned(installed), folder)


def _pinned(installed: str) -> str:
    """The SHA-256 of the source distribution of that version."""
    checksums = json.loads(Path(__file__).with_name("llama_cpp_sdist.json").read_text("utf-8"))
    if installed not in checksums:
        expected = f"one of: {', '.join(checksums)}"
        raise RunError(Problem(f"{PACKAGE} {installed}", "its source distribution's checksum is not known", expected, _OWN_CHECKOUT))
    return str(checksums[installed])


def _extracted(folder: Path, sha256: str) -> Step:
    """The taking of the converters out of the archive of that hash."""
    files = tuple(path for path in sorted(folder.rglob("*")) if path.is_file())
    return Step("converters", folder / _MANIFEST, folder, inputs=(), outputs=files, parameters={"sdist": sha256})


def _is_whole(folder: Path, sha256: str) -> bool:
    """Whether every file is there, byte for byte as it came out of that archive. They are programs, so all are read every time."""
    noted = read_manifest(folder / _MANIFEST)
    files = noted_outputs(folder / _MANIFEST, folder)
    if noted is None or noted.get("parameters") != {"sdist": sha256} or _missing(folder):
        return False
    return all(path.is_file() and hash_of(path) == digest for path, digest in files.items())


def _missing(folder: Path) -> list[str]:
    scripts = [name for name in SCRIPTS if not (folder / name).is_file()]
    return scripts + [name for name in FOLDERS if not (folder / name).is_dir()]


def _download(installed: str, sha256: str, scratch: Path) -> Path:
    """Fetch the archive with pip; its path. Nothing of the archive is run: see `_METADATA_ONLY`."""
    backend = scratch / "backend" / "scikit_build_core"
    write_text(backend / "__init__.py", "")
    write_text(backend / "build.py", _METADATA_ONLY.replace("VERSION", installed))
    requirements = scratch / "requirements.txt"
    write_text(requirements, f"{PACKAGE}=={installed} --hash=sha256:{sha256}\n")
    python_path = os.pathsep.join(filter(None, (str(backend.parent), os.environ.get("PYTHONPATH"))))
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"]
    command += ["--no-build-isolation", "--no-binary", ":all:", "--dest", str(scratch / "archive"), "--requirement", str(requirements)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": python_path}, capture_output=True, text=True, check=False)
    archives = sorted((scratch / "archive").glob("*.tar.gz"))
    if done.returncode or len(archives) != 1:
        said = "\n      | ".join(done.stderr.strip().splitlines()[-6:]) or "pip gave no reason"
        raise RunError(
            Problem(
                where=f"{PACKAGE} {installed} source distribution",
                got=f"pip could not fetch it:\n      | {said}",
                expected="an index that pip can reach, or a llama.cpp checkout",
                mend=f"run again when the network is back; or {_OWN_CHECKOUT}",
            )
        )
    if (found := sha256_file(archives[0])) != sha256:
        raise RunError(Problem(archives[0].name, f"has the SHA-256 {found}", sha256, "check the index that pip is configured for"))
    return archives[0]


def _extract(archive: Path, folder: Path) -> None:
    """Write the converters in `archive` to `folder`."""
    try:
        with tarfile.open(archive) as opened:
            opened.extractall(folder, members=_wanted(opened), filter="data")
    except (tarfile.TarError, EOFError) as error:
        raise RunError(Problem(archive.name, f"cannot be unpacked: {error}", "a whole source distribution", "run again")) from error
    if missing := _missing(folder):
        raise RunError(Problem(archive.name, f"holds no {', no '.join(missing)}", "llama.cpp's converters", _OWN_CHECKOUT))


def _wanted(opened: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The files of the converters, renamed to lie at the top."""
    for member in opened:
        parts = Path(member.name).parts[1:]
        if member.isfile() and parts[:2] == _INSIDE and len(parts) > 2 and parts[2] in SCRIPTS + FOLDERS + ("LICENSE",):
            yield member.replace(name=str(Path(*parts[2:])))
