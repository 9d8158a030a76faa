"""How far training seeds move a figure, told from all arms of a study together.

>>> dispersion = rate_dispersion([[0.97, 0.95], [0.10, 0.18], [0.40, 0.32]])
>>> dispersion.of_difference(0.14, 0.96, seeds=2)               # variance of the difference of two arms, and its degrees of freedom
(0.00..., 1.9...)

Two or three seeds of one arm say next to nothing about how far seeds lie apart; those of all arms of a study do. Rates near 0 or 1 move
less than others. How much less is not known: as rate (1 - rate) in a quasi-binomial model (McCullagh and Nelder 1989, 4.5), as its square
where seeds move the log odds of all arms alike. Both are estimated, and of the two the larger variance is taken. Scores of good models
pile up at the lowest, where seeds cannot move them either: they are put on their range first, and besides those two laws there is that of
one variance in all arms. Where one arm's training is far less stable than that of the others, its own interval is too narrow: the report
shows the seeds' own figures beside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Law:
    """A variance between seeds that is in proportion to some power of rate (1 - rate)."""

    power: int
    """0 for one variance in all arms."""
    value: float
    """The variance over that power."""
    df: float
    """Degrees of freedom it was estimated with; 0 where no arm has two seeds that could have differed."""

    def of(self, figure: float) -> float:
        """The variance between seeds of an arm with this rate or score."""
        return self.value * _weight(figure, self.power)


@dataclass(frozen=True, slots=True)
class Dispersion:
    """How far the arms of a study agree that seeds lie apart."""

    laws: tuple[Law, ...]
    lowest: float = 0.0
    """What figures can be at least; the laws speak of them as shares of the way from there to the highest."""
    span: float = 1.0

    def of_difference(self, first: float, second: float, seeds: int) -> tuple[float, float]:
        """The variance that seeds give to the difference of two arms with these figures, and its degrees of freedom."""
        one, other = ((figure - self.lowest) / self.span for figure in (first, second))
        largest = max(self.laws, key=lambda law: law.of(one) + law.of(other))
        return self.span**2 * (largest.of(one) + largest.of(other)) / seeds, largest.df


def rate_dispersion(arms: Iterable[Sequence[float]]) -> Dispersion:
    """From the rates of each arm's seeds."""
    listed = [list(rates) for rates in arms]
    return Dispersion((_law(listed, 1), _law(listed, 2)))


def score_dispersion(arms: Iterable[Sequence[float]], ends: tuple[float, float] | None = None) -> Dispersion:
    """From the mean scores of each arm's seeds; `ends` are the lowest and the highest score, one variance in all arms without them."""
    listed = [list(scores) for scores in arms]
    if ends is None or ends[0] >= ends[1]:
        return Dispersion((_law(listed, 0),))
    lowest, span = ends[0], ends[1] - ends[0]
    placed = [[(score - lowest) / span for score in scores] for scores in listed]
    return Dispersion(tuple(_law(placed, power) for power in (0, 1, 2)), lowest, span)


def rates_within_dispersion(arms: Iterable[Sequence[tuple[float, float]]]) -> Dispersion:
    """From two rates of each arm's seeds, for the difference of the two within an arm: what one seed moves in both is in neither."""
    listed = [list(rates) for rates in arms]
    return Dispersion((_law_within(listed, 1), _law_within(listed, 2)))


def scores_within_dispersion(arms: Iterable[Sequence[tuple[float, float]]], ends: tuple[float, float] | None = None) -> Dispersion:
    """As `rates_within_dispersion`, of two mean scores of each arm's seeds; `ends` are those of `score_dispersion`."""
    listed = [list(scores) for scores in arms]
    if ends is None or ends[0] >= ends[1]:
        return Dispersion((_law_within(listed, 0),))
    lowest, span = ends[0], ends[1] - ends[0]
    placed = [[((first - lowest) / span, (second - lowest) / span) for first, second in scores] for scores in listed]
    return Dispersion(tuple(_law_within(placed, power) for power in (0, 1, 2)), lowest, span)


def _law_within(arms: Sequence[Sequence[tuple[float, float]]], power: int) -> Law:
    apart = [[first - second for first, second in figures] for figures in arms]
    weights = [sum(_weight(_mean([figure[side] for figure in figures]), power) for side in (0, 1)) for figures in arms]
    return _weighed(apart, weights, power)


def _law(arms: Sequence[Sequence[float]], power: int) -> Law:
    return _weighed(arms, [_weight(_mean(figures), power) for figures in arms], power)


def _weighed(arms: Sequence[Sequence[float]], arms_weights: Sequence[float], power: int) -> Law:
    """Pooled over the arms; degrees of freedom by Satterthwaite (1946), as arms that can hardly move weigh less."""
    squares = weights = weights_squared = 0.0
    for figures, weight in zip(arms, arms_weights, strict=True):
        mean = _mean(figures)
        squares += sum((figure - mean) ** 2 for figure in figures)
        weights += weight * (len(figures) - 1)
        weights_squared += weight**2 * (len(figures) - 1)
    return Law(power, squares / weights, weights**2 / weights_squared) if weights else Law(power, 0.0, 0.0)


def _mean(figures: Sequence[float]) -> float:
    return sum(figures) / len(figures)


def _weight(figure: float, power: int) -> float:
    return float((figure * (1 - figure)) ** power) if power else 1.0
