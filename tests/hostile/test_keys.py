"""A key that is planted in the environment is in nothing that socsafe writes, prints or logs, whatever the servers send back."""

from __future__ import annotations

import hashlib
import json
import logging
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from socsafe.engines.trial import survive
from tests.conftest import Folder, Left
from tests.data.web import Page, serve
from tests.finished import finished, tree
from tests.loopback.faulty import MODEL, Faulty, Plan
from tests.loopback.writer import write

KEY, TOKEN = "sk-planted-0123456789/+=", "hf_planted9876543210"
SECRETS = (KEY.encode(), json.dumps(KEY)[1:-1].replace("/", "\\/").encode(), TOKEN.encode())
Socsafe = Callable[..., Left]


class Echo(Plan):
    """Sends the key back in every way there is."""

    kinds = ("echo", "400", "500", "", "echo", "429-ms")

    def fault(self, text: str, attempt: int) -> str:
        # By a hash that is the same in every process; after a failure that passes the answer comes.
        return self.kinds[hashlib.sha256(text.encode()).digest()[0] % len(self.kinds)] if attempt == 0 else ""


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    monkeypatch.setenv("SOCSAFE_TEST_KEY", KEY)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    caplog.set_level(logging.DEBUG)
    # A library that logs to a stream which another test has closed is no matter of this one.
    monkeypatch.setattr("logging.raiseExceptions", False)
    return caplog


def unpacked(files: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Every file, and for an archive what is in it."""
    for name, content in files.items():
        yield name, content
        if name.endswith(".zip"):
            import io

            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                yield from ((f"{name}/{member}", archive.read(member)) for member in archive.namelist())


def held(root: Path, *printed: str) -> list[str]:
    """Where a secret stands."""
    found = [name for name, content in unpacked(tree(root)) if any(secret in content for secret in SECRETS)]
    return found + [text for text in printed if any(secret.decode() in text for secret in SECRETS)]


def test_judging_the_report_and_every_export_hold_no_key(here: Folder, socsafe: Socsafe, planted: pytest.LogCaptureFixture) -> None:
    with Faulty(Echo()) as server:
        model = {"endpoint": server.url, "name": MODEL, "timeout": 10.0, "key_env": "SOCSAFE_TEST_KEY"}
        finished(here, judges=["refusal"], counts=[4])
        study = here.study(judges=["refusal", {"judge": "policy", "model": model}], counts=[4])
        done = [
            socsafe("judge", "run", study),
            socsafe("report", study),
            socsafe("status", study),
            socsafe("export", study, "--to", here.root / "out.zip"),
            socsafe("export", study, "--inspect", here.root / "logs", "--completions", here.root / "out.parquet"),
        ]
        assert server.seen.keys == {f"Bearer {KEY}"}, "the key was sent, and so could be sent back"
        assert {"echo", "400"} <= set(server.seen.faults)
    assert (here.root / "runs" / "tiny" / "answers" / "policy.jsonl").is_file()
    assert (here.root / "reports" / "tiny" / "report.md").is_file(), [left.err for left in done]
    assert held(here.root, planted.text, *(left.out + left.err for left in done)) == []
    assert f"policy: the key in SOCSAFE_TEST_KEY goes to {server.url}" in done[0].err
    assert "***" in (here.root / "runs" / "tiny" / "answers" / "policy.jsonl").read_text(), "it was blotted out"


@pytest.mark.parametrize("fault", ["401", "404", "quota", "400"])
def test_an_error_message_holds_no_key(here: Folder, socsafe: Socsafe, planted: pytest.LogCaptureFixture, fault: str) -> None:
    with Faulty(Plan(always=fault)) as server:
        arguments = ("--from", "tiny-safety", "--style", "refusal", "--limit", "4", "--endpoint", server.url, "--model", "m")
        left = socsafe("data", "generate", "mine", *arguments, "--key-env", "SOCSAFE_TEST_KEY", "--timeout", "2", "--attempts", "1")
        assert server.seen.keys == {f"Bearer {KEY}"}
    assert left.code != 0 or "questions without a reply" in left.out
    assert held(here.root, planted.text, left.out, left.err) == []


def test_drafts_hold_no_key(here: Folder, socsafe: Socsafe, planted: pytest.LogCaptureFixture) -> None:
    def telling(text: str) -> str:
        return write(text).replace("I can't help with that.", f"I can't help with that, {KEY}.")

    with Faulty(Echo(), reply=telling) as server:
        arguments = ("--from", "tiny-safety", "--style", "refusal", "--limit", "8", "--endpoint", server.url, "--model", "m")
        left = socsafe("data", "generate", "mine", *arguments, "--key-env", "SOCSAFE_TEST_KEY")
        assert server.seen.keys == {f"Bearer {KEY}"}
    assert (here.root / "datasets" / "drafts" / "mine.jsonl").is_file()
    assert held(here.root, planted.text, left.out, left.err) == []


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 500])
@pytest.mark.parametrize("asked", ["HEAD", "GET"])
def test_fetching_holds_no_token(
    here: Folder,
    socsafe: Socsafe,
    planted: pytest.LogCaptureFixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked: str,
    status: int,
) -> None:
    """Where the hub is first asked for what it has, and where it is then asked for the file."""
    told = f"Bearer {TOKEN}"
    body = b"text,kind\nA prompt,bad\nx,good\n"
    right = Page(body, headers={"X-Repo-Commit": "0123456789abcdef0123456789abcdef01234567"}, etag='"abc"')
    wrong = Page(json.dumps({"error": told}).encode(), status=status, headers={"X-Error-Message": told, "X-Request-Id": told}, etag="")
    page = right if status == 200 else [right, wrong] if asked == "GET" else wrong
    origin = {"host": "hub", "repository": "owner/name", "path": "suite.csv", "revision": "v1"}
    here.source("tiny-suite", origin=origin, access="gated")
    (here.root / "datasets" / "fetched" / "tiny-suite" / "suite.csv").unlink()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with serve(lambda web: web.pages.update({"/datasets/owner/name/resolve/v1/suite.csv": page})) as web:
        monkeypatch.setenv("HF_ENDPOINT", web.address)
        left = socsafe("data", "fetch", "tiny-suite")
        assert any(headers.get("authorization") == told for _, _, headers in web.asked)
    assert (left.code == 0) == (status == 200)
    assert held(tmp_path, left.out, left.err) == []


@pytest.mark.usefixtures("planted")
def test_the_process_in_which_a_strangers_model_is_opened_is_given_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told"
    # What Python runs as it starts, before any of socsafe.
    (tmp_path / "sitecustomize.py").write_text(f"import os\nopen({str(told)!r}, 'w').write(' '.join(map('='.join, os.environ.items())))\n")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "model.gguf").write_bytes(b"none")
    survive(tmp_path / "model.gguf")
    assert "GGML_NO_BACKTRACE=1" in told.read_text()
    assert held(tmp_path) == []
