"""Expiration dates: UTC days, counted down to 00:00 UTC of that day."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from watcher.domain.catalog import Json

SENTINEL = timedelta(days=3 * 365)  # live models carry dates such as 2098-12-31 that mean "none"
ISO_DAY = len("2026-12-31")


def expiration(value: Json, at: datetime) -> str | None:
    """Read `expiration_date` as an ISO day; None for none and for dates too far away to mean anything.

    Raises ValueError if it is not a date.
    """
    if not value:
        return None
    if not isinstance(value, str):
        message = f"expiration_date is {str(value)[:40]!r}, not a date"
        raise ValueError(message)  # noqa: TRY004 - bad data in a row, not a wrong call
    day = date.fromisoformat(value[:ISO_DAY])
    return None if day - at.date() > SENTINEL else day.isoformat()


def day_of(value: Json) -> date | None:
    """Read an ISO day of a document; None if there is none."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def days_left(day: date, at: datetime) -> int:
    """Count the UTC days until the day begins; 0 on the day, negative after it."""
    return (day - at.date()).days


def reached(day: date | None, at: datetime, thresholds: Iterable[int]) -> int | None:
    """Return the most urgent reminder threshold (in days) that has been reached; None if none has."""
    if day is None:
        return None
    left = days_left(day, at)
    return min((threshold for threshold in thresholds if left <= threshold), default=None)
