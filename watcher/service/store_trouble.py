"""Report that the store cannot be used: directly, because the outbox is in the store."""

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event as Flag

from watcher.config.config import Config
from watcher.delivery import transport
from watcher.domain.delivery import Channel, Delivery, OutboxState, Verdict
from watcher.domain.errors import StoreError, StoreUnavailableError
from watcher.domain.news import Event
from watcher.domain.observer import Telemetry
from watcher.domain.polls import Part
from watcher.news.events import of_part
from watcher.news.notifications import notify
from watcher.service.clock import utc_now
from watcher.store.trouble_mark import TroubleMark

STORE: Part = ("store", "store")
log = logging.getLogger(__name__)


class StoreTrouble:
    """Reports that the store cannot be used, and that it works again, restarts included.

    The first trouble is reported at once. One that comes back soon must last as long as that of a source, so
    that a store which fails now and then is not a flood; and no channel gets more than its limit.
    """

    def __init__(self, stop: Flag, mark: TroubleMark, telemetry: Telemetry | None = None) -> None:
        """Continue where the mark says; setting `stop` allows a few seconds for messages in flight."""
        self._stop, self._mark = stop, mark
        self._telemetry = telemetry or Telemetry()
        self._since = self._reported = mark.since
        self._was_reported_before = mark.since is not None
        self._owed: set[str] = set()  # channels that have heard of trouble and not of its end
        self._sent: dict[str, list[datetime]] = {}

    def note(self, problem: str | None, config: Config, at: datetime, *, is_final: bool = False) -> None:
        """Report the problem at a time (UTC), or that there is none any more (None), as far as that is due.

        After a problem that `is_final` the service ends, so it is not on hold.
        """
        if self._was_reported_before:
            self._owed |= config.channels.keys()
            self._was_reported_before = False
        if problem is None:
            self._recover(config, at)
            return
        event = of_part(STORE, "failing", at, 0, problem, since=self._since or at)
        if not self._since:
            log.error("%s", problem)
            self._mark.set()
            self._telemetry.store(event, failing=True)
        self._since = self._since or at
        hold = config.settings.policy.holds["source"]
        if is_final or self._reported is None or max(at - self._reported, at - self._since) >= hold:
            self._send(event, config, at, only=config.channels.keys() - self._owed)

    def _recover(self, config: Config, at: datetime) -> None:
        """Note that the store works, and report it to those who heard of the trouble."""
        event = of_part(STORE, "recovered", at, 0, None, since=self._since)
        if self._since:
            log.info("the store works again")
            self._mark.clear()
            self._telemetry.store(event, failing=False)
        self._since = None
        self._send(event, config, at, only=self._owed)

    def _send(self, event: Event, config: Config, at: datetime, *, only: Collection[str]) -> None:
        """Send an event to those of `only` to which a rule reports it and which may get one more message."""
        batch = [
            (config.channels[notification.channel], Delivery(0, notification, OutboxState.SENDING, 1, at))
            for notification in (
                notify([event], config.settings.rules, at, config.settings.zone) if only else ()
            )
            if notification.channel in only and self._may(config.channels[notification.channel], at)
        ]
        for (channel, _), outcome in zip(batch, transport.deliver(batch, stop=self._stop), strict=True):
            self._reported = at
            self._sent.setdefault(channel.name, []).append(at)
            self._owed ^= {channel.name}
            if outcome.verdict is not Verdict.SENT:
                log.error("%s: store alert not sent: %s", channel.name, outcome.reason)

    def _may(self, channel: Channel, at: datetime) -> bool:
        """Whether the channel's limit has room; messages from the outbox are counted by themselves."""
        lately = [sent for sent in self._sent.get(channel.name, ()) if abs(at - sent) < channel.limit.per]
        self._sent[channel.name] = lately
        return len(lately) < channel.limit.most


@contextmanager
def told_of(config: Config, now: Callable[[], datetime] = utc_now) -> Iterator[None]:
    """Report an error of the store that ends the `with` block, if that has not been reported before.

    Where that cannot be remembered nothing is sent: a service that is restarted would do so for ever.
    """
    mark = TroubleMark(config.store)
    try:
        yield
    except (StoreError, StoreUnavailableError) as error:
        trouble = StoreTrouble(Flag(), mark)
        if mark.set():
            trouble.note(str(error), config, now())
        raise
