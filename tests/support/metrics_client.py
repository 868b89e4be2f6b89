"""A metrics server on loopback, and well-behaved and misbehaving clients."""

import http.client
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass

from tests.support.exposed_metrics import new_metrics
from watcher.service.metrics import Metrics
from watcher.web.server import DEADLINE, Server, serve


@contextmanager
def metrics_server(metrics: Metrics | None = None, deadline: float = DEADLINE) -> Iterator[Server]:
    with serve(metrics or new_metrics(), "127.0.0.1", 0, deadline=deadline) as server:
        yield server


@dataclass(frozen=True)
class Answer:
    """An answer that arrived."""

    status: int
    headers: Mapping[str, str]
    text: str


def get(server: Server, path: str, host: str = "127.0.0.1", **headers: str) -> Answer:
    with closing(http.client.HTTPConnection(host, server.port, timeout=10)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.headers), answer.read().decode())


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def read_to_end(talk: socket.socket) -> bytes:
    """Return everything received until the connection ends, however it ends."""
    answer = b""
    with suppress(ConnectionError):
        while piece := talk.recv(65536):
            answer += piece
    return answer


def exchange(server: Server, request: bytes) -> bytes:
    """Send these bytes and return the whole answer."""
    with connect(server) as talk:
        with suppress(ConnectionError):
            talk.sendall(request)
        return read_to_end(talk)


def is_ready_to_answer(server: Server) -> bool:
    try:
        return get(server, "/readyz").status == 503
    except (OSError, http.client.HTTPException):
        return False
