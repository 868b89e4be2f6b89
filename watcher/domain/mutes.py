"""What someone asked watcher not to report for a while."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Mute:
    """Holds back the events about models that match `pattern`, until a time (UTC).

    With a `fact`, it is an acknowledgement: it holds back what repeats that expiration date of one model, for
    as long as the date is the same. `held` counts what it held back; `ended` is when it ended, if it has.
    """

    id: int
    pattern: str
    at: datetime
    until: datetime | None = None
    why: str = ""
    fact: str | None = None
    held: int = 0
    ended: datetime | None = None

    @property
    def is_acknowledgement(self) -> bool:
        """Whether it is about one date of one model."""
        return self.fact is not None

    @property
    def name(self) -> str:
        """Name it: `mute of openai/*`."""
        return f"{'acknowledgement' if self.is_acknowledgement else 'mute'} of {self.pattern}"

    def is_over(self, at: datetime) -> bool:
        """Whether it holds nothing back anymore at a time (UTC)."""
        return self.ended is not None or (self.until is not None and at >= self.until)
