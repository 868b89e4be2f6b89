import select
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from datetime import timedelta
from threading import Event as Flag
from threading import Thread

import pytest

from tests.support.metrics_client import connect, exchange, is_ready_to_answer, metrics_server, read_to_end
from tests.support.watcher_process import eventually
from watcher.service.metrics import Metrics
from watcher.web.server import AT_ONCE, LARGEST_HEAD

SOON = 0.5  # seconds until a slow client is cut


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(b"GET /" + b"a" * 10 * LARGEST_HEAD, id="a long line"),
        pytest.param(b"GET /metrics HTTP/1.1\r\nX: " + b"a" * 10 * LARGEST_HEAD, id="a long header"),
        pytest.param(b"GET /metrics HTTP/1.1\r\n" + b"X: a\r\n" * LARGEST_HEAD, id="many headers"),
    ],
)
@pytest.mark.fault("Z14")
def test_a_huge_request_is_refused_without_reading_it_all(request_: bytes) -> None:
    with metrics_server() as server:
        answer = exchange(server, request_ + b"\r\n\r\n")
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")  # what was not read resets the connection
        assert is_ready_to_answer(server)


def test_a_request_just_within_the_limit_is_answered() -> None:
    line = b"GET /healthz HTTP/1.1\r\nX: "
    with metrics_server() as server:
        answer = exchange(server, line + b"a" * (LARGEST_HEAD - len(line) - 4) + b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.fault("Z14")
def test_clients_that_send_nothing_or_drip_are_cut_off_and_block_nobody_for_long() -> None:
    ending = Flag()

    def drip(talk: socket.socket) -> None:
        with suppress(OSError):
            while not ending.wait(0.05):
                talk.sendall(b"X")

    with metrics_server(deadline=SOON) as server, ExitStack() as stack:
        slow = [stack.enter_context(connect(server)) for _ in range(AT_ONCE)]
        dripping = [Thread(target=drip, args=(talk,), daemon=True) for talk in slow[::2]]
        for thread in dripping:
            thread.start()
        eventually(lambda: is_ready_to_answer(server), "a client that asks properly is answered")
        for thread in dripping:
            thread.join(10)
            assert not thread.is_alive()
        ending.set()


@pytest.mark.fault("Z14")
def test_a_client_that_does_not_read_is_cut_off() -> None:
    metrics = Metrics()
    metrics.configured(["models"], [f"{number}" * 2000 for number in range(300, 900)], timedelta(minutes=5))
    size = len(metrics.exposition()[0])
    assert size > 10_000_000  # more than the sockets hold
    with metrics_server(metrics, deadline=SOON) as server, connect(server) as deaf:
        deaf.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        with pytest.raises(ConnectionError):
            eventually(lambda: deaf.send(b"X") == 0, "it is cut")
        assert 0 < len(read_to_end(deaf)) < size
        assert is_ready_to_answer(server)


@pytest.mark.fault("Z14")
def test_of_a_hundred_connections_few_are_kept_and_others_get_in_afterwards() -> None:
    with metrics_server(deadline=60) as server:
        with ExitStack() as stack:
            flood = [stack.enter_context(connect(server)) for _ in range(100)]
            watched = select.poll()
            for talk in flood:
                watched.register(talk, select.POLLIN)
            eventually(lambda: len(watched.poll(0)) == 100 - AT_ONCE, "the surplus is closed")
        eventually(lambda: is_ready_to_answer(server), "there is room again")


CRAMPED = """
import resource, sys
from watcher.service.metrics import Metrics
from watcher.web.server import serve

with serve(Metrics(), "127.0.0.1", 0) as server:
    plenty = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, plenty[1]))
    print(server.port, flush=True)
    sys.stdin.readline()
    resource.setrlimit(resource.RLIMIT_NOFILE, plenty)
    sys.stdin.readline()
"""


@pytest.mark.fault("Z14")
def test_a_client_that_connects_while_no_descriptor_is_left_is_answered_later() -> None:
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
            assert read_to_end(talk).startswith(b"HTTP/1.1 200 ")
        process.stdin.write("\n")
        assert process.wait(20) == 0
