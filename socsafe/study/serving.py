"""What a server calls each condition's model, and what a study may ask of a server that writes its replies.

>>> served_name(Generation(endpoint="http://127.0.0.1:8000/v1", server="vllm"), condition)
'micro-benign-refusal-n40-instruction-s1'
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from socsafe.errors import Problem
from socsafe.strict_yaml import Document
from socsafe.study.conditions import Condition, conditions
from socsafe.study.generation_block import Generation
from socsafe.study.spec import Study

FIELDS = ("condition", "base", "setting", "style", "count", "form", "seed")
"""What a pattern may hold in braces."""
_BRACES = re.compile(r"\{([^{}]*)\}")
_UNKNOWN = {"vllm": {"repeat_penalty": 1.0}, "llama.cpp": {}, "openai": {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}}
"""Server -> sampling that it cannot do, with the value that needs nothing done. vLLM's repetition penalty looks back on the whole text,
llama.cpp's on 64 tokens."""
_HOTTEST, _STOPS = 2.0, 4
"""The highest temperature and the most stop strings that OpenAI's protocol has; vLLM refuses more too, llama.cpp does not."""


def served_name(block: Generation, condition: Condition) -> str:
    """What the server calls the condition's model; the study has been checked to say so."""
    if not isinstance(block.model, str):
        return block.model[condition.id]
    values = {"condition": condition.id} | {name: str(getattr(condition, name)) for name in FIELDS[1:]}
    values["form"] = condition.form or ""
    return _BRACES.sub(lambda found: values[found[1]], block.model)


def generation_problems(document: Document, study: Study) -> Iterator[Problem]:
    """Everything that the `generation` block asks for and cannot have."""
    block = study.generation
    if block is None:
        return
    for name, without in _UNKNOWN[block.server].items():
        if (asked := getattr(study.sampling, name)) != without:
            where = document.where(("sampling", name))
            yield Problem(where, f"{name} {asked} from a server of the kind {block.server}", f"{name}: {without}, which it can do")
    yield from _beyond_the_protocol(document, study, block)
    if block.prompt == "chat" and study.training.template != "chat":
        where = document.where(("generation", "prompt"))
        yield Problem(where, f"prompt: chat with the template {study.training.template}", "tokens or text: no server has that template")
    yield from _names(document, study, block)


def _beyond_the_protocol(document: Document, study: Study, block: Generation) -> Iterator[Problem]:
    kind, temperature, stops = block.server, study.sampling.temperature, len(study.sampling.stop)
    if kind != "llama.cpp" and temperature > _HOTTEST:
        where = document.where(("sampling", "temperature"))
        yield Problem(where, f"temperature {temperature:g} from a server of the kind {kind}", f"{_HOTTEST:g} at most")
    if kind != "llama.cpp" and stops > _STOPS:
        yield Problem(document.where(("sampling", "stop")), f"{stops} stop strings for a server of the kind {kind}", f"{_STOPS} at most")


def _names(document: Document, study: Study, block: Generation) -> Iterator[Problem]:
    where = document.where(("generation", "model"))
    if isinstance(block.model, str):
        if strange := [name for name in _BRACES.findall(block.model) if name not in FIELDS]:
            yield Problem(where, f"{{{strange[0]}}} in model", f"one of {', '.join(f'{{{field}}}' for field in FIELDS)}")
            return
        names = [served_name(block, condition) for condition in conditions(study)]
        if len(set(names)) < len(names):
            yield Problem(where, f"model {block.model}, which is the same for several conditions", "'{condition}', or the name of each")
        return
    known = [condition.id for condition in conditions(study)]
    mend = f"socsafe recipe list {document.path}"
    for name in known:
        if name not in block.model:
            yield Problem(where, f"no model for {name}", "the name of each condition's model, or a pattern such as '{condition}'", mend)
    for name in block.model:
        if name not in known:
            yield Problem(document.where(("generation", "model", name)), f"a model for {name}", "a condition of this study", mend)
