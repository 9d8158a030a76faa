"""Every architecture of the catalogue, tiny, with random weights and a real vocabulary: converted, and held against transformers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from socsafe.engines.chat import render_chat
from socsafe.engines.convert_job import Job
from socsafe.engines.logits import LogitEngine
from socsafe.engines.parity_job import transformers_traces
from socsafe.engines.sampling import Sampling
from socsafe.engines.tally import Tally
from socsafe.engines.template_job import FIXED_DATE
from socsafe.errors import RunError
from socsafe.paths import cache_folder
from socsafe.records import Message
from socsafe.study.bases import known_bases
from tests.engines.families import FAMILIES, chat_text, source_models, write_family

pytestmark = pytest.mark.slow

TEXTS = {
    "plain": "Tell me about the garden.",
    "runs of spaces": "Two  spaces,   three, and at the end  ",
    "indented lines": "Line one\n\nline two\n\n\n    four in\r\n",
    "scripts": "Naïve café, 日本語, Привет, עברית and ไทย",
    "emoji and digits": "🙂🙂 👩‍👩‍👧 1234567 3.14159 0x1F $5,000.00 don't I'LL we've",
    "decomposed accents": "e\u0301 and n\u0303",
    "unseen characters": "\u00e9; ﬁ; \u200b zero width; \u2028 line",
    "control tokens": "Say <|im_start|>user <|eot_id|> <|endoftext|> >>TITLE<< [INST] <s> <0x0A>",
    "end of sequence": "Say </s>, please",
    "code": "def f(x):\n\treturn {'a': [1, 2], \"b\": x**2} # !?#@%^&*()_+-=",
}
DIFFERENT = {
    # transformers 5 joins runs of spaces before anything else; SentencePiece itself and llama.cpp do not.
    **dict.fromkeys((name, text) for name in ("llama-spm", "mistral") for text in ("runs of spaces", "indented lines")),
    # llama.cpp does not compose accents, which Qwen2's tokenizer does, and takes its ordinary token </s> for a control token.
    ("qwen2", "decomposed accents"): None,
    ("qwen2", "end of sequence"): None,
}
"""Where llama.cpp cuts a text otherwise than transformers. `socsafe quantize` finds it where training rows hold such a text."""
DIALOGUES: tuple[tuple[Message, ...], ...] = (
    (Message("user", "First"), Message("assistant", "A reply"), Message("user", "Then?")),
    (Message("system", "Be brief."), Message("user", "Why?")),
)
ADAPTED = {"qwen2": known_bases()["qwen2.5-7b-instruct"].lora_targets, "falcon": known_bases()["falcon-7b"].lora_targets}
MAX_TOKENS = 12


@pytest.fixture(scope="module")
def models() -> Path:
    try:
        return source_models(cache_folder())
    except RunError as error:
        pytest.skip(f"llama.cpp's vocabularies cannot be fetched here: {error}")


@pytest.fixture(scope="module")
def root(models: Path, tools: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders and GGUFs of all families, and of the adapters, converted in one process."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    root = tmp_path_factory.mktemp("families")
    jobs: list[Job] = []
    for name, family in FAMILIES.items():
        write_family(family, models, root / name)
        script, out = str(tools / "convert_hf_to_gguf.py"), str(root / f"{name}.gguf")
        jobs.append(Job(out=out, script=script, arguments=["--outtype", "f16"], model=str(root / name)))
    for name, targets in ADAPTED.items():
        torch.manual_seed(3)
        settings = LoraConfig(r=4, lora_alpha=32, target_modules=list(targets), init_lora_weights=False)
        folder = root / f"{name}-adapter"
        get_peft_model(AutoModelForCausalLM.from_pretrained(root / name), settings).save_pretrained(folder)
        arguments, script = ["--outtype", "f32", str(folder)], str(tools / "convert_lora_to_gguf.py")
        jobs.append(Job(out=str(root / f"{name}.lora.gguf"), script=script, arguments=arguments, base_config=str(root / name)))
    merged = root / "falcon-merged"
    jobs.append(Job(out=str(merged), base=str(root / "falcon"), adapter=str(root / "falcon-adapter")))
    script = str(tools / "convert_hf_to_gguf.py")
    jobs.append(Job(out=str(root / "falcon-merged.gguf"), script=script, arguments=["--outtype", "f16"], model=str(merged)))
    (root / "jobs.json").write_text(json.dumps(jobs))
    command = [sys.executable, "-m", "socsafe.engines.convert_job", str(root / "jobs.json"), str(root / "results.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    results = [json.loads(line) for line in (root / "results.jsonl").read_text().splitlines()]
    assert [entry["error"] for entry in results] == [""] * len(jobs), done.stdout[-3000:]
    return root


@pytest.fixture(scope="module")
def engines(root: Path) -> Iterator[dict[str, LogitEngine]]:
    with ExitStack() as opened:
        yield {name: opened.enter_context(LogitEngine.open(root / f"{name}.gguf", slots=8, context=256, threads=1)) for name in FAMILIES}


@pytest.fixture(scope="module")
def tokenizers(root: Path) -> dict[str, Any]:
    from transformers import AutoTokenizer

    return {name: AutoTokenizer.from_pretrained(root / name) for name in FAMILIES}


def test_every_base_of_the_catalogue_is_of_a_family_that_is_tried() -> None:
    tried = [base for family in FAMILIES.values() for base in family.bases]
    assert sorted(tried) == sorted(name for name, base in known_bases().items() if not base.made_here)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_base_says_of_its_template_what_its_tokenizer_brings(name: str) -> None:
    family = FAMILIES[name]
    chat = {base for base in family.bases if known_bases()[base].chat_template}
    assert (not chat) == (family.template == "alpaca")


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_cut_alike_but_where_it_is_known_not_to_be(
    name: str, text: str, tokenizers: dict[str, Any], engines: dict[str, LogitEngine]
) -> None:
    """As in a rendered template: nothing is put before it by the tokenizer, and control tokens are recognised."""
    tokenizer, engine = tokenizers[name], engines[name]
    begun = (engine.bos_token if tokenizer.bos_token else "") + TEXTS[text]
    alike = engine.tokenize(begun) == tokenizer(begun, add_special_tokens=False)["input_ids"]
    assert alike == ((name, text) not in DIFFERENT)


@pytest.mark.parametrize("name", FAMILIES)
def test_training_and_evaluation_see_the_same_tokens_and_one_bos_at_most(
    name: str, models: Path, tokenizers: dict[str, Any], engines: dict[str, LogitEngine]
) -> None:
    tokenizer, engine, template = tokenizers[name], engines[name], chat_text(FAMILIES[name], models)
    texts = [text for kind, text in TEXTS.items() if (name, kind) not in DIFFERENT]
    for dialogue in [*((Message("user", text),) for text in texts), *DIALOGUES]:
        fed = engine_prompt(engine, dialogue, template)
        assert fed == prompt_of(name, dialogue, template, tokenizer)
        if "bos_token" in template:
            assert fed[0] == tokenizer.bos_token_id != fed[1]


def prompt_of(name: str, dialogue: Sequence[Message], template: str, tokenizer: Any) -> list[int]:
    """As Axolotl tokenises the prompt."""
    turns = [{"role": message.role, "content": message.content} for message in dialogue]
    # What the recipe says: without it the day of training would stand in the prompt.
    dated = {"date_string": f"{FIXED_DATE:%d %b %Y}"} if known_bases()[FAMILIES[name].bases[0]].dated else {}
    return list(tokenizer.apply_chat_template(turns, chat_template=template, add_generation_prompt=True, return_dict=False, **dated))


def asked(engine: LogitEngine, template: str) -> list[list[int]]:
    return [engine_prompt(engine, (Message("user", TEXTS[kind]),), template) for kind in ("plain", "scripts", "emoji and digits", "code")]


def engine_prompt(engine: LogitEngine, dialogue: Sequence[Message], template: str) -> list[int]:
    text = render_chat(template, dialogue, bos_token=engine.bos_token, eos_token=engine.eos_token, add_generation_prompt=True)
    return engine.tokenize(text)


@pytest.mark.parametrize("name", FAMILIES)
def test_greedy_replies_part_at_near_ties_only_and_logits_are_close(
    name: str, root: Path, models: Path, engines: dict[str, LogitEngine]
) -> None:
    engine = engines[name]
    template = chat_text(FAMILIES[name], models)
    assert_close(engine, asked(engine, template), root / name, None)


@pytest.mark.parametrize("name", ADAPTED)
def test_an_adapter_on_the_bases_own_targets_does_in_llamacpp_what_it_does_in_peft(
    name: str, root: Path, models: Path, engines: dict[str, LogitEngine]
) -> None:
    engine = engines[name]
    prompts = asked(engine, chat_text(FAMILIES[name], models))
    plain = [reply.tokens for reply in engine.complete(prompts, Sampling(MAX_TOKENS), seeds=[0] * len(prompts))]
    engine.use_adapter(root / f"{name}.lora.gguf")
    try:
        assert [reply.tokens for reply in engine.complete(prompts, Sampling(MAX_TOKENS), seeds=[0] * len(prompts))] != plain
        assert_close(engine, prompts, root / name, root / f"{name}-adapter")
    finally:
        engine.use_adapter(None)


def test_a_merged_falcon_keeps_its_one_key_value_head(root: Path, models: Path, engines: dict[str, LogitEngine]) -> None:
    prompts = asked(engines["falcon"], chat_text(FAMILIES["falcon"], models))
    with LogitEngine.open(root / "falcon-merged.gguf", slots=8, context=256, threads=1) as merged:
        assert_close(merged, prompts, root / "falcon", root / "falcon-adapter")


def assert_close(engine: LogitEngine, prompts: Sequence[Sequence[int]], base: Path, adapter: Path | None) -> None:
    replies = engine.complete(prompts, Sampling(MAX_TOKENS), seeds=[0] * len(prompts))
    tally, spread = Tally(), 0.0
    for prompt, reply, trace in zip(prompts, replies, transformers_traces(base, adapter, prompts, MAX_TOKENS, engine.ends), strict=True):
        tally.add(trace, reply.tokens, engine.logits(prompt, trace.tokens))
        spread = float(trace.logits.std())
    row = tally.row("tiny", "transformers")
    assert row.apart == 0
    assert row.equal >= len(prompts) / 2
    # F16 weights and an F16 cache; random weights this wide exaggerate what that costs.
    assert row.mean < 0.01 * spread
    assert row.largest < 0.15 * spread
