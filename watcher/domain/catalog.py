"""Models as sources show them, and what is stored about each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Prices: TypeAlias = Mapping[str, Json]
"""USD per token (some keys: per request, image, ...) as exact decimal text; `overrides` by condition."""


class Aspect(StrEnum):
    """A side of a model that can differ on its own; all but `countdown` name a field of `Document`."""

    LISTED = "listed"
    PRICE = "price"
    EXPIRATION = "expiration"
    COUNTDOWN = "countdown"
    ALIAS = "alias"
    CONTEXT = "context"
    CAPABILITIES = "capabilities"
    DETAILS = "details"
    LIMITS = "limits"
    DEPRECATION = "deprecation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A model made comparable. None means unknown, except that an `expiration` of None is no date.

    `expiration` is an ISO day (UTC), `alias` what an alias points to, `context` in tokens; `capabilities`
    are sorted lists by name, `limits` those of the provider shown; `deprecation` is what the description says
    of it, None if it says nothing. `clock` (prices that follow the time of
    day) and `routing` (the provider shown) are evidence, not compared.
    """

    listed: bool | None = True
    price: Prices | None = None
    expiration: str | None = None
    alias: str | None = None
    context: int | None = None
    capabilities: Mapping[str, Sequence[str] | None] | None = None
    details: Mapping[str, Json] | None = None
    limits: Mapping[str, Json] | None = None
    deprecation: str | None = None
    clock: Prices = field(default_factory=dict)
    routing: Mapping[str, Json] = field(default_factory=dict)


UNKNOWN = Document(listed=None)
"""A model that has never been seen."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One credible answer of the model list.

    `query_id` identifies the query, `documents` are by model id, `fields` is every field name in the answer,
    `refused` is why rows could not be read, `unread` why fields of the others could not, by model and field;
    `raw` has the rows as JSON text, which takes less memory.
    """

    query_id: str
    documents: Mapping[str, Document]
    fields: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)
    unread: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


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
    """A change on hold: since when, and how many polls have shown it (counted up to two)."""

    since: datetime
    polls: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """A price, and the first look that showed it (UTC)."""

    price: Prices
    since: datetime


@dataclass(frozen=True, slots=True)
class ShownPrice:
    """A price that the list's row showed, and when it last did so (UTC)."""

    price: Prices
    last: datetime


@dataclass(frozen=True, slots=True)
class RowPrice:
    """The price of prompt and completion in a model's row of the list.

    `reported` and `routing` are the price and the provider that people know; `steps` are the prices that
    differ from it and are no news yet, oldest first; `shown` what the row showed lately.
    """

    reported: Prices
    routing: Mapping[str, Json]
    steps: tuple[Step, ...] = ()
    shown: tuple[ShownPrice, ...] = ()


@dataclass(frozen=True, slots=True)
class Announcement:
    """The last announcement about an aspect: its time (UTC), and the value before it."""

    at: datetime
    before: Json


@dataclass(frozen=True, slots=True)
class Item:
    """Everything stored about one model.

    `announced` is what has been reported, `observed` what the last credible list showed. `revision` counts
    the announcements, `row` follows the price in its row. `countdown` is the most urgent reminder (days)
    sent for the announced date, `dates` every expiration date announced so far.
    """

    announced: Document | None = None
    observed: Document | None = None
    pending: Mapping[Aspect, Pending] = field(default_factory=dict)
    revision: int = 0
    row: RowPrice | None = None
    countdown: int | None = None
    dates: tuple[str, ...] = ()
    last: Mapping[Aspect, Announcement] = field(default_factory=dict)

    @property
    def listed(self) -> Document | None:
        """What the last list shows of the model, None if it does not show it."""
        return self.observed if self.observed and self.observed.listed else None


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One item of the feed: the model's id and name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class FeedSnapshot:
    """One credible answer of the feed: items by canonical slug, and why others could not be read."""

    query_id: str
    items: Mapping[str, FeedItem]
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A base model that the feed first showed at `since`; once `announced`, a recent time that it did (UTC).

    `announced`: reported, or part of the baseline; `unconfirmed`: so far only the feed has shown it.
    """

    model: str
    name: str
    since: datetime
    announced: bool
    unconfirmed: bool = False
