"""Kill a run at random moments, half of them inside a write, and see that it is finished afterwards as if nothing had been.

    python -m tests.faults.kills --kills 60 --seed 1
    python -m tests.faults.kills --study quickstart --kills 5

Every kill is SIGKILL to the command, on a copy of the project in which the stages before are done, and is followed by one run to
the end. What an undisturbed run of the same study leaves is what it is held against. The kills are drawn with the seed: evenly over
the stages, in turn at a random time within the stage, and inside a random one of the writes that the stage makes.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.faults import project
from tests.faults.bench import LONGEST, Bench, done_again, events, orphans, paid_for
from tests.loopback.faulty import Faulty, Plan

HOWS = {"replace": ("half", "whole", "renamed"), "config": ("half", "whole"), "account": ("half",), "answer": ("half", "whole")}
MOST_TRIES = 4
"""Of a kill at a random time: each a little sooner."""


@dataclass
class Kill:
    """One kill and what came of it."""

    stage: str
    inside_a_write: bool
    moment: str
    killed: bool = False
    orphans: int = 0
    half_written: list[str] = field(default_factory=list)
    """Files that were not whole under their final name after the kill."""
    resumed: bool = False
    identical: bool = False
    units_done_before: int = 0
    units_done_twice: list[str] = field(default_factory=list)
    answers_paid_twice: int = 0
    left_over: list[str] = field(default_factory=list)
    """Files that the killed run was writing and that are still there at the end."""
    message: str = ""

    def well(self) -> bool:
        """Whether all is as it must be."""
        wrong = self.orphans or self.half_written or self.units_done_twice or self.answers_paid_twice or self.left_over
        return self.killed and self.resumed and self.identical and not wrong


@dataclass(frozen=True)
class Undisturbed:
    """A run that nothing happens to."""

    root: Path
    events: list[dict[str, Any]]
    results: dict[str, str]
    seconds: dict[str, float] = field(default_factory=dict)
    """Stage -> how long a run works until the stage is done, where the stages before it are."""

    def moments(self, stage: str) -> list[dict[str, Any]]:
        """The writes of a stage."""
        writes = [event for event in self.events if event["kind"] in HOWS and project.stage_of(event["path"]) == stage]
        # The first answer has no line before it to tear; of hundreds of them as many are drawn from as there are other writes.
        answers = [event for event in writes if event["kind"] == "answer" and event["number"] > 1]
        others = [event for event in writes if event["kind"] != "answer" and not event["path"].startswith("recipes/")]
        return [*others, *answers[:: max(1, len(answers) // max(1, len(others)))]]


def undisturbed(bench: Bench, stages: Sequence[str], started: Path | None) -> Undisturbed:
    """The study run to its end; and once more from each of the stages on, to know how long it takes."""
    root = bench.folder / "undisturbed"
    project.make_project(root, bench.study, bench.server.url, started)
    process, log = bench.start(root)
    if process.wait(LONGEST):
        raise SystemExit(f"the undisturbed run failed:\n{root.with_suffix('.out').read_text()[-3000:]}")
    whole = Undisturbed(root, events(log), project.results(root))
    for stage in dict.fromkeys(stages):
        again = bench.copy(root, f"only-{stage}")
        project.without(again, stage, untrained=stage == "training", alone=bench.alone)
        process, log = bench.start(again)
        if process.wait(LONGEST) or project.results(again) != whole.results:
            raise SystemExit(f"two undisturbed runs differ from {stage} on: {again}")
        seen = events(log)
        ends = [event["at"] for event in seen if event["kind"] in HOWS and project.stage_of(event["path"]) == stage]
        whole.seconds[stage] = max(ends) - next(event["at"] for event in seen if event["kind"] == "start")
        # Where the first run found something done already, these are its writes.
        whole.events.extend(event for event in seen if stage == project.stage_of(event["path"]) and event["path"] not in _paths(whole))
        shutil.rmtree(again)
    return whole


def _paths(whole: Undisturbed) -> set[str]:
    return {event["path"] for event in whole.events}


def drawn(whole: Undisturbed, kills: int, seed: int, stages: Sequence[str]) -> Iterator[tuple[Kill, dict[str, Any] | float]]:
    """The kills: evenly over the stages, every other one inside a write."""
    for number in range(kills):
        turn, place = divmod(number, len(stages))
        stage, chance = stages[place], random.Random(f"{seed} {number}")
        if (turn + place) % 2:
            event = chance.choice(whole.moments(stage))
            how = chance.choice(HOWS[event["kind"]])
            chosen = {"kind": event["kind"], "path": event["path"], "number": event["number"], "how": how}
            yield Kill(stage, True, f"{how}: {event['path']} ({event['number']})"), chosen
        else:
            share = chance.random()
            yield Kill(stage, False, f"at {share:.2f} of the stage"), share


def kill_and_resume(bench: Bench, whole: Undisturbed, kill: Kill, when: dict[str, Any] | float, number: int) -> None:
    """Do it on a copy of the project, and note in `kill` what came of it."""
    root = _killed(bench, whole, kill, when, f"kill-{number:02}")
    kill.orphans = orphans(root)
    kill.half_written = project.half_written(root, whole.results)
    before, paid = project.done(root), paid_for(bench, root)
    kill.units_done_before = len(before)
    kill.resumed = bench.finish(root)
    if not kill.resumed:
        kill.message = root.with_suffix(".out").read_text()[-1500:]
        return
    kill.units_done_twice = done_again(before, root)
    kill.identical = project.results(root) == whole.results
    # What was answered but not kept when the kill came is asked again; what was kept must not be.
    kill.answers_paid_twice = max(0, paid_for(bench, root) - paid)
    kill.left_over = [str(path.relative_to(root)) for path in root.rglob(".*.part")]
    if kill.well():
        shutil.rmtree(root)


def _killed(bench: Bench, whole: Undisturbed, kill: Kill, when: dict[str, Any] | float, name: str) -> Path:
    """A copy of the project in which a run of the stage was killed."""
    last = not isinstance(when, dict) or project.last_condition(whole.root) in when["path"]
    attempt = 0
    while True:
        root = bench.copy(whole.root, name)
        project.without(root, kill.stage, untrained=kill.stage == "training" and last, alone=bench.alone)
        if isinstance(when, dict):
            process, _ = bench.start(root, when)
            kill.killed = process.wait(LONGEST) != 0
        else:
            kill.killed = _killed_at(bench, root, when * whole.seconds[kill.stage] * 0.6**attempt)
        if kill.killed or attempt == MOST_TRIES:
            return root
        # It was faster than the undisturbed one and is at its end: sooner, then.
        attempt += 1
        shutil.rmtree(root)


def _killed_at(bench: Bench, root: Path, seconds: float) -> bool:
    """Kill a run so long after it has begun to work; False where it had ended by then."""
    process, log = bench.start(root)
    seen: list[dict[str, Any]] = []
    while process.poll() is None and not any(event["kind"] == "start" for event in seen):
        time.sleep(0.01)
        seen = events(log)
    time.sleep(seconds)
    main = next(event["pid"] for event in seen if event["kind"] == "main")
    if process.poll() is None:
        os.kill(main, signal.SIGKILL)
    return process.wait(LONGEST) != 0


COLUMNS: dict[str, Callable[[Kill], int]] = {
    "kills": lambda kill: kill.killed,
    "in a write": lambda kill: kill.inside_a_write,
    "identical": lambda kill: kill.identical,
    "done before": lambda kill: kill.units_done_before,
    "done twice": lambda kill: len(kill.units_done_twice) + kill.answers_paid_twice,
    "half-written": lambda kill: len(kill.half_written),
    "orphans": lambda kill: kill.orphans,
}
"""Of the table: what is summed over a stage's kills."""


def table(kills: Sequence[Kill]) -> dict[str, Any]:
    """The figures, stage by stage, printed; and as one object."""
    print(f"{'stage':<12}" + "".join(f"{name:>14}" for name in COLUMNS))
    for stage in (*project.STAGES, "all"):
        own = [kill for kill in kills if stage in (kill.stage, "all")]
        print(f"{stage:<12}" + "".join(f"{sum(map(count, own)):>14}" for count in COLUMNS.values()))
    return {
        "kills": dict(Counter(kill.stage for kill in kills if kill.killed)),
        "inside_a_write": sum(kill.inside_a_write for kill in kills if kill.killed),
        "resumed": sum(kill.resumed for kill in kills),
        "byte_identical": all(kill.identical for kill in kills),
        "units_done_before": sum(kill.units_done_before for kill in kills),
        "units_done_twice": sum(len(kill.units_done_twice) for kill in kills),
        "answers_paid_twice": sum(kill.answers_paid_twice for kill in kills),
        "half_written": sum(len(kill.half_written) for kill in kills),
        "left_over": sum(len(kill.left_over) for kill in kills),
        "orphans": sum(kill.orphans for kill in kills),
        "not_well": [asdict(kill) for kill in kills if not kill.well()],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", choices=("small", "quickstart"), default="small")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--stages", nargs="+", choices=project.STAGES, default=project.STAGES, help="one named twice is killed twice as often"
    )
    parser.add_argument("--wrap", default="", help="a command that runs are started by, such as: nice -n 19")
    parser.add_argument("--started", type=Path, help="a project from which to take what is done of the study already")
    parser.add_argument("--keep", type=Path, help="where to work; what went wrong is left there")
    chosen = parser.parse_args()
    folder = chosen.keep or Path(tempfile.mkdtemp(prefix="socsafe-faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    with Faulty(Plan(delay=0.01)) as server:
        bench = Bench(folder.resolve(), chosen.study, server, tuple(shlex.split(chosen.wrap)))
        whole = undisturbed(bench, chosen.stages, chosen.started)
        kills = []
        for number, (kill, when) in enumerate(drawn(whole, chosen.kills, chosen.seed, chosen.stages)):
            kill_and_resume(bench, whole, kill, when, number)
            kills.append(kill)
            print(f"{number + 1:>3} {'well ' if kill.well() else 'WRONG'} {kill.stage}: {kill.moment}", file=sys.stderr, flush=True)
    figures = table(kills)
    print(json.dumps({"study": chosen.study, "seed": chosen.seed, **figures}))
    if not figures["not_well"]:
        shutil.rmtree(folder)
    sys.exit(bool(figures["not_well"]))


if __name__ == "__main__":
    main()
