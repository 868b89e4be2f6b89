"""Receivers of messages on loopback: an HTTP server and a mail server with scripted answers."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event as Flag
from threading import Thread

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True)
class Answer:
    """An answer; with `drips` the body continues with a byte every tenth of a second, forever."""

    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    drips: bool = False


@dataclass(frozen=True)
class Request:
    """A request that arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class HttpReceiver:
    """Gives its answers in order and repeats the last one; `requests` are those that arrived."""

    def __init__(
        self,
        answers: Sequence[Answer],
        meanwhile: Callable[[], object],
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.requests: list[Request] = []
        self._meanwhile = meanwhile
        self._answers = list(answers)
        self._closing = Flag()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self.port = self._server.server_port

    def url(self, path: str = "/", scheme: str = "json") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)

    def answer_with(self, answer: Answer) -> None:
        self._answers[:] = [answer]

    def close(self) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 20

            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Request(self.command, self.path, dict(self.headers), body)
                receiver._meanwhile()
                receiver.requests.append(request)
                waiting = receiver._answers
                self._reply(waiting.pop(0) if len(waiting) > 1 else waiting[0])

            def _reply(self, answer: Answer) -> None:
                self.send_response_only(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if not answer.drips:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                try:
                    self.wfile.write(answer.body)
                    while answer.drips and not receiver._closing.wait(0.1):
                        self.wfile.write(b".")
                except OSError:
                    self.close_connection = True

        return Handler


@contextmanager
def receiving(
    *answers: Answer,
    meanwhile: Callable[[], object] = bool,
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> Iterator[HttpReceiver]:
    """Run a receiver; `meanwhile` is called between a request and its answer."""
    receiver = HttpReceiver(answers or [Answer()], meanwhile, port, tls)
    thread = Thread(target=receiver.serve, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.close()
        thread.join(5)


class MailHandler:
    """Accepts mail, or refuses it with the reply scripted for a command; `asked` has the senders seen.

    `meanwhile` is what happens while it has a mail and has not answered.
    """

    def __init__(self, replies: Mapping[str, str]) -> None:
        self.replies = replies
        self.meanwhile: Callable[[], object] = bool
        self.mails: list[EmailMessage] = []
        self.asked: list[str] = []

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.asked.append(address)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        reply = self.replies.get("RCPT", "250 OK")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply.replace("{}", address)

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        reply = self.replies.get("DATA", "250 OK")
        after, _, late = reply.removeprefix("after ").partition(" ")
        if reply == "close":
            assert server.transport is not None
            server.transport.close()
        elif reply.startswith(("2", "after")):
            assert isinstance(envelope.content, bytes)
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
            self.meanwhile()
        if reply.startswith("after"):
            await asyncio.sleep(float(after))
            return late
        return reply


@dataclass(frozen=True)
class MailReceiver:
    """A running mail server."""

    port: int
    handler: MailHandler

    def url(self, options: str = "mode=insecure", user: str = "") -> str:
        return f"mailto://{user}127.0.0.1:{self.port}/?from=w@example.test&to=a@example.test&{options}"

    @property
    def mails(self) -> list[EmailMessage]:
        return self.handler.mails


@contextmanager
def receiving_mail(password: str | None = None, **replies: str) -> Iterator[MailReceiver]:
    """Run a mail server; `replies` are by command, such as RCPT='550 no such user', DATA='after 3 250 OK'."""
    with _serving_mail(MailHandler(replies), password, None) as receiver:
        yield receiver


@contextmanager
def receiving_mail_by_tls(tls: ssl.SSLContext, password: str) -> Iterator[MailReceiver]:
    """Run a mail server that requires STARTTLS."""
    with _serving_mail(MailHandler({}), password, tls) as receiver:
        yield receiver


@contextmanager
def _serving_mail(
    handler: MailHandler, password: str | None, tls: ssl.SSLContext | None
) -> Iterator[MailReceiver]:
    def authenticate(*arguments: object) -> AuthResult:
        login = arguments[-1]
        assert isinstance(login, LoginPassword)
        return AuthResult(success=login.password.decode() == password, handled=False)

    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=authenticate if password else None,
        auth_require_tls=False,
        tls_context=tls,
        require_starttls=tls is not None,
    )
    controller.start()
    try:
        yield MailReceiver(controller.port, handler)
    finally:
        controller.stop()


def free_port() -> int:
    """Return a free port on loopback."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
