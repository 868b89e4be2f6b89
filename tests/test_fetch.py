import gzip
import resource
import ssl
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import trustme

from receivers import free_port
from servers import HANG, RESET, Script, dripped, reply, serving, zipped
from watcher import __version__
from watcher.errors import FetchError
from watcher.fetch import fetch

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


def test_an_answer_comes_whole_and_we_say_who_asks() -> None:
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
        pytest.param(Script((b"HTTP/1.0 200 OK\r\n\r\n" + BODY,)), id="H15-HTTP1.0"),
        pytest.param(
            Script((b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n" + BODY,)), id="H15-interim"
        ),
        pytest.param(reply(BODY, "200 OK", "content-type: text/html"), id="H17"),
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
def test_every_way_to_answer_properly_is_read(script: Script) -> None:
    with serving(script) as server:
        assert fetch(server.url()).pages == (BODY,)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        pytest.param(Script((HANG,)), "no whole answer within 0.5 s", id="N4"),
        pytest.param(dripped(HEAD), "no whole answer within 0.5 s", id="N5"),
        pytest.param(Script((HEAD, *(b"x",) * 90), 0.1), "no whole answer within 0.5 s", id="N6"),
        pytest.param(Script((HEAD, RESET)), "", id="N7"),
        pytest.param(reply(b"short", length=100), "", id="N8-length"),
        pytest.param(
            Script((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",)),
            "",
            id="N8-chunked",
        ),
        pytest.param(reply(b""), "empty answer", id="H10-200"),
        pytest.param(reply(b"", "204 No Content"), "HTTP 204", id="H10-204"),
        pytest.param(reply(HTML, "502 Bad Gateway"), "answered HTTP 502", id="H1-html"),
        pytest.param(
            reply(b'{"error": {"code": 500, "message": "Internal\\nServer Error"}}', "500 Oops"),
            r"HTTP 500 ('Internal\nServer Error')",
            id="H1-words",
        ),
        pytest.param(reply(b"", "404 Not Found"), "is the address in `sources` right?", id="H3"),
        pytest.param(
            reply(b"", "302 Found", "Location: http://elsewhere.test/x"), "to elsewhere.test; red", id="H4"
        ),
        pytest.param(reply(b"", "301 Moved", "Location: /x"), "to the same host", id="H4-same"),
        pytest.param(
            reply(b"", "307 Moved", "Location: file:///etc/passwd"), "redirects (HTTP 307)", id="H4-file"
        ),
        pytest.param(reply(b"", "307 Moved", "Location: http://[::1"), "127.0.0.1: ", id="H4-bad"),
        pytest.param(zipped(b"0" * 50_000_000), "too large", id="H11-bomb"),
        pytest.param(reply(b"x", "200 OK", "Content-Encoding: br"), "content encoding", id="H11-br"),
        pytest.param(Script((b"HTTP/1.1 200 OK\r\n\r\n", *(b"x" * 50_000,) * 9)), "too large", id="H12"),
        pytest.param(
            reply(gzip.compress(BODY)[:-9], "200 OK", "Content-Encoding: gzip"),
            "ends too early",
            id="H13-cut",
        ),
        pytest.param(reply(b"no gzip", "200 OK", "Content-Encoding: gzip"), "", id="H13-bad"),
        pytest.param(reply(BODY, "200 OK", "X: " + "y" * 200_000), "", id="H14"),
        pytest.param(Script((b"nonsense\r\n\r\n",)), "", id="no-HTTP"),
    ],
)
def test_an_answer_that_fails_is_one_line_that_says_why(script: Script, words: str) -> None:
    assert words in str(failure(script, deadline=0.5 if "within" in words else 5.0))


def test_an_answer_is_unpacked_once_and_never_twice__H11() -> None:
    inner = gzip.compress(b"0" * 10_000_000)
    with serving(zipped(inner)) as server:
        assert fetch(server.url()).pages == (inner,)


def test_a_bomb_takes_no_memory__H11() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(b"0" * 1_000_000) for _ in range(300)) + packer.flush()
    failure(reply(bomb, "200 OK", "Content-Encoding: gzip"))
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
        (None, None),
    ],
)
def test_a_server_may_ask_us_to_wait_within_reason__H2_T9(wish: str | None, seconds: float | None) -> None:
    headers = [DATE, f"Retry-After: {wish}"] if wish else [DATE]
    assert failure(reply(b"", "429 Too Many Requests", *headers)).retry_after == seconds


def test_a_date_to_wait_for_needs_the_servers_own_clock__T9() -> None:
    assert failure(reply(b"", "503 Busy", f"Retry-After: {LATER}")).retry_after is None


def test_a_closed_port_is_named__N1() -> None:
    with pytest.raises(FetchError, match=r"127\.0\.0\.1: \[Errno 111\] Connection refused"):
        fetch(f"http://127.0.0.1:{free_port()}/models")


def test_a_name_that_nobody_knows_is_an_error__N2() -> None:
    with pytest.raises(FetchError, match=r"^catalog\.invalid"):
        fetch("http://catalog.invalid/models", deadline=3.0)


@pytest.mark.parametrize("address", ["nonsense", "ftp://host/x", "http://", "http://[::1"])
def test_an_address_that_cannot_be_used_is_an_error(address: str) -> None:
    with pytest.raises(FetchError):
        fetch(address)


def test_a_connection_that_the_server_closed_is_opened_anew__N14() -> None:
    with serving(reply(b"1"), reply(b"2")) as server:
        assert [fetch(server.url()).pages for _ in range(2)] == [(b"1",), (b"2",)]


class TestPages:
    def test_pages_are_followed_in_order(self) -> None:
        following = {b"1": "/models?page=2", b"2": "?page=3"}
        with serving(reply(b"1"), reply(b"2"), reply(b"3")) as server:
            assert fetch(server.url("/models"), next_page=following.get).pages == (b"1", b"2", b"3")
            assert [request.split()[1] for request in server.requests] == [
                "/models",
                "/models?page=2",
                "/models?page=3",
            ]

    @pytest.mark.parametrize(
        ("following", "words"),
        [
            ("http://elsewhere.test/models", "names a next page on another host, elsewhere.test"),
            ("https://127.0.0.1/models", "another host"),
            ("/models", "names pages without end"),
        ],
    )
    def test_a_next_page_must_be_new_and_of_the_same_host(self, following: str, words: str) -> None:
        with serving(reply(b"1")) as server, pytest.raises(FetchError, match=words):
            fetch(server.url("/models"), next_page=lambda _: following)

    def test_pages_without_end_are_cut(self) -> None:
        pages = iter(range(1000))
        with serving(reply(b"1")) as server, pytest.raises(FetchError, match="without end"):
            fetch(server.url("/models"), next_page=lambda _: f"/models?page={next(pages)}")

    def test_the_limit_is_for_all_pages_together(self) -> None:
        pages = iter(range(1000))
        with serving(reply(b"x" * 400)) as server, pytest.raises(FetchError, match="too large"):
            fetch(server.url("/models"), next_page=lambda _: f"/models?page={next(pages)}", limit=1000)


@pytest.mark.parametrize(
    ("name", "trusted", "words"),
    [
        ("127.0.0.1", False, "certificate verify failed"),
        ("other.test", True, "certificate verify failed"),
        ("127.0.0.1", True, None),
    ],
)
def test_a_certificate_must_be_right__N10(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str | None, *, trusted: bool
) -> None:
    authority = trustme.CA()
    if trusted:
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"secure")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # a refused handshake is what we want
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        if words:
            with pytest.raises(FetchError, match=words):
                fetch(f"https://127.0.0.1:{server.server_port}/")
        else:
            assert fetch(f"https://127.0.0.1:{server.server_port}/").pages == (b"secure",)
    finally:
        server.shutdown()
        server.server_close()


def test_a_proxy_that_fails_is_named_without_its_password__N12_Z13(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://user:cAnArY@127.0.0.1:{free_port()}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(FetchError) as error:
        fetch("http://catalog.test/models")
    assert "cAnArY" not in str(error.value)
