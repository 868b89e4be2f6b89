"""Times and lengths of time: as UTC text that sorts, and in words."""

from datetime import UTC, date, datetime, timedelta, tzinfo

from watcher.text.counts import counted

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
UNITS = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (timedelta(seconds=1), "second"))
LATE = 2 * MINUTE  # due longer ago than this is overdue


def to_iso(at: datetime) -> str:
    """Write a time as UTC text that sorts: `2026-11-23T08:00:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_iso(text: str) -> datetime:
    """Read a time that `to_iso` wrote."""
    return datetime.fromisoformat(text)


def show_time(at: datetime, zone: tzinfo = UTC) -> str:
    """Write a time for people, in a time zone that is named: `23 Nov 2026 08:00 UTC`."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y %H:%M %Z}"


def show_day(day: date) -> str:
    """Write a day for people: `Fri 27 Nov 2026`."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def show_date(day: date, now: date) -> str:
    """Write a day in short: `27 Nov`, with its year if that is not this one."""
    return f"{day.day} {day:%b}" if day.year == now.year else f"{day.day} {day:%b %Y}"


def show_days_left(days: int) -> str:
    """Write how far away a day is: `in 4 days`, `tomorrow`, `today`, `3 days ago`."""
    if days == 0:
        return "today"
    if abs(days) == 1:
        return "tomorrow" if days > 0 else "yesterday"
    return f"in {days} days" if days > 0 else f"{-days} days ago"


def show_length(length: timedelta) -> str:
    """Write a length of time exactly, in its largest whole unit: `90 minutes`, `2 days`."""
    unit, name = next(
        ((unit, name) for unit, name in UNITS if length and length % unit == timedelta(0)), UNITS[-1]
    )
    return counted(length // unit, name)


def show_age(since: datetime | None, now: datetime) -> str:
    """Write how long ago: `just now`, `5 minutes ago`, `3 days ago`, `never`."""
    if since is None:
        return "never"
    return "just now" if now - since < MINUTE else f"{_roughly(now - since)} ago"


def show_wait(at: datetime | None, now: datetime) -> str:
    """Write how far ahead: `in 4 minutes`, `any moment`, `overdue`; a dash if nothing is planned."""
    if at is None:
        return "-"
    if at - now >= MINUTE:
        return f"in {_roughly(at - now)}"
    return "any moment" if now - at < LATE else "overdue"


def show_about(length: timedelta) -> str:
    """Write a length of time in its largest unit: `3 hours`, `less than a minute`."""
    return "less than a minute" if length < MINUTE else _roughly(length)


def _roughly(length: timedelta) -> str:
    """Write a length of a minute or more in its largest unit, rounded down."""
    unit, name = next((unit, name) for unit, name in UNITS if length >= unit)
    return counted(length // unit, name)
