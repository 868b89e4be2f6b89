"""What the service tells of its own work; nobody listens here, `metrics.py` does where metrics are served."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.domain.delivery import Verdict
from watcher.domain.news import Event


@dataclass(frozen=True, slots=True)
class ChannelDepth:
    """What the outbox holds for a channel: how many messages wait and how many were given up.

    `oldest` is the age of the oldest that waits, in seconds; `failing`: the channel does not deliver.
    """

    waiting: int = 0
    dead: int = 0
    oldest: float = 0.0
    failing: bool = False


class Telemetry:
    """Takes what is told and does nothing with it."""

    def configured(self, sources: Collection[str], channels: Collection[str], interval: timedelta) -> None:
        """Say what there is to measure, at the start and after each change of the configuration."""

    def ready(self) -> None:
        """Say that the service is at work."""

    def progress(self) -> None:
        """Say that the loop has turned."""

    def asked(self, source: str, seconds: float, at: datetime, *, failed: bool) -> None:
        """Say that a source was asked at a time (UTC), and how long that took."""

    def planned(self, seconds: float, events: Sequence[Event], models: int, waiting: int) -> None:
        """Say that a poll was decided and remembered: its news, the catalog's size, differences that wait."""

    def delivered(self, channel: str, verdict: Verdict, *, dead: bool) -> None:
        """Say what came of an attempt to send; `dead` means that there will be no other."""

    def outbox(self, channels: Mapping[str, ChannelDepth]) -> None:
        """Say how the outbox stands, with all channels that have or had messages."""
