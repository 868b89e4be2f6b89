"""Why something changed, if the data shows it."""

from datetime import datetime

from watcher.domain.catalog import Change, Document
from watcher.openrouter import dates
from watcher.openrouter.prices import schedule

ROUTED = "the list shows another provider"
LISTED = "as the list shows it"


def of_detail(change: Change) -> str:
    """Return why a price other than prompt and completion changed, or their schedule."""
    paths = [field.path for field in change.fields]
    if schedule(change.before) != schedule(change.after):
        return "time-of-day schedule changed"
    if all(field.before is None for field in change.fields):
        return "now itemized"
    if any(path.startswith("overrides") for path in paths):
        return "long-context price changed"
    if all("cache" in path for path in paths):
        return "cache price changed"
    return "other prices changed"


def of_removal(announced: Document, at: datetime) -> str:
    """Return whether a removal was announced, in words."""
    day = dates.day_of(announced.expiration)
    if day is None:
        return "without notice"
    return "on its announced date" if dates.days_left(day, at) <= 0 else "before its announced date"
