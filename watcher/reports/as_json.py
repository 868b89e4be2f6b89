"""What commands print with `--json`: one object a line, times in UTC, prices as the API writes them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from watcher.domain.catalog import Json
from watcher.domain.delivery import Delivery
from watcher.domain.news import Event, HistoryEntry, Notification
from watcher.domain.polls import Plan
from watcher.news.settle import Waiting
from watcher.reports.explain import RuleCheck
from watcher.text.times import to_iso


def written(value: Json) -> str:
    """Write an object as a line that is read everywhere; what would steer a terminal is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)


def event(told: Event) -> dict[str, Json]:
    """Give an event; what does not apply is left out."""
    always: dict[str, Json] = {
        "type": "event",
        "id": told.id,
        "at": to_iso(told.at),
        "kind": told.kind,
        "subject": told.subject,
        "before": told.before,
        "after": told.after,
    }
    optional = {
        "cause": told.cause,
        "provider": told.provider,
        "fields": [asdict(change) for change in told.fields],
    }
    return always | {key: value for key, value in optional.items() if value}


def notification(told: Notification) -> dict[str, Json]:
    """Give a message."""
    return {
        "type": "notification",
        "at": to_iso(told.at),
        "channel": told.channel,
        "rules": told.rules,
        "title": told.title,
        "body": told.body,
        "events": told.events,
    }


def delivery(message: Delivery) -> dict[str, Json]:
    """Give a message of the outbox and where it stands."""
    return notification(message.notification) | {
        "type": "delivery",
        "id": message.id,
        "state": message.state,
        "attempts": message.attempts,
        "next_at": to_iso(message.next_at),
        "possible_repeat": message.repeat,
        "error": message.error,
        "sent_at": to_iso(message.sent_at) if message.sent_at else None,
    }


def explained(told: Event, found: Sequence[RuleCheck]) -> dict[str, Json]:
    """Give an event and what each rule makes of it."""
    rules: list[Json] = [
        {"rule": v.rule, "tells": v.tells, "channels": v.channels, "unmet": v.unmet} for v in found
    ]
    return event(told) | {"rules": rules}


def waiting(found: Waiting, of_rules: Sequence[RuleCheck]) -> dict[str, Json]:
    """Give a difference that waits, as the event that it would be."""
    hold: dict[str, Json] = {
        "since": to_iso(found.since),
        "due_at": to_iso(found.due_at),
        "reason": found.reason,
    }
    return explained(found.event, of_rules) | {"type": "waiting"} | hold


def history(entry: HistoryEntry) -> dict[str, Json]:
    """Give a charted value."""
    return {"type": "history"} | asdict(entry) | {"at": to_iso(entry.at)}


def lines(decided: Plan) -> Iterator[str]:
    """Write a plan: its events, then its messages."""
    for told in decided.events:
        yield written(event(told))
    for message in decided.notifications:
        yield written(notification(message))
