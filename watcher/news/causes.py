"""Why something changed, if the data shows it."""

from datetime import datetime

from watcher.domain.catalog import Change, Document, Prices
from watcher.domain.causes import (
    CACHE,
    EARLY,
    ON_TIME,
    OTHER,
    PERHAPS_ROUTED,
    ROUTED,
    SERVED_BY,
    WITHOUT_NOTICE,
)
from watcher.domain.providers import Market
from watcher.openrouter import dates, prices
from watcher.openrouter.prices import schedule

LISTED = "as OpenRouter lists it"
SCHEDULE = "prices by time of day changed"
ITEMIZED = "now listed separately"
LONG_CONTEXT = "prices of long prompts changed"
OF_DETAIL = (SCHEDULE, ITEMIZED, LONG_CONTEXT, CACHE, OTHER)


def of_detail(change: Change) -> str:
    """Return why a price other than prompt and completion changed, or their schedule."""
    paths = [field.path for field in change.fields]
    if schedule(change.before) != schedule(change.after):
        return SCHEDULE
    if prices.headline(change.before, change.after) != prices.MAIN:
        return LISTED
    if all(field.before is None for field in change.fields):
        return ITEMIZED
    if any(path.startswith("overrides") for path in paths):
        return LONG_CONTEXT
    if all("cache" in path for path in paths):
        return CACHE
    return OTHER


def of_removal(announced: Document, at: datetime) -> str:
    """Return whether a removal was announced, in words."""
    day = dates.day_of(announced.expiration)
    if day is None:
        return WITHOUT_NOTICE
    return ON_TIME if dates.days_left(day, at) <= 0 else EARLY


def of_routing(price: Prices, market: Market | None) -> tuple[str, str | None]:
    """Return why the row shows another price although none changed, and whose it is if that is known."""
    if market is None:
        return PERHAPS_ROUTED, None
    hosts = {
        offer.owner: offer.provider
        for offer in market.offers.values()
        if not prices.moved(offer.price, price)
    }
    if len(hosts) != 1:
        return ROUTED, None
    [(owner, name)] = hosts.items()
    return SERVED_BY.format(name), owner
