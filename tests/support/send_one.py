"""Sends one made-up message with the real child, or with a patched one."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.support.receivers import Answer, receiving
from watcher.delivery.apprise_process import SENDER
from watcher.delivery.transport import deliver
from watcher.domain.delivery import Channel, Delivery, OutboxState, Outcome, Secret, Verdict
from watcher.domain.letter import Letter
from watcher.domain.news import Notification

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)
PATCHED = (sys.executable, str(Path(__file__).with_name("patched_apprise_child.py")))
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"
DISCORD = "discord://1234567890/abcdefghijklm"
SENT, RETRY, REFUSED = Verdict.SENT, Verdict.RETRY, Verdict.REFUSED


def message(
    title: str = "A price fell",
    body: str = "acme/owl: $2 → $1\nsee the page",
    *,
    letter: Letter | None = None,
    repeat: bool = False,
) -> Delivery:
    notification = Notification("c", AT, title, body, ("rule",), ("event-1", "event-2"), letter=letter)
    return Delivery(1, notification, OutboxState.SENDING, 1, AT, repeat)


def send(url: str, delivery: Delivery | None = None, sender: Sequence[str] = SENDER) -> Outcome:
    [outcome] = deliver([(Channel("c", Secret(url)), delivery or message())], sender=sender)
    return outcome


def send_all(urls: Sequence[str]) -> list[Outcome]:
    return deliver([(Channel(f"c{number}", Secret(url)), message()) for number, url in enumerate(urls)])


def send_patched(
    answer: Answer, delivery: Delivery | None = None, url: str = SLACK
) -> tuple[Outcome, list[bytes]]:
    with receiving(answer) as server:
        outcome = send(url, delivery, (*PATCHED, "at", str(server.port)))
    return outcome, [request.body for request in server.requests]
