"""The outbox: messages that wait, are being sent, were sent, or are dead letters. The table is the queue."""

import contextlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from watcher.domain.delivery import Delivery, OutboxState, Outcome, Verdict
from watcher.domain.errors import NotFoundError
from watcher.store import message_rows
from watcher.store.database import BROKEN, Tables
from watcher.store.schema import Row
from watcher.text import times

WAITING, SENDING, SENT, DEAD = (state.value for state in OutboxState)
GONE = "the channel is no longer configured"
HELD = "(digest is not null and digest != 'now' and attempts = 0)"
"""Whether a waiting row is held for a digest, in SQL."""
UNREADABLE = {
    "state": DEAD,
    "error": "the stored message cannot be read",
    "at": "1970-01-01T00:00:00Z",
    "next_at": "1970-01-01T00:00:00Z",
    "rules": "[]",
    "events": "[]",
}


@dataclass(frozen=True, slots=True)
class ChannelCounts:
    """A channel's messages: how many wait, how many are dead letters, when one was last sent.

    What is held for a digest does not wait.

    `last_state` is the state of the newest finished one, `oldest` the time of the oldest that waits; `error`
    is that of the oldest that waits, else of the newest dead letter. Times are UTC text.
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
        """Use the messages in these tables."""
        self._tables = tables

    def waiting(self) -> dict[str, list[Delivery]]:
        """Return what waits, by channel, oldest first; a damaged row becomes a dead letter."""
        found: dict[str, list[Delivery]] = {}
        for row in self._tables.rows("outbox", "state = ? order by id", [WAITING]):
            try:
                found.setdefault(row["channel"], []).append(message_rows.delivery_of(row))
            except BROKEN:
                self._change([row], **UNREADABLE)
        return found

    def held(self) -> dict[str, dict[str, list[Delivery]]]:
        """Return what is held for digests, by channel and schedule; what is damaged is left out."""
        found: dict[str, dict[str, list[Delivery]]] = {}
        for row in self._tables.rows("outbox", f"state = ? and {HELD} order by id", [WAITING]):
            with contextlib.suppress(*BROKEN):
                of_channel = found.setdefault(row["channel"], {})
                of_channel.setdefault(row["digest"], []).append(message_rows.delivery_of(row))
        return found

    def sent_since(self, start: datetime) -> dict[str, list[datetime]]:
        """Return when each channel was sent a message since `start` (UTC); merged messages count once."""
        found: dict[str, list[datetime]] = {}
        for row in self._tables.rows("outbox", "sent_at >= ? and sent_with = id", [times.to_iso(start)]):
            with contextlib.suppress(*BROKEN):
                found.setdefault(row["channel"], []).append(times.from_iso(row["sent_at"]))
        return found

    def claim(self, batches: Sequence[Sequence[Delivery]]) -> list[tuple[Delivery, ...]]:
        """Mark messages as being sent, before they are; return them with the attempt counted."""
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
        """Record an attempt: sent, to be tried again at `next_at`, or a dead letter if that is None."""
        is_sent = outcome.verdict is Verdict.SENT
        with self._tables.transaction():
            for delivery, again in zip(batch, next_at, strict=True):
                failed = WAITING if again else DEAD
                changes = {
                    "state": SENT if is_sent else failed,
                    "sent_at": times.to_iso(now) if is_sent else None,
                    "next_at": times.to_iso(again or now),
                    "error": outcome.reason or outcome.warning or None,
                    "repeat": int(delivery.repeat or outcome.unsure),
                    "refusals": delivery.refusals + (outcome.verdict is Verdict.REFUSED),
                }
                self._tables.update("outbox", delivery.id, changes)

    def drop(self, batch: Sequence[Delivery], reason: str, now: datetime) -> None:
        """End messages that need not be sent anymore."""
        with self._tables.transaction():
            for delivery in batch:
                changes = {"state": SENT, "error": reason, "next_at": times.to_iso(now), "sent_with": 0}
                self._tables.update("outbox", delivery.id, changes)

    def release(self, batch: Sequence[Delivery]) -> None:
        """Return messages that were claimed but never started to the queue."""
        with self._tables.transaction():
            for delivery in batch:
                changes = {"state": WAITING, "attempts": delivery.attempts - 1}
                self._tables.update("outbox", delivery.id, changes)

    def recover(self) -> int:
        """Requeue, as possible repeats, messages in flight when the service died; return how many."""
        return self._change(self._tables.rows("outbox", "state = ?", [SENDING]), state=WAITING, repeat=1)

    def retry(self, ids: Sequence[int] | None, now: datetime) -> int:
        """Requeue dead letters, all of them if `ids` is None; return how many. Raises NotFoundError."""
        dead = {row["id"]: row for row in self._tables.rows("outbox", "state = ?", [DEAD])}
        if unknown := set(ids or ()) - set(dead):
            numbers = ", ".join(map(str, sorted(unknown)))
            message = f"there is no dead letter {numbers}; see `watcher outbox`"
            raise NotFoundError(message)
        chosen = [row for number, row in dead.items() if ids is None or number in ids]
        return self._change(chosen, state=WAITING, attempts=0, refusals=0, next_at=times.to_iso(now))

    def give_up_orphans(self, channels: Collection[str]) -> int:
        """Make dead letters of waiting messages for channels that are not among these; return how many."""
        waiting = self._tables.rows("outbox", "state = ?", [WAITING])
        orphans = [row for row in waiting if row["channel"] not in channels]
        return self._change(orphans, state=DEAD, error=GONE)

    def _change(self, chosen: Sequence[Row], **changes: str | int) -> int:
        """Make the same changes to these rows, all or none; return how many."""
        if chosen:
            with self._tables.transaction():
                for row in chosen:
                    self._tables.update("outbox", row["id"], dict(changes))
        return len(chosen)

    def messages(
        self, states: Collection[OutboxState] = tuple(OutboxState), limit: int = 50
    ) -> list[Delivery]:
        """Return the newest messages in these states, newest first."""
        marks = ",".join("?" * len(states))
        which = f"state in ({marks}) order by id desc limit {limit:d}"
        return self._tables.objects(
            lambda found: [*map(message_rows.delivery_of, found)], "outbox", which, [*states]
        )

    def tried(self, channel: str | None, since: datetime | None, limit: int) -> list[Delivery]:
        """Return the newest messages that were sent, tried or given up since a time (UTC), newest first."""
        when = "coalesce(sent_at, iif(state = 'dead', next_at, at))"
        which = (
            "(attempts > 0 or state in ('sent', 'dead')) and (?1 is null or channel = ?1)"
            f" and (?2 is null or {when} >= ?2) order by {when} desc, id desc limit {limit:d}"
        )
        start = times.to_iso(since) if since else None
        return self._tables.objects(
            lambda found: [*map(message_rows.delivery_of, found)], "outbox", which, [channel, start]
        )

    def about(self, event: str) -> list[Delivery]:
        """Return the messages that have an event, oldest first; a damaged row has none."""
        which = (
            "exists (select 1 from json_each(iif(json_valid(events), events, '[]')) where value = ?)"
            " order by id"
        )
        return self._tables.objects(
            lambda found: [*map(message_rows.delivery_of, found)], "outbox", which, [event]
        )

    def channels(self) -> dict[str, ChannelCounts]:
        """Count each channel's messages."""
        query = """
            select channel, sum(waits) as waiting, sum(state = 'dead') as dead,
                max(sent_at) as last_sent, min(iif(waits, at, null)) as oldest,
                (select state from outbox as other where other.channel = outbox.channel
                    and (sent_at is not null or state = 'dead') order by id desc limit 1) as last_state,
                (select error from outbox as other where other.channel = outbox.channel
                    and state != 'sent' and error is not null
                    order by state = 'dead', iif(state = 'dead', -id, id) limit 1) as error
            from (
                select *, state = 'sending' or state = 'waiting' and not HELD as waits from outbox
            ) as outbox
            group by channel
        """.replace("HELD", HELD)
        return {row.pop("channel"): ChannelCounts(**row) for row in self._tables.query(query)}
