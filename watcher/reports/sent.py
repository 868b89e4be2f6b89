"""What was sent to whom, and whether it arrived."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from watcher.domain.catalog import Json
from watcher.domain.delivery import Delivery, OutboxState
from watcher.reports import as_json
from watcher.text.clean import clean
from watcher.text.counts import counted
from watcher.text.times import show_time


@dataclass(frozen=True, slots=True)
class Sending:
    """What went out as one message, or was to: the first message of the outbox, and those merged into it."""

    deliveries: tuple[Delivery, ...]

    @property
    def first(self) -> Delivery:
        """The message whose attempts count for all."""
        return self.deliveries[0]

    @property
    def at(self) -> datetime:
        """When it was sent or given up; for what is tried again, when it was written."""
        is_over = self.first.state is OutboxState.DEAD
        return self.first.sent_at or (self.first.next_at if is_over else self.first.notification.at)

    @property
    def result(self) -> str:
        """Whether it arrived, in a word or two."""
        match self.first.state:
            case OutboxState.SENT:
                return "sent" if self.first.sent_at else "not needed"
            case OutboxState.DEAD:
                return "dead letter"
            case OutboxState.SENDING:
                return "in flight"
            case _:
                return "failed"

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of its parts."""
        return tuple(clean(one.notification.title) for one in self.deliveries)

    def notes(self, zone: tzinfo = UTC) -> Iterator[str]:
        """Yield what it consists of, how often it was tried, and what was answered, if that is noteworthy."""
        first = self.first
        if len(self.deliveries) > 1:
            yield f"messages {', '.join(str(one.id) for one in self.deliveries)}, sent as one"
        if first.attempts > 1:
            yield counted(first.attempts, "attempt")
        if first.repeat:
            yield "possible repeat"
        if first.state is OutboxState.WAITING:
            yield f"next attempt {show_time(first.next_at, zone)}"
        if first.error:
            yield clean(first.error)

    def as_json(self) -> dict[str, Json]:
        """Give it for machines."""
        return as_json.delivery(self.first) | {
            "type": "sending",
            "result": self.result,
            "titles": list(self.titles),
            "messages": [one.id for one in self.deliveries],
            "events": list(
                dict.fromkeys(event for one in self.deliveries for event in one.notification.events)
            ),
        }


def sendings(deliveries: Sequence[Delivery]) -> list[Sending]:
    """Put together what was sent as one message, in the order of the deliveries."""
    grouped: dict[int, list[Delivery]] = {}
    for delivery in deliveries:
        is_merged = delivery.state is OutboxState.SENT and delivery.sent_with
        grouped.setdefault(delivery.sent_with if is_merged else delivery.id, []).append(delivery)
    return [Sending(tuple(sorted(found, key=lambda one: one.id))) for found in grouped.values()]
