"""What an address chooses itself is kept where a message gets its service's own form."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.support.imitated_services import imitated_services
from tests.support.receivers import Answer, Request
from tests.support.send_one import SENT, send
from watcher.domain.delivery import Delivery, OutboxState, Outcome
from watcher.domain.kinds import Kind
from watcher.messages.message import notification
from watcher.messages.samples import sample_events

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
KEY = "abcdefghij0123456789"


def news(kind: Kind = Kind.PRICE_CHANGED) -> Delivery:
    told = notification("c", AT, [sample_events(AT)[kind]], ["r"])
    return Delivery(1, told, OutboxState.SENDING, 1, AT)


def body(request: Request) -> Any:
    return json.loads(request.body)


@pytest.mark.parametrize(
    ("address", "answer", "read", "kept"),
    [
        pytest.param(
            f"slack://bird@T1JJ3T3L2/A1BRTD4JD/{KEY}abcd/#catalog",
            Answer(),
            lambda sent: (body(sent)["username"], body(sent)["channel"], len(body(sent)["blocks"])),
            ("bird", "#catalog", 1),
            id="slack: user and channel",
        ),
        pytest.param(
            f"discord://1234567890/{KEY}?ping=%40everyone",
            Answer(204, b""),
            lambda sent: (
                "@everyone" in body(sent)["content"],
                body(sent)["allowed_mentions"]["parse"],
                len(body(sent)["embeds"]),
            ),
            (True, ["everyone"], 1),
            id="discord: whom it pings",
        ),
        pytest.param(
            "ntfys://ntfy.example.test/topic?priority=min&tags=bird&click=https://own.example.test",
            Answer(body=b"{}"),
            lambda sent: tuple(
                {name.lower(): value for name, value in sent.headers.items()}[f"x-{name}"]
                for name in ("priority", "tags", "click")
            ),
            ("min", "bird", "https://own.example.test"),
            id="ntfy: priority, tags and page",
        ),
        pytest.param(
            f"pover://{KEY}abcdefghij@{KEY}abcdefghij?priority=high",
            Answer(body=b'{"status": 1}'),
            lambda sent: (parse_qs(sent.body.decode())["priority"], parse_qs(sent.body.decode())["html"]),
            (["1"], ["1"]),
            id="pushover: priority",
        ),
        pytest.param(
            f"pagerduty://{KEY}@{KEY}?severity=error&dedup=mine&group=birds",
            Answer(202, b"{}"),
            lambda sent: (
                body(sent)["payload"]["severity"],
                body(sent)["payload"]["group"],
                body(sent)["dedup_key"],
            ),
            ("error", "birds", "mine"),
            id="pagerduty: severity, group and key",
        ),
        pytest.param(
            f"opsgenie://{KEY}?priority=1&alias=mine&tags=bird",
            Answer(202, b'{"requestId": "1"}'),
            lambda sent: (body(sent)["priority"], body(sent)["alias"], body(sent)["tags"]),
            ("P1", "mine", ["bird"]),
            id="opsgenie: priority, alias and tags",
        ),
    ],
)
def test_what_an_address_says_is_kept(
    address: str,
    answer: Answer,
    read: Callable[[Request], Any],
    kept: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with imitated_services(monkeypatch, tmp_path, answer) as service:
        assert send(address, news()) == Outcome(SENT)
    assert read(service.requests[-1]) == kept


def test_a_template_in_the_address_is_all_of_the_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "blocks.json"
    file.write_text('{"blocks": [{"type": "divider"}]}')
    with imitated_services(monkeypatch, tmp_path) as service:
        address = f"slack://T1JJ3T3L2/A1BRTD4JD/{KEY}abcd?template={file}"
        assert send(address, news()) == Outcome(SENT)
    assert body(service.requests[0]) == {"attachments": [{"blocks": [{"type": "divider"}]}]}


def test_a_mattermost_bot_is_sent_attachments_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Answer(201, b'{"id": "abcdefghijklmnopqrstuvwxyz"}')
    with imitated_services(monkeypatch, tmp_path, answer) as service:
        address = f"mmosts://chat.example.test/{KEY}?mode=bot&channels=abcdefghijklmnopqrstuvwxyz"
        assert send(address, news()) == Outcome(SENT)
    sent = body(service.requests[-1])
    assert sent["message"] == f"**{news().notification.title}**"
    assert len(sent["props"]["attachments"]) == 1


@pytest.mark.parametrize(
    ("kind", "color"),
    [
        (Kind.SOURCE_FAILING, "failure"),
        (Kind.PRICE_CHANGED, "warning"),
        (Kind.MODEL_ADDED, "info"),
        (Kind.SOURCE_RECOVERED, "success"),
    ],
)
def test_severity_is_the_kind_that_apprise_has(
    kind: Kind, color: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with imitated_services(monkeypatch, tmp_path) as service:
        assert send("jsons://hooks.example.test/", news(kind)) == Outcome(SENT)
    assert body(service.requests[0])["type"] == color
