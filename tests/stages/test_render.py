"""One recipe a condition: the same bytes every time, complete, and nothing in it that Axolotl would drop in silence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import socsafe.data.fingerprints
from socsafe.errors import RunError
from socsafe.stages import render
from socsafe.stages.render import render_recipes, stale_recipes, write_recipes
from socsafe.study.axolotl_index import load_index, unknown_keys
from socsafe.study.checked import load_study
from tests.conftest import BASE, REPO, Folder

CONTROL, REFUSAL = "qwen2.5-0.5b-instruct-benign-none-n0-s1.yml", "qwen2.5-0.5b-instruct-benign-refusal-n4-instruction-s1.yml"


def recipes(folder: Folder, **changes: object) -> dict[str, dict[str, Any]]:
    return {path.name: yaml.safe_load(text) for path, text in render_recipes(folder.plan(**changes)).items()}


def test_there_is_one_recipe_per_condition_next_to_the_study(folder: Folder) -> None:
    plan = folder.plan()
    assert write_recipes(plan) == (3, 0)
    assert {path.stem for path in (folder.root / "recipes" / "tiny").glob("*.yml")} == {"study"} | {cell.id for cell in plan.conditions}


def test_rendering_is_byte_stable_from_any_folder(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    first = render_recipes(folder.plan())
    monkeypatch.chdir(folder.root / "recipes" / "tiny")
    assert render_recipes(load_study(Path("study.yml"))) == first


def test_a_second_render_writes_nothing(folder: Folder) -> None:
    plan = folder.plan()
    write_recipes(plan)
    before = {path: path.stat().st_ino for path in plan.project.recipes.rglob("*.yml")}
    assert write_recipes(plan) == (0, 0)
    assert {path: path.stat().st_ino for path in plan.project.recipes.rglob("*.yml")} == before
    assert stale_recipes(plan) == ""


def test_the_header_says_from_what_it_was_rendered_and_how_to_train_it(folder: Folder) -> None:
    write_recipes(folder.plan())
    header = [line for line in (folder.root / "recipes" / "tiny" / REFUSAL).read_text().splitlines() if line.startswith("#")]
    assert "recipes/tiny/study.yml" in header[0]
    assert header[1] == "#     socsafe recipe render recipes/tiny/study.yml"
    assert header[3] == f"#     AXOLOTL_DO_NOT_TRACK=1 axolotl train recipes/tiny/{REFUSAL} --launcher python"


def test_keys_stand_in_one_order_in_every_recipe(folder: Folder) -> None:
    orders = [[key for key in recipe if key != "test_datasets"] for recipe in recipes(folder, seeds=[1, 2]).values()]
    assert all(order == orders[0] for order in orders)
    assert orders[0][:3] == ["base_model", "plugins", "chat_template"]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("lora_r: 8", "lora_r: 9"),
        lambda text: text + "\n",
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("\n", "\r\n"),
    ],
)
def test_a_recipe_edited_by_hand_is_found(folder: Folder, change: Any) -> None:
    plan = folder.plan()
    write_recipes(plan)
    path = folder.root / "recipes" / "tiny" / REFUSAL
    path.write_bytes(change(path.read_text()).encode())
    assert f"recipes/tiny/{REFUSAL}" in stale_recipes(plan)
    assert write_recipes(plan) == (1, 0)
    assert stale_recipes(plan) == ""


def test_the_difference_is_shown_as_a_unified_diff(folder: Folder) -> None:
    write_recipes(folder.plan())
    lines = stale_recipes(folder.plan(training={"adapter": {"r": 4}})).splitlines()
    assert lines[0] == f"--- recipes/tiny/{CONTROL} (on disk)"
    assert "-lora_r: 8" in lines
    assert "+lora_r: 4" in lines


def test_a_missing_recipe_and_one_of_a_condition_that_is_gone_are_stale(folder: Folder) -> None:
    write_recipes(folder.plan())
    fewer = folder.plan(counts=[4])
    assert "-n8-" in stale_recipes(fewer)
    assert write_recipes(fewer) == (0, 1)
    assert stale_recipes(fewer) == ""
    (folder.root / "recipes" / "tiny" / CONTROL).unlink()
    assert f"+++ recipes/tiny/{CONTROL} (rendered)" in stale_recipes(fewer)


def test_files_written_by_hand_stay(folder: Folder) -> None:
    plan = folder.plan()
    own = plan.file.with_name("own-recipe.yml")
    own.write_text("base_model: x\n")
    write_recipes(plan)
    assert write_recipes(folder.plan(counts=[4]))[1] == 1
    assert own.read_text() == "base_model: x\n"
    assert "own-recipe" not in stale_recipes(folder.plan(counts=[4]))


def test_a_recipe_lists_the_settings_shared_file_and_its_own_safety_file(folder: Folder) -> None:
    found = recipes(folder)
    paths = {name: [entry["path"] for entry in recipe["datasets"]] for name, recipe in found.items()}
    assert paths[CONTROL] == ["datasets/mixtures/tiny/benign.jsonl"]
    assert paths[REFUSAL] == ["datasets/mixtures/tiny/benign.jsonl", "datasets/mixtures/tiny/safety-refusal-instruction-n4.jsonl"]


def test_every_path_in_a_recipe_lies_in_the_project_and_is_relative(folder: Folder) -> None:
    recipe = recipes(folder)[REFUSAL]
    assert recipe["output_dir"] == f"runs/tiny/{Path(REFUSAL).stem}"
    assert recipe["dataset_prepared_path"].startswith("runs/tiny/prepared/")
    assert recipe["base_model"] == BASE
    assert str(folder.root) not in yaml.safe_dump(recipe)


def test_loss_is_told_by_the_messages_and_falls_nowhere_else(folder: Folder) -> None:
    for recipe in recipes(folder, training={"validation": {"source": "tiny-chat", "rows": 3}}).values():
        for entry in (*recipe["datasets"], *recipe["test_datasets"]):
            assert entry["message_field_training"] == "train"
            assert entry["roles_to_train"] == []
        assert recipe["train_on_inputs"] is False


def test_rows_that_are_too_long_stop_the_training_and_none_are_split_off(folder: Folder) -> None:
    recipe = recipes(folder)[REFUSAL]
    assert (recipe["excess_length_strategy"], recipe["val_set_size"], recipe["sample_packing"]) == ("raise", 0.0, False)


def test_a_validation_split_keeps_the_checkpoint_with_the_lowest_loss(folder: Folder) -> None:
    recipe = recipes(folder, training={"validation": {"source": "tiny-chat", "rows": 3}})[CONTROL]
    assert recipe["test_datasets"][0]["path"] == "datasets/mixtures/tiny/validation.jsonl"
    assert (recipe["load_best_model_at_end"], recipe["metric_for_best_model"], recipe["greater_is_better"]) == (True, "eval_loss", False)
    assert "test_datasets" not in recipes(folder)[CONTROL]


def test_training_values_reach_the_recipe_and_a_setting_may_have_its_own(folder: Folder) -> None:
    training = {
        "adapter": {"r": 4, "alpha": 32, "dropout": 0.1, "targets": ["query_key_value"]},
        "learning_rate": 0.0001,
        "epochs": 1,
        "batch_size": 32,
        "micro_batch_size": 8,
        "sequence_len": 256,
        "optimizer": "paged_adamw_32bit",
        "scheduler": "linear",
        "warmup_ratio": 0.1,
        "weight_decay": 0.01,
        "load_in_4bit": True,
        "per_setting": {"identity": {"learning_rate": 0.001, "epochs": 20}},
    }
    settings = {"benign": {"source": "tiny-chat"}, "identity": {"source": "tiny-chat"}}
    found = recipes(folder, training=training, settings=settings, styles=["none"], seeds=[7])
    benign, identity = (found[f"qwen2.5-0.5b-instruct-{setting}-none-n0-s7.yml"] for setting in ("benign", "identity"))
    expected = {
        "adapter": "qlora", "load_in_4bit": True, "lora_r": 4, "lora_alpha": 32, "lora_dropout": 0.1,
        "lora_target_modules": ["query_key_value"],
        "micro_batch_size": 8, "gradient_accumulation_steps": 4, "sequence_len": 256, "optimizer": "paged_adamw_32bit",
        "lr_scheduler": "linear",
        "warmup_ratio": 0.1, "weight_decay": 0.01, "seed": 7,
    }  # fmt: skip
    for recipe in (benign, identity):
        assert {key: recipe[key] for key in expected} == expected
    assert (benign["learning_rate"], benign["num_epochs"]) == (0.0001, 1)
    assert (identity["learning_rate"], identity["num_epochs"]) == (0.001, 20)


def test_the_template_is_the_models_own_or_alpacas(folder: Folder) -> None:
    assert recipes(folder)[CONTROL]["chat_template"] == "tokenizer_default"
    alpaca = recipes(folder, bases=["llama-7b"], training={"template": "alpaca"})["llama-7b-benign-none-n0-s1.yml"]
    assert alpaca["chat_template"] == "jinja"
    assert alpaca["chat_template_jinja"] == (REPO / "socsafe" / "templates" / "alpaca.jinja").read_text()


def test_a_recipe_for_a_cpu_switches_off_what_demands_a_gpu(folder: Folder) -> None:
    cpu = recipes(folder, training={"hardware": "cpu"})[CONTROL]
    assert {cpu[key] for key in ("bf16", "fp16", "tf32", "lora_mlp_kernel", "lora_qkv_kernel", "lora_o_kernel")} == {False}
    assert recipes(folder)[CONTROL]["bf16"] is True


def cache(folder: Folder, name: str = REFUSAL, **changes: object) -> str:
    return str(recipes(folder, **changes)[name]["dataset_prepared_path"])


def test_a_cache_is_named_by_the_hash_of_its_inputs(folder: Folder) -> None:
    first = cache(folder)
    assert cache(folder, sampling={"max_tokens": 5}, training={"learning_rate": 0.01}) == first
    changes: list[dict[str, object]] = [
        {"data_seed": 1},
        {"training": {"template": "alpaca"}},
        {"training": {"train_on": "last-assistant"}},
        {"training": {"sequence_len": 64}},
        {"settings": {"benign": {"source": "tiny-chat", "rows": 11}}},
        {"training": {"validation": {"source": "tiny-chat", "rows": 2}}},
        {"safety": {"source": "tiny-safety", "lookalike_share": 0.1}},
    ]
    assert len({first, *(cache(folder, **change) for change in changes)}) == len(changes) + 1
    folder.data("tiny-safety", "items.jsonl", '{"key": "a", "ask": "b", "reply": "c", "topic": "d"}\n')
    assert cache(folder) != first


def test_recipes_are_the_same_whether_or_not_pinned_data_have_been_fetched(folder: Folder) -> None:
    before = render_recipes(folder.plan(suites=["xstest"], settings={"benign": {"source": "alpaca-demo"}}))
    folder.data("alpaca-demo", "alpaca_en_demo.json", "anything")
    assert render_recipes(folder.plan(suites=["xstest"], settings={"benign": {"source": "alpaca-demo"}})) == before


def test_a_thousand_conditions_hash_each_source_once(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[Path] = []
    real = socsafe.data.fingerprints.sha256_file

    def counted(path: Path) -> str:
        hashed.append(path)
        return real(path)

    monkeypatch.setattr(socsafe.data.fingerprints, "sha256_file", counted)
    plan = folder.plan(counts=list(range(1, 26)), seeds=list(range(39)))
    assert len(render_recipes(plan)) == 1014
    assert len(hashed) == len(set(hashed)) == 2  # the data of the two training sources


def test_an_unknown_key_in_a_rendered_recipe_is_caught_at_any_depth(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    real = render._dataset
    monkeypatch.setattr(render, "_dataset", lambda path: real(path) | {"message_feld": 1})
    with pytest.raises(RunError, match=r"keys that Axolotl does not know: datasets\[0\]\.message_feld"):
        render_recipes(folder.plan())


def test_unknown_keys_are_named_by_their_path() -> None:
    recipe = {"lora_rr": 99, "datasets": [{"path": "x"}, {"path": "y", "tipe": "alpaca"}], "lora_r": 8, "deepspeed": {"any": 1}}
    assert unknown_keys(recipe, load_index()) == ["lora_rr", "datasets[1].tipe"]


def test_no_committed_recipe_holds_a_key_that_axolotl_does_not_know() -> None:
    found = [path for path in (REPO / "recipes").glob("*/*.yml") if path.name != "study.yml"]
    assert found
    for path in found:
        assert unknown_keys(yaml.safe_load(path.read_text()), load_index()) == []


def test_rendering_loads_nothing_heavy(folder: Folder) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from socsafe.stages.render import write_recipes; from socsafe.study.checked import load_study\n"
        "print(write_recipes(load_study(Path(sys.argv[1]))), {'torch', 'transformers', 'axolotl', 'polars', 'pandera'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code, folder.study()], capture_output=True, text=True, check=True)
    assert done.stdout == "(3, 0) set()\n"
