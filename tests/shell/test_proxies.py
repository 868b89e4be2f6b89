"""Messages use the environment's proxy, unless they are for this machine."""

from base64 import b64encode

import pytest

from tests.support.receivers import Answer, free_port, receiving, receiving_mail
from tests.support.send_one import REFUSED, RETRY, SENT, send
from watcher.domain.delivery import Outcome

USER = "someone:canary-password"


@pytest.fixture(autouse=True)
def _no_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
@pytest.mark.fault("Z13")
def test_a_message_uses_the_proxy_with_its_password(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy:
        monkeypatch.setenv(name, f"http://{USER}@127.0.0.1:{proxy.port}")
        assert send("json://hooks.example.test/path") == Outcome(SENT)
    [request] = proxy.requests
    assert request.path == "http://hooks.example.test/path"
    assert request.headers["Proxy-Authorization"] == f"Basic {b64encode(USER.encode()).decode()}"


@pytest.mark.parametrize("spared", ["hooks.example.test", ".example.test", "*"])
@pytest.mark.fault("Z13")
def test_a_host_in_no_proxy_is_contacted_directly(spared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", spared)
        assert send("json://hooks.example.test/path").verdict is RETRY, "there is no such host"
    assert proxy.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.fault("Z13")
def test_this_machine_is_contacted_directly_whatever_no_proxy_says(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as proxy, receiving() as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "internal.example.test")
        assert send(f"json://{host}:{server.port}/") == Outcome(SENT)
    assert (len(proxy.requests), len(server.requests)) == (0, 1)


@pytest.mark.fault("Z13")
def test_mail_uses_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving_mail() as server:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
        assert send(server.url()) == Outcome(SENT)


@pytest.mark.fault("Z13", "Z1")
def test_a_failing_proxy_is_reported_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(Answer(407, b"who are you, canary-password?")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{USER}@127.0.0.1:{proxy.port}")
        refused = send("json://hooks.example.test/path")
    monkeypatch.setenv("HTTPS_PROXY", f"http://{USER}@127.0.0.1:{free_port()}")
    dead = send("jsons://hooks.example.test/path")
    assert (refused.verdict, dead.verdict) == (REFUSED, RETRY)
    assert "canary" not in refused.reason + dead.reason
