"""Report that the store cannot be used: directly, because the outbox is in the store."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event as Flag

from watcher.config.config import Config
from watcher.delivery import transport
from watcher.domain.delivery import Delivery, OutboxState, Verdict
from watcher.domain.errors import StoreError, StoreUnavailableError
from watcher.domain.news import Event
from watcher.domain.observer import Telemetry
from watcher.domain.polls import Part
from watcher.news.events import of_part
from watcher.news.plan import notify
from watcher.service.clock import utc_now
from watcher.store.trouble_mark import TroubleMark

STORE: Part = ("store", "store")
log = logging.getLogger(__name__)


class StoreTrouble:
    """Reports once that the store cannot be used, and once that it works again, restarts included."""

    def __init__(self, stop: Flag, mark: TroubleMark, telemetry: Telemetry | None = None) -> None:
        """Continue where the mark says; setting `stop` allows a few seconds for messages in flight."""
        self._stop, self._mark = stop, mark
        self._telemetry = telemetry or Telemetry()
        self._is_failing = mark.since is not None

    def note(self, problem: str | None, config: Config, at: datetime) -> None:
        """Report the problem at a time (UTC), or that there is none any more (None), unless that is known."""
        is_failing = problem is not None
        if is_failing == self._is_failing:
            return
        self._is_failing = is_failing
        if problem:
            log.error("%s", problem)
            self._mark.set()
        else:
            log.info("the store works again")
            self._mark.clear()
        event = of_part(STORE, "failing" if is_failing else "recovered", at, 0, problem)
        self._telemetry.store(event, failing=is_failing)
        self._send(event, config, at)

    def _send(self, event: Event, config: Config, at: datetime) -> None:
        """Send an event once to every channel that a rule reports it to."""
        batch = [
            (config.channels[notification.channel], Delivery(0, notification, OutboxState.SENDING, 1, at))
            for notification in notify([event], config.settings.rules, at)
        ]
        for (channel, _), outcome in zip(batch, transport.deliver(batch, stop=self._stop), strict=True):
            if outcome.verdict is not Verdict.SENT:
                log.error("%s: store alert not sent: %s", channel.name, outcome.reason)


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
