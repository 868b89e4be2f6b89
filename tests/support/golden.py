"""What each service is sent, captured by imitated services from the real sending child, and kept in files."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Flag
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.imitated_services import ImitatedServices
from tests.support.receivers import Answer, Request
from watcher.delivery.apprise_process import send_crew
from watcher.domain.delivery import Channel, Delivery, OutboxState, Outcome, Secret
from watcher.domain.kinds import Kind
from watcher.domain.news import Notification
from watcher.messages.message import notification
from watcher.messages.samples import sample_events
from watcher.messages.trial import trial

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
FOLDER = Path(__file__).parents[1] / "golden"
DEADLINE = 120.0  # seconds for all messages to one service
SHOWN = ("content-type", "webhook-id", "x-priority", "x-tags", "x-click", "x-title", "x-markdown")
"""The headers that say something of a message."""


@dataclass(frozen=True)
class Service:
    """A service: an address with `{}` for a part that no other message has, and how it answers."""

    name: str
    address: str
    answer: Answer


SERVICES = (
    Service("slack", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdev{}", Answer()),
    Service(
        "slack-bot",
        "slack://xoxb-1234-1234-4ddbc191d40ee098cbaae6f3523ada{}/#catalog",
        Answer(body=b'{"ok": true, "channel": "C1"}'),
    ),
    Service("discord", "discord://1234567890/abcdefghij0123456789{}", Answer(204, b"")),
    Service(
        "telegram",
        "tgram://123456789:abcdefghij0123456789{}/12315544",
        Answer(body=b'{"ok": true, "result": {}}'),
    ),
    Service("teams", "workflows://teams.example.test/abcdefghij012345678{}/abcdefghij", Answer(202, b"")),
    Service("mattermost", "mmosts://chat.example.test/abcdefghij0123456789{}", Answer()),
    Service("google-chat", "gchat://abcdefghij/abcdefghij/abcdefghij0123456789{}", Answer(body=b"{}")),
    Service("wecom", "wecombot://abcdefghij0123456789{}", Answer(body=b'{"errcode": 0}')),
    Service("ntfy", "ntfys://ntfy.example.test/catalog{}", Answer(body=b"{}")),
    Service(
        "pushover",
        "pover://abcdefghij0123456789abcdefghij@abcdefghij0123456789abcdef{}",
        Answer(body=b'{"status": 1}'),
    ),
    Service("pagerduty", "pagerduty://abcdefghij0123456789{}@abcdefghij0123456789", Answer(202, b"{}")),
    Service("opsgenie", "opsgenie://abcdefghij0123456789{}", Answer(202, b'{"requestId": "1"}')),
    Service("json", "jsons://hooks.example.test/abcdefghij0123456789{}", Answer()),
    Service("webhook", "https://hooks.example.test/abcdefghij0123456789{}", Answer()),
)


def messages() -> dict[str, Notification]:
    """Return what is sent: a message for every kind, one of all of them, and the one that tries a channel."""
    events = sample_events(AT)
    single = {str(kind): notification("team", AT, [events[kind]], ["Sample"]) for kind in Kind}
    every = notification("team", AT, [*events.values()], ["Sample"])
    return {**single, "all of them": every, "watcher test": trial("team", AT)}


def number(position: int) -> str:
    """Write a number that is found again in a request."""
    return f"{position:04d}99"


def captured(
    service: Service, network: ImitatedServices, told: Mapping[str, Notification]
) -> tuple[dict[str, list[Any]], list[Outcome]]:
    """Send every message to a service; return by message what arrived, and the outcomes."""
    network.requests.clear()
    network.answer_with(service.answer)
    crew = [
        (
            Channel("team", Secret(service.address.format(number(position)))),
            Delivery(position, message, OutboxState.SENDING, 1, AT),
        )
        for position, message in enumerate(told.values())
    ]
    outcomes = send_crew(crew, DEADLINE, Flag())
    arrived = {name: [*_of(position, network.requests)] for position, name in enumerate(told)}
    return arrived, outcomes


def _of(position: int, requests: Sequence[Request]) -> Iterator[dict[str, Any]]:
    mark = number(position)
    for request in requests:
        whole = json.dumps([request.path, dict(request.headers), request.body.decode()])
        if mark in whole:
            yield _shown(request, mark)


def _shown(request: Request, mark: str) -> dict[str, Any]:
    """Return a request without its secrets."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    kept = {name: headers[name] for name in SHOWN if name in headers}
    host = headers["host"]
    return {
        "method": request.method,
        "address": _hidden(f"https://{host}{request.path}", mark),
        "headers": kept,
        "body": _without(_body(request), mark),
    }


def _hidden(address: str, mark: str) -> str:
    parts = urlsplit(address)
    path = "/".join("***" if mark in part else part for part in parts.path.split("/"))
    query = "&".join(f"{name}={'***' if mark in value else value}" for name, value in parse_qsl(parts.query))
    return f"{parts.scheme}://{parts.netloc}{path}{f'?{query}' if query else ''}"


def _body(request: Request) -> Any:
    text = request.body.decode()
    if "urlencoded" in request.headers.get("Content-Type", ""):
        return dict(parse_qsl(text))
    return json.loads(text)


def _without(value: Any, mark: str) -> Any:
    """Return a body with stars for what has the mark."""
    if isinstance(value, dict):
        return {key: _without(inner, mark) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without(inner, mark) for inner in value]
    return "***" if isinstance(value, str) and mark in value else value


def written(found: Mapping[str, Any]) -> str:
    """Write what arrived so that people can read it and compare versions."""
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"
