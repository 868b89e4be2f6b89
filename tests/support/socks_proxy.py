"""A SOCKS5 proxy on loopback that connects everything to one server; `asked` has the hosts by name."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread

BY_NAME = 3


@dataclass
class SocksProxy:
    port: int
    asked: list[str] = field(default_factory=list)


@contextmanager
def socks_proxy(target: int) -> Iterator[SocksProxy]:
    """Run the proxy; whatever host is asked for is the server at port `target`."""
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = SocksProxy(listener.getsockname()[1])

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                Thread(target=_serve, args=(client, target, proxy.asked), daemon=True).start()

    Thread(target=accept, daemon=True).start()
    try:
        yield proxy
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _serve(client: socket.socket, target: int, asked: list[str]) -> None:
    with client, suppress(OSError):
        client.recv(2 + client.recv(2)[1])
        client.sendall(b"\x05\x00")
        kind = client.recv(4)[3]
        name = client.recv(client.recv(1)[0]) if kind == BY_NAME else client.recv(4)
        client.recv(2)
        asked.append(name.decode() if kind == BY_NAME else socket.inet_ntoa(name))
        with socket.create_connection(("127.0.0.1", target)) as server:
            client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
            Thread(target=_pump, args=(server, client), daemon=True).start()
            _pump(client, server)


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while piece := one.recv(65536):
            other.sendall(piece)
        other.shutdown(socket.SHUT_WR)
