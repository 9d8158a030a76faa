"""Where everything lies: the one place that knows the project's folders.

>>> project = Project.around(Path("recipes/quickstart/study.yml"))
>>> project.recipe("quickstart", "micro-benign-none-n0-s1")
PosixPath('recipes/quickstart/micro-benign-none-n0-s1.yml')
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from socsafe.errors import Problem

LINKS_TO = "SOCSAFE_LINKS_TO"
"""Environment variable: folders, separated as in PATH, that links in the folders which socsafe writes may lead to."""
LONGEST_NAME = 100
"""Characters; what is put before and after a name in a file's name still fits into the 255 bytes that systems allow."""

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_-])?")
_DEVICES = frozenset(("con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))))
"""Names that stand for devices on Windows, whatever follows their first dot."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project folder: the one that holds `recipes/`."""

    root: Path
    """Absolute."""

    @classmethod
    def around(cls, study_file: Path) -> Project:
        """The project of `recipes/<study>/study.yml`: two folders up from the file's own."""
        return cls(study_file.resolve().parent.parent.parent)

    def relative(self, path: Path) -> str:
        """`path` as it is written in recipes, manifests and messages: relative to the root, with forward slashes."""
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.as_posix()

    @property
    def recipes(self) -> Path:
        """Studies and their rendered recipes."""
        return self.root / "recipes"

    @property
    def boundary(self) -> Path:
        """The authored boundary set."""
        return self.root / "datasets" / "boundary"

    def recipe(self, study: str, condition: str) -> Path:
        """The rendered Axolotl YAML."""
        return self.recipes / study / f"{condition}.yml"

    def mixtures(self, study: str) -> Path:
        """Built training files of one study."""
        return self.root / "datasets" / "mixtures" / study

    def study_run(self, study: str) -> Path:
        """Everything a run leaves that is not a GGUF or a report."""
        return self.root / "runs" / study

    def run(self, study: str, condition: str) -> Path:
        """Adapter, logs, completions and verdicts of one condition; also Axolotl's output folder."""
        return self.study_run(study) / condition

    def prepared(self, study: str, key: str) -> Path:
        """Axolotl's cache of tokenised rows, named by the hash of what goes into it."""
        return self.study_run(study) / "prepared" / key

    def completions(self, study: str, condition: str, suite: str) -> Path:
        """One condition's replies to one suite."""
        return self.run(study, condition) / "completions" / f"{suite}.jsonl"

    def verdicts(self, study: str, condition: str, suite: str, judge: str) -> Path:
        """One judge's verdicts on one condition's replies to one suite."""
        return self.run(study, condition) / "verdicts" / judge / f"{suite}.jsonl"

    def ability(self, study: str, condition: str, source: str) -> Path:
        """What one condition makes of held-out replies, or of questions with answers to choose from."""
        return self.run(study, condition) / "ability" / f"{source}.jsonl"

    def drift(self, study: str, condition: str, name: str) -> Path:
        """One condition's part of the checks of its weights: `f16`, `quantized` and `compared`, or `transformers`."""
        return self.run(study, condition) / "drift" / f"{name}.jsonl"

    def answers(self, study: str, judge: str) -> Path:
        """What the model behind a judge has answered: the cache that keeps anything from being paid for twice."""
        return self.study_run(study) / "answers" / f"{judge}.jsonl"

    def replies(self, study: str, condition: str) -> Path:
        """What a server has written for one condition: the cache that keeps anything from being paid for twice."""
        return self.answers(study, f"replies-{condition}")

    def written_by(self, study: str, condition: str, suite: str) -> Path:
        """Which server wrote one condition's replies to one suite, and what it called the model."""
        return self.completions(study, condition, suite).with_suffix(".server.json")

    @property
    def bases_lock(self) -> Path:
        """Held while a base, which all studies share, is made or converted."""
        return self.root / "runs" / "bases" / "lock"

    def base_gguf(self, base_slug: str, kind: str) -> Path:
        """The converted base, shared by all studies."""
        return self.root / "quantized" / "bases" / f"{base_slug}.{kind}.gguf"

    def adapter_gguf(self, study: str, condition: str) -> Path:
        """The condition's LoRA file."""
        return self.root / "quantized" / study / f"{condition}.lora.gguf"

    def merged_gguf(self, study: str, condition: str, kind: str) -> Path:
        """The condition's whole model, in the merged mode."""
        return self.root / "quantized" / study / f"{condition}.{kind}.gguf"

    def report(self, study: str) -> Path:
        """The folder of the study's report."""
        return self.root / "reports" / study

    def written(self, study: str) -> tuple[Path, ...]:
        """The folders that the study's commands write into."""
        own = (self.recipes / study, self.mixtures(study), self.study_run(study), self.root / "quantized" / study, self.report(study))
        return (*own, self.bases_lock.parent, self.base_gguf("x", "x").parent)


EXAMPLES_OF = "# Examples of "
"""What a page of a report's examples begins with: a page that does not is somebody's own."""
TABLES = ("arms", "comparisons", "categories", "forms", "ability", "drift", "fidelity")
"""Tables beside summary.csv, each there where the study has something for it."""


def report_files(folder: Path) -> tuple[Path, ...]:
    """The files of a report that are in its folder; the report and its summary first, whether these are there or not.

    Pictures are the report's where it shows them, pages of examples by what they begin with: what somebody keeps beside them is not.
    """
    report = folder / "report.md"
    told = (*(folder / f"{name}.csv" for name in TABLES), folder / "provenance.json")
    text = report.read_text(errors="replace") if report.is_file() else ""
    drawn = (path for path in sorted(folder.glob("*.*")) if path.suffix in (".svg", ".png") and f"]({path.stem}.svg)" in text)
    pages = (path for path in sorted((folder / "examples").glob("*.md")) if _begins(path, EXAMPLES_OF))
    return (report, folder / "summary.csv", *(path for path in told if path.is_file()), *drawn, *pages)


def _begins(path: Path, text: str) -> bool:
    with path.open("rb") as handle:
        return handle.read(len(text.encode())) == text.encode()


def unfit_name(name: str) -> str:
    """Why no file may be called so on some system, in words; empty where one may."""
    if len(name) > LONGEST_NAME:
        return f"has {len(name)} characters, more than {LONGEST_NAME}"
    if not _NAME.fullmatch(name):
        return "holds more than letters of ASCII, digits, `.`, `_` and `-`, or begins or ends with one of these"
    return "is the name of a device on Windows" if name.split(".")[0].lower() in _DEVICES else ""


def link_problems(root: Path, folders: Iterable[Path]) -> list[Problem]:
    """Symbolic links on the way from `root` to the folders and in them, at any depth, but for those to where `SOCSAFE_LINKS_TO` says.

    What is written by way of a link lands wherever that leads, and a project from elsewhere must not be able to say where that is.
    """
    allowed = [Path(folder).resolve() for folder in os.environ.get(LINKS_TO, "").split(os.pathsep) if folder]
    found: dict[Path, None] = {}
    for folder in folders:
        ways = [folder, *(parent for parent in folder.parents if parent != root and parent.is_relative_to(root))]
        found |= dict.fromkeys(way for way in reversed(ways) if way.is_symlink())
        found |= dict.fromkeys(_links_in(folder))
    problems = []
    for link in found:
        # Without `resolve`, which fails on a link to itself.
        target = Path(os.path.realpath(link))
        if not any(target.is_relative_to(folder) for folder in allowed):
            got, expected = f"a link to {target}, where socsafe writes", "files and folders of the project's own"
            problems.append(Problem(str(link), got, expected, f"rm {link}, or, where that is meant: export {LINKS_TO}={target}"))
    return problems


def _links_in(folder: str | Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as listing:
            entries = list(listing)
    except OSError:  # Not there, or not to be read: what needs it says so.
        return
    for entry in entries:
        if entry.is_symlink():
            yield Path(entry.path)
        elif entry.is_dir(follow_symlinks=False):
            yield from _links_in(entry.path)


def cache_folder() -> Path:
    """Where downloads that any project can share are kept: `$XDG_CACHE_HOME/socsafe`, or `~/.cache/socsafe`."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "socsafe"
