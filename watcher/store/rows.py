"""Converts the nouns to rows of the database and back: times as UTC text, documents and prices as JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from watcher.domain.catalog import (
    Announcement,
    Aspect,
    Document,
    FeedEntry,
    Item,
    Json,
    Pending,
    Prices,
)
from watcher.domain.news import BasePrices, HistoryEntry
from watcher.domain.polls import Health, Part
from watcher.domain.providers import Market
from watcher.store.market_rows import market_of, market_text, row_price_of, row_price_text
from watcher.store.schema import Row
from watcher.text.times import from_iso, to_iso


def optional_text(at: datetime | None) -> str | None:
    """Write a time, if there is one."""
    return None if at is None else to_iso(at)


def optional_time(text: str | None) -> datetime | None:
    """Read a time, if there is one."""
    return None if text is None else from_iso(text)


DOCUMENT_FIELDS = tuple(field.name for field in fields(Document))


def dump(value: Json) -> str:
    """Write JSON in its canonical form."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def optional_dump(value: Json) -> str | None:
    """Write JSON, if there is a value."""
    return None if value is None else dump(value)


def optional_load(text: str | None) -> Any:  # noqa: ANN401 - any JSON
    """Read JSON, if there is any."""
    return None if text is None else json.loads(text)


def source_row(name: str, source: Health) -> Row:
    """Write the health of a source."""
    return {
        "name": name,
        "identity": source.query_id,
        "asked_at": optional_text(source.asked_at),
        "last_good": optional_text(source.last_good),
        "failing_since": optional_text(source.failing_since),
        "reason": source.reason,
        "failures": source.failures,
        "told": source.reported,
        "episodes": source.episodes,
        "fields": dump(sorted(source.fields)),
    }


def sources_of(found: Iterable[Row]) -> dict[str, Health]:
    """Read the health of the sources, by name."""
    return {row["name"]: _source_of(row) for row in found}


def troubles_of(found: Iterable[Row]) -> dict[Part, Health]:
    """Read the health of the parts of watcher."""
    return {(row["what"], row["name"]): _source_of(row) for row in found}


def _source_of(row: Row) -> Health:
    return Health(
        query_id=row["identity"],
        reason=row["reason"],
        failures=row["failures"],
        episodes=row["episodes"],
        reported=bool(row["told"]),
        asked_at=optional_time(row["asked_at"]),
        last_good=optional_time(row["last_good"]),
        failing_since=optional_time(row["failing_since"]),
        fields=frozenset(json.loads(row["fields"])),
    )


def trouble_row(part: Part, trouble: Health) -> Row:
    """Write the health of a part of watcher."""
    what, name = part
    return source_row(name, trouble) | {"what": what}


def item_row(model: str, item: Item) -> Row:
    """Write a model; its changes on hold have rows of their own."""
    last = {aspect.value: [to_iso(entry.at), entry.before] for aspect, entry in item.last.items()}
    return {
        "id": model,
        "announced": _optional_document(item.announced),
        "observed": _optional_document(item.observed),
        "revision": item.revision,
        "levels": row_price_text(item.row),
        "announcements": dump({"countdown": item.countdown, "dates": item.dates, "last": last}),
    }


def _optional_document(document: Document | None) -> str | None:
    return None if document is None else dump(asdict(document))


def items_of(found: Sequence[Row], pending: Mapping[str, Mapping[Aspect, Pending]]) -> dict[str, Item]:
    """Read the models; if the announced and the observed document are equal, they are one object."""
    announced = _load_together(row["announced"] for row in found)
    others = _load_together(row["observed"] if row["observed"] != row["announced"] else None for row in found)
    row_prices = _load_together(row["levels"] for row in found)
    announcements = _load_together(row["announcements"] for row in found)
    return {
        row["id"]: _item_of(row, pending.get(row["id"], {}), *values)
        for row, *values in zip(found, announced, others, row_prices, announcements, strict=True)
    }


def _item_of(
    row: Row,
    pending: Mapping[Aspect, Pending],
    announced: dict[str, Any] | None,
    other: dict[str, Any] | None,
    row_price: dict[str, Any] | None,
    announcements: dict[str, Any],
) -> Item:
    announced_document = document_of(announced)
    return Item(
        announced=announced_document,
        observed=announced_document if row["observed"] == row["announced"] else document_of(other),
        pending=pending,
        revision=row["revision"],
        row=row_price_of(row_price),
        countdown=announcements["countdown"],
        dates=tuple(announcements["dates"]),
        last={
            Aspect(aspect): Announcement(from_iso(at), before)
            for aspect, (at, before) in announcements["last"].items()
        },
    )


def document_of(values: Mapping[str, Any] | None) -> Document | None:
    """Read a document; leave out keys that only older versions wrote."""
    if not values:
        return None
    return Document(**{key: values[key] for key in DOCUMENT_FIELDS if key in values})


def _load_together(texts: Iterable[str | None]) -> list[Any]:
    """Parse all texts as one, so that equal keys share memory."""
    loaded: list[Any] = json.loads(f"[{','.join(text or 'null' for text in texts)}]")
    return loaded


def pending_rows(model: str, item: Item) -> list[Row]:
    """Write a model's changes on hold."""
    return [
        {
            "model": model,
            "aspect": aspect.value,
            "since": to_iso(wait.since),
            "polls": wait.polls,
        }
        for aspect, wait in item.pending.items()
    ]


def pending_of(waiting: Iterable[Row]) -> dict[str, dict[Aspect, Pending]]:
    """Read the changes on hold, by model."""
    found: dict[str, dict[Aspect, Pending]] = {}
    for row in waiting:
        wait = Pending(from_iso(row["since"]), row["polls"])
        found.setdefault(row["model"], {})[Aspect(row["aspect"])] = wait
    return found


def feed_rows(before: Mapping[str, FeedEntry], after: Mapping[str, FeedEntry]) -> list[Row]:
    """Write the feed entries that are new or have changed."""
    changed = {slug: entry for slug, entry in after.items() if entry != before.get(slug)}
    return [
        {
            "slug": slug,
            "model": entry.model,
            "name": entry.name,
            "since": to_iso(entry.since),
            "known": entry.announced,
            "told": entry.unconfirmed,
        }
        for slug, entry in changed.items()
    ]


def feed_of(found: Iterable[Row]) -> dict[str, FeedEntry]:
    """Read the feed entries, by canonical slug."""
    return {
        row["slug"]: FeedEntry(
            row["model"], row["name"], from_iso(row["since"]), bool(row["known"]), bool(row["told"])
        )
        for row in found
    }


def base_price_rows(before: BasePrices, after: BasePrices) -> list[Row]:
    """Write the prices that rules have newly reported."""
    changed = {key: price for key, price in after.items() if price != before.get(key)}
    return [{"rule": rule, "model": model, "price": dump(price)} for (rule, model), price in changed.items()]


def base_prices_of(found: Iterable[Row]) -> dict[tuple[str, str], Prices]:
    """Read the prices that rules have reported."""
    return {(row["rule"], row["model"]): json.loads(row["price"]) for row in found}


def history_row(entry: HistoryEntry) -> Row:
    """Write a charted value."""
    return asdict(entry) | {"at": to_iso(entry.at)}


def history_of(row: Row) -> HistoryEntry:
    """Read a charted value."""
    return HistoryEntry(from_iso(row["at"]), row["model"], row["field"], row["value"])


def market_rows(before: Mapping[str, Market], after: Mapping[str, Market]) -> list[Row]:
    """Write what changed of what providers ask."""
    changed = {model: market for model, market in after.items() if market != before.get(model)}
    return [{"model": model, "market": market_text(market)} for model, market in changed.items()]


def markets_of(found: Iterable[Row]) -> dict[str, Market]:
    """Read what providers ask, by model."""
    return {row["model"]: market_of(row["market"]) for row in found}
