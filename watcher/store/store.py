"""The store: what is kept between two polls, and the record of events, messages and values."""

import contextlib
import itertools
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

from watcher.domain.catalog import Item
from watcher.domain.errors import StoreError
from watcher.domain.news import Event, HistoryEntry
from watcher.domain.polls import Health, Plan, State
from watcher.store import lock, message_rows, rows
from watcher.store.charts import Charts
from watcher.store.database import BROKEN, Tables
from watcher.store.mutes import Mutes
from watcher.store.outbox import Outbox
from watcher.text import times


def _is_new(state: State, source: str) -> bool:
    """Whether a source has no baseline yet."""
    return state.sources.get(source, Health()).last_good is None


class Store:
    """An open store, for use as a context manager and in one thread.

    `outbox` has its messages, `mutes` what is not to be reported for a while.
    """

    def __init__(self, tables: Tables) -> None:
        """Use these tables."""
        self._tables = tables
        self.outbox = Outbox(tables)
        self.mutes = Mutes(tables)

    @classmethod
    def open(cls, path: Path, *, init: bool = False) -> Self:
        """Open for the service, and create or migrate as needed; with `init`, also create a lost one anew.

        Raises BusyError if another instance runs, StoreError if the file cannot be trusted, and
        StoreUnavailableError if it is temporarily unusable.
        """
        return cls(Tables.open(path, init=init))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open next to a running service. Raises NotFoundError, StoreError or StoreUnavailableError."""
        return cls(Tables.read(path))

    def close(self) -> None:
        """Close the database and release the lock."""
        self._tables.close()

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store."""
        self.close()

    def state(self) -> State:
        """Return everything that is kept between two polls. Raises StoreError if a row is damaged."""
        pending = self._tables.objects(rows.pending_of, "pending")
        return State(
            items=self._tables.objects(lambda found: rows.items_of(found, pending), "models"),
            sources=self._tables.objects(rows.sources_of, "sources"),
            feed=self._tables.objects(rows.feed_of, "feed"),
            base_prices=self._tables.objects(rows.base_prices_of, "told_prices"),
            troubles=self._tables.objects(rows.troubles_of, "troubles"),
            markets=self._tables.objects(rows.markets_of, "markets"),
            mutes=self.mutes.going_on(),
            charts=Charts(self._tables),
        )

    def commit(self, before: State, plan: Plan) -> None:
        """Write what a poll decided, all or nothing: state, events, history and messages."""
        after = plan.state
        changed = {model: item for model, item in after.items.items() if item != before.items.get(model)}
        gone = [model for model in before.items if model not in after.items]
        with self._tables.transaction():
            self._write_models(changed, gone, plan.raw)
            self._tables.upsert(
                "sources", [rows.source_row(name, source) for name, source in after.sources.items()]
            )
            self._tables.upsert("troubles", itertools.starmap(rows.trouble_row, after.troubles.items()))
            for part in before.troubles.keys() - after.troubles.keys():
                self._tables.delete("troubles", "what = ? and name = ?", part)
            self._tables.upsert("markets", rows.market_rows(before.markets, after.markets))
            for model in before.markets.keys() - after.markets.keys():
                self._tables.delete("markets", "model = ?", [model])
            self._tables.upsert("feed", rows.feed_rows(before.feed, after.feed))
            for slug in before.feed.keys() - after.feed.keys():
                self._tables.delete("feed", "slug = ?", [slug])
            self._tables.upsert("told_prices", rows.base_price_rows(before.base_prices, after.base_prices))
            for rule, model in before.base_prices.keys() - after.base_prices.keys():
                self._tables.delete("told_prices", "rule = ? and model = ?", [rule, model])
            self._tables.insert("history", map(rows.history_row, plan.history))
            self._tables.insert("events", map(message_rows.event_row, plan.events))
            self._tables.insert("outbox", map(message_rows.outbox_row, plan.notifications))
            self.mutes.record(plan)
        if any(source.last_good and _is_new(before, name) for name, source in after.sources.items()):
            self._tables.checkpoint()  # a baseline: without it, the next poll would be a silent first one

    def _write_models(self, changed: Mapping[str, Item], gone: Sequence[str], raw: Mapping[str, str]) -> None:
        self._tables.upsert("models", [rows.item_row(model, item) for model, item in changed.items()])
        self._tables.upsert("raw", [{"model": m, "document": raw[m]} for m in changed if m in raw])
        for model in (*changed, *gone):
            self._tables.delete("pending", "model = ?", [model])
        for model in gone:
            self._tables.delete("models", "id = ?", [model])
            self._tables.delete("raw", "model = ?", [model])
        self._tables.insert(
            "pending", (row for model, item in changed.items() for row in rows.pending_rows(model, item))
        )

    def events(
        self,
        subjects: Collection[str] | None = None,
        kinds: Collection[str] | None = None,
        limit: int | None = 50,
        since: datetime | None = None,
    ) -> list[Event]:
        """Return the newest events since a time (UTC), newest first; None stands for all."""
        chosen = [None if values is None else json.dumps([*values]) for values in (subjects, kinds)]
        return self._tables.objects(
            lambda found: [*map(message_rows.event_of, found)],
            "events",
            "(?1 is null or subject in (select value from json_each(?1)))"
            " and (?2 is null or kind in (select value from json_each(?2)))"
            " and (?4 is null or at >= ?4) order by at desc, rowid desc limit ?3",
            [*chosen, -1 if limit is None else limit, times.to_iso(since) if since else None],
        )

    def event_subjects(self) -> list[str]:
        """Return the subjects of all events, each once."""
        return [row["subject"] for row in self._tables.query("select distinct subject from events")]

    def event_kinds(self) -> list[str]:
        """Return the kinds of all events, each once."""
        return [row["kind"] for row in self._tables.query("select distinct kind from events")]

    def event(self, *ids: str) -> list[Event]:
        """Return the events with these ids that are still there and can be read, oldest first."""
        found = []
        for row in self._tables.rows(
            "events", "id in (select value from json_each(?)) order by at, rowid", [json.dumps(ids)]
        ):
            with contextlib.suppress(*BROKEN):
                found.append(message_rows.event_of(row))
        return found

    def history(self, model: str) -> list[HistoryEntry]:
        """Return the charted values of a model, oldest first."""
        return self._tables.objects(
            lambda found: [*map(rows.history_of, found)], "history", "model = ? order by id", [model]
        )

    def forget(self, before: datetime) -> None:
        """Delete history, events, finished messages and ended mutes older than `before` (UTC).

        The newest value of each chart is kept, as long as its model is remembered.
        """
        start = [times.to_iso(before)]
        newest = "(select max(id) from history where model in (select id from models) group by model, field)"
        with self._tables.transaction():
            self._tables.delete("history", f"at < ? and id not in {newest}", start)
            self._tables.delete("events", "at < ?", start)
            self._tables.delete("outbox", "at < ? and state in ('sent', 'dead')", start)
            self.mutes.forget(start[0])

    def backup(self, target: Path) -> None:
        """Write a consistent copy to a new file, even while a service runs.

        Messages that wait in it are marked as possible repeats: they may be sent before the copy is used.
        Raises StoreError if the target exists, StoreUnavailableError if it cannot be written.
        """
        if target.exists():
            message = f"{target} already exists; choose another name"
            raise StoreError(message)
        part = Path(f"{target}.part")
        part.unlink(missing_ok=True)
        self._tables.copy(part)
        with contextlib.closing(Tables.read(part)) as copy, copy.transaction():
            for row in copy.rows("outbox", "state in ('waiting', 'sending')"):
                copy.update("outbox", row["id"], {"state": "waiting", "repeat": 1})
        part.replace(target)

    def service(self) -> int | None:
        """Return the process of the service that is using this store: 0 if unknown, None if there is none."""
        return lock.holder(self._tables.path.resolve())

    def size(self) -> int:
        """Return the size of the database on disk, in bytes."""
        files = (self._tables.path, Path(f"{self._tables.path}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())
