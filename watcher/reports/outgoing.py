"""What channels would be sent of plans, and when: digests when they are due, else one message per poll."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from watcher.delivery import schedule
from watcher.domain.delivery import Channel, Delivery, OutboxState, Rate, Secret
from watcher.domain.news import Event, Notification
from watcher.domain.polls import Plan

NO_LIMIT = Rate(10**9, timedelta(hours=1))


class Outgoing:
    """The messages of channels that always work, without limits and quiet hours; digests wait in it."""

    def __init__(self, zone: tzinfo = UTC) -> None:
        """Begin with nothing; times in messages are those of `zone`."""
        self._zone = zone
        self._waiting: dict[str, list[Delivery]] = {}
        self._events: dict[str, Event] = {}
        self._number = 0

    def sent(self, plan: Plan, at: datetime) -> list[Notification]:
        """Return what is sent until a poll and by it: the digests that are due before, then its news."""
        found = [*self._due(at)]
        self._events |= {event.id: event for event in plan.events}
        for told in plan.notifications:
            self._number += 1
            delivery = Delivery(self._number, told, OutboxState.WAITING, 0, told.due or told.at)
            self._waiting.setdefault(told.channel, []).append(delivery)
        return [*found, *self._due(at)]

    @property
    def held(self) -> list[Notification]:
        """The messages that wait for their digests."""
        return [delivery.notification for waiting in self._waiting.values() for delivery in waiting]

    def rest(self) -> list[Notification]:
        """Return what is still to be sent, at its time."""
        return [*self._due(None)]

    def _due(self, until: datetime | None) -> Iterator[Notification]:
        """Give what is due until a time, in the order in which it is sent; all if that is None."""
        while times := [(at, name) for name in self._waiting if (at := self._next(name))]:
            now, name = min(times)
            if until is not None and now > until:
                return
            yield from self._send(name, now)

    def _next(self, name: str) -> datetime | None:
        """Return when something of a channel is due; what is not held is due when it was written."""
        return min((delivery.next_at for delivery in self._waiting[name]), default=None)

    def _send(self, name: str, now: datetime) -> Iterator[Notification]:
        channel = Channel(name, Secret(""), NO_LIMIT)
        batch = schedule.ready(self._waiting[name], [], channel, now)
        self._waiting[name] = [delivery for delivery in self._waiting[name] if delivery not in batch]
        numbers = dict.fromkeys(number for delivery in batch for number in delivery.notification.events)
        events = [self._events[number] for number in numbers]
        message = schedule.as_one(batch, events, now, self._zone)
        if message:
            yield message.notification
