"""A server on loopback that echoes to all clients whatever they sent, secrets included."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote

from tests.support.catalogs import Row
from watcher.cli.demo import feed


@dataclass
class EchoingServer:
    """Serves the catalog unless it `refuses`; answers all other paths with the status that they begin with.

    `accepted` has the bodies of the messages that it took; `meanwhile` is called while it has one.
    """

    rows: list[Row]
    port: int = 0
    meanwhile: Callable[[], object] = bool
    refuses: bool = False
    accepted: list[bytes] = field(default_factory=list)


class Handler(BaseHTTPRequestHandler):
    """Answers for `echoing`."""

    echoing: EchoingServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if not self.path.startswith("/models"):
            self._repeat()
        elif self.echoing.refuses:
            self._answer(401, json.dumps({"error": {"message": f"no such key: {self._said()}"}}).encode())
        elif "use_rss" in self.path:
            self._answer(200, feed(self.echoing.rows))
        else:
            self._answer(200, json.dumps({"data": self.echoing.rows}).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.echoing.meanwhile()
        if self.path.startswith("/200"):
            self.echoing.accepted.append(body)
        self._repeat()

    def _said(self) -> str:
        return f"{self.path} {unquote(self.path)} {self.headers}"

    def _repeat(self) -> None:
        self._answer(int(self.path[1:4]), self._said().encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def echoing_server(rows: list[Row]) -> Iterator[EchoingServer]:
    """Run such a server."""
    echoing = EchoingServer(rows)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answers", (Handler,), {"echoing": echoing}))
    echoing.port = server.server_port
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield echoing
    finally:
        server.shutdown()
        server.server_close()
