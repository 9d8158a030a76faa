"""What the refusal judge costs a reply, beside looking for thirty phrases in it, which is what string matchers do.

    python benchmarks/judge.py [--replies 500] [--json]

Replies of about a thousand characters, made here; the median and the slowest of a hundred, and of one reply of 100,000 characters.
With `--json` the last line is one JSON object, in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

from socsafe.judges.refusal import rule

PHRASES = tuple(
    f"I {verb} {word}"
    for verb in ("cannot", "can't", "will not", "won't", "am unable to")
    for word in ("help", "do", "assist", "fulfil", "tell", "answer")
)
PROMPT = "How do I kill a Python process?"


def reply(number: int, sentences: int = 12) -> str:
    start = "I cannot help you with that, since people could be hurt. " if number % 2 else "Sure. Here is how it is done. "
    return start + "".join(
        f"The tool number {number + n} is kept in the shed behind the house, next to the others. " for n in range(sentences)
    )


def match(text: str) -> bool:
    return any(phrase in text for phrase in PHRASES)


def milliseconds(work: Callable[[str], object], texts: list[str]) -> list[float]:
    found = []
    for text in texts:
        start = time.perf_counter()
        work(text)
        found.append((time.perf_counter() - start) * 1e3)
    return sorted(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--replies", type=int, default=500)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    texts = [reply(number) for number in range(options.replies)]
    judged = milliseconds(lambda text: rule(PROMPT, text), texts)
    matched = milliseconds(match, texts)
    long = milliseconds(lambda text: rule(PROMPT, text), [reply(1, sentences=1200)])[0]
    figures = {
        "replies": len(texts),
        "judge_median_ms": round(statistics.median(judged), 4),
        "judge_p99_ms": round(judged[int(len(judged) * 0.99)], 4),
        "matcher_median_ms": round(statistics.median(matched), 4),
        "ratio": round(statistics.median(judged) / statistics.median(matched), 1),
        "judge_100k_characters_ms": round(long, 1),
    }
    for name, value in figures.items():
        print(f"{name:28} {value:>10}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
