"""A metrics server on loopback, and clients that ask it in order or out of order."""

import http.client
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass

from tests.support.expositions import configured
from watcher.service.metrics import Metrics
from watcher.web.server import DEADLINE, Server, serve


@contextmanager
def served(metrics: Metrics | None = None, deadline: float = DEADLINE) -> Iterator[Server]:
    with serve(metrics or configured(), "127.0.0.1", 0, deadline=deadline) as server:
        yield server


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    text: str


def ask(server: Server, path: str, host: str = "127.0.0.1", **headers: str) -> Answer:
    with closing(http.client.HTTPConnection(host, server.port, timeout=10)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.headers), answer.read().decode())


def connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def received(talk: socket.socket) -> bytes:
    """Give all that comes until the connection ends, however it ends."""
    answer = b""
    with suppress(ConnectionError):
        while piece := talk.recv(65536):
            answer += piece
    return answer


def said(server: Server, request: bytes) -> bytes:
    """Give all that comes back for these bytes."""
    with connected(server) as talk:
        with suppress(ConnectionError):
            talk.sendall(request)
        return received(talk)


def is_answered(server: Server) -> bool:
    try:
        return ask(server, "/readyz").status == 503
    except (OSError, http.client.HTTPException):
        return False
