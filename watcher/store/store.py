"""The store: everything remembered between two polls, and the record of what was told."""

import contextlib
import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

from watcher.domain.catalog import Item
from watcher.domain.errors import StoreError
from watcher.domain.news import Event, HistoryEntry
from watcher.domain.polls import Plan, State
from watcher.store import lock, rows
from watcher.store.database import BROKEN, Tables
from watcher.store.outbox import Outbox
from watcher.text import times


class Store:
    """An open store; `outbox` has its messages. Use as a context manager, in one thread."""

    def __init__(self, tables: Tables) -> None:
        """Keep everything in these tables."""
        self._tables = tables
        self.outbox = Outbox(tables)

    @classmethod
    def open(cls, path: Path, *, init: bool = False) -> Self:
        """Open for the service, creating or migrating as needed; `init` replaces one that was lost.

        Raises BusyError where another instance runs, StoreError where the file cannot be trusted,
        StoreUnavailableError where it cannot be used at present.
        """
        return cls(Tables.open(path, init=init))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open beside a running service, to look or to queue again. Raises NotFoundError, StoreError."""
        return cls(Tables.read(path))

    def close(self) -> None:
        """Close the database and let go of the lock."""
        self._tables.close()

    def __enter__(self) -> Self:
        """Give the store itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def state(self) -> State:
        """Read everything remembered between two polls."""
        pending = self._tables.nouns(rows.pending_of, "pending")
        return State(
            items=self._tables.nouns(lambda found: rows.items_of(found, pending), "models"),
            sources=self._tables.nouns(rows.sources_of, "sources"),
            feed=self._tables.nouns(rows.feed_of, "feed"),
            base_prices=self._tables.nouns(rows.base_prices_of, "told_prices"),
            troubles=self._tables.nouns(rows.troubles_of, "troubles"),
            markets=self._tables.nouns(rows.markets_of, "markets"),
        )

    def commit(self, before: State, plan: Plan) -> None:
        """Remember what a poll meant, all or nothing: state, news, history and the messages due."""
        after = plan.state
        changed = {model: item for model, item in after.items.items() if item != before.items.get(model)}
        gone = [model for model in before.items if model not in after.items]
        with self._tables.transaction():
            self._write_models(changed, gone, plan.raw)
            self._tables.upsert(
                "sources", [rows.source_row(name, source) for name, source in after.sources.items()]
            )
            self._tables.upsert("troubles", itertools.starmap(rows.trouble_row, after.troubles.items()))
            self._tables.upsert("markets", rows.market_rows(before.markets, after.markets))
            for model in before.markets.keys() - after.markets.keys():
                self._tables.delete("markets", "model = ?", [model])
            self._tables.upsert("feed", rows.feed_rows(before.feed, after.feed))
            self._tables.upsert("told_prices", rows.base_price_rows(before.base_prices, after.base_prices))
            self._tables.insert("history", map(rows.history_row, plan.history))
            self._tables.insert("events", map(rows.event_row, plan.events))
            self._tables.insert("outbox", map(rows.outbox_row, plan.notifications))

    def _write_models(self, changed: Mapping[str, Item], gone: Sequence[str], raw: Mapping[str, str]) -> None:
        self._tables.upsert("models", [rows.item_row(model, item) for model, item in changed.items()])
        self._tables.upsert("raw", [{"model": m, "document": raw[m]} for m in changed if m in raw])
        for model in (*changed, *gone):
            self._tables.delete("pending", "model = ?", [model])
        for model in gone:
            self._tables.delete("models", "id = ?", [model])
        self._tables.insert(
            "pending", (row for model, item in changed.items() for row in rows.pending_rows(model, item))
        )

    def events(self, subject: str = "*", kind: str = "*", limit: int = 50) -> list[Event]:
        """Give events whose subject and kind match the globs, newest first."""
        return self._tables.nouns(
            lambda found: [*map(rows.event_of, found)],
            "events",
            f"subject glob ? and kind glob ? order by at desc, rowid desc limit {limit:d}",
            [subject, kind],
        )

    def event(self, *numbers: str) -> list[Event]:
        """Give the events with these ids, as far as they are there and can be read, oldest first."""
        found = []
        for row in self._tables.rows(
            "events", "id in (select value from json_each(?)) order by at, rowid", [json.dumps(numbers)]
        ):
            with contextlib.suppress(*BROKEN):
                found.append(rows.event_of(row))
        return found

    def history(self, model: str) -> list[HistoryEntry]:
        """Give what the list showed of a model, oldest first."""
        return self._tables.nouns(
            lambda found: [*map(rows.history_of, found)], "history", "model = ? order by id", [model]
        )

    def forget(self, before: datetime) -> None:
        """Let go of what ended before a time (UTC); of each charted value the newest stays."""
        start = [times.to_iso(before)]
        newest = "(select max(id) from history group by model, field)"
        with self._tables.transaction():
            self._tables.delete("history", f"at < ? and id not in {newest}", start)
            self._tables.delete("events", "at < ?", start)
            self._tables.delete("outbox", "at < ? and state in ('sent', 'dead')", start)

    def backup(self, target: Path) -> None:
        """Write a consistent copy, also while a service runs; what waits in it may have been sent since.

        Raises StoreError where the target is there already, StoreUnavailableError where it cannot be written.
        """
        if target.exists():
            message = f"{target} is there already; name a new file"
            raise StoreError(message)
        part = Path(f"{target}.part")
        part.unlink(missing_ok=True)
        self._tables.copy(part)
        with contextlib.closing(Tables.read(part)) as copy, copy.transaction():
            for row in copy.rows("outbox", "state in ('waiting', 'sending')"):
                copy.update("outbox", row["id"], {"state": "waiting", "repeat": 1})
        part.replace(target)

    def service(self) -> int | None:
        """Give the process that serves this store at present."""
        return lock.holder(self._tables.path.resolve())

    def size(self) -> int:
        """Give the bytes that the database takes on disk."""
        files = (self._tables.path, Path(f"{self._tables.path}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())
