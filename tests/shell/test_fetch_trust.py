import ssl
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import trustme

from tests.support.receivers import free_port
from tests.support.scripted_server import reply, serving
from watcher.domain.errors import FetchError
from watcher.sources.fetch import fetch

BODY = b"{}"


@pytest.mark.parametrize(
    ("name", "trusted", "until", "words"),
    [
        pytest.param("127.0.0.1", False, None, "verify failed: unable to get local issuer", id="unknown"),
        pytest.param("other.test", True, None, "verify failed: IP address mismatch", id="other-host"),
        pytest.param(
            "127.0.0.1", True, datetime(2020, 1, 1, tzinfo=UTC), "certificate has expired$", id="expired"
        ),
        pytest.param("127.0.0.1", True, None, None, id="good"),
    ],
)
@pytest.mark.fault("N10")
def test_a_certificate_must_be_right(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    until: datetime | None,
    words: str | None,
    *,
    trusted: bool,
) -> None:
    authority = trustme.CA()
    if trusted:
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_before=datetime(2019, 1, 1, tzinfo=UTC), not_after=until).configure_cert(
        context
    )

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


@pytest.mark.fault("N10")
def test_plain_http_is_no_substitute_for_tls() -> None:
    with serving(reply(BODY)) as server, pytest.raises(FetchError, match=r"127\.0\.0\.1: "):
        fetch(server.url().replace("http:", "https:"))
    assert not any(request.startswith("GET") for request in server.requests)


def through(proxy: str, environment: pytest.MonkeyPatch, url: str = "http://catalog.test/models") -> str:
    environment.setenv("ALL_PROXY", proxy)
    for name in ("NO_PROXY", "no_proxy"):
        environment.delenv(name, raising=False)
    with pytest.raises(FetchError) as error:
        fetch(url)
    assert "cAnArY" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("scheme", ["http://", ""])
@pytest.mark.fault("N12", "Z13")
def test_a_proxy_that_fails_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    words = through(f"{scheme}user:cAnArY@127.0.0.1:{free_port()}", monkeypatch)
    assert words.startswith("catalog.test through the proxy 127.0.0.1: [Errno")


@pytest.mark.fault("N12")
def test_a_proxy_that_refuses_us_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(reply(b"", "407 Proxy Authentication Required")) as proxy:
        address = proxy.url().replace("//", "//user:cAnArY@")
        words = through(address, monkeypatch, "https://catalog.test/models")
    assert words == "catalog.test through the proxy 127.0.0.1: 407 Proxy Authentication Required"


@pytest.mark.parametrize("proxy", ["nonsense://u:cAnArY@h", "http://u:cAnArY/x@h:1"])
@pytest.mark.fault("N12")
def test_a_proxy_setting_that_cannot_be_used_is_an_error(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    assert "settings in the environment" in through(proxy, monkeypatch)


@pytest.mark.fault("N10")
def test_missing_certificates_are_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(FetchError, match="invalid proxy or certificate settings in the environment"):
        fetch("https://catalog.test/models")


@pytest.mark.fault("N12")
def test_a_host_that_the_environment_spares_needs_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("no_proxy", raising=False)
    with serving(reply(BODY)) as server:
        assert fetch(server.url()).pages == (BODY,)
    with pytest.raises(FetchError, match=r"^127\.0\.0\.1: \[Errno"):
        fetch(f"http://127.0.0.1:{free_port()}/")
