"""Serve metrics and health over HTTP/1.1, one request per connection, in a thread of its own.

Whatever clients do, the bytes and seconds of an exchange and the number of connections are limited.
"""

import asyncio
import contextlib
import logging
import re
import socket
from collections.abc import Callable, Mapping
from http import HTTPStatus
from threading import Thread
from types import TracebackType
from typing import Self

from watcher.domain.errors import WatcherError
from watcher.service.metrics import Metrics

DEADLINE = 5.0  # seconds for an exchange, from the connection to its end
LARGEST_HEAD = 16 * 1024  # bytes of a request's line and headers
AT_ONCE = 16  # connections; others are closed unread
PAUSE = 1.0  # seconds, when no connection can be accepted
LONGEST_TURN = 300.0  # seconds; a main loop that takes longer hangs
END = b"\r\n\r\n"
TEXT = "text/plain; charset=utf-8"
REQUEST = re.compile(rb"(?P<method>[A-Z]+) (?P<path>/[^ ?]*)(?:\?[^ ]*)? HTTP/1\.[01]\r\n")
ACCEPT = re.compile(rb"^accept:(.*)$", re.IGNORECASE | re.MULTILINE)
log = logging.getLogger(__name__)
Answer = tuple[HTTPStatus, bytes, str]


def serve(metrics: Metrics, address: str, port: int, *, deadline: float = DEADLINE) -> "Server":
    """Listen at once, and return a server that answers inside a `with` block. Raises WatcherError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listener = socket.create_server((address, port), family=family)
        listener.settimeout(0)
    except OSError as error:
        place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        message = f"cannot serve metrics at {place} ({error.strerror}); change `listen`"
        raise WatcherError(message) from None
    return Server(metrics, listener, deadline)


class Server:
    """A server on a listening socket; `deadline` is in seconds."""

    def __init__(self, metrics: Metrics, listener: socket.socket, deadline: float) -> None:
        """Prepare; nothing is answered yet."""
        self.port: int = listener.getsockname()[1]
        self._metrics, self._listener, self._deadline = metrics, listener, deadline
        self._talks: set[asyncio.Task[None]] = set()
        self._end = asyncio.Event()
        self._thread = Thread(target=self._run, name="metrics", daemon=True)

    def __enter__(self) -> Self:
        """Start answering."""
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections and stop listening."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def _run(self) -> None:
        with self._listener, asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())  # when it ends, the runner cancels the open connections

    async def _serve(self) -> None:
        self._listen()
        await self._end.wait()
        self._loop.remove_reader(self._listener)

    def _listen(self) -> None:
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        """Accept a connection, and close it at once if there are too many already."""
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return  # the client has gone
        except OSError as error:  # out of descriptors or memory: trying again at once would only burn CPU
            log.warning("metrics are delayed: %s", error)
            self._loop.remove_reader(self._listener)
            self._loop.call_later(PAUSE, self._listen)
            return
        if len(self._talks) >= AT_ONCE:
            connection.close()
            return
        connection.settimeout(0)
        talk = self._loop.create_task(self._talk(connection))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        talk.add_done_callback(lambda _: connection.close())

    async def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the client was too slow or has gone
            async with asyncio.timeout(self._deadline):
                head = await self._head(connection)
                with_body = not head.startswith(b"HEAD ")
                answer = encoded(respond(self._metrics, head), with_body=with_body)
                await self._loop.sock_sendall(connection, answer)

    async def _head(self, connection: socket.socket) -> bytes:
        """Receive a request up to its empty line, its end, or just over the limit."""
        head = b""
        while END not in head and len(head) <= LARGEST_HEAD:
            piece = await self._loop.sock_recv(connection, LARGEST_HEAD + 1 - len(head))
            if not piece:
                break
            head += piece
        return head


def respond(metrics: Metrics, head: bytes) -> Answer:
    """Return the answer to a request."""
    if len(head) > LARGEST_HEAD:
        return refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    request = REQUEST.match(head)
    if not request:
        return refusal(HTTPStatus.BAD_REQUEST)
    if request["method"] not in {b"GET", b"HEAD"}:
        return refusal(HTTPStatus.METHOD_NOT_ALLOWED)
    page = PAGES.get(request["path"])
    return page(metrics, head) if page else refusal(HTTPStatus.NOT_FOUND)


def refusal(status: HTTPStatus) -> Answer:
    """Return a refusal in fixed words, which repeat nothing of the request."""
    return status, f"{status.phrase}\n".encode(), TEXT


def encoded(answer: Answer, *, with_body: bool) -> bytes:
    """Return an answer as the bytes to send."""
    status, body, media = answer
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Server: watcher",
        f"Content-Type: {media}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
    ]
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        lines.append("Allow: GET, HEAD")
    head = "\r\n".join([*lines, "", ""]).encode()
    return head + body if with_body else head


def _metrics(metrics: Metrics, head: bytes) -> Answer:
    accept = b",".join(ACCEPT.findall(head))
    return HTTPStatus.OK, *metrics.exposition(accept.decode("latin-1"))


def _health(metrics: Metrics, head: bytes) -> Answer:
    if metrics.is_store_failing:
        return HTTPStatus.SERVICE_UNAVAILABLE, b"the store cannot be used\n", TEXT
    return _life(metrics, head)


def _life(metrics: Metrics, _head: bytes) -> Answer:
    idle = metrics.idle()
    status = HTTPStatus.SERVICE_UNAVAILABLE if idle > LONGEST_TURN else HTTPStatus.OK
    return status, f"the main loop last ran {idle:.0f} s ago\n".encode(), TEXT


def _readiness(metrics: Metrics, _head: bytes) -> Answer:
    if metrics.is_ready:
        return HTTPStatus.OK, b"ready\n", TEXT
    return HTTPStatus.SERVICE_UNAVAILABLE, b"not ready yet\n", TEXT


PAGES: Mapping[bytes, Callable[[Metrics, bytes], Answer]] = {
    b"/metrics": _metrics,
    b"/healthz": _health,
    b"/livez": _life,
    b"/readyz": _readiness,
}
