"""Take messages from the outbox to their channels, and record what came of it as soon as the store can."""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event as Flag

from watcher.delivery import schedule, transport
from watcher.domain.delivery import Channel, Delivery, Outcome, Verdict
from watcher.domain.observer import ChannelDepth, Telemetry
from watcher.domain.polls import Part, Trouble
from watcher.store.outbox import ChannelCounts
from watcher.store.store import Store
from watcher.text.times import from_iso, to_iso

log = logging.getLogger(__name__)
Batch = tuple[Delivery, ...]


@dataclass(slots=True)
class Courier:
    """Delivers the messages of an open store, each within `deadline` seconds.

    Setting `stop` allows a few seconds for messages in flight. `_unwritten` are outcomes that the store could
    not take; until it does, nothing more is sent, because a message might be sent twice.
    """

    store: Store
    now: Callable[[], datetime]
    stop: Flag
    telemetry: Telemetry = field(default_factory=Telemetry)
    deadline: float = transport.DEADLINE
    _unwritten: list[tuple[Batch, Outcome, datetime]] = field(default_factory=list)

    def deliver(self, channels: Mapping[str, Channel]) -> int:
        """Send what is due, at most one message for each channel; return how many were tried.

        Raises StoreUnavailableError; what was sent until then is not sent again.
        """
        self._write()
        now = self.now()
        batches = self._ready(channels, now)
        if self.stop.is_set() or not batches:
            return 0
        claimed = self.store.outbox.claim(batches)
        messages = [(channels[batch[0].notification.channel], self._message(batch, now)) for batch in claimed]
        outcomes = transport.deliver(messages, deadline=self.deadline, stop=self.stop)
        self._unwritten += zip(claimed, outcomes, [self.now()] * len(claimed), strict=True)
        self._write()
        return len(claimed)

    def next_due(self, channels: Mapping[str, Channel]) -> datetime | None:
        """Return when the next message can be sent (UTC); None if none waits."""
        now = self.now()
        waiting = self.store.outbox.waiting()
        sent = self._sent(channels, now) if waiting else {}
        times = [
            schedule.due_at(waiting.get(name, []), sent.get(name, []), channel, now)
            for name, channel in channels.items()
        ]
        return min((at for at in times if at), default=None)

    def _ready(self, channels: Mapping[str, Channel], now: datetime) -> list[Batch]:
        waiting = self.store.outbox.waiting()
        if not waiting:
            return []
        sent = self._sent(channels, now)
        batches = (
            schedule.ready(waiting.get(name, []), sent.get(name, []), channel, now)
            for name, channel in channels.items()
        )
        # Channels that failed last time come last: with many channels, they could hold up the others.
        return sorted((batch for batch in batches if batch), key=lambda batch: batch[0].attempts > 0)

    def _sent(self, channels: Mapping[str, Channel], now: datetime) -> dict[str, list[datetime]]:
        return self.store.outbox.sent_since(now - max(channel.limit.per for channel in channels.values()))

    def _message(self, batch: Batch, now: datetime) -> Delivery:
        """Return what is sent for a batch: several messages become one, written anew from their events."""
        numbers = {number for delivery in batch for number in delivery.notification.events}
        events = self.store.event(*numbers) if len(batch) > 1 else []
        return schedule.as_one(batch, events, now)

    def _write(self) -> None:
        """Record the outcomes that are not in the store yet."""
        while self._unwritten:
            batch, outcome, at = self._unwritten[0]
            if outcome is transport.UNSTARTED:
                self.store.outbox.release(batch)
                del self._unwritten[0]
                continue
            jitter = random.random()  # noqa: S311 - nothing secret about it
            next_at = [schedule.next_attempt(outcome, delivery, at, jitter) for delivery in batch]
            self.store.outbox.finish(batch, outcome, at, next_at)
            del self._unwritten[0]
            is_dead = outcome.verdict is not Verdict.SENT and not any(next_at)
            self.telemetry.delivered(batch[0].notification.channel, outcome.verdict, dead=is_dead)
            _log(batch, outcome, next_at)


def _log(batch: Batch, outcome: Outcome, next_at: Sequence[datetime | None]) -> None:
    channel = batch[0].notification.channel
    for delivery, again in zip(batch, next_at, strict=True):
        if outcome.verdict is Verdict.SENT:
            log.debug("%s: message %d sent", channel, delivery.id)
        elif again:
            log.warning(
                "%s: message %d not sent (%s); retrying at %s",
                channel,
                delivery.id,
                outcome.reason,
                to_iso(again),
            )
        else:
            log.error(
                "%s: message %d is a dead letter (%s); see `watcher outbox`",
                channel,
                delivery.id,
                outcome.reason,
            )


def trouble(counts: ChannelCounts) -> Trouble | None:
    """Return what is wrong with a channel, judged by its messages; None if nothing is."""
    if counts.last_state == "dead":
        return Trouble(counts.error or "a message became a dead letter", is_final=True)
    return Trouble(counts.error) if counts.waiting and counts.error else None


def troubles(store: Store, channels: Mapping[str, Channel]) -> dict[Part, Trouble]:
    """Return the channels that do not deliver, and why."""
    counts = store.outbox.channels()
    found = {name: trouble(counts[name]) for name in channels if name in counts}
    return {("channel", name): wrong for name, wrong in found.items() if wrong}


def depths(store: Store, channels: Mapping[str, Channel], now: datetime) -> dict[str, ChannelDepth]:
    """Return how many messages wait for each channel, and how many are dead letters."""
    failing = troubles(store, channels)
    return {
        name: ChannelDepth(
            counts.waiting,
            counts.dead,
            (now - from_iso(counts.oldest)).total_seconds() if counts.oldest else 0.0,
            ("channel", name) in failing,
        )
        for name, counts in store.outbox.channels().items()
    }
