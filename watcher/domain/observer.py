"""The service's hooks for metrics; they do nothing here, service/metrics.py overrides them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.domain.delivery import Verdict
from watcher.domain.news import Event


@dataclass(frozen=True, slots=True)
class ChannelDepth:
    """How many messages of a channel wait in the outbox, and how many are dead letters.

    `oldest` is the age of the oldest waiting message in seconds; `failing`: the channel does not deliver.
    """

    waiting: int = 0
    dead: int = 0
    oldest: float = 0.0
    failing: bool = False


class Telemetry:
    """Ignores everything that is reported to it."""

    def configured(self, sources: Collection[str], channels: Collection[str], interval: timedelta) -> None:
        """Report the configured names, at the start and after each reload."""

    def ready(self) -> None:
        """Report that the service has started."""

    def progress(self) -> None:
        """Report that the main loop is alive."""

    def asked(self, source: str, seconds: float, at: datetime, *, failed: bool) -> None:
        """Report that a source was polled, when (UTC), and how long it took."""

    def planned(self, seconds: float, events: Sequence[Event], models: int, waiting: int) -> None:
        """Report a stored poll: its events, the number of models, and the number of changes on hold."""

    def catalog(self, missing: int, unreadable: int) -> None:
        """Report how many models an incomplete list lacks, and how many cannot be read."""

    def delivered(self, channel: str, verdict: Verdict, *, dead: bool) -> None:
        """Report the result of an attempt to send; `dead` means that there will be no other."""

    def store(self, event: Event, *, failing: bool) -> None:
        """Report that the store cannot be used, or can be again."""

    def outbox(self, channels: Mapping[str, ChannelDepth]) -> None:
        """Report the outbox, with all channels that have or had messages."""
