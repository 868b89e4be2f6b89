"""Public services imitated on loopback, behind a proxy that terminates TLS with our own certificate."""

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs

import pytest
import trustme

from tests.support.receivers import Answer, HttpReceiver


class ImitatedServices(HttpReceiver):
    """Answers as any host to which it is asked to connect; `requests` has what came, `Host` among its headers."""

    authority = trustme.CA()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        plain = super()._handler()

        class Handler(plain):  # type: ignore[valid-type,misc]
            protocol_version = "HTTP/1.1"

            def do_CONNECT(self) -> None:
                self.send_response_only(200)
                self.end_headers()
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                ImitatedServices.authority.issue_cert(self.path.partition(":")[0]).configure_cert(context)
                try:
                    self.connection: ssl.SSLSocket = context.wrap_socket(self.connection, server_side=True)
                except (OSError, ssl.SSLError):
                    self.close_connection = True
                    return
                self.close_connection = False  # the request proper comes now
                self.rfile = self.connection.makefile("rb")
                self.wfile = self.connection.makefile("wb", 0)

            def finish(self) -> None:
                super().finish()
                self.connection.close()  # the server knows only the connection as it was before TLS

            def do_GET(self) -> None:
                self.do_POST()

            def do_PUT(self) -> None:
                self.do_POST()

        return Handler


@contextmanager
def imitated_services(
    environment: pytest.MonkeyPatch, folder: Path, *answers: Answer
) -> Iterator[ImitatedServices]:
    """Have every service on the internet answer like this, for clients that use the environment's proxy."""
    service = ImitatedServices(answers or [Answer()], bool)
    Thread(target=service.serve, daemon=True).start()
    trusted = folder / "authority.pem"
    service.authority.cert_pem.write_to_path(trusted)
    environment.setenv("HTTPS_PROXY", f"http://127.0.0.1:{service.port}")
    environment.setenv("SSL_CERT_FILE", str(trusted))
    try:
        yield service
    finally:
        service.close()


def field(*keys: str | int) -> Callable[[bytes], str]:
    """Return how to find the text in a JSON request."""

    def read(body: bytes) -> str:
        found = json.loads(body)
        for key in keys:
            found = found[key]
        return str(found)

    return read


def form(name: str) -> Callable[[bytes], str]:
    """Return how to find the text in a form."""
    return lambda body: parse_qs(body.decode())[name][0]
