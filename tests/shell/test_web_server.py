import re
import socket
from contextlib import ExitStack
from datetime import timedelta
from threading import Event as Flag
from threading import Thread

import pytest

from tests.support.catalogs import START
from tests.support.exposed_metrics import new_metrics
from tests.support.metrics_client import (
    connect,
    exchange,
    get,
    is_ready_to_answer,
    metrics_server,
    read_to_end,
)
from watcher.domain.errors import WatcherError
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.service.metrics import Metrics
from watcher.web.server import serve


def test_metrics_are_served_as_text_and_as_openmetrics() -> None:
    metrics = new_metrics()
    metrics.asked("models", 0.2, START, failed=False)
    with metrics_server(metrics) as server:
        plain = get(server, "/metrics")
        assert plain.status == 200
        assert plain.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert 'watcher_polls_total{outcome="good",source="models"} 1.0' in plain.text
        newer = get(
            server, "/metrics?format=x", Accept="application/openmetrics-text;version=1.0.0,*/*;q=0.1"
        )
        assert newer.headers["Content-Type"].startswith("application/openmetrics-text")
        assert newer.text.endswith("# EOF\n")


def test_health_fails_while_the_loop_hangs_and_recovers_when_it_turns() -> None:
    clock = [0.0]
    metrics = Metrics(clock=lambda: clock[0])
    with metrics_server(metrics) as server:
        assert get(server, "/healthz").status == 200
        clock[0] = 301
        sick = get(server, "/healthz")
        assert (sick.status, sick.text) == (503, "the main loop last ran 301 s ago\n")
        metrics.progress()
        assert get(server, "/healthz").status == 200


def test_it_is_ready_once_the_service_says_so() -> None:
    metrics = new_metrics()
    with metrics_server(metrics) as server:
        assert get(server, "/readyz").status == 503
        metrics.ready()
        assert get(server, "/readyz").status == 200


@pytest.mark.fault("Q7")
def test_a_store_that_cannot_be_used_is_not_healthy_but_no_reason_to_restart() -> None:
    metrics = Metrics()
    with metrics_server(metrics) as server:
        metrics.store(Event("1", START, Kind.STORE_FAILING, "store"), failing=True)
        assert get(server, "/healthz").status == 503
        assert get(server, "/livez").status == 200
        assert 'watcher_events_total{kind="store.failing"} 1.0' in metrics.exposition()[0].decode()
        assert "watcher_store_failing 1.0" in metrics.exposition()[0].decode()
        metrics.store(Event("2", START, Kind.STORE_RECOVERED, "store"), failing=False)
        assert get(server, "/healthz").status == 200


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/elsewhere"])
def test_head_gives_the_headers_of_get_without_a_body(path: str) -> None:
    with metrics_server() as server:
        got, head = get(server, path), exchange(server, f"HEAD {path} HTTP/1.1\r\n\r\n".encode())
        first, _, body = head.partition(b"\r\n\r\n")
        assert body == b""
        assert f"HTTP/1.1 {got.status} ".encode() in first
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
@pytest.mark.fault("Z14")
def test_anything_else_is_refused_with_a_fixed_text(request_line: bytes, status: int) -> None:
    with metrics_server() as server:
        answer = exchange(server, request_line + b"\r\nX: <script>\r\n\r\n")
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} ".encode())
        assert re.fullmatch(rb"[A-Z][A-Za-z ]+\n", body)
        assert (b"Allow: GET, HEAD" in head) == (status == 405)
        assert is_ready_to_answer(server)


@pytest.mark.fault("Z14")
def test_no_answer_names_a_version_of_the_software_and_no_access_is_logged(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with metrics_server() as server:
        assert get(server, "/healthz").headers["Server"] == "watcher"
        assert get(server, "/secret-path").headers["Server"] == "watcher"
        exchange(server, b"nonsense\r\n\r\n")
    assert not caplog.records
    assert capfd.readouterr() == ("", "")


def test_the_address_is_released_although_clients_hang_on() -> None:
    with ExitStack() as stack:
        with metrics_server() as server:
            port = server.port
            hanging = [stack.enter_context(connect(server)) for _ in range(3)]
        assert not any(map(read_to_end, hanging))
    with serve(new_metrics(), "127.0.0.1", port) as again:
        assert is_ready_to_answer(again)


def test_counting_goes_on_during_reads() -> None:
    metrics = new_metrics()
    with metrics_server(metrics) as server:
        ended = Flag()

        def work() -> None:
            while not ended.is_set():
                metrics.configured(["models"], ["team"], timedelta(minutes=5))
                metrics.configured(["models", "feed"], ["team", "ops"], timedelta(minutes=5))
                metrics.asked("feed", 0.1, START, failed=False)
                metrics.outbox({})

        worker = Thread(target=work, daemon=True)
        worker.start()
        assert {get(server, "/metrics").status for _ in range(20)} == {200}
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
def test_an_address_that_is_taken_is_one_clear_line(address: str, port: int | None, says: str) -> None:
    with metrics_server() as other, pytest.raises(WatcherError) as caught:
        serve(new_metrics(), address, other.port if port is None else port)
    assert "\n" not in str(caught.value)
    assert re.match(
        rf"cannot serve metrics at {address}:\d+ \({says}.*\); change `listen`", str(caught.value)
    )


def test_it_can_be_served_over_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with serve(new_metrics(), "::1", 0) as server:
        assert get(server, "/healthz", "::1").status == 200
