"""The database file: opened by one service at a time, trusted only after a look, migrated as a whole."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar, cast

from sqlite_utils import Database, Migrations
from sqlite_utils.db import Table

from watcher.domain.errors import NotFoundError, StoreError, StoreUnavailableError
from watcher.store.lock import PRIVATE, Lock
from watcher.store.migrate import split_announced
from watcher.store.schema import (
    COLUMNS_2,
    COLUMNS_3,
    INDEXES_1,
    TABLES_2,
    TABLES_3,
    VERSION_1,
    Columns,
    Key,
    Row,
)

APPLICATION_ID = 0x4F525741  # marks the file as ours
BUSY_TIMEOUT = 10.0  # seconds to wait for a command that writes while the service runs
CACHE = 256  # kB; everything is read once a poll, so more would only take memory
STRICT_SINCE = (3, 37)
RESTORE = "restore a backup or move it away"
BROKEN = (ValueError, LookupError, TypeError, AttributeError)  # from reading what watcher did not write
Nouns = TypeVar("Nouns")
migrations = Migrations("watcher")


@migrations()
def v1(db: Database) -> None:
    """Create everything."""
    for name, table in VERSION_1.items():
        _create_table(db, name, *table)
    for name, indexed in INDEXES_1:
        cast("Table", db[name]).create_index(indexed)


@migrations()
def v2(db: Database) -> None:
    """Let messages be urgent or sent together, tell refusals from attempts, note our own troubles."""
    for name, table in TABLES_2.items():
        _create_table(db, name, *table)
    for name, column, kind, default in COLUMNS_2:
        cast("Table", db[name]).add_column(column, kind, not_null_default=default)


@migrations()
def v3(db: Database) -> None:
    """Remember what providers ask, and what was announced of a model apart from its document."""
    for name, table in TABLES_3.items():
        _create_table(db, name, *table)
    for name, column, kind, default in COLUMNS_3:
        cast("Table", db[name]).add_column(column, kind, not_null_default=default)
    db.execute("update models set levels = null")  # how prices moved lately is learned again
    for row in list(db.query("select id, announced from models where announced is not null")):
        document, announcements = split_announced(row["announced"])
        db.execute(
            "update models set announced = ?, announcements = ? where id = ?",
            [document, announcements, row["id"]],
        )


def _create_table(db: Database, name: str, key: Key, columns: Columns) -> None:
    if sqlite3.sqlite_version_info >= STRICT_SINCE and not db.supports_strict:
        message = "a table that keeps to its types could not be made"  # sqlite-utils would make another kind
        raise sqlite3.OperationalError(message)
    db.create_table(name, dict(columns), pk=key, strict=True)


class Tables:
    """An open database, by table; use in one thread. See `open` and `read`."""

    def __init__(self, path: Path, db: Database, lock: Lock | None = None) -> None:
        """Wrap an open database; `lock` is held for as long as it is open."""
        self.path = path
        self._db = db
        self._lock = lock
        self._file = _identity(path)
        self._is_writing = False

    @classmethod
    def open(cls, path: Path, *, init: bool = False) -> Self:
        """Open for the service, creating or migrating as needed; `init` replaces one that was lost.

        Raises BusyError where another instance runs, StoreError where the file cannot be trusted,
        StoreUnavailableError where it cannot be used at present.
        """
        path = path.resolve()
        lock = Lock(path)
        try:
            _create(path, is_lost=lock.knows_store and not init)
            tables = cls(path, _connect(path), lock)
        except BaseException:
            lock.close()
            raise
        try:
            tables._migrate()
            lock.note(made=True)
        except BaseException:
            tables.close()
            raise
        return tables

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open beside a running service, to look or to queue again. Raises NotFoundError, StoreError."""
        missing = f"there is no store at {path} yet; `watcher run` or `watcher once` makes it"
        if not path.exists():
            raise NotFoundError(missing)
        tables = cls(path, _connect(path, quick_check=False))
        try:
            tables._check(missing)
        except BaseException:
            tables.close()
            raise
        return tables

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
            self._lock.close()

    def _migrate(self) -> None:
        with contextlib.closing(Database(memory=True)) as empty:
            ours = [migration.name for migration in migrations.pending(empty)]
        applied = [migration.name for migration in migrations.applied(self._db)]
        if not set(applied) <= set(ours):
            message = f"{self.path} was written by a newer version of watcher; upgrade, or restore the backup"
            raise StoreError(message)
        if applied and applied != ours:
            kept = Path(f"{self.path}.before-{ours[-1]}")
            kept.unlink(missing_ok=True)  # a crash has left it unfinished
            self.copy(kept)
        with self.transaction():  # whoever looks meanwhile sees all of it or nothing
            self._db.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            migrations.apply(self._db)

    def copy(self, target: Path) -> None:
        """Write a consistent copy to a new file, while a service writes too. Raises StoreUnavailableError."""
        _create(target)
        with self._use():
            self._db.conn.execute("VACUUM INTO ?", [str(target)])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Take the write lock first: taken later, it fails at once where another process writes.

        Raises StoreUnavailableError and StoreError; nothing is changed then.
        """
        if _identity(self.path) != self._file:
            message = f"{self.path} was deleted or replaced while watcher ran; put it back, then start again"
            raise StoreError(message)
        connection = self._db.conn
        with self._use():
            connection.execute("BEGIN IMMEDIATE")
            self._is_writing = True
            try:
                yield
                connection.commit()
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # some failures have rolled back by themselves
                    connection.rollback()
                raise
            finally:
                self._is_writing = False

    @contextmanager
    def _use(self) -> Iterator[None]:
        """Use the database clearly; what a failure has left open, and could not roll back, ends first."""
        with _clearly(self.path):
            if self._db.conn.in_transaction and not self._is_writing:
                self._db.conn.rollback()
            yield

    def rows(self, table: str, where: str = "1", parameters: Sequence[str] = ()) -> list[Row]:
        """Read rows, all of them at once: an unfinished reader would hold back the write-ahead log."""
        with self._use():
            return list(self._table(table).rows_where(where, list(parameters)))

    def query(self, sql: str) -> list[Row]:
        """Read the rows of a query, all of them at once."""
        with self._use():
            return list(self._db.query(sql))

    def nouns(
        self,
        read: Callable[[list[Row]], Nouns],
        table: str,
        where: str = "1",
        parameters: Sequence[str] = (),
    ) -> Nouns:
        """Read rows as what they stand for. Raises StoreError: without one of them, news would be lost."""
        found = self.rows(table, where, parameters)
        try:
            return read(found)
        except BROKEN as error:
            why = f"a row of {table} cannot be read: {error}"
            raise _damaged(self.path, why) from error

    def insert(self, table: str, new: Iterable[Row]) -> None:
        """Add rows; one with a known key says what was said already."""
        self._table(table).insert_all(new, ignore=True)

    def upsert(self, table: str, changed: Iterable[Row]) -> None:
        """Add rows or change those with the same key."""
        self._table(table).upsert_all(changed)

    def update(self, table: str, key: str | int, changes: Row) -> None:
        """Change columns of one row."""
        self._table(table).update(key, changes)

    def delete(self, table: str, where: str, parameters: Sequence[str]) -> None:
        """Remove rows."""
        self._table(table).delete_where(where, list(parameters))

    def _table(self, name: str) -> Table:
        return cast("Table", self._db[name])


@contextmanager
def _clearly(path: Path) -> Iterator[None]:
    """Turn what SQLite says into our errors: what may pass, and what needs a person."""
    try:
        yield
    except sqlite3.OperationalError as error:
        message = f"{path} cannot be used at present: {error}"
        raise StoreUnavailableError(message) from error
    except sqlite3.DatabaseError as error:
        if type(error) is not sqlite3.DatabaseError:  # its children are mistakes of ours
            raise
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, why: str) -> StoreError:
    return StoreError(f"{path} is damaged ({why}); {RESTORE}")


def _identity(path: Path) -> tuple[int, int] | None:
    """Tell one file from another of the same name; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _create(path: Path, *, is_lost: bool = False) -> None:
    """Make the file for our eyes only, before SQLite makes it for everybody's; not one that was lost."""
    if is_lost and not (path.exists() and path.stat().st_size):
        state = "is empty" if path.exists() else "is missing"
        message = f"{path} {state} though watcher has made it; restore a backup, or start anew with --init"
        raise StoreError(message)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE))
    except FileExistsError:
        return
    except OSError as error:
        message = f"{path} cannot be made: {error.strerror}"
        raise StoreUnavailableError(message) from None


def _connect(path: Path, *, quick_check: bool = True) -> Database:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)
    try:
        with _clearly(path):
            _refuse(path, _problem(connection, quick_check=quick_check))
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA cache_size = -{CACHE}")
            return Database(connection)
    except BaseException:
        connection.close()
        raise


def _refuse(path: Path, problem: str | None) -> None:
    if problem:
        message = f"{path} {problem}"
        raise StoreError(message)


def _problem(connection: sqlite3.Connection, *, quick_check: bool) -> str | None:
    """Say why a database is not to be trusted."""
    [check] = connection.execute("PRAGMA quick_check(1)").fetchone() if quick_check else ["ok"]
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    [owner] = connection.execute("PRAGMA application_id").fetchone()  # later: it may be made just now
    if check != "ok":
        return f"is damaged ({check}); {RESTORE}"
    if tables and owner != APPLICATION_ID:
        return "is a database of another program; choose another `store`"
    return None
