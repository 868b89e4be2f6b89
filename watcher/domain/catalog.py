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
class FeedEntry:
    """A base model that the feed showed at `since` first.

    `known`: people know it, or need not; `told`: they know it by the feed, the list has not shown it yet.
    """

    model: str
    name: str
    since: datetime
    known: bool
    told: bool = False
