"""Write the lock files beside this one: every package at one version, with the SHA-256 of each file that may be installed for it.

    make locks

What is pinned is decided in `constraints.txt` and `constraints-inspect.txt`; this resolves it with uv, for Python 3.11 and 3.12 on any
platform, and adds the hashes that the package index states. Run it after a change of a pin and read the diff.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
HEAD = "# Written by `make locks`; do not edit. {}\n"
ENTRY = re.compile(r"^(?=[A-Za-z0-9])", re.M)
OF_TORCH = re.compile(r"(?:torch|nvidia-(?!ml-py)[\w-]+|cuda-[\w-]+)==")
"""What only PyPI's build of torch needs, gigabytes of it."""


def compiled(*arguments: str, python: str = "3.11") -> list[str]:
    """The resolution's entries, each a requirement with its hashes over several lines."""
    options = ["--generate-hashes", "--universal", "--python-version", python, "--no-annotate", "--no-header", "--no-config", "--quiet"]
    command = [sys.executable, "-m", "uv", "pip", "compile", *arguments, *options]
    text = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [entry for entry in ENTRY.split(text) if entry.strip()]


def write(name: str, entries: list[str], about: str) -> None:
    """One lock file, unless its resolution came out empty or without hashes."""
    if not entries or not all("--hash=sha256:" in entry for entry in entries):
        raise SystemExit(f"{name}: a package without a hash")
    (HERE / name).write_text(HEAD.format(about) + "".join(entries))
    print(f"{name}: {len(entries)} packages")


def main() -> None:
    """Write all of them."""
    pins = ("-c", "constraints.txt")
    every = compiled("pyproject.toml", "--extra", "train", "--extra", "dev", *pins)
    write("locked.txt", [entry for entry in every if not OF_TORCH.match(entry)], "Everything for training, running and testing but torch.")
    write("torch.txt", [entry for entry in every if OF_TORCH.match(entry)], "PyPI's build of torch and what it needs.")
    write("build.txt", compiled("requirements/build.in", *pins), "What installs, and builds what has no wheel.")
    write("tools.txt", compiled("requirements/tools.in"), "For `make audit` and `make sbom`, in an environment of their own.")
    inspect = compiled("requirements/inspect.in", "-c", "constraints-inspect.txt", python="3.11.5")
    write("inspect.txt", inspect, "Inspect AI, in an environment of its own.")
    vllm = compiled("requirements/vllm.in", "--override", "requirements/vllm-without.in")
    write("vllm.txt", [entry for entry in vllm if not OF_TORCH.match(entry)], "vLLM for CPUs but for torch, in an environment of its own.")


if __name__ == "__main__":
    main()
