"""The chat template of a study: the model's own, or one that socsafe brings for bases that have none.

>>> template_text("alpaca").count("### Response:")
1

Training and evaluation both take it from here, so they see the same tokens.
"""

from __future__ import annotations

from functools import cache

from socsafe.catalogue import PACKAGE
from socsafe.errors import InputError, Problem
from socsafe.study.spec import Study


@cache
def template_text(name: str) -> str:
    """The Jinja text of `socsafe/templates/<name>.jinja`."""
    return (PACKAGE / "templates" / f"{name}.jinja").read_text(encoding="utf-8")


def chat_template(study: Study, of_model: str) -> str:
    """The study's template, given the model's own. Raises `InputError` when the study wants the model's and it has none."""
    if study.training.template != "chat":
        return template_text(study.training.template)
    if not of_model:
        raise InputError(Problem(study.name, "the base has no chat template", "training: {template: alpaca}"))
    return of_model
