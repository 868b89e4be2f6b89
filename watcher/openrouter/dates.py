"""Expiration dates: UTC days, counted down to 00:00 UTC of that day."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from watcher.domain.catalog import Json

SENTINEL = timedelta(days=3 * 365)  # live models carry dates such as 2098-12-31 that mean "none"
ISO = re.compile(  # a day, perhaps with a time and its zone, and nothing else
    r"(?P<day>[0-9]{4}-?[0-9]{2}-?[0-9]{2})(?:[T ][0-9:.]{4,15} ?(?:Z|UTC|GMT|[+-][0-9:]{2,5})?)?", re.ASCII
)
SECONDS = (10**9, 10**10)  # of Unix time: ten digits
WRITTEN = (2_000_000_000, 2_100_000_000)  # 2027013112 could be a day of 2027 and its hour
UNIX_TIME = re.compile("[0-9]{10}|[0-9]{13}")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG = "january|february|march|april|may|june|july|august|september|october|november|december"
_MONTH, _YEAR = rf"(?P<month>{_LONG}|(?:{'|'.join(MONTHS)}|sept)\.?)", "(?P<year>[0-9]{4})"
_NUMBER = "(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
MONTH_FIRST = re.compile(rf"{_MONTH} {_NUMBER},? {_YEAR}", re.IGNORECASE | re.ASCII)
DAY_FIRST = re.compile(
    rf"(?:[a-z]{{3,9}}, )?{_NUMBER} {_MONTH},? {_YEAR}(?: 00:00:00 (?:GMT|UTC))?", re.IGNORECASE | re.ASCII
)


def expiration(value: Json, at: datetime) -> str | None:
    """Read `expiration_date` as an ISO day; None for none and for dates too far away to mean anything.

    Raises ValueError if it is not a date that can be read in one way only.
    """
    if value is None or value == "":
        return None
    day = _day(value)
    if day is None:
        message = "not a date"
        raise ValueError(message)
    return None if day - at.date() > SENTINEL else day.isoformat()


def _day(value: Json) -> date | None:
    """Read a day: ISO, Unix time in seconds or milliseconds, or with the name of its month."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _of_unix_time(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if UNIX_TIME.fullmatch(text):
        return _of_unix_time(int(text))
    named = MONTH_FIRST.fullmatch(text) or DAY_FIRST.fullmatch(text)
    try:
        if named:
            return date(int(named["year"]), MONTHS.index(named["month"][:3].lower()) + 1, int(named["day"]))
        written = ISO.fullmatch(text.replace("/", "-"))
        return date.fromisoformat(written["day"]) if written else None
    except ValueError:
        return None


def _of_unix_time(seconds: float) -> date | None:
    """Read Unix time where it can be nothing else: ten digits, or thirteen, that are no written date."""
    for unit in (1, 1000):
        is_written = WRITTEN[0] <= seconds / unit < WRITTEN[1]
        if SECONDS[0] <= seconds / unit < SECONDS[1] and not is_written:
            return datetime.fromtimestamp(seconds / unit, UTC).date()
    return None


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
