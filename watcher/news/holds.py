"""When a change is news, and why then: the vocabulary of holds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LATEST = timedelta(hours=44)  # a change that would be older than this at the next poll is reported now
MARGIN = timedelta(hours=4)  # the same, for longer holds


class Reason(StrEnum):
    """Why a change is on hold as long as it is."""

    USUAL = "this is the usual hold for such a change"
    STEADY = "the price was steady until now"
    RESTLESS = "the price moved more than once within a week"
    LISTED = "only the list shows it: another provider may be shown"
    SCHEDULE = "the time-of-day schedule changed"
    REVERTS = "it reverts what was reported less than two days before"
    ANNOUNCED = "its expiration date has come"


@dataclass(frozen=True, slots=True)
class Due:
    """When a change is news if it lasts (UTC), and why then."""

    at: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Moment:
    """A poll: its time and that of the last good one before it (UTC)."""

    at: datetime
    previous: datetime

    @property
    def gap(self) -> timedelta:
        """The time between this poll and the one before."""
        return self.at - self.previous


def shortened(hold: timedelta, gap: timedelta) -> timedelta:
    """Shorten a hold if the next poll would come too late."""
    return min(hold, max(LATEST, hold + MARGIN) - gap)
