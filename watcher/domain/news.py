"""News, and the messages that carry it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from watcher.domain.catalog import Document, FieldChange, Json, Prices
from watcher.domain.kinds import Kind, Severity
from watcher.domain.letter import Letter


@dataclass(frozen=True, slots=True)
class Event:
    """A piece of news. `id` is a hash of what it says, so a replay gives the same id.

    `since` is when it was first seen (UTC); `model` is the document at that time, for conditions; `aliases`
    point to its subject; `provider` is the provider that caused it, if known. `facts` are what a reader wants
    to know besides (news/background.py), and not part of what happened; `severity` is that of the rule that
    tells it, None for the default.
    """

    id: str
    at: datetime
    kind: Kind
    subject: str
    before: Json = None
    after: Json = None
    fields: tuple[FieldChange, ...] = ()
    cause: str | None = None
    since: datetime | None = None
    model: Document | None = None
    aliases: tuple[str, ...] = ()
    provider: str | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """One poll's message to one channel; `urgent` ignores the channel's quiet hours.

    `since` is the time of its oldest event (UTC) if that is not `at`. `letter` has its parts; without one,
    title and body are all there is. A `digest` names its schedule (`daily at 09:00`) and waits until `due`
    (UTC); `now` instead of a schedule keeps the message apart from others.
    """

    channel: str
    at: datetime
    title: str
    body: str
    rules: tuple[str, ...]
    events: tuple[str, ...]
    urgent: bool = False
    since: datetime | None = None
    letter: Letter | None = None
    digest: str | None = None
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A new value for the charts: prices in USD per token as text, anything else as JSON text."""

    at: datetime
    model: str
    field: str
    value: str | None


BasePrices: TypeAlias = Mapping[tuple[str, str], Prices]
"""By rule name and model id: the price from which that rule's size conditions count."""
