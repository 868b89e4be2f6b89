"""The outbox: messages that wait, are being sent, were sent or given up. The database is the queue."""

import contextlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from watcher.domain.delivery import Delivery, OutboxState, Outcome, Verdict
from watcher.domain.errors import NotFoundError
from watcher.store import rows
from watcher.store.database import BROKEN, Tables
from watcher.store.schema import Row
from watcher.text import times

WAITING, SENDING, SENT, DEAD = (state.value for state in OutboxState)
GONE = "the channel is no longer configured"
UNREADABLE = {
    "state": DEAD,
    "error": "the message in the store cannot be read",
    "at": "1970-01-01T00:00:00Z",
    "next_at": "1970-01-01T00:00:00Z",
    "rules": "[]",
    "events": "[]",
}


@dataclass(frozen=True, slots=True)
class ChannelCounts:
    """A channel's messages: how many wait and were given up, when one was last sent (times as UTC text).

    `last_state` is how the newest finished one ended, `oldest` since when one waits, `error` what the oldest
    that waits met, or else the newest that was given up.
    """

    waiting: int = 0
    dead: int = 0
    last_sent: str | None = None
    last_state: str | None = None
    oldest: str | None = None
    error: str | None = None


class Outbox:
    """The messages of a store."""

    def __init__(self, tables: Tables) -> None:
        """Look after the messages in these tables."""
        self._tables = tables

    def waiting(self) -> dict[str, list[Delivery]]:
        """Give what waits, by channel, oldest first; a row that cannot be read is given up, visibly."""
        found: dict[str, list[Delivery]] = {}
        for row in self._tables.rows("outbox", "state = ? order by id", [WAITING]):
            try:
                found.setdefault(row["channel"], []).append(rows.delivery_of(row))
            except BROKEN:
                self._change([row], **UNREADABLE)
        return found

    def sent_since(self, start: datetime) -> dict[str, list[datetime]]:
        """Give when each channel was sent a message from then on; what went as one counts once."""
        found: dict[str, list[datetime]] = {}
        for row in self._tables.rows("outbox", "sent_at >= ? and sent_with = id", [times.to_iso(start)]):
            with contextlib.suppress(*BROKEN):
                found.setdefault(row["channel"], []).append(times.from_iso(row["sent_at"]))
        return found

    def claim(self, batches: Sequence[Sequence[Delivery]]) -> list[tuple[Delivery, ...]]:
        """Note, before anything is sent, that these are being sent; gives them with the attempt counted."""
        with self._tables.transaction():
            return [tuple(self._claimed(delivery, batch[0].id) for delivery in batch) for batch in batches]

    def _claimed(self, delivery: Delivery, head: int) -> Delivery:
        claimed = replace(delivery, state=OutboxState.SENDING, attempts=delivery.attempts + 1)
        changes = {"state": SENDING, "attempts": claimed.attempts, "sent_with": head}
        self._tables.update("outbox", delivery.id, changes)
        return claimed

    def finish(
        self,
        batch: Sequence[Delivery],
        outcome: Outcome,
        now: datetime,
        next_at: Sequence[datetime | None],
    ) -> None:
        """Note what came of an attempt: sent, to be tried again at `next_at`, or dead where that is None."""
        is_sent = outcome.verdict is Verdict.SENT
        with self._tables.transaction():
            for delivery, again in zip(batch, next_at, strict=True):
                changes = {
                    "state": SENT if is_sent else WAITING if again else DEAD,
                    "sent_at": times.to_iso(now) if is_sent else None,
                    "next_at": times.to_iso(again or now),
                    "error": outcome.reason or None,
                    "repeat": int(delivery.repeat or outcome.unsure),
                    "refusals": delivery.refusals + (outcome.verdict is Verdict.REFUSED),
                }
                self._tables.update("outbox", delivery.id, changes)

    def release(self, batch: Sequence[Delivery]) -> None:
        """Queue again, as if it had not been claimed, what was not begun."""
        with self._tables.transaction():
            for delivery in batch:
                changes = {"state": WAITING, "attempts": delivery.attempts - 1}
                self._tables.update("outbox", delivery.id, changes)

    def recover(self) -> int:
        """Queue again, as possible repeats, what was being sent when the service died; gives how many."""
        return self._change(self._tables.rows("outbox", "state = ?", [SENDING]), state=WAITING, repeat=1)

    def retry(self, ids: Sequence[int] | None, now: datetime) -> int:
        """Queue dead messages again (all of them for None); gives how many. Raises NotFoundError."""
        dead = {row["id"]: row for row in self._tables.rows("outbox", "state = ?", [DEAD])}
        if unknown := set(ids or ()) - set(dead):
            numbers = ", ".join(map(str, sorted(unknown)))
            message = f"no dead message has the number {numbers}; see `watcher outbox`"
            raise NotFoundError(message)
        chosen = [row for number, row in dead.items() if ids is None or number in ids]
        return self._change(chosen, state=WAITING, attempts=0, refusals=0, next_at=times.to_iso(now))

    def bury(self, channels: Collection[str]) -> int:
        """Move messages to the dead whose channel is not among these; gives how many."""
        waiting = self._tables.rows("outbox", "state = ?", [WAITING])
        return self._change(
            [row for row in waiting if row["channel"] not in channels], state=DEAD, error=GONE
        )

    def _change(self, chosen: Sequence[Row], **changes: str | int) -> int:
        """Change these rows alike, all or none; gives how many."""
        if chosen:
            with self._tables.transaction():
                for row in chosen:
                    self._tables.update("outbox", row["id"], dict(changes))
        return len(chosen)

    def messages(
        self, states: Collection[OutboxState] = tuple(OutboxState), limit: int = 50
    ) -> list[Delivery]:
        """Give messages in these states, newest first."""
        marks = ",".join("?" * len(states))
        which = f"state in ({marks}) order by id desc limit {limit:d}"
        return self._tables.nouns(lambda found: [*map(rows.delivery_of, found)], "outbox", which, [*states])

    def channels(self) -> dict[str, ChannelCounts]:
        """Count each channel's messages."""
        query = """
            select channel, sum(state in ('waiting', 'sending')) as waiting, sum(state = 'dead') as dead,
                max(sent_at) as last_sent, min(iif(state in ('waiting', 'sending'), at, null)) as oldest,
                (select state from outbox as other where other.channel = outbox.channel
                    and state in ('sent', 'dead') order by id desc limit 1) as last_state,
                (select error from outbox as other where other.channel = outbox.channel
                    and state != 'sent' and error is not null
                    order by state = 'dead', iif(state = 'dead', -id, id) limit 1) as error
            from outbox group by channel
        """
        return {row.pop("channel"): ChannelCounts(**row) for row in self._tables.query(query)}
