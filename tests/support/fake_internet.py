"""What a machine under test finds outside: its own network with names, a catalog, Slack over TLS, and mail."""

import ctypes
import os
import socket
import ssl
import struct
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Flag
from threading import Thread

import trustme

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.receivers import HttpReceiver, MailReceiver, receiving, receiving_mail_by_tls
from watcher.cli.demo import Stage, serve

NETWORK = 0x40000000  # CLONE_NEWNET
A = b"\0\1"  # of DNS: the question for an address
HELD = 60.0  # seconds at most that Slack holds an answer back
HOSTS = ("catalog.test", "hooks.slack.com", "mail.test")
PASSWORD = "secret-Of-The-Mail-Server"  # noqa: S105 - of a server that lives for a test


@contextmanager
def network() -> Iterator[Path]:
    """Make a network with nothing but loopback; yields the file of its namespace."""
    command = ["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec cat"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as keeper:
        assert keeper.stdout
        assert keeper.stdin
        assert keeper.stdout.readline() == b"up\n"
        try:
            yield Path(f"/proc/{keeper.pid}/ns/net")
        finally:
            keeper.stdin.close()


@contextmanager
def inside(network: Path) -> Iterator[None]:
    """Enter a network; sockets and threads made inside stay in it."""
    with Path("/proc/thread-self/ns/net").open() as own, network.open() as other:
        _enter(other.fileno())
        try:
            yield
        finally:
            _enter(own.fileno())


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)  # Python has setns since 3.12
    if libc.setns(namespace, NETWORK) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@contextmanager
def naming() -> Iterator[None]:
    """Answer DNS queries: our hosts are at 127.0.0.1, others do not exist."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 53))

        def answer() -> None:
            question, sender = server.recvfrom(512)
            while question:
                server.sendto(_named(question), sender)
                question, sender = server.recvfrom(512)

        Thread(target=answer, daemon=True).start()
        try:
            yield
        finally:
            with suppress(OSError):  # it is not connected, but ends the wait all the same
                server.shutdown(socket.SHUT_RDWR)


def _named(question: bytes) -> bytes:
    """Answer one DNS query; there are only IPv4 addresses."""
    end = question.index(b"\0", 12) + 1
    asked, kind = question[12:end], question[end : end + 2]
    is_known = asked.lower() in {_encoded(host) for host in HOSTS}
    has_answer = is_known and kind == A
    flags = 0x8180 if is_known else 0x8183  # NXDOMAIN
    address = b"\xc0\x0c" + A + struct.pack("!HIH4B", 1, 60, 4, 127, 0, 0, 1)
    counts = struct.pack("!HHHHH", flags, 1, has_answer, 0, 0)
    return question[:2] + counts + question[12 : end + 4] + address * has_answer


def _encoded(host: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in [*host.split("."), ""])


@dataclass
class FakeInternet:
    """The outside of a machine: what the catalog shows, and what has arrived where."""

    network: Path
    authority: bytes  # the certificate of who vouches for the servers
    stage: Stage
    catalog: str
    slack: HttpReceiver
    mail: MailReceiver
    gate: "Gate"


class Gate:
    """Holds back Slack's answers while it is closed."""

    def __init__(self) -> None:
        self._open, self._asked = Flag(), Flag()
        self._open.set()

    def pass_through(self) -> None:
        self._asked.set()
        self._open.wait(HELD)

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Close it, and open it at the end of the block."""
        self._asked.clear()
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def has_waiter(self) -> bool:
        """Return whether a request has come since it was closed."""
        return self._asked.is_set()


@contextmanager
def fake_internet() -> Iterator[FakeInternet]:
    """Make a network with servers for everything that watcher talks to."""
    authority, gate = trustme.CA(), Gate()
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(trusted)
    stage = Stage([OWL, FINCH, HERON])
    with ExitStack() as servers:
        space = servers.enter_context(network())
        with inside(space):
            servers.enter_context(naming())
            catalog = servers.enter_context(serve(stage)).replace("127.0.0.1", "catalog.test")
            slack = servers.enter_context(receiving(meanwhile=gate.pass_through, port=443, tls=trusted))
            mail = servers.enter_context(receiving_mail_by_tls(trusted, PASSWORD))
        yield FakeInternet(space, authority.cert_pem.bytes(), stage, catalog, slack, mail, gate)
