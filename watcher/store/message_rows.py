"""Converts events and messages to rows of the database and back."""

import json
from dataclasses import asdict

from watcher.domain.catalog import FieldChange
from watcher.domain.delivery import Delivery, OutboxState
from watcher.domain.kinds import KINDS
from watcher.domain.letter import read_letter
from watcher.domain.news import Event, Notification
from watcher.store.rows import document_of, dump, optional_dump, optional_load, optional_text, optional_time
from watcher.store.schema import Row
from watcher.text.times import from_iso, to_iso


def event_row(event: Event) -> Row:
    """Write an event."""
    return {
        "id": event.id,
        "at": to_iso(event.at),
        "kind": event.kind,
        "subject": event.subject,
        "before": optional_dump(event.before),
        "after": optional_dump(event.after),
        "fields": dump([asdict(change) for change in event.fields]),
        "cause": event.cause,
        "since": optional_text(event.since),
        "provider": event.provider,
        "facts": dump(event.facts),
        "model": dump((asdict(event.model) if event.model else {}) | {"aliases": event.aliases}),
    }


def event_of(row: Row) -> Event:
    """Read an event."""
    model = json.loads(row["model"])
    return Event(
        id=row["id"],
        at=from_iso(row["at"]),
        kind=KINDS[row["kind"]],
        subject=row["subject"],
        before=optional_load(row["before"]),
        after=optional_load(row["after"]),
        fields=tuple(FieldChange(**change) for change in json.loads(row["fields"])),
        cause=row["cause"],
        since=optional_time(row["since"]),
        provider=row["provider"],
        facts=json.loads(row["facts"]),
        model=document_of({key: value for key, value in model.items() if key != "aliases"}),
        aliases=tuple(model.get("aliases", ())),
    )


def outbox_row(notification: Notification) -> Row:
    """Write a message that is waiting for its first attempt."""
    return {
        "channel": notification.channel,
        "at": to_iso(notification.at),
        "title": notification.title,
        "body": notification.body,
        "rules": dump(notification.rules),
        "events": dump(notification.events),
        "state": OutboxState.WAITING.value,
        "attempts": 0,
        "next_at": to_iso(notification.due or notification.at),
        "repeat": 0,
        "urgent": int(notification.urgent),
        "digest": notification.digest,
        "letter": dump(asdict(notification.letter)) if notification.letter else None,
    }


def delivery_of(row: Row) -> Delivery:
    """Read a message of the outbox."""
    return Delivery(
        id=row["id"],
        notification=Notification(
            channel=row["channel"],
            at=from_iso(row["at"]),
            title=row["title"],
            body=row["body"],
            rules=tuple(json.loads(row["rules"])),
            events=tuple(json.loads(row["events"])),
            urgent=bool(row["urgent"]),
            digest=row["digest"],
            letter=read_letter(json.loads(row["letter"])) if row["letter"] else None,
        ),
        state=OutboxState(row["state"]),
        attempts=row["attempts"],
        next_at=from_iso(row["next_at"]),
        repeat=bool(row["repeat"]),
        error=row["error"],
        sent_at=optional_time(row["sent_at"]),
        refusals=row["refusals"],
        sent_with=row["sent_with"],
    )
