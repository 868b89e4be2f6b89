"""The tables, by the version of the store that added them."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
Columns: TypeAlias = Mapping[str, type]
Key: TypeAlias = str | tuple[str, ...]

# Prices and times are text, because SQLite would turn "0.10" into a number.
VERSION_1: Mapping[str, tuple[Key, Columns]] = {
    "sources": (
        "name",
        {
            "name": str,
            "identity": str,
            "last_good": str,
            "failing_since": str,
            "reason": str,
            "failures": int,
            "told": int,
            "episodes": int,
            "fields": str,
        },
    ),
    "models": (
        "id",
        {"id": str, "announced": str, "observed": str, "revision": int, "levels": str},
    ),
    "raw": ("model", {"model": str, "document": str}),
    "pending": (
        ("model", "aspect"),
        {"model": str, "aspect": str, "since": str, "polls": int},
    ),
    "feed": ("slug", {"slug": str, "model": str, "name": str, "since": str, "known": int, "told": int}),
    "told_prices": (("rule", "model"), {"rule": str, "model": str, "price": str}),
    "history": ("id", {"id": int, "at": str, "model": str, "field": str, "value": str}),
    "events": (
        "id",
        {
            "id": str,
            "at": str,
            "kind": str,
            "subject": str,
            "before": str,
            "after": str,
            "fields": str,
            "cause": str,
            "part_of": str,
            "since": str,
            "crowd": int,
            "model": str,
        },
    ),
    "outbox": (
        "id",
        {
            "id": int,
            "channel": str,
            "at": str,
            "title": str,
            "body": str,
            "html": str,
            "rules": str,
            "events": str,
            "state": str,
            "attempts": int,
            "next_at": str,
            "repeat": int,
            "error": str,
            "sent_at": str,
        },
    ),
}
INDEXES_1: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("history", ("model", "at")),
    ("events", ("at",)),
    ("events", ("subject", "at")),
    ("outbox", ("state", "next_at")),
)

SOURCE = VERSION_1["sources"][1]
TABLES_2: Mapping[str, tuple[Key, Columns]] = {
    "troubles": (("what", "name"), {"what": str, "asked_at": str, **SOURCE}),
}
COLUMNS_2: tuple[tuple[str, str, type, int | None], ...] = (
    ("sources", "asked_at", str, None),
    ("outbox", "urgent", int, 0),
    ("outbox", "refusals", int, 0),
    ("outbox", "sent_with", int, 0),
)
"""Table, column, type and default of what version 2 added."""

NO_ANNOUNCEMENTS = '{"countdown":null,"dates":[],"last":{}}'
TABLES_3: Mapping[str, tuple[Key, Columns]] = {"markets": ("model", {"model": str, "market": str})}
COLUMNS_3: tuple[tuple[str, str, type, str | None], ...] = (
    ("models", "announcements", str, NO_ANNOUNCEMENTS),
    ("events", "provider", str, None),
)
"""What version 3 added: what providers ask, and the announcements that version 2 kept in the document."""

TABLES_4: Mapping[str, tuple[Key, Columns]] = {
    "mutes": (
        "id",
        {"id": int, "pattern": str, "fact": str, "why": str, "at": str, "until": str, "ended": str},
    ),
    "held": (("event", "mute"), {"event": str, "mute": int}),
}
COLUMNS_4: tuple[tuple[str, str, type, str | None], ...] = (
    ("events", "facts", str, "{}"),
    ("outbox", "letter", str, None),
    ("outbox", "digest", str, None),
)
"""What version 4 added.

Mutes and acknowledgements with what they held back, the parts of messages, digests, and facts for readers.
"""
