"""The nouns of delivery: a place to tell people, a message on its way there, and what came of it."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum

from watcher.domain.news import Notification


class Secret:
    """A value that never shows: `str` and `repr` give ***, only `reveal` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Hide the text."""
        self._text = text

    def reveal(self) -> str:
        """Give the text, to be handed to the delivery child and nowhere else."""
        return self._text

    def __repr__(self) -> str:
        """Give stars."""
        return "***"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many in that time."""

    most: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of the day, by the clock on the wall in `zone`, in which only what is urgent is told."""

    start: time
    end: time
    zone: tzinfo

    def covers(self, at: datetime) -> bool:
        """Tell whether a moment (UTC) lies in them; they may go over midnight."""
        local = at.astimezone(self.zone).time()
        if self.start < self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


@dataclass(frozen=True, slots=True)
class Channel:
    """A place to tell people, under the name that the rules use."""

    name: str
    url: Secret
    limit: Rate = Rate(20, timedelta(hours=1))
    quiet: Quiet | None = None

    @property
    def is_console(self) -> bool:
        """Whether messages are printed instead of sent."""
        return self.url.reveal().startswith("console://")


class OutboxState(StrEnum):
    """Where a message stands; it ends as sent or dead."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message in the outbox; `repeat` means that an earlier attempt may have arrived.

    `attempts` counts all tries, `refusals` those that the other side refused for good.
    """

    id: int
    notification: Notification
    state: OutboxState
    attempts: int
    next_at: datetime
    repeat: bool = False
    error: str | None = None
    sent_at: datetime | None = None
    refusals: int = 0


class Verdict(StrEnum):
    """What came of one attempt to send."""

    SENT = "sent"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt's verdict, the provider's words (no secrets), and the seconds it asked us to wait.

    `unsure`: the message may have arrived all the same, so the next attempt is a possible repeat.
    """

    verdict: Verdict
    reason: str = ""
    retry_after: float | None = None
    unsure: bool = False
