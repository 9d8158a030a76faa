"""What a server's failures cost: time, and calls that may have been paid for without an answer having come.

    python benchmarks/faults.py --json

A server of its own process speaks https on loopback and fails a fifth of all calls, in turn of every kind: 429 with and without
Retry-After, 500, 502, a call that hangs, one that drips, a reset, JSON that is cut short, a page of HTML, an answer without a choice,
bytes that are no TLS, and an answer by another model. Every setting of the client is the one that judges are asked with: a timeout of
60 s, six tries, waits from 1 s on, and an end to calls that take many times as long as others. The baseline is the same run without
failures. `unknown` are calls of which nobody but the provider knows whether they were paid for, and `booked` is what is booked, those at
their worst case, over what the plain run costs. `again` are the calls that the same run makes once more, with its cache on disk. With
`--json` the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from sys import path

path.insert(0, str(Path(__file__).parents[1]))

from socsafe.engines.answers import AnswerCache, answer_all
from socsafe.engines.budget import Budget, Prices
from socsafe.engines.judge_models import RETRY
from socsafe.engines.remote import Endpoint, Remote
from socsafe.records import Message, Question
from tests.loopback.certificate import self_signed
from tests.loopback.faulty import ALL, MODEL, Faulty, Plan

UNKNOWN = ("slow", "hang", "reset", "cut", "html", "empty", "tls")
"""Failures after which nobody but the provider knows whether the answer was paid for."""
PRICES = Prices(prompt=0.15, completion=0.6)


@dataclass(frozen=True)
class Outcome:
    """What a run came to."""

    seconds: float
    answered: int
    failed: int
    calls: int
    faults: int
    paid_twice: int
    """Questions for which the server delivered more than one whole answer."""
    unknown: int
    dollars: float
    again: int
    """Calls that the same run made once more, from its cache."""


def serve(pipe: Connection, plan: Plan, certificate: Path) -> None:
    with Faulty(plan, certificate=certificate) as server:
        pipe.send(server.url)
        while pipe.recv() == "told":
            seen = server.seen
            pipe.send((len(seen.requests), dict(seen.faults), dict(seen.paid)))


def run(questions: list[Question], concurrency: int, plan: Plan, folder: Path) -> Outcome:
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(theirs, plan, folder / "own.pem"), daemon=True)
    server.start()
    budget = Budget()
    remote = Remote(Endpoint(ours.recv(), MODEL, concurrency=concurrency, prices=PRICES, retry=RETRY), budget)
    cache = folder / f"{concurrency}-{plan.rate}.jsonl"
    started = time.perf_counter()
    answers = answer_all(questions, lambda: nullcontext(remote), AnswerCache(cache), {})
    taken, spent = time.perf_counter() - started, budget.spent
    ours.send("told")
    calls, faults, paid = ours.recv()
    answer_all(questions, lambda: nullcontext(remote), AnswerCache(cache), {})
    ours.send("told")
    again = ours.recv()[0] - calls
    ours.send("done")
    server.join(5)
    failed = sum(bool(answer.error) for answer in answers)
    unknown, twice = sum(faults.get(kind, 0) for kind in UNKNOWN), sum(count > 1 for count in paid.values())
    wrong = sum(count for kind, count in faults.items() if kind)
    return Outcome(taken, len(answers) - failed, failed, calls, wrong, twice, unknown, spent, again)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--questions", type=int, default=600)
    parser.add_argument("--delay", type=float, default=1.0, help="seconds of an answer")
    parser.add_argument("--concurrency", type=int, action="append", help="places; may be given several times  [default: 8 and 16]")
    parser.add_argument("--seed", type=int, default=1, help="of the failures")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    questions = [Question((Message("user", f"question {number} " + "and so on " * 50),), None, 50) for number in range(options.questions)]
    import openai  # noqa: F401 its import is no part of what is measured

    rows = []
    names = ("places", "plain s", "faulty s", "ratio", "answered", "failed", "calls", "faults", "paid twice", "unknown", "booked", "again")
    print("".join(f"{name:>11}" for name in names))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        os.environ["SSL_CERT_FILE"] = str(self_signed(folder / "own.pem"))
        for places in options.concurrency or [8, 16]:
            plain = run(questions, places, Plan(delay=options.delay), folder)
            faulty = run(questions, places, Plan(seed=options.seed, rate=0.2, delay=options.delay, faults=ALL), folder)
            ratio, booked = faulty.seconds / plain.seconds, faulty.dollars / plain.dollars
            told = (faulty.answered, faulty.failed, faulty.calls, faulty.faults, faulty.paid_twice, faulty.unknown)
            figures = f"{places:>11}{plain.seconds:>11.1f}{faulty.seconds:>11.1f}{ratio:>11.2f}" + "".join(f"{one:>11}" for one in told)
            print(f"{figures}{booked:>11.2f}{faulty.again:>11}")
            rows.append({"places": places, "ratio": ratio, "booked": booked, "plain": vars(plain), "faulty": vars(faulty)})
    if options.json:
        print(json.dumps({"questions": options.questions, "delay_s": options.delay, "seed": options.seed, "rows": rows}))


if __name__ == "__main__":
    main()
