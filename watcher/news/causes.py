"""Why something changed, if the data shows it."""

from datetime import datetime

from watcher.domain.catalog import Change, Document
from watcher.domain.news import ON_TIME
from watcher.openrouter import dates, prices
from watcher.openrouter.prices import schedule

ROUTED = "the list shows another provider"
LISTED = "as the list shows it"
SCHEDULE = "time-of-day schedule changed"
ITEMIZED = "now itemized"
LONG_CONTEXT = "long-context price changed"
CACHE = "cache price changed"
OTHER = "other prices changed"
OF_DETAIL = (SCHEDULE, ITEMIZED, LONG_CONTEXT, CACHE, OTHER)
WITHOUT_NOTICE = "without notice"
EARLY = "before its announced date"
OF_REMOVAL = (WITHOUT_NOTICE, ON_TIME, EARLY)


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
