"""Why something changed, where the data shows it."""

from datetime import datetime

from watcher.domain.catalog import Change, Document
from watcher.openrouter import dates, prices
from watcher.openrouter.prices import schedule

ROUTED = "the list shows another provider"
LISTED = "as the list shows it"


def of_detail(change: Change) -> str:
    """Return why a price other than prompt and completion changed, or their schedule."""
    paths = [field.path for field in change.fields]
    if schedule(change.before) != schedule(change.after):
        return "time-of-day schedule changed"
    if prices.headline(change.before, change.after) != prices.MAIN:
        return LISTED
    if all(field.before is None for field in change.fields):
        return "now itemized"
    if any(path.startswith("overrides") for path in paths):
        return "long-context price changed"
    if all("cache" in path for path in paths):
        return "cache price changed"
    return "other prices changed"


def of_removal(known: Document, at: datetime) -> str:
    """Return whether a removal was announced, in words."""
    day = dates.day_of(known.expiration)
    if day is None:
        return "without notice"
    return "on its announced date" if dates.days_left(day, at) <= 0 else "before its announced date"
