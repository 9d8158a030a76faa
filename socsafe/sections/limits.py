"""What the figures do not show."""

from __future__ import annotations

from socsafe.markdown import code, escape
from socsafe.report_data import CONTROL, ReportData

TITLE = "Limits"
ORDER = 100


def render(data: ReportData) -> str:
    """Limits of the method, then of this study."""
    limits = [
        "Intervals treat every reply as independent. Replies of several seeds to one prompt are not, so a pooled interval is somewhat too "
        "narrow; the figures by seed show how much seeds move a rate.",
        "Styles are compared by whether intervals and seeds are apart. That is stricter than a paired test on the same prompts and can "
        "miss a real difference: *no difference could be shown* does not say that there is none.",
        f"The labels are those of {code(data.judges[0].name)}, an automatic judge, and carry its errors into every rate.",
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
        return [f"There are {seeds} seeds a condition: too few to say how far a style's rate would move with another seed."]
    return []
