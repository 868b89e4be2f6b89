"""Mutes and acknowledgements, and which events they held back. Commands write them beside a service."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from watcher.domain.mutes import Mute
from watcher.domain.polls import Plan
from watcher.store.database import Tables
from watcher.store.rows import optional_text, optional_time
from watcher.store.schema import Row
from watcher.text.times import from_iso, to_iso


class Mutes:
    """The mutes of a store. One that has ended is kept, so that its events can be explained."""

    def __init__(self, tables: Tables) -> None:
        """Use the mutes in these tables."""
        self._tables = tables

    def going_on(self) -> tuple[Mute, ...]:
        """Return the mutes that nobody and nothing has ended, oldest first."""
        return self._read("ended is null order by id")

    def of_event(self, event: str) -> tuple[Mute, ...]:
        """Return the mutes that held back an event."""
        return self._read("id in (select mute from held where event = ?) order by id", [event])

    def add(self, wanted: Mute) -> Mute:
        """Add a mute; if there is one of the same pattern and sort, change its end, reason and fact."""
        with self._tables.transaction():
            for known in self.going_on():
                if (known.pattern, known.is_acknowledgement) == (wanted.pattern, wanted.is_acknowledgement):
                    self._tables.update("mutes", known.id, _terms(wanted))
                    return replace(wanted, id=known.id, at=known.at, held=known.held)
            self._tables.insert(
                "mutes", [_terms(wanted) | {"pattern": wanted.pattern, "at": to_iso(wanted.at)}]
            )
            return self.going_on()[-1]

    def end(self, name: str, now: datetime) -> tuple[Mute, ...]:
        """End the mutes with this pattern or id; return them."""
        with self._tables.transaction():
            found = [mute for mute in self.going_on() if name in {mute.pattern, str(mute.id)}]
            for mute in found:
                self._tables.update("mutes", mute.id, {"ended": to_iso(now)})
        return tuple(found)

    def record(self, plan: Plan) -> None:
        """Write what a poll held back and which mutes ended, within its transaction.

        A command may have changed a mute since the poll read it: such a one does not end.
        """
        self._tables.insert("held", ({"event": event, "mute": mute} for event, mute in plan.held))
        for mute in plan.ended:
            for row in self._tables.rows("mutes", "id = ? and ended is null", [mute.id]):
                if (row["until"], row["fact"]) == (optional_text(mute.until), mute.fact):
                    self._tables.update("mutes", mute.id, {"ended": optional_text(mute.ended)})

    def forget(self, before: str) -> None:
        """Delete what ended before a time, within a transaction."""
        self._tables.delete("mutes", "ended < ?", [before])
        self._tables.delete("held", "mute not in (select id from mutes)", [])

    def _read(self, which: str, parameters: Sequence[str] = ()) -> tuple[Mute, ...]:
        counts = self._tables.query("select mute, count(*) as held from held group by mute")
        held = {row["mute"]: row["held"] for row in counts}
        return self._tables.objects(lambda found: _mutes_of(found, held), "mutes", which, parameters)


def _terms(mute: Mute) -> Row:
    """Write what can change of a mute."""
    return {"until": optional_text(mute.until), "why": mute.why, "fact": mute.fact}


def _mutes_of(found: Iterable[Row], held: Mapping[int, int]) -> tuple[Mute, ...]:
    """Read mutes."""
    return tuple(
        Mute(
            id=row["id"],
            pattern=row["pattern"],
            at=from_iso(row["at"]),
            until=optional_time(row["until"]),
            why=row["why"] or "",
            fact=row["fact"],
            held=held.get(row["id"], 0),
            ended=optional_time(row["ended"]),
        )
        for row in found
    )
