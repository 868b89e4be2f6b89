"""Servers on loopback that send each connection scripted bytes, fast or slowly."""

import gzip
import re
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event as Flag
from threading import Thread

RESET = b"\x00reset"
"""Ends a script by resetting the connection."""
HANG = b"\x00hang"
"""Keeps the connection open and says nothing more."""


@dataclass(frozen=True)
class Script:
    """What a connection gets: pieces in order, with `every` seconds between them."""

    pieces: tuple[bytes, ...]
    every: float = 0.0


@dataclass
class Server:
    """A running server; `requests` has what each connection asked."""

    port: int
    requests: list[str] = field(default_factory=list)

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


def reply(body: bytes = b"{}", status: str = "200 OK", *headers: str, length: int | None = None) -> Script:
    """Write a whole answer; `length` lies about it."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body) if length is None else length}",
        *headers,
        "Connection: close",
    ]
    return Script(("\r\n".join(lines).encode() + b"\r\n\r\n" + body,))


def dripped(text: bytes, every: float = 0.1) -> Script:
    """Send a byte at a time."""
    return Script(tuple(bytes([byte]) for byte in text), every)


def zipped(body: bytes) -> Script:
    """Write a compressed answer."""
    return reply(gzip.compress(body), "200 OK", "Content-Encoding: gzip")


def _request(connection: socket.socket) -> str:
    """Read a request with its body: what is not read would reset the connection."""
    request = connection.recv(65536)
    announced = re.search(rb"(?i)\r\ncontent-length: *(\d+)", request)
    while announced and len(request.partition(b"\r\n\r\n")[2]) < int(announced[1]):
        more = connection.recv(65536)
        if not more:
            break
        request += more
    return request.decode(errors="replace")


@contextmanager
def serving(*scripts: Script) -> Iterator[Server]:
    """Give each connection the next script; the last one is repeated."""
    waiting = list(scripts)
    with answering(lambda _: waiting.pop(0) if len(waiting) > 1 else waiting[0]) as server:
        yield server


@contextmanager
def answering(choose: Callable[[str], Script]) -> Iterator[Server]:
    """Give each connection the script that `choose` picks for its request."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1])
    closing = Flag()

    def play(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            request = _request(connection)
            server.requests.append(request)
            script = choose(request)
            for piece in script.pieces:
                if piece == RESET:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                if piece == HANG:
                    closing.wait(20)
                    return
                connection.sendall(piece)
                if script.every and closing.wait(script.every):
                    return

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                Thread(target=play, args=(connection,), daemon=True).start()

    Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        closing.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
