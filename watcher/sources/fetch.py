"""One answer of a server, or why there is none: bounded in time and size whatever the server does."""

import contextlib
import functools
import json
import os
import queue
import re
import ssl
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TypeVar
from urllib.request import getproxies, proxy_bypass

sys.modules["httpx._main"] = None  # type: ignore[assignment] # its command line would take 4 MB
import httpx

from watcher import __version__
from watcher.domain.errors import FetchError
from watcher.text.redact import plain_words, redact

USER_AGENT = f"openrouter-watcher/{__version__}"
STEP_TIMEOUT = 10.0  # seconds for connecting, and between two pieces of an answer
TICK = 0.2  # seconds between two looks at whether to stop
MOST_PAGES = 50
STALEST = 7200.0  # seconds in a cache
LONGEST_PAUSE = 3600.0  # seconds that a server may ask us to wait
LONGEST_WORDS = 200
LARGEST_REFUSAL = 100_000  # bytes of an error's body that we read for its words
OK = 200
WIRE_ERRORS = (httpx.HTTPError, zlib.error, OSError)
Given = TypeVar("Given")
OPENSSL_NOISE = re.compile(r"\[SSL: \w+\] ?| ?\(_ssl\.c:\d+\)")


@dataclass(frozen=True, slots=True)
class Answer:
    """The bodies of one answer, a page each, decompressed, and what time it is for the server, if it said."""

    pages: tuple[bytes, ...]
    date: datetime | None = None


def no_more(_page: bytes) -> None:
    """Give None: there is one page."""


def fetch(
    url: str,
    *,
    next_page: Callable[[bytes], str | None] = no_more,
    deadline: float = 30.0,
    limit: int = 20_000_000,
    stop: threading.Event | None = None,
) -> Answer:
    """Get `url` and the pages after it within `deadline` seconds and `limit` bytes. Raises FetchError.

    Setting `stop` ends the wait.
    """

    def pages(client: httpx.Client) -> Answer:
        bodies, dates = zip(*_pages(client, httpx.URL(url), next_page, limit), strict=True)
        return Answer(bodies, dates[0])

    return _within(url, deadline, stop or threading.Event(), pages)


def ping(url: str, *, deadline: float = 10.0, stop: threading.Event | None = None) -> None:
    """Get `url` for the sake of having asked; any good answer will do. Raises FetchError."""

    def ask(client: httpx.Client) -> None:
        with client.stream("GET", url) as response:
            if not response.is_success:
                raise _refusal(response)

    try:
        _within(url, deadline, stop or threading.Event(), ask)
    except FetchError as error:
        raise FetchError(redact(str(error), url, plain_words(url))) from None


def _within(
    url: str, deadline: float, stop: threading.Event, exchange: Callable[[httpx.Client], Given]
) -> Given:
    """Have an exchange end in time: httpx bounds each step but not the whole.

    So it runs in a thread of its own, which is left behind when time is up.
    """
    result: queue.SimpleQueue[Given | FetchError] = queue.SimpleQueue()
    client = _client(min(STEP_TIMEOUT, deadline))

    def run() -> None:
        try:
            result.put(exchange(client))
        except FetchError as error:
            result.put(error)
        except httpx.InvalidURL:
            result.put(FetchError("the address cannot be understood"))
        except Exception as error:  # noqa: BLE001 - whatever happens in a thread, only the queue tells it
            result.put(FetchError(_reason(url, error)))

    try:
        threading.Thread(target=run, daemon=True, name="fetch").start()
        got = _await(result, url, deadline, stop)
    except RuntimeError:  # Python's word for a machine that has no more threads
        message = "no thread could be started to ask"
        raise FetchError(message) from None
    finally:
        client.close()
    if isinstance(got, FetchError):
        raise got
    return got


def _await(
    result: "queue.SimpleQueue[Given | FetchError]", url: str, deadline: float, stop: threading.Event
) -> Given | FetchError:
    end = monotonic() + deadline
    while (left := end - monotonic()) > 0 and not stop.is_set():
        with contextlib.suppress(queue.Empty):
            return result.get(timeout=min(left, TICK))
    if stop.is_set():
        return FetchError("watcher stopped before the answer came")
    return FetchError(f"{_host(url)} gave no whole answer within {deadline:g} s")


def _client(step: float) -> httpx.Client:
    """Make a client as the environment wants it; `step` is in seconds. What it says may hold a password.

    Each page has a connection of its own: one that the server closes meanwhile would fail the poll.
    """
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", "Connection": "close"}
    try:
        trust = _trust(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        return httpx.Client(timeout=step, headers=headers, follow_redirects=False, verify=trust)
    except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
        kind = type(error).__name__
        message = f"the proxy or certificate settings in the environment cannot be used ({kind})"
        raise FetchError(message) from None


@functools.lru_cache(maxsize=1)
def _trust(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """Read the authorities that we trust, as the environment has them, once: it takes longer than a poll."""
    return httpx.create_ssl_context()


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
            message = f"{url.host} names pages without end"
            raise FetchError(message)
        url = after


def _join(url: httpx.URL, following: str) -> httpx.URL:
    """Give the address of the next page, which must be on the same host."""
    try:
        after = url.join(following)
    except httpx.InvalidURL:
        message = f"{url.host} names a next page that is no address"
        raise FetchError(message) from None
    if (after.scheme, after.host, after.port) != (url.scheme, url.host, url.port):
        message = f"{url.host} names a next page on another host, {after.host[:LONGEST_WORDS]}"
        raise FetchError(message)
    return after


def _page(client: httpx.Client, url: httpx.URL, limit: int) -> tuple[bytes, datetime | None]:
    with client.stream("GET", url) as response:
        if response.status_code != OK:
            raise _refusal(response)
        _refuse_stale(response)
        body = b"".join(_decoded(response, limit))
    if not body:
        message = f"{url.host} gave an empty answer"
        raise FetchError(message)
    return body, _date(response.headers)


def _date(headers: httpx.Headers) -> datetime | None:
    """Tell what time it is for the server; what comes from a cache was dated when it went in."""
    try:
        date = parsedate_to_datetime(headers.get("Date", ""))
        return date + timedelta(seconds=float(headers.get("Age", "0"))) if date.tzinfo else None
    except (ValueError, TypeError, OverflowError):
        return None


def _refuse_stale(response: httpx.Response) -> None:
    """Refuse what a cache has kept for long: the edge may serve an hour-old list, an older one is no news."""
    age = response.headers.get("Age", "")
    if age.isdecimal() and float(age) > STALEST:
        message = f"{response.url.host} gave an answer that is {float(age) / 3600:.0f} hours old"
        raise FetchError(message)


def _decoded(response: httpx.Response, limit: int) -> Iterator[bytes]:
    """Decompress piece by piece, never more than `limit` bytes: a small answer can unpack to gigabytes."""
    host = response.url.host
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"gzip", "identity"}:
        message = f"{host} used a content encoding that was not asked for"
        raise FetchError(message)
    unpack = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    for raw in response.iter_raw():
        piece = unpack.decompress(raw, limit + 1) if unpack else raw
        limit -= len(piece)
        if limit < 0 or (unpack and unpack.unconsumed_tail):
            message = f"{host} gave an answer that is too large"
            raise FetchError(message)
        if unpack and unpack.unused_data:  # zlib would keep all of it
            message = f"{host} gave an answer that goes on after its end"
            raise FetchError(message)
        yield piece
    if unpack and not unpack.eof:
        message = f"{host} gave an answer that ends too early"
        raise FetchError(message)


def _refusal(response: httpx.Response) -> FetchError:
    """Turn an answer other than 200 into an error with the server's words."""
    host, status = response.url.host, response.status_code
    if response.has_redirect_location:
        target = response.headers["Location"]
        return FetchError(f"{host} redirects (HTTP {status}) to {_host(target)}; redirects are not followed")
    hint = "; is the address in `sources` right?" if status in {401, 403, 404, 410} else ""
    return FetchError(f"{host} answered HTTP {status}{_words(response)}{hint}", _retry_after(response))


def _words(response: httpx.Response) -> str:
    """Quote what an error says, if it says so in the API's way; the status counts whatever the body is."""
    try:
        body = b"".join(_decoded(response, LARGEST_REFUSAL))
        said = str(json.loads(body)["error"]["message"])
    except (FetchError, *WIRE_ERRORS, ValueError, LookupError, TypeError, RecursionError):
        return ""
    return f" ({said[:LONGEST_WORDS]!r:.{LONGEST_WORDS}})"


def _retry_after(response: httpx.Response) -> float | None:
    """Read `Retry-After`, seconds or a date by the server's own clock, within sane bounds."""
    wish = response.headers.get("Retry-After")
    if wish is None:
        return None
    try:
        seconds = float(wish)
    except ValueError:
        try:
            until, now = (parsedate_to_datetime(text) for text in (wish, response.headers.get("Date", "")))
            seconds = (until - now).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_PAUSE) if seconds == seconds else None  # noqa: PLR0124 - not a number


def _reason(url: str, error: Exception) -> str:
    """Say what went wrong between us; library texts name no secrets, but proxies' addresses do."""
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    words = OPENSSL_NOISE.sub("", str(cause)).partition("\n")[0][:LONGEST_WORDS]
    if not words or "@" in words or not isinstance(error, WIRE_ERRORS):
        words = type(error).__name__
    return f"{_host(url)}{_through(httpx.URL(url))}: {words}"


def _through(url: httpx.URL) -> str:
    """Name the proxy that the environment puts in between, without its user and password."""
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(url.host):
        return ""
    return f" through the proxy {_host(proxy if '://' in proxy else f'http://{proxy}')}"


def _host(url: str) -> str:
    """Name only the host: the rest of an address may be secret."""
    return httpx.URL(url).host[:LONGEST_WORDS] or "the same host"
