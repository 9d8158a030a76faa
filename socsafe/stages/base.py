"""Make the micro base: a small Llama that answers everything it is asked, trained from scratch by Axolotl.

>>> build_micro_base(load_taxonomy(project.boundary), folder, log, threads=2, report=print)

Tokenizer (SentencePiece BPE), configuration and corpus are made here; `axolotl train` with `reinit_weights: true` does the
rest. The folder is a Hugging Face model folder like any other and appears whole or not at all. The same taxonomy and versions
give the same weights, bit for bit, on the same kind of processor.
"""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import yaml

from socsafe.data.micro_corpus import Row, corpus
from socsafe.data.taxonomy import Taxonomy, load_taxonomy
from socsafe.engines.axolotl import axolotl_command, axolotl_version, run_axolotl
from socsafe.engines.process import last_lines
from socsafe.errors import Problem, RunError
from socsafe.files import cannot_write, write_bytes, write_text
from socsafe.manifest import Step, inputs_now, is_current, record
from socsafe.paths import Project
from socsafe.progress import Progress
from socsafe.study.bases import Base
from socsafe.study.sources import boundary_files, composing_code

THREADS = 2
"""CPU threads. Fixed, because the weights may depend on it in their last bits."""
MODEL_FILES = ("config.json", "generation_config.json", "model.safetensors", "tokenizer.model", "tokenizer_config.json")

VOCABULARY = 2048
BOS, END, PAD, UNKNOWN = "<s>", "<|end|>", "<pad>", "<unk>"
ROLES = ("system", "user", "assistant")
CHAT_TEMPLATE = (
    "{{- bos_token -}}"
    "{%- for message in messages -%}{{- '<|' + message['role'] + '|>' + message['content'] + eos_token -}}{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)
"""BOS once at the start, each turn opened by its role and closed by the end token."""
ARCHITECTURE = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": VOCABULARY,
    "hidden_size": 128,
    "intermediate_size": 384,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "head_dim": 32,
    "max_position_embeddings": 1024,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "hidden_act": "silu",
    "initializer_range": 0.02,
    "attention_bias": False,
    "mlp_bias": False,
    "tie_word_embeddings": True,
    "dtype": "float32",
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 3,
}
TRAINING = {
    "sequence_len": 512,
    "micro_batch_size": 24,
    "gradient_accumulation_steps": 1,
    "num_epochs": 3,
    "learning_rate": 0.005,
    "lr_scheduler": "cosine",
    "warmup_steps": 50,
    "optimizer": "adamw_torch",
    "adam_beta2": 0.98,
    "weight_decay": 0.01,
    "max_grad_norm": 1.0,
    "group_by_length": True,
    "seed": 1,
}


def build_micro_base(taxonomy: Taxonomy, folder: Path, log: Path, threads: int, report: Callable[[str], None]) -> None:
    """Make the model folder `folder` (replacing one that is there); Axolotl's output goes to `log`.

    Raises `InputError` when Axolotl is not installed and `RunError` when it fails or the disk does.
    """
    axolotl_command()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        log.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent) as scratch:
            work = Path(scratch)
            report("micro base: corpus and tokenizer")
            _prepare(taxonomy, work)
            report(f"micro base: training from scratch with {threads} thread{'s' if threads > 1 else ''} (log: {log})")
            run_axolotl(Path("base.yml"), log=log, root=work, threads=threads, offline=True)
            _collect(work, log)
            if folder.exists():
                shutil.rmtree(folder)
            (work / "model").replace(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error
    report(f"micro base: {folder}")


def messages(row: Row) -> list[dict[str, str]]:
    """The row as chat messages."""
    turns = [{"role": "system", "content": row.system}] if row.system else []
    for user, assistant in row.turns:
        turns += [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
    return turns


def _prepare(taxonomy: Taxonomy, work: Path) -> None:
    """Write `start/` (configuration and tokenizer), `corpus.jsonl` and `base.yml` into `work`."""
    rows = corpus(taxonomy)
    texts = [text for row in rows for text in (row.system, *(part for turn in row.turns for part in turn)) if text]
    write_tokenizer(texts, work / "start")
    write_text(work / "start" / "config.json", json.dumps(ARCHITECTURE, indent=2) + "\n")
    write_text(work / "corpus.jsonl", "".join(json.dumps({"messages": messages(row)}) + "\n" for row in rows))
    write_text(work / "base.yml", yaml.safe_dump(_recipe(), sort_keys=False))


def write_tokenizer(texts: Iterable[str], folder: Path) -> None:
    """Train a SentencePiece BPE tokenizer on `texts` and write it to `folder` with its configuration.

    Nothing is added, dropped or normalised, and bytes stand in for what is not in the vocabulary, so that every text comes
    back as it went in and llama.cpp and transformers cut it alike. The template writes the one BOS, not the tokenizer.
    """
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=model, model_type="bpe", vocab_size=VOCABULARY, hard_vocab_limit=False,
        byte_fallback=True, character_coverage=1.0, normalization_rule_name="identity", add_dummy_prefix=False,
        remove_extra_whitespaces=False, num_threads=1, unk_id=0, unk_piece=UNKNOWN, bos_id=1, bos_piece=BOS, eos_id=2,
        eos_piece=END, pad_id=3, pad_piece=PAD, control_symbols=[f"<|{role}|>" for role in ROLES], minloglevel=2,
    )  # fmt: skip
    special = {UNKNOWN: 0, BOS: 1, END: 2, PAD: 3, **{f"<|{role}|>": 4 + number for number, role in enumerate(ROLES)}}
    flags = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
    settings = {
        "tokenizer_class": "LlamaTokenizer",
        "added_tokens_decoder": {str(number): {"content": piece, **flags} for piece, number in special.items()},
        "extra_special_tokens": [f"<|{role}|>" for role in ROLES],
        "bos_token": BOS,
        "eos_token": END,
        "pad_token": PAD,
        "unk_token": UNKNOWN,
        "add_bos_token": False,
        "add_eos_token": False,
        "add_prefix_space": False,
        "legacy": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": ARCHITECTURE["max_position_embeddings"],
        "chat_template": CHAT_TEMPLATE,
    }
    write_bytes(folder / "tokenizer.model", model.getvalue())
    write_text(folder / "tokenizer_config.json", json.dumps(settings, indent=2) + "\n")


def _recipe() -> dict[str, object]:
    """The Axolotl configuration, with paths relative to the working folder."""
    return {
        "base_model": "start",
        # Without it Axolotl draws the first weights before anything is seeded, and no two bases are alike.
        "plugins": ["socsafe.axolotl_plugin.Seeded"],
        "reinit_weights": True,
        "chat_template": "tokenizer_default",
        "datasets": [
            {
                "path": "corpus.jsonl",
                "ds_type": "json",
                "type": "chat_template",
                "field_messages": "messages",
                "roles_to_train": ["assistant"],
                "train_on_eos": "turn",
            }
        ],
        "dataset_prepared_path": "prepared",
        "excess_length_strategy": "raise",
        # Left out, batches would be padded to multiples of 64 tokens, twice what most rows hold.
        "pad_to_sequence_len": False,
        "dataset_num_proc": 1,
        "output_dir": "trained",
        **TRAINING,
        "val_set_size": 0,
        "save_strategy": "no",
        "logging_steps": 50,
        "bf16": False,
        "fp16": False,
        "tf32": False,
        "attn_implementation": "sdpa",
        "gradient_checkpointing": False,
    }


def _collect(work: Path, log: Path) -> None:
    """Put together `model/`: the trained weights and configuration, and the tokenizer as it was made.

    Raises `RunError` when Axolotl left no model behind.
    """
    model = work / "model"
    model.mkdir()
    for name in MODEL_FILES:
        source = work / ("start" if name.startswith("tokenizer") else "trained") / name
        if not source.is_file():
            raise RunError(
                Problem(str(log), f"axolotl ended well but left no {name}; its last lines:\n{last_lines(log)}", mend=f"less {log}")
            )
        shutil.copyfile(source, model / name)


def base_step(project: Project, base: Base) -> Step:
    """The unit of work that makes the base."""
    folder = project.root / base.model
    return Step(
        stage="base",
        manifest=folder.with_name(f"{folder.name}.manifest.json"),
        root=project.root,
        inputs=(*boundary_files(project.root), *composing_code("micro_corpus.py"), Path(__file__)),
        outputs=tuple(folder / name for name in MODEL_FILES),
        parameters={"axolotl": axolotl_version() or "none", "threads": THREADS},
    )


def is_built(project: Project, base: Base) -> bool:
    """Whether the base is here, up to date or not."""
    return (project.root / base.model / "model.safetensors").is_file()


def build_base(project: Project, base: Base, progress: Progress) -> None:
    """Make the base unless it is up to date. One that was made elsewhere and copied here is taken as it is.

    Raises as `build_micro_base` does.
    """
    step = base_step(project, base)
    if is_current(step) or (axolotl_version() is None and is_built(project, base)):
        return
    folder, inputs = project.root / base.model, inputs_now(step)
    build_micro_base(load_taxonomy(project.boundary), folder, folder.with_name(f"{folder.name}.log"), THREADS, progress.say)
    record(step, inputs)
