"""The values for charts, as the list showed them."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeAlias

from watcher.domain.catalog import Item
from watcher.domain.news import HistoryEntry
from watcher.domain.providers import Market
from watcher.news.floor import floors_of
from watcher.openrouter.prices import MAIN, full_price

Charted: TypeAlias = Mapping[str, str | None]


def charted_changes(
    before: Mapping[str, Item], after: Mapping[str, Item], at: datetime
) -> list[HistoryEntry]:
    """Return each observed change of a charted value, reported or not."""
    return [
        HistoryEntry(at, model, name, value)
        for model, item in after.items()
        if item is not before.get(model)
        for name, value in _changes(_charted(before.get(model, Item())), _charted(item))
    ]


def _charted(item: Item) -> dict[str, str | None]:
    document = item.observed
    if document is None:
        return {}
    prices = full_price(document)
    charted = {key: prices.get(key) for key in MAIN} | {
        "listed": document.listed,
        "context": document.context,
        "expiration": document.expiration,
        "max_output": (document.limits or {}).get("max_completion_tokens"),
    }
    return {key: None if value is None else str(value) for key, value in charted.items()}


def charted_offers(
    before: Mapping[str, Market], after: Mapping[str, Market], at: datetime
) -> list[HistoryEntry]:
    """Note each change of the floor and of what each provider asks, announced or not."""
    return [
        HistoryEntry(at, model, name, value)
        for model, market in after.items()
        if market is not before.get(model)
        for name, value in sorted(_changes(_asked(before.get(model, Market())), _asked(market)))
    ]


def _changes(before: Charted, after: Charted) -> list[tuple[str, str | None]]:
    """Return the values that differ, by name."""
    names = dict.fromkeys([*after, *before])
    return [(name, after.get(name)) for name in names if before.get(name) != after.get(name)]


def _asked(market: Market) -> dict[str, str | None]:
    """Return the prices of the floor and of each provider, by the name that charts use."""
    floors = {"floor": market.floor.seen} if market.floor else {}
    floors |= floors_of(market.offers.values())
    return {f"{owner}.{key}": asked for owner, floor in floors.items() for key, asked in floor.price.items()}
