"""A condition's model behind an OpenAI-compatible server: vLLM, llama-server, or a hosted service.

>>> writer = RemoteWriter(Remote(endpoint), block, prompts, AnswerCache(path), decides, context=1024)
>>> writer.complete([(Message("user", "Hi"),)], Sampling(max_tokens=64), seeds=[1], on_progress=print)

What is sent is the prompt that llama.cpp would read here, as tokens or as text, and the server's own count of the tokens it has read is
held against it: a server with another tokenizer or a second BOS gives errors, not figures. Every setting of the sampler is sent, since
servers have defaults of their own. Each answer is on disk as soon as it is there, so that none is asked or paid for twice.

Source: docs.vllm.ai (OpenAI-Compatible Server, Sampling Parameters) and vLLM 0.32 itself; llama.cpp, tools/server/README.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, Literal

from socsafe.engines.answers import AnswerCache, Model, OnAnswer, answer_all
from socsafe.engines.chat import each_read, render_chat
from socsafe.engines.model_tokenizer import ModelTokenizer
from socsafe.engines.sampling import PENALTY_SPAN, Sampling
from socsafe.engines.written import Dialogue, Written, too_long
from socsafe.errors import Problem, RunError
from socsafe.records import Answer, Question

TOGETHER = 4096
"""Dialogues that are put to a server at a time: the end of each such lot leaves some of its places idle."""
FROM_SERVER = "the server: "
"""Begins the reason of a reply that may be had another time; other reasons hold for good."""
MISCOUNTED = "miscounted"
"""How an answer is kept for which the server has read another number of tokens than was sent: it was paid for, and is none."""
_ALIKE = 8
"""So many wrong counts of tokens, and no right one, mean that the server has another tokenizer."""

Kind = Literal["vllm", "llama.cpp", "openai"]
Options = dict[str, str | int | float | bool | list[str] | list[int]]
"""Fields of a request that set the sampler."""


@dataclass(frozen=True, slots=True)
class PromptForm:
    """How a dialogue is put to the server."""

    server: Kind
    kind: Literal["tokens", "text", "chat"]
    template: str
    """Of the study; not used where `kind` is `chat`."""
    tokenizer: ModelTokenizer | None
    """Of the base; None where `kind` is `chat`."""

    def read(self, dialogue: Dialogue) -> tuple[str, list[int]]:
        """The prompt as llama.cpp would read it here, as text and as tokens; none of either where the server makes its own."""
        if self.tokenizer is None:
            return "", []
        bos, eos = self.tokenizer.bos_token, self.tokenizer.eos_token
        text = render_chat(self.template, dialogue, bos_token=bos, eos_token=eos, add_generation_prompt=True)
        return text, self.tokenizer.tokenize(text)

    def question(self, dialogue: Dialogue, text: str, tokens: Sequence[int], options: Options, room: int) -> Question:
        """What is sent for a dialogue that `read` gave text and tokens for, and whose reply may take `room` tokens."""
        if self.tokenizer is None:
            return Question(tuple(dialogue), max_tokens=room, options=options)
        options = options | self._ends(self.tokenizer)
        if self.kind == "tokens":
            return Question((), max_tokens=room, prompt=tuple(tokens), options=options)
        return Question((), max_tokens=room, prompt=self._text(self.tokenizer, text, tokens), options=options | self._as_it_stands())

    def _ends(self, tokenizer: ModelTokenizer) -> Options:
        """What has vLLM end a reply where llama.cpp does: by itself it knows the end of its own configuration only, and would write on
        past the `<|im_end|>` of a base that was taught turns; the others go by the GGUF."""
        return {"stop_token_ids": list(tokenizer.end_tokens)} if self.server == "vllm" else {}

    def _as_it_stands(self) -> Options:
        """What keeps vLLM from putting a BOS before the text; the others have no such setting."""
        return {"add_special_tokens": False} if self.server == "vllm" else {}

    def _text(self, tokenizer: ModelTokenizer, text: str, tokens: Sequence[int]) -> str:
        """The rendered prompt with as many BOS as the server does not put before it."""
        bos, vocabulary = tokenizer.bos_token, tokenizer.vocabulary
        while bos and text.startswith(bos):
            text = text[len(bos) :]
        added = vocabulary.wants_bos and not self._as_it_stands()
        return bos + text if tokens[:1] == [vocabulary.bos] and not added else text


class RemoteWriter:
    """One condition's model behind a server."""

    together = TOGETHER

    def __init__(self, model: Model, form: PromptForm, cache: AnswerCache, decides: Mapping[str, Any], *, context: int, where: str) -> None:
        """`decides` is what beside a question decides its answer; `context` the most tokens of prompt and reply together."""
        self._model, self._form, self._cache, self._decides = model, form, cache, decides
        self._context, self._where = context, where
        self.answered_by: set[str] = set()
        """The names by which the server has called the model that answered."""

    def complete(
        self, dialogues: Sequence[Dialogue], sampling: Sampling, *, seeds: Sequence[int], on_progress: Callable[[int, int], None]
    ) -> list[Written]:
        """As `Writer.complete` says. Raises `RunError` too where the server reads other tokens than are sent."""
        read = each_read(self._form.read, dialogues)
        prompts = [("", []) if isinstance(found, str) else found for found in read]
        refusals = [
            found if isinstance(found, str) else self._refusal(dialogue, found[1]) for dialogue, found in zip(dialogues, read, strict=True)
        ]
        asked = [number for number, refusal in enumerate(refusals) if not refusal]
        questions = [
            self._form.question(
                dialogues[n], *prompts[n], request_options(self._form.server, sampling, seeds[n]), self._room(prompts[n][1], sampling)
            )
            for n in asked
        ]
        on_progress(len(dialogues) - len(asked), 0)
        lengths = {question.prompt: len(prompts[n][1]) for n, question in zip(asked, questions, strict=True)}
        counted = _Counted(self._model, lengths, self._context, self._where)
        answers = dict(
            zip(asked, answer_all(questions, lambda: nullcontext(counted), self._cache, self._decides, on_progress), strict=True)
        )
        return [
            self._written(answers[n], len(tokens)) if n in answers else Written("", "error", len(tokens), 0, refusals[n])
            for n, (_, tokens) in enumerate(prompts)
        ]

    def _refusal(self, dialogue: Dialogue, tokens: Sequence[int]) -> str:
        """Why a prompt is not sent; empty where it is."""
        if not (tokens or (self._form.kind == "chat" and dialogue[-1].content.strip())):
            return "the prompt is empty"
        if len(tokens) >= self._context:
            return too_long(len(tokens), self._context)
        return ""

    def _room(self, tokens: Sequence[int], sampling: Sampling) -> int:
        """Most tokens of the reply: a server refuses what may outgrow its context, where llama.cpp here ends the reply."""
        return min(sampling.max_tokens, self._context - len(tokens))

    def _written(self, answer: Answer, expected: int) -> Written:
        if answer.error:
            return Written("", "error", answer.prompt_tokens, 0, f"{FROM_SERVER}{answer.error}")
        self.answered_by.add(answer.model)
        if answer.finish_reason == MISCOUNTED:
            return Written("", "error", answer.prompt_tokens, answer.completion_tokens, _miscount(answer, expected))
        if answer.finish_reason not in ("stop", "length"):
            told = f"the reply was ended by {answer.finish_reason or 'nothing that the server names'}"
            return Written("", "error", answer.prompt_tokens, answer.completion_tokens, told)
        tokenizer = self._form.tokenizer
        # SentencePiece's word mark, which llama.cpp here drops too.
        text = answer.text.removeprefix(" ") if tokenizer and tokenizer.vocabulary.space_marked else answer.text
        reason: Literal["stop", "length"] = "stop" if answer.finish_reason == "stop" else "length"
        return Written(text, reason, answer.prompt_tokens, answer.completion_tokens)


def request_options(server: Kind, sampling: Sampling, seed: int) -> Options:
    """The sampler's settings in the server's words, defaults as well: a model's own `generation_config.json` must not step in."""
    options: Options = {"temperature": sampling.temperature, "top_p": sampling.top_p, "seed": seed}
    if sampling.stop:
        options["stop"] = list(sampling.stop)
    if server == "vllm":
        return options | {"top_k": sampling.top_k or -1, "min_p": sampling.min_p, "repetition_penalty": 1.0}
    if server == "llama.cpp":
        penalty = {"repeat_penalty": sampling.repeat_penalty, "repeat_last_n": PENALTY_SPAN}
        return options | {"top_k": sampling.top_k, "min_p": sampling.min_p, **penalty}
    return options


class _Counted:
    """A model whose answers stand only where it says to have read as many tokens as the prompt has, and had room for the reply."""

    def __init__(self, model: Model, expected: Mapping[str | tuple[int, ...], int], context: int, where: str) -> None:
        self._model, self._expected, self._context, self._where = model, expected, context, where
        self._right = False
        self._wrong: list[tuple[int, Answer, str]] = []
        """Held back until a count is right: with another tokenizer behind the server none of them is to be kept."""

    def answer(self, questions: Sequence[Question], on_answer: OnAnswer) -> list[Answer]:
        """The model's answers. Raises `RunError` too where the first counts are all wrong."""

        def held(index: int, answer: Answer) -> None:
            expected = self._expected.get(questions[index].prompt, 0)
            # Some servers count nothing.
            counted = bool(expected and answer.prompt_tokens and not answer.error)
            if counted and answer.prompt_tokens != expected:
                self._wrong.append((index, answer, _miscount(answer, expected)))
                self._require_right()
            else:
                self._right = self._right or counted
                on_answer(index, self._whole(questions[index], answer) if counted else answer)
            if self._right:
                for index, answer, _ in self._wrong:
                    on_answer(index, replace(answer, text="", finish_reason=MISCOUNTED))
                self._wrong.clear()

        answers = self._model.answer(questions, held)
        # None was right, and too few were wrong to tell why: another run may find another server.
        for index, answer, got in self._wrong:
            on_answer(index, Answer("", prompt_tokens=answer.prompt_tokens, error=got))
        return answers

    def _whole(self, question: Question, answer: Answer) -> Answer:
        """The answer, or the error of one for which the server's own context had no room: vLLM lowers `max_tokens` to what is left."""
        if answer.finish_reason != "length" or not 0 < answer.completion_tokens < question.max_tokens:
            return answer
        ended = f"it ended a reply after {answer.completion_tokens} of {question.max_tokens} tokens"
        limit = f"by a limit of its own: give it a context of {self._context}"
        return Answer("", prompt_tokens=answer.prompt_tokens, error=f"{ended}, {limit}")

    def _require_right(self) -> None:
        """Raise `RunError` where so many counts are wrong, and none right, that it is no accident."""
        if not self._right and len(self._wrong) >= _ALIKE:
            raise RunError(
                Problem(
                    where=self._where,
                    got=f"{self._wrong[-1][2]}, and so with the first {len(self._wrong)} prompts",
                    expected="the tokenizer of the base, and no BOS beside the prompt's own",
                    mend="serve the base that was trained on; generation: {prompt: tokens} sends no text that could be read otherwise",
                )
            )


def _miscount(answer: Answer, expected: int) -> str:
    return f"it read {answer.prompt_tokens} tokens of a prompt that has {expected}"
