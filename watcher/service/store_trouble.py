"""Report that the store cannot be used: directly, because the outbox is in the store."""

import logging
from datetime import datetime
from threading import Event as Flag

from watcher.config.config import Config
from watcher.delivery import transport
from watcher.domain.delivery import Delivery, OutboxState, Verdict
from watcher.domain.news import Event
from watcher.domain.polls import Part
from watcher.news.events import of_part
from watcher.news.plan import notify

STORE: Part = ("store", "store")
log = logging.getLogger(__name__)


class StoreTrouble:
    """Reports once that the store cannot be used, and once that it works again."""

    def __init__(self, stop: Flag) -> None:
        """Assume a store that works; setting `stop` allows a few seconds for messages in flight."""
        self._stop = stop
        self._is_failing = False

    def note(self, problem: str | None, config: Config, at: datetime) -> None:
        """Report the problem at a time (UTC), or that there is none any more (None), unless that is known."""
        is_failing = problem is not None
        if is_failing == self._is_failing:
            return
        self._is_failing = is_failing
        if problem:
            log.error("%s", problem)
        else:
            log.info("the store works again")
        self._send(of_part(STORE, "failing" if is_failing else "recovered", at, 0, problem), config, at)

    def _send(self, event: Event, config: Config, at: datetime) -> None:
        """Send an event once to every channel that a rule reports it to."""
        batch = [
            (config.channels[notification.channel], Delivery(0, notification, OutboxState.SENDING, 1, at))
            for notification in notify([event], config.settings.rules, at)
        ]
        for (channel, _), outcome in zip(batch, transport.deliver(batch, stop=self._stop), strict=True):
            if outcome.verdict is not Verdict.SENT:
                log.error("%s: store alert not sent: %s", channel.name, outcome.reason)
