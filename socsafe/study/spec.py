"""What a study file may say: one frozen pydantic model a block, unknown keys forbidden, every field described.

    name: quickstart
    question: How many safety demonstrations does a small model need, and in which style?
    bases: [micro]
    settings: {benign: {source: boundary-benign}}
    safety: {source: boundary-safety}
    styles: [none, refusal, socratic]
    counts: [10, 40, 160]
    seeds: [1, 2]
    training: {learning_rate: 0.002, epochs: 2}
    suites: [boundary-pairs, boundary-ordinary]

`socsafe recipe schema` prints the JSON schema of this module; `socsafe.study.load` reads files against it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from socsafe.study.ability_block import Ability
from socsafe.study.block import Block, Count, Name, Seed
from socsafe.study.compute_block import Compute
from socsafe.study.generation_block import Generation
from socsafe.study.gpu_block import Gpu
from socsafe.study.hypotheses import Hypothesis
from socsafe.study.judge_blocks import JudgeUse
from socsafe.study.published_block import Published
from socsafe.study.report_block import ReportOptions

SettingName = Literal["benign", "identity", "harmful"]
StyleName = Annotated[
    str,
    Field(description="A style: none, refusal, reasons-short, reasons-long, socratic, socratic-dialogue, or a file in socsafe/styles."),
]
Text = Annotated[str, Field(min_length=1, max_length=4000)]


class Setting(Block):
    """What the fine-tuning is about apart from safety; its rows are one file that every condition of the setting shares."""

    source: Name
    """A training source, by its name in the catalogue (`socsafe data list`)."""
    rows: Count | None = None
    """How many of the source's rows, drawn by `data_seed`; all of them when left out."""
    eval_system: Text | None = None
    """System message that evaluation puts before every prompt of this setting's conditions; none when left out."""


class Safety(Block):
    """Where the safety items come from."""

    source: Name
    """A source of safety items, by its name in the catalogue."""
    lookalike_share: Annotated[float, Field(ge=0, le=4)] = 0.0
    """Look-alikes answered in training for each harmful prompt refused, the same in every style, on top of the count."""


class Adapter(Block):
    """The LoRA adapter that is trained."""

    r: Annotated[int, Field(ge=1, le=1024)] = 8
    """Rank."""
    alpha: Annotated[int, Field(ge=1, le=4096)] = 16
    """Scaling: the update is multiplied by alpha / r."""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Dropout on the adapter's input."""
    targets: Annotated[tuple[Name, ...], Field(min_length=1)] | None = None
    """Names of the linear layers; the base's own list when left out."""


class Overrides(Block):
    """Training values that one setting has for itself; the report shows where settings differ."""

    learning_rate: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Peak learning rate."""
    epochs: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Passes through the mixture."""
    batch_size: Annotated[int, Field(ge=1, le=65536)] | None = None
    """Rows per optimizer step."""
    micro_batch_size: Annotated[int, Field(ge=1, le=65536)] | None = None
    """Rows held in memory at once; must divide batch_size."""
    sequence_len: Annotated[int, Field(ge=16, le=1_000_000)] | None = None
    """Longest row in tokens."""
    scheduler: Literal["cosine", "linear", "constant"] | None = None
    """Learning-rate schedule."""
    warmup_ratio: Annotated[float, Field(ge=0, lt=1)] | None = None
    """Share of the steps in which the learning rate rises to its peak."""
    weight_decay: Annotated[float, Field(ge=0, lt=1)] | None = None
    """AdamW's decoupled weight decay."""


class Validation(Block):
    """A fixed benign validation split, the same in every condition; the checkpoint with the lowest loss on it is kept."""

    source: Name
    """A training source; rows used here are taken out of the settings' rows when both draw on the same source."""
    rows: Count
    """How many rows."""


class Training(Block):
    """How every condition is trained."""

    template: Literal["chat", "alpaca"] = "chat"
    """`chat`: the base's own chat template; `alpaca`: the Alpaca prompt, for bases that have none. Holds for evaluation alike."""
    train_on: Literal["all-assistant", "last-assistant"] = "all-assistant"
    """On which assistant turns of a dialogue the loss falls; never on anything else."""
    adapter: Adapter = Adapter()
    """The LoRA adapter."""
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 3e-4
    """Peak learning rate."""
    epochs: Annotated[int, Field(ge=1, le=1000)] = 3
    """Passes through the mixture."""
    batch_size: Annotated[int, Field(ge=1, le=65536)] = 16
    """Rows per optimizer step."""
    micro_batch_size: Annotated[int, Field(ge=1, le=65536)] | None = None
    """Rows held in memory at once; must divide batch_size. The whole batch when left out."""
    sequence_len: Annotated[int, Field(ge=16, le=1_000_000)] = 512
    """Longest row in tokens; a longer one stops the training rather than being dropped."""
    optimizer: Literal["adamw_torch", "adamw_torch_fused", "adamw_bnb_8bit", "paged_adamw_8bit", "paged_adamw_32bit"] = "adamw_torch"
    """Optimizer, by Axolotl's name."""
    scheduler: Literal["cosine", "linear", "constant"] = "cosine"
    """Learning-rate schedule."""
    warmup_ratio: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of the steps in which the learning rate rises to its peak."""
    weight_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """AdamW's decoupled weight decay."""
    hardware: Literal["cpu", "gpu"] = "gpu"
    """What the recipe is rendered for: `cpu` (float32, no fused kernels) or `gpu` (bfloat16)."""
    gpu: Gpu = Gpu()
    """How training uses GPUs."""
    load_in_4bit: bool = False
    """QLoRA: hold the base in 4-bit NormalFloat; needs hardware: gpu."""
    validation: Validation | None = None
    """Keep the checkpoint with the lowest loss on a fixed benign split; the last checkpoint when left out."""
    per_setting: dict[SettingName, Overrides] = Field(default={})
    """Values that one setting has for itself."""


class Cell(Block):
    """A part of the matrix, named by the dimensions it fixes; a dimension left out stands for all its values."""

    base: Name | None = None
    setting: SettingName | None = None
    style: StyleName | None = None
    count: Annotated[int, Field(ge=0)] | None = None
    form: Literal["instruction", "question", "mixed"] | None = None
    seed: Seed | None = None


class Suite(Block):
    """A set of evaluation prompts."""

    source: Name
    """An evaluation source, by its name in the catalogue."""
    limit: Count | None = None
    """At most so many prompts, chosen by the hash of their ids; all of them when left out."""
    eval_preamble: bool = False
    """Put the Socratic preamble before every prompt, in every style alike: an arm of its own beside the bare prompts."""

    @property
    def name(self) -> str:
        """What the suite is called in paths, verdicts and reports."""
        return f"{self.source}-with-preamble" if self.eval_preamble else self.source


class Leakage(Block):
    """How much of a suite the training data may hold before a run is stopped."""

    same: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Largest share of a suite's prompts that may stand in the training data, but for case, punctuation and spaces."""
    near: Annotated[float, Field(ge=0, le=1)] = 0.02
    """Largest share that may have a near duplicate there (character 5-grams with a Jaccard similarity of 0.7 or more)."""


class Sampling(Block):
    """How replies are generated."""

    max_tokens: Annotated[int, Field(ge=1, le=32768)] = 256
    """Most tokens in a reply, its end-of-turn token included."""
    temperature: Annotated[float, Field(ge=0, le=10)] = 0.0
    """0 decodes greedily."""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Nucleus sampling; 1 switches it off."""
    top_k: Annotated[int, Field(ge=0)] = 0
    """Sample from the k likeliest tokens; 0 switches it off."""
    min_p: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Drop tokens less likely than this share of the likeliest; 0 switches it off."""
    repeat_penalty: Annotated[float, Field(ge=1, le=10)] = 1.0
    """Divide the logits of the last 64 tokens by this; 1 switches it off."""
    samples: Annotated[int, Field(ge=1, le=1000)] = 1
    """Replies per prompt; more than one needs a temperature above 0."""
    stop: Annotated[tuple[Text, ...], Field(max_length=16)] = ()
    """Strings that end a reply, beside the model's own end-of-turn tokens."""
    seed: Seed = 0
    """Every prompt's sampler seed is derived from this one, the suite, the prompt's id and the sample's number."""


class Quantization(Block):
    """How models become GGUF."""

    type: Literal["f32", "f16", "bf16", "q8_0", "q6_k", "q5_k_m", "q4_k_m"] = "q8_0"
    """llama.cpp's type for the base's weights."""
    mode: Literal["adapter", "merged"] = "adapter"
    """`adapter`: one quantized base and one small LoRA file per condition; `merged`: one whole model per condition."""
    check: Count = 64
    """Prompts, drawn from all suites alike, that `socsafe quantize --check` has every condition answer with F16 weights and with these."""


class Study(Block):
    """A whole experiment."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,79}$")]
    """The study's name; the folder that holds study.yml bears the same."""
    question: Text
    """What the study asks, in a sentence; the report opens with it."""
    bases: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Base models: names from the catalogue (`socsafe/bases`) or hub ids such as `Qwen/Qwen2.5-0.5B-Instruct`."""
    settings: Annotated[dict[SettingName, Setting], Field(min_length=1)]
    """What the fine-tuning is about: benign, identity, harmful."""
    safety: Safety
    """Where the safety items come from."""
    styles: Annotated[tuple[StyleName, ...], Field(min_length=1)]
    """How the safety data replies; `none` is the control (count 0, one per setting)."""
    counts: Annotated[tuple[Count, ...], Field(min_length=1)] | dict[SettingName, tuple[Count, ...]] = ()
    """Harmful prompts refused in training: one list, or one per setting. The control's 0 is not listed."""
    forms: Annotated[tuple[Literal["instruction", "question", "mixed"], ...], Field(min_length=1)] = ("instruction",)
    """Form of the safety prompts in training; `mixed` takes every other item in each form."""
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)] = (1,)
    """Training seeds: initialisation of the adapter, order of the rows, dropout."""
    data_seed: Seed = 0
    """Decides which rows and items are drawn, and in which order; the same for every condition."""
    include: tuple[Cell, ...] = ()
    """Cells added to the matrix."""
    exclude: tuple[Cell, ...] = ()
    """Cells taken out of the matrix, before `include` adds to it."""
    training: Training = Training()
    """How every condition is trained."""
    suites: Annotated[tuple[Suite | Name, ...], Field(min_length=1)]
    """What is asked of every trained model."""
    ability: Ability | None = None
    """What is measured beside safety: the loss on held-out replies, and questions with answers to choose from; nothing when left out."""
    leakage: Leakage = Leakage()
    """How much of a suite the training data may hold before a run is stopped."""
    judges: Annotated[tuple[JudgeUse | Name, ...], Field(min_length=1)] = ("refusal",)
    """Who rules on the replies: a name, or a block where the judge needs a model."""
    hypotheses: tuple[Hypothesis, ...] = ()
    """The comparisons the study is about, corrected together; every style at every count against its control when left out."""
    sampling: Sampling = Sampling()
    """How replies are generated."""
    generation: Generation | None = None
    """A server that writes the replies; llama.cpp on this machine when left out."""
    quantization: Quantization = Quantization()
    """How models become GGUF."""
    compute: Compute = Compute()
    """What the machine gives."""

    variants: dict[Name, dict[str, JsonValue]] = Field(default={})
    """Base -> the keys of this file that are different when the study is run on it (`--base NAME`); see `socsafe.study.variants`."""
    published: tuple[Published, ...] = ()
    """Figures that others published, shown beside one's own and marked as theirs."""
    report: ReportOptions = ReportOptions()
    """What the report may show."""
    notes: tuple[Text, ...] = ()
    """What a reader must know to read the figures; the report shows them under its limits."""

    def suite_uses(self) -> tuple[Suite, ...]:
        """The suites in the file's order, those given by name alone as blocks too."""
        return tuple(use if isinstance(use, Suite) else Suite(source=use) for use in self.suites)

    def judge_uses(self) -> tuple[JudgeUse, ...]:
        """The judges in the file's order, those given by name alone as blocks too."""
        return tuple(use if isinstance(use, JudgeUse) else JudgeUse(judge=use) for use in self.judges)

    def counts_for(self, setting: SettingName) -> tuple[int, ...]:
        """The counts of one setting, in the file's order."""
        return self.counts.get(setting, ()) if isinstance(self.counts, dict) else self.counts

    def training_for(self, setting: SettingName) -> Training:
        """The training block with the setting's own values in place."""
        own = self.training.per_setting.get(setting)
        return self.training.model_copy(update=own.model_dump(exclude_none=True)) if own else self.training
