"""One answer from a server, or why there is none; bounded in time and size whatever the server does."""

import contextlib
import functools
import json
import os
import queue
import re
import ssl
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from time import monotonic
from typing import TypeVar

# httpx has no switch to leave out its command line, which imports rich and costs 6 MB and 0.1 s.
sys.modules["httpx._main"] = None  # type: ignore[assignment]
import httpx

from watcher import __version__
from watcher.domain import network
from watcher.domain.errors import FetchError
from watcher.text.clean import LONGEST, clean
from watcher.text.retry_after import retry_after
from watcher.text.root_cause import root_cause

USER_AGENT = f"openrouter-watcher/{__version__}"
STEP_TIMEOUT = 10.0  # seconds to connect, and between two pieces of an answer
TICK = 0.2  # seconds between two checks of whether to stop
MOST_PAGES = 50
STALEST = 7200.0  # seconds that an answer may have been in a cache
LONGEST_PAUSE = 3600.0  # seconds; a longer wait that a server asks for is cut to this
LARGEST_REFUSAL = 100_000  # bytes of an error's body that are searched for its message
OK = 200
WRONG_ADDRESS = frozenset({401, 403, 404, 410})  # statuses that usually mean a mistyped address
WIRE_ERRORS = (httpx.HTTPError, zlib.error, OSError)
Result = TypeVar("Result")
OPENSSL_NOISE = re.compile(r"\[SSL: \w+\] ?| ?\(_ssl\.c:\d+\)")


@dataclass(frozen=True, slots=True)
class Answer:
    """The decompressed body of each page, and the server's own time (UTC) if it sent one."""

    pages: tuple[bytes, ...]
    date: datetime | None = None


def no_more(_page: bytes) -> None:
    """Return None: there is only one page."""


def fetch(
    url: str,
    *,
    next_page: Callable[[bytes], str | None] = no_more,
    deadline: float = 30.0,
    limit: int = 20_000_000,
    stop: Flag | None = None,
) -> Answer:
    """Get `url` and the pages after it.

    All pages together may take `deadline` seconds and `limit` bytes; `next_page` reads the address of the
    next page from a body. Setting `stop` ends the wait. Raises FetchError.
    """

    def pages(client: httpx.Client) -> Answer:
        bodies, dates = zip(*_pages(client, httpx.URL(url), next_page, limit), strict=True)
        return Answer(bodies, dates[0])

    return _within(url, deadline, stop or Flag(), pages)


def request(url: str, *, deadline: float, stop: Flag | None = None) -> None:
    """Get `url` within `deadline` seconds and ignore the body. Raises FetchError unless the status is 2xx."""

    def head_only(client: httpx.Client) -> None:
        with client.stream("GET", url) as response:
            if not response.is_success:
                raise _refusal(response)

    _within(url, deadline, stop or Flag(), head_only)


def _within(url: str, deadline: float, stop: Flag, exchange: Callable[[httpx.Client], Result]) -> Result:
    """Enforce a total deadline (seconds); httpx only limits each step.

    The exchange runs in a thread of its own, which is abandoned when time is up.
    """
    result: queue.SimpleQueue[Result | FetchError] = queue.SimpleQueue()
    client = _client(url, min(STEP_TIMEOUT, deadline))

    def run() -> None:
        try:
            result.put(exchange(client))
        except FetchError as error:
            result.put(error)
        except httpx.InvalidURL:
            result.put(FetchError("the address is invalid"))
        except Exception as error:  # noqa: BLE001 - an error in a thread reaches the caller only through the queue
            result.put(FetchError(_reason(url, error)))

    try:
        Thread(target=run, daemon=True, name="fetch").start()
        got = _await(result, url, deadline, stop)
    except RuntimeError:  # what Python raises when the machine has no more threads
        message = "no thread could be started for the request"
        raise FetchError(message) from None
    finally:
        client.close()
    if isinstance(got, FetchError):
        raise got
    return got


def _await(
    result: "queue.SimpleQueue[Result | FetchError]", url: str, deadline: float, stop: Flag
) -> Result | FetchError:
    end = monotonic() + deadline
    while (left := end - monotonic()) > 0 and not stop.is_set():
        with contextlib.suppress(queue.Empty):
            return result.get(timeout=min(left, TICK))
    if stop.is_set():
        return FetchError("watcher stopped before the answer came")
    return FetchError(f"{_host(url)} sent no complete answer within {deadline:g} s")


def _client(url: str, step: float) -> httpx.Client:
    """Return a client with the environment's proxy and certificates; each step may take `step` seconds.

    Each page uses a new connection: a kept one that the server has closed meanwhile would fail the poll.
    """
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", "Connection": "close"}
    try:
        return httpx.Client(
            timeout=step,
            headers=headers,
            follow_redirects=False,
            trust_env=False,  # httpx reads more into it, and fails in the middle of a poll
            proxy=network.proxy_for(url, os.environ),
            verify=_trust(network.authorities(os.environ), os.environ.get("SSL_CERT_DIR")),
        )
    except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
        kind = type(error).__name__  # the text of the error may hold a proxy's password
        message = f"invalid proxy or certificate settings in the environment ({kind})"
        raise FetchError(message) from None


@functools.lru_cache(maxsize=1)
def _trust(authorities: str | None, folder: str | None) -> ssl.SSLContext:
    """Read the trusted authorities once for each environment: reading takes longer than a poll."""
    if authorities and not Path(authorities).is_dir():
        return ssl.create_default_context(cafile=authorities)
    if authorities or folder:
        return ssl.create_default_context(capath=authorities or folder)
    return httpx.create_ssl_context(trust_env=False)


def _pages(
    client: httpx.Client, url: httpx.URL, next_page: Callable[[bytes], str | None], limit: int
) -> Iterator[tuple[bytes, datetime | None]]:
    seen: set[httpx.URL] = set()
    while True:
        seen.add(url)
        page, date = _page(client, url, limit)
        yield page, date
        limit -= len(page)
        following = next_page(page)
        if following is None:
            return
        after = _join(url, following)
        if after in seen or len(seen) >= MOST_PAGES:
            message = f"{url.host} returned too many pages"
            raise FetchError(message)
        url = after


def _join(url: httpx.URL, following: str) -> httpx.URL:
    """Return the address of the next page. Raises FetchError unless it is on the same host."""
    try:
        after = url.join(following)
    except httpx.InvalidURL:
        message = f"{url.host} returned an invalid next-page link"
        raise FetchError(message) from None
    if (after.scheme, after.host, after.port) != (url.scheme, url.host, url.port):
        message = f"{url.host} returned a next-page link to another host, {after.host[:LONGEST]}"
        raise FetchError(message)
    return after


def _page(client: httpx.Client, url: httpx.URL, limit: int) -> tuple[bytes, datetime | None]:
    with client.stream("GET", url) as response:
        if response.status_code != OK:
            raise _refusal(response)
        _refuse_stale(response)
        body = b"".join(_decoded(response, limit))
    if not body:
        message = f"{url.host} sent an empty answer"
        raise FetchError(message)
    return body, _date(response.headers)


def _date(headers: httpx.Headers) -> datetime | None:
    """Return the server's time (UTC) or None; a cache sends the time of storing and `Age`."""
    try:
        date = parsedate_to_datetime(headers.get("Date", ""))
        return date + timedelta(seconds=float(headers.get("Age", "0"))) if date.tzinfo else None
    except (ValueError, TypeError, OverflowError):
        return None


def _refuse_stale(response: httpx.Response) -> None:
    """Refuse an answer that was cached for too long; the edge may serve one that is an hour old."""
    age = response.headers.get("Age", "")
    if age.isdecimal() and float(age) > STALEST:
        message = f"{response.url.host} sent an answer that is {float(age) / 3600:.0f} hours old"
        raise FetchError(message)


def _decoded(response: httpx.Response, limit: int) -> Iterator[bytes]:
    """Decompress piece by piece, at most `limit` bytes: a small answer can unpack to gigabytes."""
    host = response.url.host
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"gzip", "identity"}:
        message = f"{host} used a content encoding that was not requested"
        raise FetchError(message)
    unpack = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    for raw in response.iter_raw():
        piece = unpack.decompress(raw, limit + 1) if unpack else raw
        limit -= len(piece)
        if limit < 0 or (unpack and unpack.unconsumed_tail):
            message = f"the answer from {host} is too large"
            raise FetchError(message)
        if unpack and unpack.unused_data:  # zlib would keep all of it
            message = f"the answer from {host} continues after its end"
            raise FetchError(message)
        yield piece
    if unpack and not unpack.eof:
        message = f"the answer from {host} is truncated"
        raise FetchError(message)


def _refusal(response: httpx.Response) -> FetchError:
    """Return the error for a status other than 200, with the server's own message if there is one."""
    host, status = response.url.host, response.status_code
    if response.has_redirect_location:
        target = response.headers["Location"]
        return FetchError(f"{host} redirects (HTTP {status}) to {_host(target)}; redirects are not followed")
    hint = "; check the address" if status in WRONG_ADDRESS else ""
    return FetchError(f"{host} answered HTTP {status}{_words(response)}{hint}", _wait(response), status)


def _words(response: httpx.Response) -> str:
    """Return the message of an error body in OpenRouter's form, in brackets; empty for any other body."""
    try:
        body = b"".join(_decoded(response, LARGEST_REFUSAL))
        message = str(json.loads(body)["error"]["message"])
    except (FetchError, *WIRE_ERRORS, ValueError, LookupError, TypeError, RecursionError):
        return ""
    return f" ({clean(message, LARGEST_REFUSAL)})"  # cut once secrets are removed


def _wait(response: httpx.Response) -> float | None:
    """Return the seconds that the server asks us to wait, at most LONGEST_PAUSE."""
    wait = retry_after(response.headers)
    return None if wait is None else min(wait, LONGEST_PAUSE)


def _reason(url: str, error: Exception) -> str:
    """Describe what went wrong on the way; texts of libraries can quote a proxy's password."""
    words = OPENSSL_NOISE.sub("", str(root_cause(error))).partition("\n")[0]
    if not words or "@" in words or not isinstance(error, WIRE_ERRORS):
        words = type(error).__name__
    return f"{_host(url)}{_through(httpx.URL(url))}: {words}"


def _through(url: httpx.URL) -> str:
    """Name the proxy that is used for `url`, if any, without its user and password."""
    proxy = network.proxy_for(str(url), os.environ)
    return f" through the proxy {_host(proxy)}" if proxy else ""


def _host(url: str) -> str:
    """Return only the host: the rest of an address may be secret."""
    return httpx.URL(url).host[:LONGEST] or "the same host"
