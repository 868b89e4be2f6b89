"""When a channel is told: at once, after each poll, or as a digest at a time of the day or week."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import TypeAlias

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY = timedelta(days=1)


class Pace(StrEnum):
    """How soon news is sent where there is no digest: each event by itself, or one message per poll."""

    NOW = "now"
    EACH_POLL = "each poll"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a digest comes, by the clock in `zone`: every day, or on one `weekday` (0 is Monday)."""

    at: time
    weekday: int | None = None
    zone: tzinfo = UTC

    def next_time(self, after: datetime) -> datetime:
        """Return the first time after this one (UTC): one on each local day, or on that day of each week.

        A time that the clock shows twice counts once; one that it skips is moved by what was skipped.
        """
        return next(at for at in self._times(after) if at > after)

    def _times(self, after: datetime) -> Iterator[datetime]:
        day = after.astimezone(self.zone).date() - DAY
        while True:
            if self.weekday in {None, day.weekday()}:
                yield self._on(day)
            day += DAY

    def _on(self, day: date) -> datetime:
        """Return the time on a local day (UTC); what a zone skips as a whole falls on the next day."""
        first, other = (
            datetime.combine(day, self.at.replace(fold=fold), self.zone).astimezone(UTC) for fold in (0, 1)
        )
        is_of_day = first.astimezone(self.zone).date() == day
        is_other_of_day = other.astimezone(self.zone).date() == day
        return other if is_other_of_day and not is_of_day else first

    def __str__(self) -> str:
        """Return it as people write it: `daily at 09:00`."""
        day = "daily" if self.weekday is None else f"weekly on {WEEKDAYS[self.weekday]}"
        return f"{day} at {self.at:%H:%M}"


Pacing: TypeAlias = Pace | Schedule


def is_digest(written: str | None) -> bool:
    """Whether the text of a pacing is that of a digest."""
    return written is not None and written not in tuple(Pace)
