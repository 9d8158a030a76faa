"""Bringing one file over HTTP: what a broken connection left is gone on with, what fails for the moment is tried again.

>>> download("https://raw.githubusercontent.com/owner/name/HEAD/data.csv", Path(".data.csv.part"), progress)

Only https is spoken, and followed in redirects; plain http only with this machine itself. What has come of a file lies in `part`, and
beside it the file's address and ETag: it is gone on with (RFC 9110, Range and If-Range) only where the server says that the file is
still the same. What is in `part` afterwards is for the caller to check.
"""

from __future__ import annotations

import ipaddress
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from socsafe import __version__
from socsafe.errors import InputError, Problem, RunError
from socsafe.files import write_text
from socsafe.progress import Progress

if TYPE_CHECKING:
    import httpx

ATTEMPTS = 5
"""Tries in a row that bring nothing new before it is given up."""
MAX_BYTES = 2_000_000_000
MAX_REDIRECTS = 5
MAX_WAIT = 60.0
"""Seconds that a server may ask to wait between tries."""
TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as broken."""
KILO = 1000
_REDIRECTS = (301, 302, 303, 307, 308)
_FOR_THE_MOMENT = (408, 425, 429, 500, 502, 503, 504)


class _TryAgain(Exception):  # noqa: N818 it is caught here and means no error yet
    """What went wrong for the moment, in words."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


def is_url(text: str) -> bool:
    """Whether `text` is an address on the web rather than a path."""
    return text.startswith(("https://", "http://"))


def download(
    url: str, part: Path, progress: Progress, *, limit: int = MAX_BYTES, pause: float = 0.5, timeout: float = TIMEOUT, mend: str = ""
) -> None:
    """Bring `url` into `part`, going on from what is there.

    `limit` is the most bytes that are taken, `pause` the seconds before the second try (they double), `mend` what a message offers
    instead. Raises `InputError` for an address that is not spoken to, `RunError` for what did not come; what has come stays in
    `part` unless it is of no use.
    """
    import httpx

    _check_address(url)
    most, tries = _size(part), 0
    headers = {"Accept-Encoding": "identity", "User-Agent": f"socsafe/{__version__}"}
    with httpx.Client(timeout=timeout, headers=headers) as client:
        while True:
            try:
                _take(client, url, part, progress, limit, mend)
            except (_TryAgain, httpx.TransportError) as error:
                what = str(error) or type(error).__name__
                wait = error.wait if isinstance(error, _TryAgain) else None
            else:
                note(part).unlink(missing_ok=True)
                return
            tries = 1 if _size(part) > most else tries + 1
            most = max(most, _size(part))
            if tries >= ATTEMPTS:
                kept = f"; {_size(part)} bytes are kept, and the same command goes on from there" if _size(part) else ""
                raise RunError(Problem(url, f"{what} ({tries} tries){kept}", "a connection that holds", mend))
            progress.say(f"{url}: {what}; trying again")
            time.sleep(min(wait if wait is not None else pause * 2 ** (tries - 1), MAX_WAIT))


def discard(part: Path) -> None:
    """Forget what has come."""
    part.unlink(missing_ok=True)
    note(part).unlink(missing_ok=True)


def note(part: Path) -> Path:
    """Where the address and ETag of what lies in `part` are noted."""
    return part.with_name(f"{part.name}.json")


def _size(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _take(client: httpx.Client, url: str, part: Path, progress: Progress, limit: int, mend: str) -> None:
    """One try. Raises `_TryAgain` where another may do."""
    etag = _noted_etag(part, url)
    have = _size(part) if etag else 0
    with _answer(client, url, {"Range": f"bytes={have}-", "If-Range": etag} if have else {}) as response:
        if response.status_code == 416:
            discard(part)
            raise _TryAgain("the server no longer has what is missing")
        if response.status_code in _FOR_THE_MOMENT:
            raise _TryAgain(f"the server says {response.status_code} {response.reason_phrase}", _retry_after(response))
        if response.status_code not in (200, 206):
            raise RunError(Problem(url, f"the server says {response.status_code} {response.reason_phrase}", "the file", mend))
        if response.headers.get("content-type", "").startswith("text/html"):
            raise RunError(Problem(url, "a web page, not the file", "the address of the file itself", mend))
        start, total = _extent(response, have, part)
        if max(total or 0, start) > limit:
            raise RunError(Problem(url, f"{total} bytes", f"at most {limit}", mend))
        _note(part, url, response)
        with part.open("r+b" if start else "wb") as handle, progress.task(f"{part.name}, kB", (total or 0) // KILO) as advance:
            handle.seek(start)
            handle.truncate()
            advance(start // KILO)
            written = start
            for chunk in response.iter_raw():
                handle.write(chunk)
                advance((written + len(chunk)) // KILO - written // KILO)
                written += len(chunk)
                if written > limit:
                    break
    if written > limit:
        discard(part)
        raise RunError(Problem(url, f"more than {limit} bytes", f"at most {limit}", mend))
    if total is not None and written != total:
        raise _TryAgain(f"{written} bytes of {total}")


@contextmanager
def _answer(client: httpx.Client, url: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
    """The answer after redirects, each of which must lead where an address may."""
    import httpx

    for _ in range(MAX_REDIRECTS + 1):
        response = client.send(client.build_request("GET", url, headers=headers), stream=True)
        try:
            if response.status_code not in _REDIRECTS:
                yield response
                return
            target = str(httpx.URL(url).join(response.headers.get("location", "")))
        except httpx.InvalidURL as error:
            raise RunError(Problem(url, "a redirect to what is no address", "an https address")) from error
        finally:
            response.close()
        _check_redirect(url, target)
        url = target
    raise RunError(Problem(url, f"more than {MAX_REDIRECTS} redirects", "the file"))


def _extent(response: httpx.Response, have: int, part: Path) -> tuple[int, int | None]:
    """Where in the file the answer begins, and how long the file is; None where the server does not say."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise _TryAgain(f"the server packs the file ({response.headers['content-encoding']}) though asked not to")
    length = response.headers.get("content-length", "")
    if response.status_code == 200:
        return 0, int(length) if length.isdigit() else None
    unit, _, extent = response.headers.get("content-range", "").partition(" ")
    span, _, total = extent.partition("/")
    if unit != "bytes" or span.partition("-")[0] != str(have):
        discard(part)  # A server that cannot go on may still send the whole.
        raise _TryAgain("the server sent another part of the file")
    return have, int(total) if total.isdigit() else None


def _check_address(url: str) -> None:
    import httpx

    try:
        address = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InputError(Problem(url, f"no address: {error}", "an https address")) from error
    if not address.host or address.userinfo or not (address.scheme == "https" or (address.scheme == "http" and _is_here(address.host))):
        shown = str(address.copy_with(username=None, password=None)) if address.userinfo else url
        raise InputError(Problem(shown, "an address that is not fetched from", "an https address without a user name"))


def _check_redirect(url: str, target: str) -> None:
    """From the web only to the web: never to a file, nor into this machine or the network around it."""
    import httpx

    old, new = httpx.URL(url), httpx.URL(target)
    downgraded = new.scheme != "https" and not (new.scheme == old.scheme == "http" and _is_here(new.host))
    inward = not _is_here(old.host) and _is_private(new.host)
    if downgraded or inward or not new.host:
        raise RunError(Problem(url, f"a redirect to {target}", "one to a public https address"))


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_private(host: str) -> bool:
    """Whether the host is of this machine or its network: by its address, its name, or what its name stands for (`127.1`, too)."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        known: set[str] = {name, *(str(found[4][0]).partition("%")[0] for found in socket.getaddrinfo(name, None))}
    except (OSError, UnicodeError):  # A name that only a proxy knows leads nowhere from here.
        known = {name}
    return any(_is_inward(address) for address in known)


def _is_inward(address: str) -> bool:
    try:
        return not ipaddress.ip_address(address).is_global
    except ValueError:
        return False


def _retry_after(response: httpx.Response) -> float | None:
    asked = response.headers.get("retry-after", "")
    return float(asked) if asked.isdigit() else None


def _note(part: Path, url: str, response: httpx.Response) -> None:
    """Note what is being taken; a weak ETag does not promise the same bytes and is left out."""
    etag = response.headers.get("etag", "")
    write_text(note(part), json.dumps({"url": url, "etag": "" if etag.startswith("W/") else etag}) + "\n")


def _noted_etag(part: Path, url: str) -> str:
    """The ETag of what lies in `part`, empty where it is not of this address or not known."""
    try:
        noted: Any = json.loads(note(part).read_bytes())
    except (OSError, ValueError):
        return ""
    return str(noted.get("etag", "")) if isinstance(noted, dict) and noted.get("url") == url else ""
