"""When a difference is news, and why then: the vocabulary of holds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LATEST = timedelta(hours=44)  # what would be older than this at the next poll is reported at this one
MARGIN = timedelta(hours=4)  # the same for holds that are longer


class Reason(StrEnum):
    """Why a difference waits as long as it does, in words."""

    USUAL = "the usual wait for such a change"
    STEADY = "the price was steady until now"
    RESTLESS = "the price moved more than once within a week"
    LISTED = "only the list shows it: another provider may be shown"
    SCHEDULE = "the time-of-day schedule changed"
    REVERTS = "it takes back what was reported within two days"
    ANNOUNCED = "the announced date has come"


@dataclass(frozen=True, slots=True)
class Due:
    """When a difference is news if it stays (UTC), and why then."""

    at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Moment:
    """A poll: its time and that of the last good one before it (UTC)."""

    at: datetime
    previous: datetime

    @property
    def gap(self) -> timedelta:
        """Return the time between polls at present."""
        return self.at - self.previous


def shortened(hold: timedelta, gap: timedelta) -> timedelta:
    """Shorten a hold if the next poll would come too late."""
    return min(hold, max(LATEST, hold + MARGIN) - gap)
