"""The nouns: what a source showed, what differs, what is news, who is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Document: TypeAlias = Mapping[str, Json]
"""A model made comparable: one key an aspect, besides keys that are evidence only."""


class Aspect(StrEnum):
    """A side of a model that can differ on its own; the value is its key in a document."""

    LISTED = "listed"
    PRICE = "price"
    EXPIRATION = "expiration"
    COUNTDOWN = "countdown"
    ALIAS = "alias"
    CONTEXT = "context"
    CAPABILITIES = "capabilities"
    DETAILS = "details"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One believed answer of a source.

    `documents` by model id (for the feed: by canonical slug); `fields` every field name that the answer used;
    `refused` the items that could not be read, with the reason; `raw` the rows as they came, as JSON,
    which takes less memory than what it stands for.
    """

    identity: str
    documents: Mapping[str, Document]
    fields: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """No believed answer: why, and how many seconds the server asked us to wait (None: it did not)."""

    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a part of watcher; what is `is_final` is told at once, else when it lasts."""

    reason: str
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value that differs inside an aspect; `path` is dotted, None means absent."""

    path: str
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class Change:
    """An aspect of a model whose observed value is not the announced one."""

    aspect: Aspect
    before: Json
    after: Json
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Pending:
    """A difference that waits: since when, and how many polls have shown it (two are as good as more)."""

    since: datetime
    polls: int = 1


@dataclass(frozen=True, slots=True)
class Level:
    """A price that a model showed from `since` on, and not yet at the poll `before` (both UTC).

    `routed`: the model's host changed in the same poll; `movers`: how many models' prices moved in it.
    """

    price: Json
    before: datetime
    since: datetime
    routed: bool = False
    movers: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """All that is remembered of one model.

    `announced` is what people know, `observed` what the last believed list showed. `revision` counts the
    announcements; `levels` are the prices observed lately, the last one at present.
    """

    announced: Document | None = None
    observed: Document | None = None
    pending: Mapping[Aspect, Pending] = field(default_factory=dict)
    revision: int = 0
    levels: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """How a source has been doing; `told` means that people know it is failing."""

    identity: str = ""
    last_good: datetime | None = None
    failing_since: datetime | None = None
    reason: str | None = None
    failures: int = 0
    told: bool = False
    episodes: int = 0
    fields: frozenset[str] = frozenset()
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A base model that the feed showed at `since` first.

    `known`: people know it, or need not; `told`: they know it by the feed, the list has not shown it yet.
    """

    model: str
    name: str
    since: datetime
    known: bool
    told: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A piece of news. `id` is a hash of what it says, so a replay gives the same id.

    `since` is when it was first seen; `model` the whole document at that time, for conditions; `part_of` the
    id of the catalog-wide event that stands for this one; `crowd` how many models moved with it at first.
    """

    id: str
    at: datetime
    kind: str
    subject: str
    before: Json = None
    after: Json = None
    fields: tuple[FieldChange, ...] = ()
    cause: str | None = None
    part_of: str | None = None
    since: datetime | None = None
    crowd: int = 0
    model: Document = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notification:
    """What one channel is told after one poll; `urgent` passes the channel's quiet hours."""

    channel: str
    at: datetime
    title: str
    body: str
    html: str
    rules: tuple[str, ...]
    events: tuple[str, ...]
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A value people chart that the list showed anew: prices in USD per token as text, else JSON text."""

    at: datetime
    model: str
    field: str
    value: str | None


Part: TypeAlias = tuple[str, str]
"""A part of watcher that can be in trouble: what it is (`channel`, `rule`, `configuration`) and its name."""

ToldPrices: TypeAlias = Mapping[tuple[str, str], Document]
"""By rule name and model id: the price from which that rule's size conditions count."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything remembered between two polls; `troubles` has how parts of watcher itself have been doing."""

    items: Mapping[str, Item] = field(default_factory=dict)
    sources: Mapping[str, Source] = field(default_factory=dict)
    feed: Mapping[str, FeedEntry] = field(default_factory=dict)
    told_prices: ToldPrices = field(default_factory=dict)
    troubles: Mapping[Part, Source] = field(default_factory=dict)

    @property
    def listed(self) -> int:
        """Count the models that the last believed list showed."""
        return sum(bool(item.observed and item.observed["listed"]) for item in self.items.values())

    @property
    def waiting(self) -> int:
        """Count the differences that have not lasted long enough yet."""
        return sum(len(item.pending) for item in self.items.values())


@dataclass(frozen=True, slots=True)
class Plan:
    """What one poll means: the state after it, what is to be recorded and told. Nothing is done yet.

    `raw` has the rows of the list as they came, by model id; `matches` which rule tells what; `faults`
    what went wrong in deciding, and was made good by telling more.
    """

    state: State
    events: tuple[Event, ...] = ()
    notifications: tuple[Notification, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    matches: tuple[tuple[str, Event], ...] = ()
    raw: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
