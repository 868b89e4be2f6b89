import http.client
import re
import select
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread

import pytest

from catalogs import START
from expositions import configured
from programs import eventually
from watcher.errors import WatcherError
from watcher.metrics import Metrics
from watcher.metrics_server import AT_ONCE, DEADLINE, LARGEST_HEAD, Server, serve

SOON = 0.5  # seconds until a slow client is cut


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


def test_metrics_are_served_as_text_and_as_openmetrics() -> None:
    metrics = configured()
    metrics.asked("models", 0.2, START, failed=False)
    with served(metrics) as server:
        plain = ask(server, "/metrics")
        assert plain.status == 200
        assert plain.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert 'watcher_polls_total{outcome="good",source="models"} 1.0' in plain.text
        newer = ask(
            server, "/metrics?format=x", Accept="application/openmetrics-text;version=1.0.0,*/*;q=0.1"
        )
        assert newer.headers["Content-Type"].startswith("application/openmetrics-text")
        assert newer.text.endswith("# EOF\n")


def test_health_is_lost_when_the_loop_hangs_and_comes_back_when_it_turns() -> None:
    clock = [0.0]
    metrics = Metrics(clock=lambda: clock[0])
    with served(metrics) as server:
        assert ask(server, "/healthz").status == 200
        clock[0] = 301
        sick = ask(server, "/healthz")
        assert (sick.status, sick.text) == (503, "the loop last turned 301 s ago\n")
        metrics.progress()
        assert ask(server, "/healthz").status == 200


def test_it_is_ready_once_the_service_says_so() -> None:
    metrics = configured()
    with served(metrics) as server:
        assert ask(server, "/readyz").status == 503
        metrics.ready()
        assert ask(server, "/readyz").status == 200


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/elsewhere"])
def test_head_gives_the_headers_of_get_without_a_body(path: str) -> None:
    with served() as server:
        get, head = ask(server, path), said(server, f"HEAD {path} HTTP/1.1\r\n\r\n".encode())
        first, _, body = head.partition(b"\r\n\r\n")
        assert body == b""
        assert f"HTTP/1.1 {get.status} ".encode() in first
        assert b"Content-Length: " in first


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        pytest.param(b"GET / HTTP/1.1", 404, id="root"),
        pytest.param(b"GET /metrics/ HTTP/1.1", 404, id="another path"),
        pytest.param(b"GET /../../etc/passwd HTTP/1.1", 404, id="traversal"),
        pytest.param(b"GET /metrics/..%2f..%2fetc/passwd HTTP/1.1", 404, id="escaped traversal"),
        pytest.param(b"GET //etc/passwd HTTP/1.0", 404, id="two slashes"),
        pytest.param(b"POST /metrics HTTP/1.1", 405, id="post"),
        pytest.param(b"DELETE /metrics HTTP/1.1", 405, id="delete"),
        pytest.param(b"OPTIONS /healthz HTTP/1.1", 405, id="options"),
        pytest.param(b"GET http://elsewhere.test/ HTTP/1.1", 400, id="a proxy's request"),
        pytest.param(b"CONNECT elsewhere.test:443 HTTP/1.1", 400, id="a tunnel"),
        pytest.param(b"GET /metrics", 400, id="no version"),
        pytest.param(b"GET /metrics HTTP/2.0", 400, id="another version"),
        pytest.param(b"GET /met\x00rics\xff HTTP/1.1", 404, id="no text"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01", 400, id="TLS"),
        pytest.param(b"", 400, id="nothing"),
    ],
)
def test_anything_else_is_refused_in_fixed_words__Z14(request_line: bytes, status: int) -> None:
    with served() as server:
        answer = said(server, request_line + b"\r\nX: <script>\r\n\r\n")
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} ".encode())
        assert re.fullmatch(rb"[A-Z][A-Za-z ]+\n", body)
        assert (b"Allow: GET, HEAD" in head) == (status == 405)
        assert is_answered(server)


def test_no_answer_names_a_version_of_the_software_and_no_access_is_logged__Z14(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with served() as server:
        assert ask(server, "/healthz").headers["Server"] == "watcher"
        assert ask(server, "/secret-path").headers["Server"] == "watcher"
        said(server, b"nonsense\r\n\r\n")
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(b"GET /" + b"a" * 10 * LARGEST_HEAD, id="a long line"),
        pytest.param(b"GET /metrics HTTP/1.1\r\nX: " + b"a" * 10 * LARGEST_HEAD, id="a long header"),
        pytest.param(b"GET /metrics HTTP/1.1\r\n" + b"X: a\r\n" * LARGEST_HEAD, id="many headers"),
    ],
)
def test_a_huge_request_is_refused_without_reading_it_all__Z14(request_: bytes) -> None:
    with served() as server:
        answer = said(server, request_ + b"\r\n\r\n")
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")  # what was not read resets the connection
        assert is_answered(server)


def test_a_head_just_within_the_limit_is_answered() -> None:
    line = b"GET /healthz HTTP/1.1\r\nX: "
    with served() as server:
        answer = said(server, line + b"a" * (LARGEST_HEAD - len(line) - 4) + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")


def test_clients_that_send_nothing_or_drip_are_cut_and_keep_nobody_out_for_long__Z14() -> None:
    ending = Event()

    def drip(talk: socket.socket) -> None:
        with suppress(OSError):
            while not ending.wait(0.05):
                talk.sendall(b"X")

    with served(deadline=SOON) as server, ExitStack() as stack:
        slow = [stack.enter_context(connected(server)) for _ in range(AT_ONCE)]
        dripping = [Thread(target=drip, args=(talk,), daemon=True) for talk in slow[::2]]
        for thread in dripping:
            thread.start()
        eventually(lambda: is_answered(server), "a client that asks properly is answered")
        for thread in dripping:
            thread.join(10)
            assert not thread.is_alive()
        ending.set()


def test_a_client_that_does_not_read_is_cut__Z14() -> None:
    metrics = Metrics()
    metrics.configured(["models"], [f"{number}" * 2000 for number in range(300, 900)], timedelta(minutes=5))
    size = len(metrics.exposition()[0])
    assert size > 10_000_000  # more than the sockets hold
    with served(metrics, deadline=SOON) as server, connected(server) as deaf:
        deaf.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionError):
            eventually(lambda: deaf.send(b"X") == 0, "it is cut")
        assert 0 < len(received(deaf)) < size
        assert is_answered(server)


def test_of_a_hundred_connections_few_are_kept_and_nobody_is_kept_out_afterwards__Z14() -> None:
    with served(deadline=60) as server:
        with ExitStack() as stack:
            flood = [stack.enter_context(connected(server)) for _ in range(100)]
            watched = select.poll()
            for talk in flood:
                watched.register(talk, select.POLLIN)
            eventually(lambda: len(watched.poll(0)) == 100 - AT_ONCE, "the surplus is closed")
        eventually(lambda: is_answered(server), "there is room again")


def test_the_address_is_let_go_although_clients_hang_on() -> None:
    with ExitStack() as stack:
        with served() as server:
            port = server.port
            hanging = [stack.enter_context(connected(server)) for _ in range(3)]
        assert not any(map(received, hanging))
    with serve(configured(), "127.0.0.1", port) as again:
        assert is_answered(again)


def test_counting_goes_on_while_it_is_read() -> None:
    metrics = configured()
    with served(metrics) as server:
        ended = Event()

        def work() -> None:
            while not ended.is_set():
                metrics.configured(["models"], ["team"], timedelta(minutes=5))
                metrics.configured(["models", "feed"], ["team", "ops"], timedelta(minutes=5))
                metrics.asked("feed", 0.1, START, failed=False)
                metrics.outbox({})

        worker = Thread(target=work, daemon=True)
        worker.start()
        assert {ask(server, "/metrics").status for _ in range(50)} == {200}
        ended.set()
        worker.join(10)
        assert not worker.is_alive()


@pytest.mark.parametrize(
    ("address", "port", "says"),
    [
        pytest.param("127.0.0.1", None, "Address already in use", id="taken"),
        pytest.param("192.0.2.1", 0, "Cannot assign requested address", id="not ours"),
        pytest.param("no-such-host.invalid", 0, "", id="no host"),
    ],
)
def test_an_address_that_cannot_be_had_is_one_clear_line(address: str, port: int | None, says: str) -> None:
    with served() as other, pytest.raises(WatcherError) as caught:
        serve(configured(), address, other.port if port is None else port)
    assert "\n" not in str(caught.value)
    assert re.match(
        rf"metrics cannot be served at {address}:\d+ \({says}.*\); give `listen` ", str(caught.value)
    )


def test_it_can_be_served_over_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with serve(configured(), "::1", 0) as server:
        assert ask(server, "/healthz", "::1").status == 200


CRAMPED = """
import resource, sys
from watcher.metrics import Metrics
from watcher.metrics_server import serve

with serve(Metrics(), "127.0.0.1", 0) as server:
    plenty = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, plenty[1]))
    print(server.port, flush=True)
    sys.stdin.readline()
    resource.setrlimit(resource.RLIMIT_NOFILE, plenty)
    sys.stdin.readline()
"""


def test_whoever_comes_while_the_process_has_no_descriptor_left_is_answered_once_it_has__Z14() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CRAMPED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        with socket.create_connection(("127.0.0.1", int(process.stdout.readline())), timeout=20) as talk:
            talk.sendall(b"GET /healthz HTTP/1.1\r\n\r\n")
            assert "Too many open files" in process.stderr.readline()
            process.stdin.write("\n")
            assert received(talk).startswith(b"HTTP/1.1 200 ")
        process.stdin.write("\n")
        assert process.wait(20) == 0
