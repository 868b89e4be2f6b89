"""Serves metrics and health over HTTP/1.1, one request a connection, from a thread of its own.

Bounded whatever comes: bytes and seconds of an exchange, and connections at once. Idle, it takes no time.
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
AT_ONCE = 16  # connections; more are closed unread
PAUSE = 1.0  # seconds, where no connection can be taken
LONGEST_TURN = 300.0  # seconds without a turn of the loop, after which it hangs
END = b"\r\n\r\n"
TEXT = "text/plain; charset=utf-8"
REQUEST = re.compile(rb"(?P<method>[A-Z]+) (?P<path>/[^ ?]*)(?:\?[^ ]*)? HTTP/1\.[01]\r\n")
ACCEPT = re.compile(rb"^accept:(.*)$", re.IGNORECASE | re.MULTILINE)
log = logging.getLogger(__name__)
Answer = tuple[HTTPStatus, bytes, str]


def serve(metrics: Metrics, address: str, port: int, *, deadline: float = DEADLINE) -> "Server":
    """Listen there at once; gives the server, which answers inside a `with` block. Raises WatcherError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listener = socket.create_server((address, port), family=family)
        listener.settimeout(0)
    except OSError as error:
        place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        message = f"metrics cannot be served at {place} ({error.strerror}); give `listen` another address"
        raise WatcherError(message) from None
    return Server(metrics, listener, deadline)


class Server:
    """A server on an open socket."""

    def __init__(self, metrics: Metrics, listener: socket.socket, deadline: float) -> None:
        """Nothing is answered yet."""
        self.port: int = listener.getsockname()[1]
        self._metrics, self._listener, self._deadline = metrics, listener, deadline
        self._talks: set[asyncio.Task[None]] = set()
        self._end = asyncio.Event()
        self._thread = Thread(target=self._run, name="metrics", daemon=True)

    def __enter__(self) -> Self:
        """Answer from now on."""
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cut what is under way and let go of the address."""
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def _run(self) -> None:
        with self._listener, asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())  # its end cancels the talks

    async def _serve(self) -> None:
        self._listen()
        await self._end.wait()
        self._loop.remove_reader(self._listener)

    def _listen(self) -> None:
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        """Talk to whoever connected, unless there are too many already."""
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            return  # gone again
        except OSError as error:  # out of descriptors or memory: asking again at once would spin
            log.warning("whoever asks for metrics must wait: %s", error)
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
        with contextlib.suppress(OSError):  # it took too long or went away
            async with asyncio.timeout(self._deadline):
                head = await self._head(connection)
                with_body = not head.startswith(b"HEAD ")
                answer = written(respond(self._metrics, head), with_body=with_body)
                await self._loop.sock_sendall(connection, answer)

    async def _head(self, connection: socket.socket) -> bytes:
        """Receive a request up to its empty line, its end or just beyond the limit."""
        head = b""
        while END not in head and len(head) <= LARGEST_HEAD:
            piece = await self._loop.sock_recv(connection, LARGEST_HEAD + 1 - len(head))
            if not piece:
                break
            head += piece
        return head


def respond(metrics: Metrics, head: bytes) -> Answer:
    """Answer a request."""
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
    """Refuse in fixed words: nothing of a request comes back."""
    return status, f"{status.phrase}\n".encode(), TEXT


def written(answer: Answer, *, with_body: bool) -> bytes:
    """Write an answer out."""
    status, body, media = answer
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Server: watcher",
        f"Content-Type: {media}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
        *(["Allow: GET, HEAD"] if status is HTTPStatus.METHOD_NOT_ALLOWED else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body * with_body


def _metrics(metrics: Metrics, head: bytes) -> Answer:
    accept = b",".join(ACCEPT.findall(head))
    return HTTPStatus.OK, *metrics.exposition(accept.decode("latin-1"))


def _health(metrics: Metrics, _head: bytes) -> Answer:
    idle = metrics.idle()
    status = HTTPStatus.SERVICE_UNAVAILABLE if idle > LONGEST_TURN else HTTPStatus.OK
    return status, f"the loop last turned {idle:.0f} s ago\n".encode(), TEXT


def _readiness(metrics: Metrics, _head: bytes) -> Answer:
    if metrics.is_ready:
        return HTTPStatus.OK, b"ready\n", TEXT
    return HTTPStatus.SERVICE_UNAVAILABLE, b"not ready yet\n", TEXT


PAGES: Mapping[bytes, Callable[[Metrics, bytes], Answer]] = {
    b"/metrics": _metrics,
    b"/healthz": _health,
    b"/readyz": _readiness,
}
