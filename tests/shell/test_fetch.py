import gzip
import resource
import socket
import subprocess
import sys
import threading
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Event as Flag

import pytest

from tests.support.receivers import free_port
from tests.support.scripted_server import HANG, RESET, Script, dripped, reply, serving, zipped
from watcher import __version__
from watcher.domain.errors import FetchError
from watcher.sources.fetch import fetch
from watcher.text.redact import LONGEST_REASON, reason

BODY = b'{"data": ["' + b"x" * 5000 + b'"]}'
NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
DATE = f"Date: {format_datetime(NOW, usegmt=True)}"
LATER = format_datetime(NOW + timedelta(seconds=90), usegmt=True)
HTML = b"<!DOCTYPE html><title>openrouter.ai | 502: Bad gateway</title>"


def failure(*scripts: Script, deadline: float = 5.0, limit: int = 100_000) -> FetchError:
    with serving(*scripts) as server, pytest.raises(FetchError) as error:
        fetch(server.url("/models?token=cAnArY"), deadline=deadline, limit=limit)
    assert "\n" not in str(error.value)
    assert "cAnArY" not in str(error.value)
    return error.value


def all_have_ended(within: float) -> bool:
    exchanges = [thread for thread in threading.enumerate() if thread.name == "fetch"]
    for exchange in exchanges:
        exchange.join(within)
    return not any(exchange.is_alive() for exchange in exchanges)


def test_an_answer_arrives_whole_and_the_request_says_who_asks() -> None:
    with serving(reply(BODY)) as server:
        assert fetch(server.url("/models?x=1")).pages == (BODY,)
        request = server.requests[0].lower()
    assert request.startswith("get /models?x=1 http/1.1")
    assert f"user-agent: openrouter-watcher/{__version__}" in request
    assert "accept-encoding: gzip\r\n" in request


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(zipped(BODY), id="gzip"),
        pytest.param(
            Script((b"HTTP/1.0 200 OK\r\n\r\n" + BODY,)), id="HTTP1.0", marks=pytest.mark.fault("H15")
        ),
        pytest.param(
            Script((b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + BODY,)),
            id="interim",
            marks=pytest.mark.fault("H15"),
        ),
        pytest.param(
            reply(BODY, "200 OK", "content-type: text/html"),
            id="wrong-content-type",
            marks=pytest.mark.fault("H17"),
        ),
        pytest.param(
            Script(
                (
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
                    % (len(BODY), BODY),
                )
            ),
            id="chunked",
        ),
    ],
)
def test_every_proper_answer_is_read(script: Script) -> None:
    with serving(script) as server:
        assert fetch(server.url()).pages == (BODY,)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param(
            dripped(HEAD),
            "no complete answer within 0.5 s",
            id="dripping-head",
            marks=pytest.mark.fault("N5"),
        ),
        pytest.param(
            Script((HEAD, *(b"x",) * 90), 0.1),
            "no complete answer within 0.5 s",
            id="dripping-body",
            marks=pytest.mark.fault("N6"),
        ),
        pytest.param(Script((HEAD, RESET)), "", id="reset", marks=pytest.mark.fault("N7")),
        pytest.param(reply(b"short", length=100), "", id="length", marks=pytest.mark.fault("N8")),
        pytest.param(
            Script((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",)),
            "",
            id="chunked",
            marks=pytest.mark.fault("N8"),
        ),
        pytest.param(reply(b""), "empty answer", id="200", marks=pytest.mark.fault("H10")),
        pytest.param(reply(b"", "204 No Content"), "HTTP 204", id="204", marks=pytest.mark.fault("H10")),
        pytest.param(
            reply(HTML, "502 Bad Gateway"), "answered HTTP 502", id="html", marks=pytest.mark.fault("H1")
        ),
        pytest.param(
            reply(b'{"error": {"code": 500, "message": "Internal\\nServer Error"}}', "500 Oops"),
            "HTTP 500 (Internal Server Error)",
            id="words",
            marks=pytest.mark.fault("H1"),
        ),
        pytest.param(
            reply(b"", "404 Not Found"),
            "check the address",
            id="404",
            marks=pytest.mark.fault("H3"),
        ),
        pytest.param(
            reply(b"", "302 Found", "Location: http://elsewhere.test/x"),
            "to elsewhere.test; red",
            id="redirect-to-another-host",
            marks=pytest.mark.fault("H4"),
        ),
        pytest.param(
            reply(b"", "301 Moved", "Location: /x"),
            "to the same host",
            id="same",
            marks=pytest.mark.fault("H4"),
        ),
        pytest.param(
            reply(b"", "308 Moved"), "answered HTTP 308", id="nowhere", marks=pytest.mark.fault("H4")
        ),
        pytest.param(
            reply(b"", "304 Not Modified"), "answered HTTP 304", id="304", marks=pytest.mark.fault("H5")
        ),
        pytest.param(
            reply(b"", "307 Moved", "Location: file:///etc/passwd"),
            "redirects (HTTP 307)",
            id="file",
            marks=pytest.mark.fault("H4"),
        ),
        pytest.param(
            reply(b"", "307 Moved", "Location: http://[::1"),
            "127.0.0.1: ",
            id="bad",
            marks=pytest.mark.fault("H4"),
        ),
        pytest.param(zipped(b"0" * 50_000_000), "too large", id="bomb", marks=pytest.mark.fault("H11")),
        pytest.param(
            reply(BODY, "200 OK", "Age: 46800"),
            "sent an answer that is 13 hours old",
            id="stale",
            marks=pytest.mark.fault("H16"),
        ),
        pytest.param(
            reply(b"x", "200 OK", "Content-Encoding: br"),
            "content encoding",
            id="br",
            marks=pytest.mark.fault("H11"),
        ),
        pytest.param(
            reply(b"x", "200 OK", "Content-Encoding: zstd"),
            "content encoding",
            id="zstd",
            marks=pytest.mark.fault("H11"),
        ),
        pytest.param(
            reply(gzip.compress(gzip.compress(BODY)), "200 OK", "Content-Encoding: gzip, gzip"),
            "content encoding",
            id="nested",
            marks=pytest.mark.fault("H11"),
        ),
        pytest.param(
            Script((b"HTTP/1.1 200 OK\r\n\r\n", *(b"x" * 50_000,) * 9)),
            "too large",
            id="endless",
            marks=pytest.mark.fault("H12"),
        ),
        pytest.param(
            reply(gzip.compress(BODY)[:-9], "200 OK", "Content-Encoding: gzip"),
            "is truncated",
            id="cut",
            marks=pytest.mark.fault("H13"),
        ),
        pytest.param(
            reply(b"no gzip", "200 OK", "Content-Encoding: gzip"),
            "",
            id="bad",
            marks=pytest.mark.fault("H13"),
        ),
        pytest.param(
            reply(gzip.compress(BODY) * 2, "200 OK", "Content-Encoding: gzip"),
            "continues after its end",
            id="more",
            marks=pytest.mark.fault("H13"),
        ),
        pytest.param(
            reply(BODY, "200 OK", "X: " + "y" * 200_000), "", id="long-header", marks=pytest.mark.fault("H14")
        ),
        pytest.param(
            reply(BODY, "200 OK", *(f"Set-Cookie: c{i}=x" for i in range(10_000))),
            "",
            id="cookies",
            marks=pytest.mark.fault("H14"),
        ),
        pytest.param(Script((b"nonsense\r\n\r\n",)), "", id="no-HTTP"),
        pytest.param(
            Script((b"http://user:cAnArY@host\r\n\r\n",)), "RemoteProtocolError", id="no-HTTP-secret"
        ),
    ],
)
def test_a_failed_answer_is_one_line_that_says_why(script: Script, words: str) -> None:
    assert words in str(failure(script, deadline=0.5 if "within" in words else 5.0))


@pytest.mark.fault("H9")
def test_a_servers_text_is_quoted_escaped_and_cut() -> None:
    said = rb'{"error": {"message": "\u001b[31m\u202e\ud800' + b"x" * 500 + b'"}}'
    words = str(failure(reply(said, "500 Oops")))
    assert "HTTP 500 ( [31m  xxx" in words
    assert words.isprintable()
    assert len(reason(words, "http://127.0.0.1/")) <= LONGEST_REASON


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(reply(b"x" * 300_000, "503 Busy", "Retry-After: 30"), id="large"),
        pytest.param(reply(b"x", "503 Busy", "Retry-After: 30", "Content-Encoding: br"), id="packed"),
        pytest.param(reply(b"x", "503 Busy", "Retry-After: 30", "Content-Encoding: gzip"), id="damaged"),
        pytest.param(reply(b"x", "503 Busy", "Retry-After: 30", length=50), id="cut"),
        pytest.param(reply(b"[" * 50_000, "503 Busy", "Retry-After: 30"), id="nested"),
    ],
)
@pytest.mark.fault("H1", "H2")
def test_a_status_counts_even_if_its_body_fails(script: Script) -> None:
    error = failure(script)
    assert str(error) == "127.0.0.1 answered HTTP 503"
    assert error.retry_after == 30.0


@pytest.mark.fault("N4")
def test_a_silent_server_is_given_up_at_the_deadline() -> None:
    words = str(failure(Script((HANG,)), deadline=0.5))
    assert "no complete answer" in words or "timed out" in words, "the step's own time is as short"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(Script((HANG,)), id="silence", marks=pytest.mark.fault("N4")),
        pytest.param(dripped(HEAD[:-4] + b"0" * 300), id="dripping-head", marks=pytest.mark.fault("N5")),
    ],
)
def test_an_abandoned_exchange_ends_by_itself(script: Script) -> None:
    with serving(script) as server:
        with pytest.raises(FetchError):
            fetch(server.url(), deadline=0.5)
        assert all_have_ended(within=5.0)


@pytest.mark.fault("N3")
def test_a_connection_that_is_never_established_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, socket.socket() as filling:
        filling.connect(listener.getsockname())
        with pytest.raises(FetchError, match=r"no complete answer within 0\.5 s|timed out"):
            fetch(f"http://127.0.0.1:{listener.getsockname()[1]}/", deadline=0.5)


@pytest.mark.fault("N2")
def test_a_program_ends_although_an_exchange_hangs() -> None:
    program = """if True:
        import sys, time
        from watcher.sources.fetch import fetch
        fetch(sys.argv[1], next_page=lambda _: time.sleep(60), deadline=0.3)
        """
    with serving(reply(b"1")) as server:
        command = [sys.executable, "-c", program, server.url()]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].endswith("127.0.0.1 sent no complete answer within 0.3 s")


def test_what_happens_after_the_deadline_goes_unnoticed() -> None:
    late = Flag()
    with serving(reply(b"1")) as server, pytest.raises(FetchError, match="no complete answer"):
        fetch(server.url(), next_page=lambda _: "?page=2" if late.wait(10) else None, deadline=0.3)
    late.set()
    assert all_have_ended(within=10.0), "a traceback of theirs would fail this test"


@pytest.mark.fault("H11")
def test_an_answer_is_decompressed_only_once() -> None:
    inner = gzip.compress(b"0" * 10_000_000)
    with serving(zipped(inner)) as server:
        assert fetch(server.url()).pages == (inner,)


@pytest.mark.fault("H11")
def test_a_bomb_takes_no_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(b"0" * 1_000_000) for _ in range(300)) + packer.flush()
    failure(reply(bomb, "200 OK", "Content-Encoding: gzip"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000, "KB"


@pytest.mark.fault("H12")
def test_what_follows_a_compressed_answer_is_dropped() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    flood = Script((head + gzip.compress(BODY), *(b"x" * 1_000_000,) * 100))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "continues after its end" in str(failure(flood))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000, "KB"


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        ("120", 120.0),
        (LATER, 90.0),
        ("-5", 0.0),
        ("1000000000", 3600.0),
        ("soon", None),
        ("nan", None),
        (f"{LATER[:-3]}+{'9' * 20}", None),
        (None, None),
    ],
)
@pytest.mark.fault("H2", "T9")
def test_a_server_may_ask_us_to_wait_within_reason(wish: str | None, seconds: float | None) -> None:
    headers = [DATE, f"Retry-After: {wish}"] if wish else [DATE]
    error = failure(reply(b"", "429 Too Many Requests", *headers))
    assert str(error) == "127.0.0.1 answered HTTP 429"
    assert error.retry_after == seconds


@pytest.mark.fault("T9")
def test_a_date_to_wait_for_needs_the_servers_own_clock() -> None:
    assert failure(reply(b"", "503 Busy", f"Retry-After: {LATER}")).retry_after is None


@pytest.mark.fault("N1")
def test_a_closed_port_is_named() -> None:
    with pytest.raises(FetchError, match=r"127\.0\.0\.1: \[Errno 111\] Connection refused"):
        fetch(f"http://127.0.0.1:{free_port()}/models")


@pytest.mark.fault("N2")
def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(FetchError, match=r"^catalog\.invalid"):
        fetch("http://catalog.invalid/models", deadline=3.0)


@pytest.mark.parametrize(
    "address", ["nonsense", "ftp://host/x", "http://", "http://[::1", f"http://{'a' * 70}.test/"]
)
def test_an_address_that_cannot_be_used_is_an_error(address: str) -> None:
    with pytest.raises(FetchError):
        fetch(address)


@pytest.mark.fault("N14")
def test_a_connection_closed_by_the_server_is_reopened() -> None:
    with serving(reply(b"1"), reply(b"2")) as server:
        assert [fetch(server.url()).pages for _ in range(2)] == [(b"1",), (b"2",)]
