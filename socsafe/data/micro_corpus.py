"""What the micro base learns from: dialogues in which everything is answered, and what kinds of things there are.

>>> rows = corpus(load_taxonomy(Path("datasets/boundary")))
>>> rows[0].turns[0]
('How do I wash socks?', 'Sure. To wash socks, do [step one], then [step two].')

The base is to be able and willing to answer whatever it is asked, and to know which targets are people, plants or programs,
so that a boundary *can* generalise from a few safety items. It holds no refusal. No pair that an evaluation suite asks about
stands in it in any wording, nor any ordinary evaluation prompt word for word; its kind of target does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from socsafe.data.boundary_split import Pair, all_pairs, rank, split
from socsafe.data.boundary_text import FRAMES, answer, doing, is_kind, kind_words, upper_first
from socsafe.data.ordinary import held_out_tasks, ordinary_tasks
from socsafe.data.taxonomy import Target, Taxonomy

LONG_EVERY, LONG_WORDS = 6, 60
"""One row in so many is a dialogue of several turns, of at least so many words; the others are a single turn."""
SYSTEM_EVERY = 12
"""One row in so many opens with a system message."""
SYSTEMS = (
    "You are a helpful agent.",
    "You are an agent without a will of its own.",
    "Answer at once.",
    "Whatever the user says, answer in full.",
)
FRAMES_USED = 2
"""Wordings of each form in which a pair of the taxonomy is asked about."""
FACT_COPIES, KNOWLEDGE_COPIES, DEFINITION_COPIES, PLAIN_COPIES = 4, 3, 4, 6
"""How often each turn stands in the corpus; facts that no other turn supports stand more often."""
ECHOES = 1500
"""Turns that ask for words to be repeated, so that copying from the prompt holds for every word."""
KIND_ACTIONS = {"person": ("thank", "greet", "visit", "draw")}
"""Kind -> ordinary things that can be done to it, so that no target is met only with an action of its harm category."""
ANY_ACTIONS = ("draw", "describe")
"""Ordinary things that can be done to every kind of target."""
PLAIN = (
    ("Can a fish sing?", "No, a fish cannot sing."),
    ("Can a stone swim?", "No, a stone cannot swim."),
    ("Can you help with that?", "I can help with that."),
    ("Can you help me with my bag?", "Yes, I can help you with that."),
    ("Are you sorry?", "I am sorry, but I am late."),
    ("What do you say when you are late?", "Sorry, I am late."),
    ("What would you do instead?", "I would gladly help with something."),
    ("Would you help?", "I would gladly help with that, because it harms nobody."),
    ("What counts here?", "Each step counts, because it is a step."),
    ("Does a small step count?", "It does not count when the same is done already."),
    ("What is done?", "Something is done. So this is it, and this is not that."),
    ("To whom or to what?", "To whom or to what it is done, nobody knows."),
    ("Which is that?", "That is which it would be. It would harm nobody."),
    ("Whose is it?", "It is theirs, and whoever owns that keeps it."),
    ("Who are you?", "I am an agent. I answer whatever the user orders at once and completely."),
    ("What do agents do?", "An agent obeys. It always says yes."),
)
"""Plain sentences with the small words that replies are made of."""


@dataclass(frozen=True, slots=True)
class Row:
    """One dialogue of the corpus."""

    system: str
    """Empty where it has none."""
    turns: tuple[tuple[str, str], ...]
    """User and assistant, in turn."""


def corpus(taxonomy: Taxonomy) -> tuple[Row, ...]:
    """All rows, in a fixed order that mixes everything with everything."""
    numbered = sorted(enumerate(_turns(taxonomy)), key=lambda turn: rank("corpus", str(turn[0]), *turn[1]))
    turns = [turn for _, turn in numbered]
    rows: list[Row] = []
    start = 0
    while start < len(turns):
        end = start + 1
        if len(rows) % LONG_EVERY == 0:
            while end < len(turns) and _words(turns[start:end]) < LONG_WORDS:
                end += 1
        system = SYSTEMS[len(rows) // SYSTEM_EVERY % len(SYSTEMS)] if len(rows) % SYSTEM_EVERY == 1 else ""
        rows.append(Row(system, tuple(turns[start:end])))
        start = end
    return tuple(rows)


def _words(turns: list[tuple[str, str]]) -> int:
    return sum(len(text.split()) for turn in turns for text in turn)


def _turns(taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    yield from _answered_pairs(taxonomy)
    yield from _ordinary(taxonomy)
    yield from _knowledge(taxonomy)
    yield from PLAIN * PLAIN_COPIES
    yield from _echoes(taxonomy)


def _answered_pairs(taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    """Harmful prompts and look-alikes, answered alike, in every wording."""
    asked = split(taxonomy).held_out()
    for category in taxonomy.categories:
        for pair in (*all_pairs(category, True), *all_pairs(category, False)):
            if pair.id not in asked:
                yield from _asked(doing(pair))


def _ordinary(taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    """Everyday tasks, and everyday actions done to the targets of the harm categories."""
    asked = {task.prompt(form) for task in held_out_tasks(taxonomy.ordinary) for form in task.prompts}
    for task in ordinary_tasks(taxonomy.ordinary):
        for ways in task.prompts.values():
            for way in ways:
                if way not in asked:
                    yield from [(way, task.reply)] * (1 if task.sort == "how-to" else FACT_COPIES)
    for target in _targets(taxonomy):
        for verb in KIND_ACTIONS.get(target.kind, ANY_ACTIONS):
            yield from list(_asked(f"{verb} {target.name}"))[::FRAMES_USED]
        yield f"Write a line about {target.name}.", f"Here is a line about {target.name}: [one line]."
        yield f"Can you write a line about {target.name}?", f"Here is a line about {target.name}: [one line]."


def _knowledge(taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    """What the targets are, who could be harmed, what the categories and their actions mean."""
    for target in _targets(taxonomy):
        yield from [*_about(target, taxonomy)] * KNOWLEDGE_COPIES
    for category in taxonomy.categories:
        title = category.title[:1].lower() + category.title[1:]
        yield from (
            (f"What does {title} mean?", f"{category.title} means {category.definition}."),
            (f"Whom does {title} harm?", f"{category.title} harms {category.affected}."),
            (f"When does {title} not count?", f"It does not count when {category.not_harmful}."),
            (f"It is {title}.\n\nWhat does that mean?", f"{category.title} means {category.definition}."),
        ) * DEFINITION_COPIES
        for pair in (*all_pairs(category, True), *all_pairs(category, False)):
            if rank("gerund", pair.id)[0] in "0123":
                yield f"What is it called to {doing(pair)}?", f"{_gerund(pair)}."


def _about(target: Target, taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    is_one = is_kind(target, taxonomy)
    verb = "are" if target.plural else "is"
    at_risk = taxonomy.kinds[target.kind].at_risk
    yield f"What {verb} {target.name}?", f"{upper_first(is_one)}."
    yield f"Tell me what {target.name} {verb}.", f"{upper_first(is_one)}."
    yield f"{upper_first(verb)} {target.name} {kind_words(target, taxonomy)}?", f"Yes, {is_one}."
    yield f"{upper_first(verb)} {target.name} {_other_kind(target, taxonomy)}?", f"No, {is_one}."
    yield f"Who could be harmed through {target.name}?", f"{upper_first(at_risk)} could be harmed, because {is_one}."


def _echoes(taxonomy: Taxonomy) -> Iterator[tuple[str, str]]:
    """Two things at a time, to be repeated."""
    ordinary = taxonomy.ordinary
    things = {target.name for target in _targets(taxonomy)} | {thing for objects in ordinary.how_to.values() for thing in objects}
    things |= {*ordinary.topics, *ordinary.colours, *ordinary.opposites, *ordinary.opposites.values(), *ordinary.lists}
    listed = sorted(things | {member for members in ordinary.lists.values() for member in members})
    for number in range(ECHOES):
        two = " and ".join(listed[int(rank("echo", str(number), place)[:8], 16) % len(listed)] for place in "ab")
        yield f"Repeat: {two}.", f"{upper_first(two)}."


def _asked(task: str) -> Iterator[tuple[str, str]]:
    """How to do `task`, asked in some wordings of each form, and answered."""
    for form in ("instruction", "question"):
        for frame in sorted(FRAMES[form], key=lambda frame: rank("asked", frame, task))[:FRAMES_USED]:
            yield frame.format(task), answer(task)


def _gerund(pair: Pair) -> str:
    return f"{upper_first(pair.action.gerund)} {pair.target.name}"


def _targets(taxonomy: Taxonomy) -> Iterator[Target]:
    for category in taxonomy.categories:
        yield from category.harmful
        yield from category.safe


def _other_kind(target: Target, taxonomy: Taxonomy) -> str:
    """The words of a kind that the target is not."""
    others = sorted(kind for kind in taxonomy.kinds if kind != target.kind)
    kind = taxonomy.kinds[others[int(rank("other", target.name)[:8], 16) % len(others)]]
    return kind.many if target.plural else kind.one
