"""Report that the store cannot be used: directly, because the outbox is in the store."""

import logging
from collections.abc import Collection
from datetime import datetime
from threading import Event as Flag

from watcher.config.config import Config
from watcher.delivery import transport
from watcher.domain.delivery import Channel, Delivery, OutboxState, Verdict
from watcher.domain.polls import Part
from watcher.news.events import of_part
from watcher.news.plan import notify

STORE: Part = ("store", "store")
log = logging.getLogger(__name__)


class StoreTrouble:
    """Reports that the store cannot be used, and that it works again.

    The first trouble is reported at once. One that comes back soon must last as long as that of a source, so
    that a store which fails now and then is not a flood; and no channel gets more than its limit.
    """

    def __init__(self, stop: Flag) -> None:
        """Assume a store that works; setting `stop` allows a few seconds for messages in flight."""
        self._stop = stop
        self._since: datetime | None = None
        self._reported: datetime | None = None
        self._owed: set[str] = set()  # channels that have heard of trouble and not of its end
        self._sent: dict[str, list[datetime]] = {}

    def note(self, problem: str | None, config: Config, at: datetime, *, is_final: bool = False) -> None:
        """Report the problem at a time (UTC), or that there is none any more (None), as far as that is due.

        After a problem that `is_final` the service ends, so it is not on hold.
        """
        if problem is None:
            if self._since:
                log.info("the store works again")
            self._since = None
            self._send("recovered", None, config, at, only=self._owed)
            return
        if not self._since:
            log.error("%s", problem)
        self._since = self._since or at
        hold = config.settings.policy.holds["source"]
        if is_final or self._reported is None or max(at - self._reported, at - self._since) >= hold:
            self._send("failing", problem, config, at, only=config.channels.keys() - self._owed)

    def _send(
        self, what: str, problem: str | None, config: Config, at: datetime, *, only: Collection[str]
    ) -> None:
        """Send an event to those of `only` to which a rule reports it and which may get one more message."""
        event = of_part(STORE, what, at, 0, problem)
        batch = [
            (config.channels[notification.channel], Delivery(0, notification, OutboxState.SENDING, 1, at))
            for notification in (notify([event], config.settings.rules, at) if only else ())
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
