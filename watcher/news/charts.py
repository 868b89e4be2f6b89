"""The values for charts, as the list showed them."""

from collections.abc import Mapping
from datetime import datetime

from watcher.domain.catalog import Item
from watcher.domain.news import HistoryEntry
from watcher.openrouter.prices import MAIN, full_price


def charted_changes(
    before: Mapping[str, Item], after: Mapping[str, Item], at: datetime
) -> list[HistoryEntry]:
    """Return each observed change of a charted value, reported or not."""
    return [
        HistoryEntry(at, model, name, value)
        for model, item in after.items()
        if item is not before.get(model)
        for name, value in _charted(item).items()
        if value != _charted(before.get(model, Item())).get(name)
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
