"""The store: one SQLite file that remembers everything, written in two places, `commit` and `finish`."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self, cast

from sqlite_utils import Database, Migrations
from sqlite_utils.db import Table

from watcher import rows
from watcher.domain import (
    Delivery,
    Event,
    HistoryEntry,
    Item,
    Json,
    OutboxState,
    Outcome,
    Plan,
    State,
    Verdict,
)
from watcher.errors import BusyError, NotFoundError, StoreError
from watcher.rows import Row
from watcher.schema import INDEXES_1, VERSION_1

APPLICATION_ID = 0x4F525741  # marks the file as ours
BUSY_TIMEOUT = 10.0  # seconds to wait for a command that writes while the service runs
PRIVATE = 0o600
migrations = Migrations("watcher")


@migrations()
def v1(db: Database) -> None:
    """Create everything."""
    for name, (key, columns) in VERSION_1.items():
        db.create_table(name, dict(columns), pk=key, strict=True)
    for name, indexed in INDEXES_1:
        _table(db, name).create_index(indexed)


def _table(db: Database, name: str) -> Table:
    return cast("Table", db[name])


@dataclass(frozen=True, slots=True)
class ChannelCounts:
    """A channel's messages: how many wait, how many were given up, when one was last sent (UTC text)."""

    waiting: int = 0
    dead: int = 0
    last_sent: str | None = None
    last_state: str | None = None


class Store:
    """An open database. Use as a context manager; one thread; see `open` and `read`."""

    def __init__(self, path: Path, db: Database, lock: int | None = None) -> None:
        """Wrap an open database; `lock` is the descriptor of the held lock file."""
        self.path = path
        self._db = db
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open for the service, creating or migrating as needed.

        Raises BusyError where another instance runs, StoreError where the file cannot be trusted.
        """
        path = path.resolve()
        lock = _acquire(path)
        try:
            _create(path)
            store = cls(path, _connect(path), lock)
        except BaseException:
            os.close(lock)
            raise
        try:
            store._migrate()
        except BaseException:
            store.close()
            raise
        return store

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open beside a running service, to look or to queue again. Raises NotFoundError, StoreError."""
        missing = f"there is no store at {path} yet; `watcher run` or `watcher once` makes it"
        if not path.exists():
            raise NotFoundError(missing)
        store = cls(path, _connect(path))
        try:
            store._check(missing)
        except BaseException:
            store.close()
            raise
        return store

    def _check(self, missing: str) -> None:
        if not self._db.table_names():
            raise NotFoundError(missing)
        if migrations.pending(self._db):
            message = f"{self.path} was written by an older version; `watcher run` brings it up to date"
            raise StoreError(message)

    def close(self) -> None:
        """Close the database and let go of the lock."""
        self._db.close()
        if self._lock is not None:
            os.close(self._lock)

    def __enter__(self) -> Self:
        """Give the store itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _migrate(self) -> None:
        ours = {migration.name for migration in migrations.pending(Database(memory=True))}
        if any(migration.name not in ours for migration in migrations.applied(self._db)):
            message = f"{self.path} was written by a newer version of watcher; upgrade, or restore the backup"
            raise StoreError(message)
        with self._transaction():  # whoever looks meanwhile sees all of it or nothing
            self._db.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            migrations.apply(self._db)

    @contextmanager
    def _transaction(self) -> Iterator[Database]:
        """Take the write lock first: taken later, it fails at once where another process writes."""
        self._db.conn.execute("BEGIN IMMEDIATE")
        try:
            yield self._db
        except BaseException:
            self._db.conn.rollback()
            raise
        self._db.conn.commit()

    def state(self) -> State:
        """Read everything remembered between two polls."""
        pending = rows.pending_of(self._rows("pending"))
        return State(
            items={row["id"]: rows.item_of(row, pending.get(row["id"], {})) for row in self._rows("models")},
            sources={row["name"]: rows.source_of(row) for row in self._rows("sources")},
            feed={row["slug"]: rows.feed_of(row) for row in self._rows("feed")},
            told_prices=rows.told_prices_of(self._rows("told_prices")),
        )

    def commit(self, before: State, plan: Plan) -> None:
        """Remember what a poll meant, all or nothing: state, news, history and the messages due."""
        after = plan.state
        changed = {model: item for model, item in after.items.items() if item != before.items.get(model)}
        gone = [model for model in before.items if model not in after.items]
        with self._transaction():
            self._write_models(changed, gone, plan.raw)
            self._upsert("sources", [rows.source_row(name, source) for name, source in after.sources.items()])
            self._upsert("feed", rows.feed_rows(before.feed, after.feed))
            self._upsert("told_prices", rows.told_price_rows(before.told_prices, after.told_prices))
            self._insert("history", map(rows.history_row, plan.history))
            self._insert("events", map(rows.event_row, plan.events))
            self._insert("outbox", map(rows.outbox_row, plan.notifications))

    def _write_models(
        self, changed: Mapping[str, Item], gone: Sequence[str], raw: Mapping[str, Json]
    ) -> None:
        self._upsert("models", [rows.item_row(model, item) for model, item in changed.items()])
        self._upsert("raw", [{"model": m, "document": rows.dump(raw[m])} for m in changed if m in raw])
        for model in (*changed, *gone):
            self._table("pending").delete_where("model = ?", [model])
        for model in gone:
            self._table("models").delete(model)
        self._insert(
            "pending", (row for model, item in changed.items() for row in rows.pending_rows(model, item))
        )

    def due(self, now: datetime) -> list[Delivery]:
        """Give the oldest message due of each channel: a channel gets its messages in order."""
        waiting = self._rows("outbox", "state = ? order by id", [OutboxState.WAITING])
        first: dict[str, Row] = {}
        for row in waiting:
            first.setdefault(row["channel"], row)
        return [rows.delivery_of(row) for row in first.values() if row["next_at"] <= rows.text_of(now)]

    def next_due(self) -> datetime | None:
        """Tell when the next message is due; None where none waits."""
        waiting = self._rows("outbox", "state = ? order by next_at limit 1", [OutboxState.WAITING])
        return rows.time_of(waiting[0]["next_at"]) if waiting else None

    def claim(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Note, before anything is sent, that these are being sent; gives them with the attempt counted."""
        claimed = [replace(d, state=OutboxState.SENDING, attempts=d.attempts + 1) for d in deliveries]
        with self._transaction():
            for delivery in claimed:
                self._table("outbox").update(
                    delivery.id, {"state": delivery.state.value, "attempts": delivery.attempts}
                )
        return claimed

    def finish(self, delivery: Delivery, outcome: Outcome, now: datetime, next_at: datetime | None) -> None:
        """Note what came of an attempt: sent, to be tried again at `next_at`, or dead where that is None."""
        if outcome.verdict is Verdict.SENT:
            state, sent_at = OutboxState.SENT, rows.text_of(now)
        else:
            state, sent_at = OutboxState.WAITING if next_at else OutboxState.DEAD, None
        with self._transaction():
            self._table("outbox").update(
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
        with self._transaction():
            interrupted = self._rows("outbox", "state = ?", [OutboxState.SENDING])
            for row in interrupted:
                self._table("outbox").update(row["id"], {"state": OutboxState.WAITING.value, "repeat": 1})
        return len(interrupted)

    def retry(self, ids: Sequence[int] | None, now: datetime) -> int:
        """Queue dead messages again (all of them for None); gives how many. Raises NotFoundError."""
        dead = [row["id"] for row in self._rows("outbox", "state = ?", [OutboxState.DEAD])]
        unknown = set(ids or ()) - set(dead)
        if unknown:
            message = (
                f"no dead message has the number {', '.join(map(str, sorted(unknown)))}; see `watcher outbox`"
            )
            raise NotFoundError(message)
        chosen = dead if ids is None else list(ids)
        with self._transaction():
            for number in chosen:
                self._table("outbox").update(
                    number, {"state": OutboxState.WAITING.value, "attempts": 0, "next_at": rows.text_of(now)}
                )
        return len(chosen)

    def bury(self, channels: Collection[str]) -> int:
        """Move messages to the dead whose channel is not among these; gives how many."""
        with self._transaction():
            orphans = [
                row
                for row in self._rows("outbox", "state = ?", [OutboxState.WAITING])
                if row["channel"] not in channels
            ]
            for row in orphans:
                self._table("outbox").update(
                    row["id"],
                    {"state": OutboxState.DEAD.value, "error": "the channel is no longer configured"},
                )
        return len(orphans)

    def outbox(self, states: Collection[OutboxState] = tuple(OutboxState), limit: int = 50) -> list[Delivery]:
        """Give messages in these states, newest first."""
        marks = ",".join("?" * len(states))
        found = self._rows("outbox", f"state in ({marks}) order by id desc limit {limit:d}", [*states])
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
        return {row.pop("channel"): ChannelCounts(**row) for row in list(self._db.query(query))}

    def events(self, subject: str = "*", kind: str = "*", limit: int = 50) -> list[Event]:
        """Give events whose subject and kind match the globs, newest first."""
        found = self._rows(
            "events",
            f"subject glob ? and kind glob ? order by at desc, rowid desc limit {limit:d}",
            [subject, kind],
        )
        return [rows.event_of(row) for row in found]

    def history(self, model: str) -> list[HistoryEntry]:
        """Give what the list showed of a model, oldest first."""
        return [rows.history_of(row) for row in self._rows("history", "model = ? order by id", [model])]

    def size(self) -> int:
        """Give the bytes that the database takes on disk."""
        files = (self.path, Path(f"{self.path}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def _table(self, name: str) -> Table:
        return _table(self._db, name)

    def _rows(self, table: str, where: str = "1", parameters: Sequence[str] = ()) -> list[Row]:
        """Read rows, all of them at once: an unfinished reader would hold back the write-ahead log."""
        return list(self._table(table).rows_where(where, list(parameters)))

    def _insert(self, table: str, new: Iterable[Row]) -> None:
        self._table(table).insert_all(new, ignore=True)  # an event with a known id says what was said already

    def _upsert(self, table: str, changed: Iterable[Row]) -> None:
        self._table(table).upsert_all(changed)


def _acquire(path: Path) -> int:
    """Hold the lock file beside the database for as long as the process lives. Raises BusyError."""
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 20).decode().strip()
        os.close(descriptor)
        message = f"another watcher (process {holder or 'unknown'}) holds {path}; stop it first"
        raise BusyError(message) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _create(path: Path) -> None:
    """Make the file for our eyes only, before SQLite makes it for everybody's."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE))


def _connect(path: Path) -> Database:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)
    try:
        problem = _problem(connection)
        if problem is None:
            connection.execute("PRAGMA journal_mode = WAL")
            return Database(connection)
    except sqlite3.DatabaseError as error:
        problem = f"cannot be used as a store ({error}); restore a backup or move it away"
    connection.close()
    message = f"{path} {problem}"
    raise StoreError(message)


def _problem(connection: sqlite3.Connection) -> str | None:
    """Say why a database is not to be trusted."""
    [check] = connection.execute("PRAGMA quick_check(1)").fetchone()
    [owner] = connection.execute("PRAGMA application_id").fetchone()
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if check != "ok":
        return f"is damaged ({check}); restore a backup or move it away"
    if tables and owner != APPLICATION_ID:
        return "is a database of another program; choose another `store`"
    return None
