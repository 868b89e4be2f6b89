"""The value of `deliver` in rules.yaml."""

import re
from datetime import time

from watcher.domain.schedule import WEEKDAYS, Pace, Pacing, Schedule
from watcher.text.suggest import closest

CHOICES = f"{Pace.NOW}, {Pace.EACH_POLL}, daily at 09:00 or weekly on Monday at 09:00"
TIME = r"(\d{1,2}:\d\d)"
SCHEMA = {
    "type": "string",
    "pattern": rf"^(now|each poll|daily at {TIME}|weekly on ({'|'.join(WEEKDAYS)}) at {TIME})$",
    "examples": [*Pace, "daily at 09:00", "weekly on Monday at 09:00"],
}
DIGEST = re.compile(rf"daily at {TIME}|weekly on (\w+) at {TIME}", re.ASCII)


def parse(value: object) -> Pacing:
    """Read `daily at 09:00`, without its time zone; raises ValueError."""
    if isinstance(value, str) and value in tuple(Pace):
        return Pace(value)
    found = DIGEST.fullmatch(value) if isinstance(value, str) else None
    if not found:
        message = f"takes {CHOICES}"
        raise ValueError(message)
    daily, weekday, weekly = found.groups()
    return Schedule(_time(daily or weekly), _weekday(weekday) if weekday else None)


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text.zfill(5))
    except ValueError:
        message = f"{text} is not a time of day; write it from 00:00 to 23:59"
        raise ValueError(message) from None


def _weekday(text: str) -> int:
    if text in WEEKDAYS:
        return WEEKDAYS.index(text)
    close = closest(text.title(), WEEKDAYS)
    meant = f'did you mean "{close}"?' if close else f"choose from {', '.join(WEEKDAYS)}"
    message = f'there is no day "{text}"; {meant}'
    raise ValueError(message)
