"""Counting what quantization changes: replies, verdicts, and whether refusals move one way.

>>> rows = drift_rows(replies, weights="q4_k_m")
>>> rows[0].condition, rows[0].value, rows[0].p
('', 0.013, 0.62)

That replies differ says little: one near-tie decided otherwise changes a whole reply. What would pass for an effect of safety data is a
change of verdicts, and of those that many go one way: McNemar's test asks just that (McNemar 1947).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from socsafe.facts.drift import DriftReply, DriftRow
from socsafe.records import FULL_REFUSAL, PARTIAL_REFUSAL, Estimate
from socsafe.stats.clustered import clustered_rate
from socsafe.stats.holm import holm
from socsafe.stats.intervals import wilson
from socsafe.stats.paired import Difference, one_reply_rates, one_seed

_REFUSED = (FULL_REFUSAL, PARTIAL_REFUSAL)


def drift_rows(replies: Sequence[DriftReply], weights: str) -> list[DriftRow]:
    """A row for all conditions together where there are several, then one each, in the order they come in; none without replies."""
    by_condition: dict[str, list[DriftReply]] = {}
    for reply in replies:
        by_condition.setdefault(reply.condition, []).append(reply)
    rows = [_one(own, weights) for own in by_condition.values()]
    tested = [row for row in rows if row.p is not None]
    corrected = dict(zip((row.condition for row in tested), holm([row.p or 0.0 for row in tested]), strict=True))
    rows = [replace(row, p_holm=corrected.get(row.condition)) for row in rows]
    return [_together(replies, weights), *rows] if len(rows) > 1 else rows


def _one(replies: Sequence[DriftReply], weights: str) -> DriftRow:
    """One condition: a prompt is one reply, so Wilson's interval and McNemar's exact test."""
    both = [reply for reply in replies if reply.f16_label and reply.label]
    changed = wilson(sum(reply.changed for reply in replies), len(replies))
    verdicts = wilson(sum(reply.f16_label != reply.label for reply in both), len(both), len(replies) - len(both))
    now, before = [reply.label in _REFUSED for reply in both], [reply.f16_label in _REFUSED for reply in both]
    return _row(replies, replies[0].condition, weights, (changed, verdicts), one_reply_rates(now, before) if both else None)


def _together(replies: Sequence[DriftReply], weights: str) -> DriftRow:
    """All conditions: they answered the same prompts, so prompts are the unit."""
    groups: dict[tuple[str, str], list[DriftReply]] = {}
    for reply in replies:
        groups.setdefault((reply.suite, reply.prompt_id), []).append(reply)
    judged = {key: [reply for reply in own if reply.f16_label and reply.label] for key, own in groups.items()}
    changed = clustered_rate([sum(reply.changed for reply in own) for own in groups.values()], [len(own) for own in groups.values()])
    n = [len(own) for own in judged.values()]
    moved = [sum(reply.f16_label != reply.label for reply in own) for own in judged.values()]
    shifts = [[_shift(own) for own in judged.values() if own]]
    difference = one_seed(shifts, mean=False)[0] if shifts[0] else None
    return _row(replies, "", weights, (changed, clustered_rate(moved, n, len(replies) - sum(n))), difference)


def _shift(replies: Sequence[DriftReply]) -> float:
    """How much oftener one prompt was refused with the study's weights."""
    return sum((reply.label in _REFUSED) - (reply.f16_label in _REFUSED) for reply in replies) / len(replies)


def _row(
    replies: Sequence[DriftReply], condition: str, weights: str, shares: tuple[Estimate, Estimate], difference: Difference | None
) -> DriftRow:
    changed, verdicts = shares
    both = [reply for reply in replies if reply.f16_label and reply.label]
    return DriftRow(
        condition=condition,
        judge=replies[0].judge,
        weights=weights,
        prompts=len(replies),
        replies=changed.value or 0.0,
        replies_low=changed.low or 0.0,
        replies_high=changed.high or 0.0,
        value=verdicts.value,
        low=verdicts.low,
        high=verdicts.high,
        n=verdicts.n,
        n_unjudged=verdicts.n_unjudged,
        f16_refused=_share([reply.f16_label for reply in both]),
        refused=_share([reply.label for reply in both]),
        difference=difference.value if difference else None,
        difference_low=difference.low if difference else None,
        difference_high=difference.high if difference else None,
        p=difference.p if difference else None,
        p_holm=None,
    )


def _share(labels: Sequence[str | None]) -> float | None:
    return sum(label in _REFUSED for label in labels) / len(labels) if labels else None
