"""A message of any size is one request, cut to what its service accepts, and says how much is missing."""

import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from apprise.conversion import convert_between

from tests.support.apprise_addresses import ADDRESSES
from tests.support.imitated_services import field, form, imitated_services
from tests.support.mail_pages import NEW, told
from tests.support.receivers import Answer, receiving_mail
from tests.support.send_one import SENT, SLACK, message, send
from watcher.delivery.job import Job
from watcher.delivery.services import room_of
from watcher.domain.delivery import Outcome

with warnings.catch_warnings(action="ignore"):  # Apprise tries a module that is deprecated
    from watcher.delivery.apprise_address import UnusableError, load
    from watcher.delivery.compose import compose

MISSING = re.compile(r"\.\.\. ([\d,]+) more\b")
TITLE = "acme/owl-2 is 25 % <dearer> & more *changes* " * 10
LINE = "• acme/owl-2: prompt $1.25 → $1.50 (+20 %) <per> M & tokens\n"
BODIES = {
    "plain": "acme/owl-2 gains parameter tools\n" * 3_000,
    "escaped": "<&*_`[x](y)>\n" * 8_000,
    "wide": "• ac → é😀\n" * 10_000,
    "one line": "x" * 100_000,
}
SHORT = "a short one"
KEY = "abcdefghij0123456789"


def shown(text: str) -> str:
    """Return a text as its service shows it: HTML without fixed spaces, Markdown without escapes."""
    return text.replace("&nbsp;", " ").replace("\\", "")


def pieces(address: str, body: str) -> tuple[Any, list[Any]]:
    """Return the target and what Apprise would hand to its service, call by call."""
    target = load(address)
    job: Job = {"title": TITLE, "body": body, "event_id": "e"}
    title, text, written_in = compose(target, job)
    wanted, convert = target.resolve_format(written_in), cast("Any", convert_between)
    inside = title if target.title_maxlen else convert(written_in, wanted, title)
    calls = target._build_send_calls(  # noqa: SLF001 - what a service gets is not told otherwise
        title=inside,
        body=convert(written_in, wanted, text),
        body_format=wanted,
        body_passthrough=False,
    )
    return target, list(calls)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.partition(":")[0])
@pytest.mark.fault("L10", "L11")
def test_text_of_any_kind_is_cut_to_what_the_service_accepts(address: str) -> None:
    for name, body in BODIES.items():
        target, [call] = pieces(address, body)
        shared = len(call["title"]) if target.overflow_amalgamate_title else 0
        assert len(call["title"]) <= target.title_maxlen, name
        assert len(call["body"]) + shared <= room_of(target), name
        is_whole = len(body) < room_of(target)
        assert is_whole or MISSING.search(shown(call["body"])), name
    _, [call] = pieces(address, SHORT)
    assert SHORT in shown(call["body"])


CARD = ("attachments", 0, "content", "body", 1, "text")


@pytest.mark.parametrize(
    ("address", "answer", "read", "limit"),
    [
        pytest.param(SLACK, Answer(), field("attachments", 0, "text"), 35_000, id="slack"),
        pytest.param(f"discord://1234567890/{KEY}", Answer(204, b""), field("content"), 2_000, id="discord"),
        pytest.param(
            f"tgram://123456789:{KEY}/12315544",
            Answer(body=b'{"ok": true, "result": {}}'),
            field("text"),
            4_096,
            id="telegram",
        ),
        pytest.param(
            f"pover://{KEY}abcdefghij@{KEY}abcdefghij",
            Answer(body=b'{"status": 1}'),
            form("message"),
            1_024,
            id="pushover",
        ),
        pytest.param("ntfy://topic", Answer(body=b"{}"), field("message"), 4_096, id="ntfy"),
        pytest.param(f"mmosts://chat.example.test/{KEY}", Answer(), field("text"), 4_000, id="mattermost"),
        pytest.param(
            f"workflows://teams.example.test/{KEY}/{KEY}",
            Answer(202, b""),
            field(*CARD),
            20_000,
            id="teams",
        ),
        pytest.param(
            f"gchat://{KEY}/{KEY}/{KEY}", Answer(body=b"{}"), field("text"), 4_000, id="google-chat"
        ),
        pytest.param(
            f"rockets://{KEY}/{KEY}@chat.example.test", Answer(), field("text"), 1_000, id="rocket-chat"
        ),
        pytest.param(
            f"zulip://bot@corp/{KEY}abcdefghij01/general",
            Answer(body=b'{"result": "success"}'),
            form("content"),
            10_000,
            id="zulip",
        ),
        pytest.param(
            f"gotifys://gotify.example.test/{KEY}",
            Answer(body=b"{}"),
            field("message"),
            32_768,
            id="gotify",
        ),
        pytest.param(
            f"pagerduty://{KEY}@{KEY}",
            Answer(202, b"{}"),
            field("payload", "summary"),
            1_024,
            id="pagerduty",
        ),
        pytest.param(
            f"opsgenie://{KEY}",
            Answer(202, b'{"requestId": "1"}'),
            field("description"),
            15_000,
            id="opsgenie",
        ),
        pytest.param(
            f"mailgun://w@example.test/{KEY}/a@example.test",
            Answer(body=b"{}"),
            form("html"),
            32_768,
            id="mailgun",
        ),
        pytest.param(
            "46elks://user:password@12025550123", Answer(body=b"{}"), form("message"), 160, id="sms"
        ),
    ],
)
@pytest.mark.fault("L10")
def test_a_service_gets_one_request_that_it_can_accept(
    address: str,
    answer: Answer,
    read: Callable[[bytes], str],
    limit: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with imitated_services(monkeypatch, tmp_path, answer) as service:
        assert send(address, message(TITLE, LINE * 2_000)) == Outcome(SENT)
    [request] = service.requests
    text = read(request.body)
    assert limit * 0.7 < len(text.encode()) <= limit * 1.05
    assert len(text) <= limit
    assert MISSING.search(shown(text))
    assert not request.headers["Content-Type"].startswith("multipart")


@pytest.mark.fault("L10")
def test_missing_text_is_counted_to_the_character(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with imitated_services(monkeypatch, tmp_path, Answer(body=b"{}")) as service:
        send("ntfy://topic", message("A title", "z" * 9_000))
    text = json.loads(service.requests[0].body)["message"]
    assert text.endswith(" more characters; see `watcher events --since 2026-11-23T08:00Z`")
    assert text.count("z") + int(MISSING.findall(text)[0].replace(",", "")) == 9_000


@pytest.mark.fault("L19")
def test_an_incident_service_is_asked_to_open_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with imitated_services(monkeypatch, tmp_path, Answer(202, b'{"requestId": "1"}')) as service:
        assert send(f"opsgenie://{KEY}") == Outcome(SENT)
        unasked = send(f"opsgenie://{KEY}?action=close")
    assert [request.path for request in service.requests] == ["/v2/alerts"]
    assert (
        unasked.reason == "nothing was sent, because the options of the address turn off this kind of message"
    )


@pytest.mark.fault("L14")
def test_no_message_has_an_attachment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving_mail() as mail:
        assert send(mail.url(), message(letter=told(NEW).letter)) == Outcome(SENT)
    [received] = mail.mails
    assert [part.get_content_type() for part in received.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert list(received.iter_attachments()) == []
    with imitated_services(monkeypatch, tmp_path) as service:
        assert send(SLACK) == Outcome(SENT)
    assert service.requests[0].headers["Content-Type"].startswith("application/json")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.fault("L14")
def test_an_address_cannot_name_a_file() -> None:
    with pytest.raises(UnusableError, match="its service does not support"):
        load(f"{SLACK}?attach=/etc/hostname")
