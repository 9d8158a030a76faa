"""What the package's own code never does, read from its syntax: a word in a text or a comment counts for nothing."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from socsafe.catalogue import PACKAGE

FILES = sorted(PACKAGE.rglob("*.py"))
PICKLES = ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")
CALLS = {
    "eval": "runs what it is given",
    "exec": "runs what it is given",
    "compile": "runs what it is given",
    "__import__": "loads what it is given",
    "os.system": "gives a line to a shell",
    "os.popen": "gives a line to a shell",
    "torch.load": "reads pickles",
    "yaml.load": "can make any object",
    "yaml.unsafe_load": "can make any object",
    "yaml.full_load": "can make any object",
    "extractall": "writes where an archive says",
    "extract": "writes where an archive says",
    "unpack_archive": "writes where an archive says",
    "tempfile.mktemp": "names a file that another may make first",
}


@cache
def trees() -> tuple[tuple[Path, ast.AST], ...]:
    return tuple((path.relative_to(PACKAGE), ast.parse(path.read_text())) for path in FILES)


@cache
def calls() -> tuple[tuple[str, str, ast.Call], ...]:
    """Place, dotted name and node of every call."""
    nodes = ((path, node) for path, tree in trees() for node in ast.walk(tree))
    return tuple((f"{path}:{node.lineno}", ast.unparse(node.func), node) for path, node in nodes if isinstance(node, ast.Call))


def test_the_package_is_read() -> None:
    assert len(FILES) > 200
    assert any(name == "re.compile" for _, name, _ in calls())


def harmless(node: ast.Call) -> bool:
    """PyYAML's loader of plain values alone; tarfile's filter that keeps every member, and where a link leads, inside the folder."""
    given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
    return given.get("Loader") == "yaml.CSafeLoader" or given.get("filter") == "'data'"


@pytest.mark.parametrize("name", CALLS)
def test_nothing_calls(name: str) -> None:
    bare = "." not in name and name in ("eval", "exec", "compile", "__import__")
    found = [
        where for where, called, node in calls() if (called == name or (not bare and called.endswith(f".{name}"))) and not harmless(node)
    ]
    assert found == [], CALLS[name]


def test_nothing_imports_what_reads_pickles() -> None:
    for path, tree in trees():
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & set(PICKLES), path


@pytest.mark.parametrize(
    ("argument", "value"),
    [("shell", True), ("verify", False), ("trust_remote_code", True), ("allow_pickle", True), ("weights_only", False)],
)
def test_no_call_says(argument: str, value: bool) -> None:
    for where, _, node in calls():
        for keyword in node.keywords:
            if keyword.arg == argument:
                assert isinstance(keyword.value, ast.Constant), where
                assert keyword.value.value is not value, where


def test_no_key_of_a_mapping_says_so_either() -> None:
    """Options that are handed on as `**options`, and recipes that are rendered."""
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value in ("trust_remote_code", "allow_pickle"):
                        assert isinstance(value, ast.Constant), path
                        assert value.value is False, path


def test_everything_that_transformers_loads_is_told_to_read_safetensors_or_is_no_model() -> None:
    found = 0
    for where, name, node in calls():
        if name.endswith(".from_pretrained") and "Tokenizer" not in name and "Config" not in name and "Peft" not in name:
            found += 1
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            assert isinstance(given.get("use_safetensors"), ast.Constant), where
    assert found >= 2


def test_no_server_is_started_and_no_port_is_opened() -> None:
    """If there is one some day, it is to be bound to this machine alone, and this test to say so."""
    listening = (
        "listen",
        "bind",
        "serve_forever",
        "HTTPServer",
        "ThreadingHTTPServer",
        "TCPServer",
        "create_server",
        "start_server",
        "run_app",
    )
    found = [(where, name) for where, name, _ in calls() if name.split(".")[-1] in listening]
    assert found == []
    for path in FILES:
        text = path.read_text()
        assert "0.0.0.0" not in text, path
        assert "uvicorn" not in text, path


def test_no_recipe_that_is_committed_lets_a_models_own_code_run() -> None:
    recipes = sorted((PACKAGE.parent / "recipes").rglob("*.yml"))
    assert recipes
    for path in recipes:
        assert "trust_remote_code" not in path.read_text(), path
