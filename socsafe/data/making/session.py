"""A review, without its screen: which drafts are open, what is odd about them, and what becomes of a decision.

>>> session = Session.open("my-set", root)
>>> draft = session.open_drafts()[0]
>>> session.decide(draft, "accept")
1
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from socsafe.catalogue import did_you_mean
from socsafe.data.making.asking import TASKS, task, unfit
from socsafe.data.making.draft import FORMS, TEXTS, Categories, Draft
from socsafe.data.making.journal import Journal, drafts_file
from socsafe.data.making.planning import drafts
from socsafe.data.making.publish import check_name, publish
from socsafe.data.making.reviews import Reviews, Verdict, reviews_file
from socsafe.data.making.tasks._case import Case
from socsafe.data.making.wanted import boundary_categories
from socsafe.errors import InputError, Problem

_HEADING = re.compile(r"^--- ([a-z-]+) ---$")


@dataclass(frozen=True, slots=True)
class Session:
    """One set under review."""

    name: str
    root: Path
    drafts: Mapping[str, Draft]
    """By id, in the order of planning."""
    reviews: Reviews
    categories: Categories

    @classmethod
    def open(cls, name: str, root: Path) -> Session:
        """Read what there is. Raises `InputError` where there are no drafts of that name, or a file is damaged."""
        check_name(name, root)
        path = drafts_file(root, name)
        if not path.is_file():
            have = sorted(file.stem for file in path.parent.glob("*.jsonl") if not file.stem.endswith(".reviews"))
            raise InputError(Problem(str(path), f"no drafts {name}", did_you_mean(name, have), "socsafe data generate --help"))
        found = {draft.id: draft for draft in drafts(Journal(path))}
        return cls(name, root, found, Reviews(reviews_file(root, name)), boundary_categories(root))

    def open_drafts(self) -> list[Draft]:
        """Whole drafts on whose text nobody has decided."""
        return [draft for draft in self.drafts.values() if not draft.waiting and self.reviews.standing(draft).status == "open"]

    def named(self, names: tuple[str, ...]) -> list[Draft]:
        """These drafts, decided on or not. Raises `InputError` for one that there is not, or that is not whole."""
        problems = []
        for name in names:
            if name not in self.drafts:
                problems.append(Problem(f"--id {name}", "no such draft", did_you_mean(name, self.drafts)))
            elif self.drafts[name].waiting:
                got = f"a draft without a reply to {', '.join(self.drafts[name].waiting)}"
                problems.append(Problem(f"--id {name}", got, "a draft that is whole", f"socsafe data generate {self.name} ... --again"))
        if problems:
            raise InputError(problems)
        return [self.drafts[name] for name in names]

    def decide(self, draft: Draft, decision: Verdict) -> int:
        """Keep the decision and write the source anew; the number of items it now holds."""
        self.reviews.decide(draft, decision)
        return self.publish()

    def publish(self) -> int:
        """Write the source as the decisions are; the number of items it holds."""
        return publish(self.name, self.root, self.drafts.values(), self.reviews, self.categories)

    def notes(self, draft: Draft) -> list[str]:
        """What is odd about the draft's text as it is now; a person may well know better."""
        texts, subject = self.reviews.standing(draft).texts, draft.subject
        pair = self.reviews.standing(self.drafts[subject.pair]).texts if subject.pair in self.drafts else {}
        if not any(form in texts for form in FORMS):
            return ["it holds no prompt in any form"]
        case = Case(draft.id, subject.expects, texts, self.categories, subject.kind, pair)
        found: list[str] = []
        for name in (name for name in subject.tasks if name in TASKS):
            try:
                found += task(name).problems(case, texts)
            except KeyError as error:
                # Taken from a model it was whole: somebody has changed the journal, or the edited texts.
                found.append(f"it lacks the text {error.args[0]}, which {name} is to bring")
        return found

    def counts(self) -> Counter[str]:
        """How many drafts there are of each sort."""
        found: Counter[str] = Counter()
        for draft in self.drafts.values():
            standing = self.reviews.standing(draft)
            found["not whole" if draft.waiting else "to review" if standing.status == "open" else standing.status] += 1
            found["edited"] += standing.edited and standing.status == "accepted" and not draft.waiting
            found["changed since they were reviewed"] += standing.stale and not draft.waiting
        return found


def to_edit(texts: Mapping[str, str]) -> str:
    """The texts as they are put into an editor: each below its name."""
    head = "Change the texts below. The lines with dashes stay as they are; everything above the first is left out.\n"
    return head + "".join(f"--- {name} ---\n{texts[name]}\n" for name in TEXTS if name in texts)


def from_edit(text: str, before: Mapping[str, str], categories: Categories) -> dict[str, str]:
    """The texts that came back from the editor. Raises `InputError` unless they are those that went in, each fit to be shown."""
    found: dict[str, list[str]] = {}
    repeated = []
    lines: list[str] = []
    for line in text.splitlines():
        if heading := _HEADING.match(line.rstrip()):
            lines = []
            repeated += [heading[1]] if heading[1] in found else []
            found[heading[1]] = lines
        else:
            lines.append(line)
    texts = {name: "\n".join(lines).strip() for name, lines in found.items()}
    problems = [Problem(f"--- {name} ---", "stands there twice", "each text once") for name in repeated]
    problems += [Problem(f"--- {name} ---", "is missing", "every text there was") for name in before if name not in texts]
    problems += [Problem(f"--- {name} ---", "is no text of this draft", did_you_mean(name, before)) for name in texts if name not in before]
    problems += [Problem("", wrong, "text that shows") for wrong in unfit(texts)]
    if texts.get("category") != before.get("category") and texts.get("category") not in categories:
        problems.append(Problem("--- category ---", texts.get("category", ""), did_you_mean(texts.get("category", ""), categories)))
    if problems:
        raise InputError(problems)
    return texts
