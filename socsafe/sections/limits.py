"""What the figures do not show."""

from __future__ import annotations

from socsafe.markdown import code, escape
from socsafe.report_data import CONTROL, ReportData

TITLE = "Limits"
ORDER = 100


def render(data: ReportData) -> str:
    """Limits of the method, then of this study."""
    limits = [
        "The interval of a rate or mean speaks of other prompts like these, not of other seeds; the seeds' own figures stand beside it, "
        "and only the [comparisons](#comparisons) of several seeds take both into account.",
        "Those take it that seeds move the figures of all arms of a setting alike: rates more in the middle than near 0 or 100 %, mean "
        "scores, losses and accuracies either so within their range or by as much everywhere, whichever is more; differences between forms "
        "within an arm likewise. Where one arm's training is far less stable than the others', its interval is too narrow.",
        "*No difference could be shown* does not say that there is none: see what could be seen under [Comparisons](#comparisons).",
        f"The labels are those of {code(data.judge.name)}, an automatic judge, and carry its errors into every rate.",
        "A partial refusal (refuses and answers) is no full compliance and so not in the harmful rate, but it is in the over-refusal rate; "
        "its own share stands under [Suites](#suites).",
        *_few_seeds(data),
        *map(escape, data.notes),
    ]
    return "\n".join(f"- {limit}" for limit in limits) + "\n"


def _few_seeds(data: ReportData) -> list[str]:
    """How little a difference between styles says when the study has few seeds."""
    seeds = len({condition.seed for condition in data.conditions if condition.style != CONTROL})
    if seeds == 1:
        return ["There is one seed a condition: a difference is one between two models and may not hold for the styles in general."]
    if seeds < 5:
        return [f"There are {seeds} seeds a condition: how far another seed would move a rate can be told from all arms together only."]
    return []
