"""The kinds of news, and how a settled difference becomes one."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from watcher.domain.catalog import Aspect, Change, Document, FieldChange, Json
from watcher.domain.news import Event
from watcher.domain.polls import Part
from watcher.openrouter import prices

CATALOG = "catalog"
_OF_ASPECT = {
    Aspect.PRICE: "price.changed",
    Aspect.COUNTDOWN: "expiration.reminder",
    Aspect.ALIAS: "alias.retargeted",
    Aspect.CONTEXT: "context.changed",
    Aspect.CAPABILITIES: "capability.changed",
    Aspect.DETAILS: "model.changed",
}


def kind_of(change: Change, known: Document) -> str:
    """Name the kind of a difference from what is known of a model."""
    match change.aspect, change.before, change.after:
        case Aspect.LISTED, None, _:
            return "model.added"
        case Aspect.LISTED, _, after:
            return "model.returned" if after else "model.removed"
        case Aspect.EXPIRATION, _, _:
            return _kind_of_date(change, known)
        case Aspect.PRICE, _, _ if not any(_is_headline(field) for field in change.fields):
            return "price.detail"
        case _:
            return _OF_ASPECT[change.aspect]


def _kind_of_date(change: Change, known: Document) -> str:
    if not change.after:
        return "expiration.withdrawn"
    if change.after in told_dates(known):
        return "expiration.restored"
    return "expiration.moved" if change.before else "expiration.announced"


def told_dates(known: Document) -> Sequence[Json]:
    """Give the expiration dates that people were told of a model, whether they still stand or not."""
    dates = known.get("dates")
    return dates if isinstance(dates, list) else []


def _is_headline(field: FieldChange) -> bool:
    """Tell whether a field is what people pay first of all: prompt, completion, or their daily schedule."""
    return field.path in prices.HEADLINE or prices.is_window(field.path)


def identify(kind: str, subject: str, before: Json, after: Json, revision: int) -> str:
    """Hash what an event says; `revision` tells apart the same words said twice."""
    said = json.dumps([kind, subject, before, after, revision], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When a difference is told and since when it was there (UTC), why, after how many announcements."""

    at: datetime
    since: datetime
    revision: int
    cause: str | None = None
    crowd: int = 0


def of_change(
    model: str, change: Change, known: Document, document: Document, circumstances: Circumstances
) -> Event:
    """Make the event of a settled difference; `known` is what people knew, `document` what is observed."""
    kind = kind_of(change, known)
    before, after = _told(change, document)
    return Event(
        id=identify(kind, model, before, after, circumstances.revision),
        at=circumstances.at,
        kind=kind,
        subject=model,
        before=before,
        after=after,
        fields=change.fields,
        cause=circumstances.cause,
        since=circumstances.since,
        crowd=circumstances.crowd,
        model=document,
    )


def _told(change: Change, document: Document) -> tuple[Json, Json]:
    """Give what an event carries: for new and gone models a summary, for prices always both ends."""
    match change.aspect:
        case Aspect.LISTED:
            summary = {"price": prices.whole(document)} | {
                key: document.get(key) for key in ("context", "expiration", "capabilities")
            }
            return (None, summary) if change.after else (summary, None)
        case Aspect.PRICE:
            before, after = ({**document, "price": side} for side in (change.before, change.after))
            return prices.whole(before), prices.whole(after)
        case _:
            return change.before, change.after


def of_part(part: Part, what: str, at: datetime, episode: int, reason: str | None) -> Event:
    """Make the event of a part that fails or has recovered; `episode` counts its failures."""
    kind, subject = f"{part[0]}.{what}", part[1]
    return Event(
        id=identify(kind, subject, None, None, episode),
        at=at,
        kind=kind,
        subject=subject,
        cause=reason,
    )


def of_catalog(at: datetime, what: str, after: Json) -> Event:
    """Make the one event that stands for many alike; `what` says it in words, `after` has the details."""
    return Event(
        id=identify("catalog.changed", CATALOG, what, after, 0),
        at=at,
        kind="catalog.changed",
        subject=CATALOG,
        after=after,
        cause=what,
    )
