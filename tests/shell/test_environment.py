"""The environment's proxies and certificates serve sources and messages alike, and `check` judges them."""

import json
import ssl
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner

from tests.support.receivers import receiving
from tests.support.scripted_server import reply, serving
from tests.support.send_one import SENT, send
from tests.support.socks_proxy import socks_proxy
from watcher.cli.main import main
from watcher.domain.delivery import Outcome
from watcher.sources.fetch import fetch

RULES = 'channels: {console: "console://"}\nrules: [{name: Everything, notify: console}]\n'


@pytest.fixture(autouse=True)
def _no_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("entry", ["[::1]", "2001:db8::/32", "::1, [::1]:80"])
@pytest.mark.fault("R8", "N12")
def test_ipv6_in_no_proxy_is_understood_by_sources_and_messages(
    entry: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", entry)
    with serving(reply(b"list")) as source, receiving() as server:
        assert fetch(source.url()).pages == (b"list",)
        assert send(server.url()) == Outcome(SENT)


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
@pytest.mark.fault("R8", "N12")
def test_a_socks_proxy_serves_sources_and_messages(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(reply(b"list")) as source, socks_proxy(source.port) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:{proxy.port}")
        assert fetch("http://127.0.0.7/models").pages == (b"list",)
    with receiving() as server, socks_proxy(server.port) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:{proxy.port}")
        assert send("json://127.0.0.8/hook") == Outcome(SENT)
        assert proxy.asked == ["127.0.0.8"]
    with receiving() as server, socks_proxy(server.port) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"socks5h://127.0.0.1:{proxy.port}")
        assert send("json://hooks.example.test/hook") == Outcome(SENT)
        assert proxy.asked == ["hooks.example.test"]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("NO_PROXY", "[::1", "the environment variable NO_PROXY has an entry that is none: '[::1'"),
        ("ALL_PROXY", "socks4://h.test:1", "the environment variable ALL_PROXY names a proxy of a kind"),
        ("SSL_CERT_FILE", "/none.pem", "SSL_CERT_FILE names /none.pem, which cannot be used: No such file"),
        ("REQUESTS_CA_BUNDLE", __file__, "it has no certificate"),
    ],
)
@pytest.mark.fault("R8", "N10", "N12")
def test_check_names_the_variable_that_no_poll_could_use(
    name: str, value: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    assert CliRunner().invoke(main, ["--config", f"{tmp_path}/rules.yaml", "check"]).exit_code == 0
    monkeypatch.setenv(name, value)
    done = CliRunner().invoke(main, ["--config", f"{tmp_path}/rules.yaml", "check"])
    assert done.exit_code == 78
    assert words in done.stderr


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.fault("R8", "N10")
def test_one_certificate_variable_serves_sources_and_messages(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv(name, str(tmp_path / "ca.pem"))
    with receiving(tls=context) as server:
        assert send(f"jsons://127.0.0.1:{server.port}/") == Outcome(SENT)
        assert json.loads(server.requests[0].body)["title"]
        with pytest.raises(Exception, match="HTTP 501"):  # it takes no GET, but it was asked
            fetch(f"https://127.0.0.1:{server.port}/")
