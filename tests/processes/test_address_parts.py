"""Every part of an address arrives, or the address is refused with the way to write it."""

import base64
import json
import warnings
from pathlib import Path

import pytest

from tests.support.apprise_addresses import ADDRESSES
from tests.support.imitated_services import imitated_services
from tests.support.receivers import Answer, receiving, receiving_mail
from tests.support.send_one import DISCORD, REFUSED, SENT, send
from watcher.delivery.address_parts import AS_WRITTEN, ambiguity, shortened
from watcher.domain.delivery import Outcome

with warnings.catch_warnings(action="ignore"):  # Apprise tries a module that is deprecated
    from watcher.delivery.apprise_address import UnusableError, load

pytestmark = pytest.mark.filterwarnings("ignore")
NATIVE = "https://discord.com/api/webhooks/1234567890/abcdefghijklm"
MAIL = "mailtos://user:{}@mail.example.test?from=w@example.test&to=a@example.test"


@pytest.mark.parametrize(
    "url", [f"{NATIVE}?thread_id=555", f"{DISCORD}?thread_id=555", f"{DISCORD}?thread=555"]
)
@pytest.mark.fault("R3", "C12")
def test_a_thread_arrives_at_discord_by_either_name(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with imitated_services(monkeypatch, tmp_path, Answer(204, b"")) as discord:
        assert send(url) == Outcome(SENT)
    assert discord.requests[0].path == "/api/webhooks/1234567890/abcdefghijklm?thread_id=555"


@pytest.mark.parametrize("password", ["pa:ss", "pa:", "pa#ss", "pa/ss", "pa?ss", "pa@ss"])
@pytest.mark.fault("R3", "C12")
def test_a_password_that_would_be_cut_is_refused_with_the_way_to_write_it(password: str) -> None:
    with pytest.raises(UnusableError) as raised:
        load(MAIL.format(password))
    assert AS_WRITTEN in str(raised.value)
    assert password not in str(raised.value)


@pytest.mark.parametrize("password", ["a:b", "a#b", "a/b c", "a?b", "a@b", "a%b", "a&b+c"])
@pytest.mark.fault("R3")
def test_a_password_written_as_we_say_arrives_whole(password: str) -> None:
    written = "".join(f"%{ord(sign):02X}" if sign in ":#/ ?@%" else sign for sign in password)
    with receiving_mail(password) as mail, receiving() as web:
        assert send(mail.url(user=f"someone:{written}@")) == Outcome(SENT)
        assert send(f"json://someone:{written}@127.0.0.1:{web.port}/") == Outcome(SENT)
    login = web.requests[0].headers["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(login).decode() == f"someone:{password}"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("json://127.0.0.1/hook#part", "write it as %23"),
        ("json://one@127.0.0.1@example.test/hook", "two @ before its host"),
        ("json://127.0.0.1/hook?method=PUT&method=POST", "an option twice"),
        (f"{DISCORD}?thread_name=news", "an option that its service does not support"),
    ],
)
@pytest.mark.fault("R3", "C12")
def test_a_part_that_apprise_would_ignore_is_refused(url: str, words: str) -> None:
    assert words in send(url).reason
    assert send(url).verdict is REFUSED


@pytest.mark.fault("R3")
def test_a_channel_after_a_hash_is_a_part_that_slack_gets() -> None:
    load("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#team")


@pytest.mark.fault("R3")
def test_no_ordinary_address_is_ambiguous() -> None:
    assert [address for address in ADDRESSES if ambiguity(address) or [*shortened(address)]] == []


@pytest.mark.fault("R3")
def test_a_path_arrives_as_it_is_written() -> None:
    with receiving() as server:
        assert send(server.url("/hook/a%20b/c;d=1/?-key=x%23y")) == Outcome(SENT)
    [request] = server.requests
    assert request.path == "/hook/a%20b/c%3Bd=1/?key=x%23y"
    assert json.loads(request.body)["title"] == "A price fell"
