"""What every area of bad input has: its corpus, its generator, and the way its files are fed to socsafe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hypothesis import strategies as st

from tests.conftest import Folder, new_folder
from tests.fuzz.outcome import Outcome, outcome

Call = Callable[[], object]


class Bench:
    """A project under the harness's hands; its folder is short, so that messages are not all path."""

    def __init__(self, root: Path) -> None:
        self.folder: Folder = new_folder(root)
        self.root = root

    def file(self, name: str, content: bytes) -> Path:
        """Write a file below the project's folder."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    @cached_property
    def boundary(self) -> Path:
        """The authored boundary set."""
        self.folder.boundary()
        return self.root / "datasets" / "boundary"


@dataclass(frozen=True)
class Horror:
    """A file made by hand."""

    name: str
    """The fact that it stands for, e.g. `one key twice`."""
    make: Callable[[], bytes]
    expected: str | None
    """Words of the message; None where the file is to be read."""
    limit: int = 20
    """Seconds it may take."""


def horror(name: str, content: bytes | Callable[[], bytes], expected: str | None, limit: int = 20) -> Horror:
    """A `Horror` whose bytes are small enough to be there from the start, or are made when they are needed."""
    return Horror(name, content if callable(content) else lambda: content, expected, limit)


@dataclass(frozen=True)
class Area:
    """One kind of file that socsafe reads."""

    name: str
    names: tuple[str, ...]
    """What a message may call the file by."""
    feed: Callable[[Bench, bytes], Call]
    """Write the bytes where they are looked for, and give the call that reads them."""
    corpus: Callable[[], list[Horror]]
    generated: Callable[[], st.SearchStrategy[bytes]]
    share: float = 1.0
    """Of the generated cases, against the other areas'."""
    good: Callable[[], bytes] | None = None
    """A file that is right, so that an area whose files are all refused is noticed."""

    def outcome(self, bench: Bench, content: bytes, limit: int = 20) -> Outcome:
        """Feed one file."""
        call = self.feed(bench, content)
        return outcome(call, self.names, limit)
