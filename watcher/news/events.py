"""How a change that has lasted, a failing part of watcher or a catalog-wide change becomes an event."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from watcher.domain.catalog import Aspect, Change, Document, FieldChange, Json
from watcher.domain.kinds import KINDS, Kind
from watcher.domain.news import Event
from watcher.domain.polls import LIST, ROW, Part
from watcher.openrouter import prices
from watcher.text.times import to_iso

CATALOG = "catalog"
KIND_OF_ASPECT = {kind.row.aspect: kind for kind in Kind if kind.row.aspect}
KIND_OF_PART = {
    (ROW, "failing"): Kind.MODEL_UNREADABLE,
    (ROW, "recovered"): Kind.MODEL_READABLE,
    (LIST, "failing"): Kind.CATALOG_INCOMPLETE,
    (LIST, "recovered"): Kind.CATALOG_COMPLETE,
}
"""The kinds of parts that neither fail nor recover."""
SUMMARY = ("context", "expiration", "capabilities")


def kind_of(change: Change, dates: Sequence[str]) -> Kind:
    """Return the kind of a change; `dates` are the expiration dates announced for the model so far."""
    match change.aspect, change.before, change.after:
        case Aspect.LISTED, None, _:
            return Kind.MODEL_ADDED
        case Aspect.LISTED, _, after:
            return Kind.MODEL_RETURNED if after else Kind.MODEL_REMOVED
        case Aspect.EXPIRATION, _, _:
            return _kind_of_date(change, dates)
        case Aspect.PRICE, _, _:
            is_paid_first = any(_is_window(field) for field in change.fields) or _is_headline(change)
            return Kind.PRICE_CHANGED if is_paid_first else Kind.PRICE_DETAIL
        case _:
            return KIND_OF_ASPECT[change.aspect]


def _kind_of_date(change: Change, dates: Sequence[str]) -> Kind:
    if not change.after:
        return Kind.EXPIRATION_WITHDRAWN
    if change.before:
        return Kind.EXPIRATION_MOVED
    return Kind.EXPIRATION_RESTORED if change.after in dates else Kind.EXPIRATION_ANNOUNCED


def _is_window(field: FieldChange) -> bool:
    """Whether a field is a price by time of day, which counts as a main price."""
    return prices.is_window(field.path)


def _is_headline(change: Change) -> bool:
    """Whether a model whose tokens cost nothing changed what is paid instead: an image, a request."""
    keys = prices.headline(change.before, change.after)
    return keys != prices.MAIN and any(field.path in keys for field in change.fields)


def event_id(kind: str, subject: str, before: Json, after: Json, revision: int) -> str:
    """Hash what an event says; `revision` distinguishes events that say the same."""
    said = json.dumps([kind, subject, before, after, revision], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When a change is reported, since when it was observed (UTC), its cause, and earlier announcements."""

    at: datetime
    since: datetime
    revision: int
    cause: str | None = None


def of_change(
    model: str, change: Change, kind: Kind, document: Document, circumstances: Circumstances
) -> Event:
    """Return the event of a change that has lasted; `document` is what is observed."""
    before, after = _both_ends(change, document)
    return Event(
        id=event_id(kind, model, before, after, circumstances.revision),
        at=circumstances.at,
        kind=kind,
        subject=model,
        before=before,
        after=after,
        fields=change.fields,
        cause=circumstances.cause,
        since=circumstances.since,
        model=document,
    )


def _both_ends(change: Change, document: Document) -> tuple[Json, Json]:
    """Return before and after: a summary for added and removed models, all prices for a price change."""
    match change.aspect:
        case Aspect.LISTED:
            summary = _summary(document)
            return (None, summary) if change.after else (summary, None)
        case Aspect.PRICE:
            before, after = (_with_price(document, side) for side in (change.before, change.after))
            return prices.full_price(before), prices.full_price(after)
        case _:
            return change.before, change.after


def _summary(document: Document) -> Json:
    values = asdict(document)
    return {"price": prices.full_price(document)} | {key: values[key] for key in SUMMARY}


def _with_price(document: Document, price: Json) -> Document:
    return replace(document, price=price if isinstance(price, Mapping) else None)


def of_part(
    part: Part, what: str, at: datetime, episode: int, reason: str | None, *, since: datetime | None = None
) -> Event:
    """Return the event of a part that fails or has recovered; `episode` counts its failures.

    `since` is when the failure began (UTC), for readers.
    """
    kind, subject = KIND_OF_PART.get((part[0], what)) or KINDS[f"{part[0]}.{what}"], part[1]
    return Event(
        id=event_id(kind, subject, None, None, episode),
        at=at,
        kind=kind,
        subject=subject,
        cause=reason,
        facts=_duration(at, since, is_over=what == "recovered") if since else {},
    )


def _duration(at: datetime, since: datetime, *, is_over: bool) -> dict[str, Json]:
    """Return since when a failure lasts, or for how many seconds it lasted."""
    return {"lasted": int((at - since).total_seconds())} if is_over else {"started": to_iso(since)}


def of_catalog(at: datetime, what: str, after: Json) -> Event:
    """Return the one event that stands for many; `what` describes it, `after` has the details."""
    return Event(
        id=event_id(Kind.CATALOG_CHANGED, CATALOG, what, after, 0),
        at=at,
        kind=Kind.CATALOG_CHANGED,
        subject=CATALOG,
        after=after,
        cause=what,
    )
