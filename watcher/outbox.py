"""The outbox: messages that wait, are being sent, were sent or given up. The database is the queue."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from watcher import rows
from watcher.database import Tables
from watcher.domain import Delivery, OutboxState, Outcome, Verdict
from watcher.errors import NotFoundError

FIRST_OF_EACH_CHANNEL = (
    "id in (select min(id) from outbox where state = 'waiting' group by channel) order by id"
)


@dataclass(frozen=True, slots=True)
class ChannelCounts:
    """A channel's messages: how many wait, how many were given up, when one was last sent (UTC text)."""

    waiting: int = 0
    dead: int = 0
    last_sent: str | None = None
    last_state: str | None = None


class Outbox:
    """The messages of a store."""

    def __init__(self, tables: Tables) -> None:
        """Look after the messages in these tables."""
        self._tables = tables

    def due(self, now: datetime) -> list[Delivery]:
        """Give the oldest message of each channel where it is due: a channel gets its messages in order."""
        first = self._tables.rows("outbox", FIRST_OF_EACH_CHANNEL)
        return [rows.delivery_of(row) for row in first if row["next_at"] <= rows.text_of(now)]

    def next_due(self) -> datetime | None:
        """Tell when a message is due next; None where none waits."""
        first = self._tables.rows("outbox", FIRST_OF_EACH_CHANNEL)
        return min((rows.time_of(row["next_at"]) for row in first), default=None)

    def claim(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Note, before anything is sent, that these are being sent; gives them with the attempt counted."""
        claimed = [replace(d, state=OutboxState.SENDING, attempts=d.attempts + 1) for d in deliveries]
        with self._tables.transaction():
            for delivery in claimed:
                self._tables.update(
                    "outbox", delivery.id, {"state": delivery.state.value, "attempts": delivery.attempts}
                )
        return claimed

    def finish(self, delivery: Delivery, outcome: Outcome, now: datetime, next_at: datetime | None) -> None:
        """Note what came of an attempt: sent, to be tried again at `next_at`, or dead where that is None."""
        if outcome.verdict is Verdict.SENT:
            state, sent_at = OutboxState.SENT, rows.text_of(now)
        else:
            state, sent_at = OutboxState.WAITING if next_at else OutboxState.DEAD, None
        with self._tables.transaction():
            self._tables.update(
                "outbox",
                delivery.id,
                {
                    "state": state.value,
                    "sent_at": sent_at,
                    "next_at": rows.text_of(next_at or now),
                    "error": outcome.reason or None,
                    "repeat": int(delivery.repeat or outcome.unsure),
                },
            )

    def recover(self) -> int:
        """Queue again, as possible repeats, what was being sent when the service died; gives how many."""
        with self._tables.transaction():
            interrupted = self._tables.rows("outbox", "state = ?", [OutboxState.SENDING])
            for row in interrupted:
                self._tables.update("outbox", row["id"], {"state": OutboxState.WAITING.value, "repeat": 1})
        return len(interrupted)

    def retry(self, ids: Sequence[int] | None, now: datetime) -> int:
        """Queue dead messages again (all of them for None); gives how many. Raises NotFoundError."""
        dead = [row["id"] for row in self._tables.rows("outbox", "state = ?", [OutboxState.DEAD])]
        unknown = set(ids or ()) - set(dead)
        if unknown:
            message = (
                f"no dead message has the number {', '.join(map(str, sorted(unknown)))}; see `watcher outbox`"
            )
            raise NotFoundError(message)
        chosen = dead if ids is None else list(ids)
        with self._tables.transaction():
            for number in chosen:
                self._tables.update(
                    "outbox",
                    number,
                    {"state": OutboxState.WAITING.value, "attempts": 0, "next_at": rows.text_of(now)},
                )
        return len(chosen)

    def bury(self, channels: Collection[str]) -> int:
        """Move messages to the dead whose channel is not among these; gives how many."""
        with self._tables.transaction():
            orphans = [
                row
                for row in self._tables.rows("outbox", "state = ?", [OutboxState.WAITING])
                if row["channel"] not in channels
            ]
            for row in orphans:
                self._tables.update(
                    "outbox",
                    row["id"],
                    {"state": OutboxState.DEAD.value, "error": "the channel is no longer configured"},
                )
        return len(orphans)

    def messages(
        self, states: Collection[OutboxState] = tuple(OutboxState), limit: int = 50
    ) -> list[Delivery]:
        """Give messages in these states, newest first."""
        marks = ",".join("?" * len(states))
        found = self._tables.rows("outbox", f"state in ({marks}) order by id desc limit {limit:d}", [*states])
        return [rows.delivery_of(row) for row in found]

    def channels(self) -> dict[str, ChannelCounts]:
        """Count each channel's messages."""
        query = """
            select channel, sum(state in ('waiting', 'sending')) as waiting, sum(state = 'dead') as dead,
                max(sent_at) as last_sent,
                (select state from outbox as other where other.channel = outbox.channel
                    and state in ('sent', 'dead') order by id desc limit 1) as last_state
            from outbox group by channel
        """
        return {row.pop("channel"): ChannelCounts(**row) for row in self._tables.query(query)}
