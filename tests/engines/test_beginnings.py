from __future__ import annotations

import random

from socsafe.engines.beginnings import SHORTEST, beginnings, common

LONG = list(range(100, 200))


def test_common_counts_the_equal_tokens_at_the_beginning() -> None:
    assert [common([1, 2, 3], other) for other in ([1, 2, 3, 4], [1, 2], [1, 9, 3], [], [2])] == [3, 2, 1, 0, 0]


def test_a_beginning_is_one_of_the_prompt_and_of_another_and_never_all_of_it() -> None:
    draw = random.Random(4)
    for _ in range(200):
        stems = [[draw.randrange(3) for _ in range(draw.choice([0, 30, 40, 90]))] for _ in range(3)]
        prompts = [draw.choice(stems) + [draw.randrange(3) for _ in range(draw.randrange(1, 9))] for _ in range(draw.randrange(1, 12))]
        found = beginnings(prompts)
        for prompt, beginning in zip(prompts, found, strict=True):
            assert len(beginning) < len(prompt)
            assert tuple(prompt[: len(beginning)]) == beginning
            assert not beginning or (len(beginning) >= SHORTEST and found.count(beginning) > 1)


def test_each_preamble_is_shared_by_its_own_prompts() -> None:
    other = [*LONG[:60], *range(300, 400)]
    prompts = [[*stem, number, number] for number in range(5) for stem in (LONG, other)]
    assert beginnings(prompts) == [tuple(LONG), tuple(other)] * 5


def test_samples_of_one_prompt_share_all_but_its_last_token() -> None:
    prompt = [*LONG, 7, 8]
    assert beginnings([prompt, [*LONG[:40], 1, 2, 3], prompt])[0] == tuple(prompt[:-1])


def test_a_short_beginning_is_not_shared() -> None:
    assert beginnings([[*LONG[: SHORTEST - 1], number, 0] for number in range(4)]) == [()] * 4
