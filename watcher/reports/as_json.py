"""What commands print with `--json`: one object per line, times in UTC, prices as the API writes them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from watcher.domain.catalog import Json
from watcher.domain.delivery import Delivery
from watcher.domain.news import Event, HistoryEntry, Notification
from watcher.domain.polls import Health, Plan
from watcher.messages.as_data import as_data
from watcher.news.outlook import Waiting
from watcher.reports.explain import RuleCheck
from watcher.reports.fates import Telling
from watcher.text.times import to_iso


def written(value: Json) -> str:
    """Write an object as one line of JSON; what would control a terminal is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)


def notification(message: Notification) -> dict[str, Json]:
    """Return a message."""
    return {
        "type": "notification",
        "at": to_iso(message.at),
        "channel": message.channel,
        "rules": message.rules,
        "title": message.title,
        "body": message.body,
        "events": message.events,
    }


def delivery(message: Delivery) -> dict[str, Json]:
    """Return a message of the outbox and its state."""
    return notification(message.notification) | {
        "type": "delivery",
        "id": message.id,
        "state": message.state,
        "attempts": message.attempts,
        "next_at": to_iso(message.next_at),
        "possible_repeat": message.repeat,
        "sent_with": message.sent_with or None,
        "error": message.error,
        "sent_at": to_iso(message.sent_at) if message.sent_at else None,
    }


def explained(
    found: Event, checks: Sequence[RuleCheck], told: Sequence[Telling] | None = None
) -> dict[str, Json]:
    """Return an event, whether each rule reports it, and what became of it on each channel."""
    rules: list[Json] = [
        {"rule": check.rule, "tells": check.matches, "channels": check.channels, "unmet": check.unmet}
        for check in checks
    ]
    fates: dict[str, Json] = {} if told is None else {"channels": [one.as_json() for one in told]}
    return as_data(found) | {"rules": rules} | fates


def waiting(found: Waiting, checks: Sequence[RuleCheck]) -> dict[str, Json]:
    """Return a change on hold as the event that it would be, and the reason for its hold."""
    hold: dict[str, Json] = {
        "since": to_iso(found.since),
        "due_at": to_iso(found.due_at),
        "reason": found.reason,
    }
    return explained(found.event, checks) | {"type": "waiting"} | hold


def unreadable(model: str, row: Health) -> dict[str, Json]:
    """Return since when and why a model's row cannot be read."""
    since = to_iso(row.failing_since) if row.failing_since else None
    return {"type": "unreadable", "subject": model, "since": since, "reason": row.reason}


def history(entry: HistoryEntry) -> dict[str, Json]:
    """Return a charted value."""
    return {"type": "history"} | asdict(entry) | {"at": to_iso(entry.at)}


def lines(decided: Plan) -> Iterator[str]:
    """Write a plan: its events, then its messages."""
    for found in decided.events:
        yield written(as_data(found))
    for message in decided.notifications:
        yield written(notification(message))
