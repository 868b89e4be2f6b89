"""Take messages from the outbox to their channels, and record what came of it as soon as the store can."""

import logging
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
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
UNDONE = "everything in it was undone meanwhile"
MOST_IN_FLIGHT = 2 * transport.CREW  # messages; half of them may be for channels that failed last time


@dataclass(slots=True)
class Courier:
    """Delivers the messages of an open store, each within `deadline` seconds.

    Setting `stop` allows a few seconds for messages in flight; `wake` is called from another thread when one
    has ended. `_unwritten` are outcomes that the store could not take; until it does, nothing more is sent,
    because a message might be sent twice.
    """

    store: Store
    now: Callable[[], datetime]
    stop: Flag
    telemetry: Telemetry = field(default_factory=Telemetry)
    deadline: float = transport.DEADLINE
    wake: Callable[[], object] = bool
    _flying: dict["Future[Outcome]", Batch] = field(default_factory=dict)
    _threads: ThreadPoolExecutor = field(default_factory=transport.pool)
    _unwritten: list[tuple[Batch, Outcome, datetime]] = field(default_factory=list)

    @property
    def is_busy(self) -> bool:
        """Whether messages are in flight."""
        return bool(self._flying)

    def deliver(self, channels: Mapping[str, Channel], patience: float | None = None) -> int:
        """Begin to send what is due, at most one message for each channel; return how many were begun.

        Waits at most `patience` seconds for what is in flight, until it has ended if that is None; the next
        call takes up the rest. Raises StoreUnavailableError; what was sent until then is not sent again.
        """
        self._land()
        now = self.now()
        batches = [] if self.stop.is_set() else self._ready(channels, now)
        if batches:
            claimed = self._claim(batches, channels, now)
            messages = [(channels[message.notification.channel], message) for _, message in claimed]
            sending = transport.begin(self._threads, messages, self.deadline, self.stop)
            self._flying.update(zip(sending, (batch for batch, _ in claimed), strict=True))
            for outcome in sending:
                outcome.add_done_callback(lambda _: self.wake())
        wait(self._flying, timeout=patience)
        self._land()
        return len(batches)

    def _land(self) -> None:
        """Record what has ended."""
        for outcome in [future for future in self._flying if future.done()]:
            self._unwritten.append((self._flying.pop(outcome), outcome.result(), self.now()))
        self._write()

    def next_due(self, channels: Mapping[str, Channel]) -> datetime | None:
        """Return when the next message can be sent (UTC); None if none waits for a time."""
        now = self.now()
        waiting = self.store.outbox.waiting()
        sent = self._sent(channels, now) if waiting else {}
        times = [
            schedule.due_at(waiting.get(name, []), sent.get(name, []), channel, now)
            for name, channel in self._free(channels).items()
            if self._room(is_retry=_is_retry(waiting.get(name, []))) > 0
        ]
        return min((at for at in times if at), default=None)

    def _ready(self, channels: Mapping[str, Channel], now: datetime) -> list[Batch]:
        waiting = self.store.outbox.waiting()
        if not waiting:
            return []
        sent = self._sent(channels, now)
        batches = (
            schedule.ready(waiting.get(name, []), sent.get(name, []), channel, now)
            for name, channel in self._free(channels).items()
        )
        # Channels that failed last time come last and have half of the room: others do not wait for them.
        found = [batch for batch in batches if batch]
        fresh = [batch for batch in found if not _is_retry(batch)][: self._room()]
        retries = [batch for batch in found if _is_retry(batch)]
        most = min(self._room(is_retry=True), self._room() - len(fresh))
        return [*fresh, *retries[: max(most, 0)]]

    def _free(self, channels: Mapping[str, Channel]) -> dict[str, Channel]:
        """Return the channels that have no message in flight."""
        busy = {batch[0].notification.channel for batch in self._flying.values()}
        return {name: channel for name, channel in channels.items() if name not in busy}

    def _room(self, *, is_retry: bool = False) -> int:
        """Return how many more messages may be begun, to channels that failed last time or to others."""
        free = MOST_IN_FLIGHT - len(self._flying)
        retries = sum(first.attempts > 1 for first, *_ in self._flying.values())
        return min(MOST_IN_FLIGHT // 2 - retries, free) if is_retry else free

    def _sent(self, channels: Mapping[str, Channel], now: datetime) -> dict[str, list[datetime]]:
        return self.store.outbox.sent_since(now - max(channel.limit.per for channel in channels.values()))

    def _claim(
        self, batches: Sequence[Batch], channels: Mapping[str, Channel], now: datetime
    ) -> list[tuple[Batch, Delivery]]:
        """Mark batches as being sent, and write their messages; what says nothing anymore ends unsent."""
        claimed: list[tuple[Batch, Delivery]] = []
        for batch in self.store.outbox.claim(batches):
            message = self._message(batch, channels, now)
            if message:
                claimed.append((batch, message))
            else:
                log.info("%s: no digest, as %s", batch[0].notification.channel, UNDONE)
                self.store.outbox.drop(batch, UNDONE, now)
        return claimed

    def _message(self, batch: Batch, channels: Mapping[str, Channel], now: datetime) -> Delivery | None:
        """Return what is sent for a batch: several messages become one, written anew from their events."""
        numbers = {number for delivery in batch for number in delivery.notification.events}
        events = self.store.event(*numbers) if schedule.is_rewritten(batch) else []
        return schedule.as_one(batch, events, now, channels[batch[0].notification.channel].zone)

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


def _is_retry(batch: Sequence[Delivery]) -> bool:
    """Whether the channel failed last time."""
    return bool(batch) and batch[0].attempts > 0


def _log(batch: Batch, outcome: Outcome, next_at: Sequence[datetime | None]) -> None:
    channel = batch[0].notification.channel
    if outcome.warning:
        log.warning("%s: message %d: %s", channel, batch[0].id, outcome.warning)
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
        return Trouble(
            counts.error or "a message became a dead letter", is_final=True, waiting=counts.waiting
        )
    return Trouble(counts.error, waiting=counts.waiting) if counts.waiting and counts.error else None


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
