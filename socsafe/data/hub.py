"""A data set's file from the Hugging Face hub, with `huggingface_hub`: its cache, its token, its HF_ENDPOINT, HF_HUB_OFFLINE.

>>> hub_file("dolly", origin, "databricks-dolly-15k.jsonl", mend="...")
PosixPath('.../hub/datasets--databricks--databricks-dolly-15k/snapshots/.../databricks-dolly-15k.jsonl')
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from socsafe.errors import Problem, RunError
from socsafe.shown import blotted
from socsafe.study.sources import Origin

HUB = "https://huggingface.co"
TRIES = 3


def hub_file(name: str, origin: Origin, path: str, mend: str) -> Path:
    """The file in the hub's cache, fetched if it is not there. Raises `RunError` saying what failed and, at its end, `mend`."""
    import httpx
    from huggingface_hub import constants, get_token
    from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    endpoint = os.environ.get("HF_ENDPOINT") or HUB
    where = f"{endpoint}/datasets/{origin.repository}"
    try:
        return _download(origin, path, endpoint)
    except GatedRepoError as error:
        raise RunError(Problem(where, f"{name} is gated, and your account has no access yet", agree(origin), mend)) from error
    except LocalEntryNotFoundError as error:
        why = "HF_HUB_OFFLINE is set, and the file is not in the hub's cache" if constants.HF_HUB_OFFLINE else "the hub cannot be reached"
        raise RunError(Problem(where, why, f"{path} of {origin.repository}", mend)) from error
    except EntryNotFoundError as error:
        raise RunError(Problem(where, f"no file {path} there", "the file as the catalogue names it", mend)) from error
    except RepositoryNotFoundError as error:
        got = "no such data set, or one that needs a token"
        raise RunError(Problem(where, got, "HF_TOKEN set to a token of an account with access", mend)) from error
    except (httpx.TransportError, RuntimeError) as error:
        raise RunError(Problem(where, "the hub cannot be reached", f"{path} of {origin.repository}", mend)) from error
    except (HfHubHTTPError, OSError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        why = blotted(why, get_token())
        raise RunError(Problem(where, f"cannot be fetched: {why}", f"{path} of {origin.repository}", mend)) from error


def _download(origin: Origin, path: str, endpoint: str, pause: float = 1.0) -> Path:
    """The library's own call, tried again: 1.17 goes on with a client that it has closed itself after a broken connection."""
    import httpx
    from huggingface_hub import hf_hub_download

    for attempt in range(1, TRIES + 1):
        try:
            return Path(hf_hub_download(origin.repository, path, repo_type="dataset", revision=origin.revision, endpoint=endpoint))
        except (httpx.TransportError, RuntimeError):
            if attempt == TRIES:
                raise
            time.sleep(pause * attempt)
    raise AssertionError


def agree(origin: Origin) -> str:
    """What gets one into a gated data set."""
    return f"accept its terms at {HUB}/datasets/{origin.repository}, then set HF_TOKEN to a token of that account"
