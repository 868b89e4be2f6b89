"""The database file: opened by one service at a time, checked before use, migrated as a whole."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar, cast

from sqlite_utils import Database
from sqlite_utils.db import Table

from watcher.domain.errors import NotFoundError, StoreError, StoreUnavailableError
from watcher.store.lock import PRIVATE, Lock, refuse_second_name, was_made
from watcher.store.migrations import migrations
from watcher.store.schema import Row
from watcher.store.sqlite_errors import RESTORE, damaged, lost, our_errors

APPLICATION_ID = 0x4F525741  # marks the file as ours
BUSY_TIMEOUT = 10.0  # seconds to wait for a command that writes while the service runs
CACHE = 256  # kB; each poll reads everything once, so more would only take memory
# Raised by reading a row that is damaged.
BROKEN = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
Objects = TypeVar("Objects")


class Tables:
    """The tables of an open database, for use in one thread; made by `open` and `read`."""

    def __init__(self, path: Path, db: Database, lock: Lock | None = None) -> None:
        """Wrap an open database; `lock` is held until it is closed."""
        self.path = path
        self._db = db
        self._lock = lock
        self._file = _file_id(_status(path))
        self._is_writing = False
        self._was_filled = False

    @classmethod
    def open(cls, path: Path, *, init: bool = False) -> Self:
        """Open for the service, and create or migrate as needed; with `init`, also create a lost one anew.

        Raises BusyError if another instance runs, StoreError if the file cannot be trusted, and
        StoreUnavailableError if it is temporarily unusable.
        """
        path = path.resolve()
        lock = Lock(path)
        try:
            _create(path, is_lost=lock.knows_store and not init)
            refuse_second_name(path)
            tables = cls(path, _connect(path), lock)
        except BaseException:
            lock.close()
            raise
        try:
            tables._migrate(may_be_new=init or not lock.knows_store)
            tables.checkpoint()  # without its write-ahead log, the file is older but has its tables
            lock.note(made=True)
        except BaseException:
            tables.close()
            raise
        return tables

    @classmethod
    def read(cls, path: Path) -> Self:
        """Open next to a running service. Raises NotFoundError, StoreError or StoreUnavailableError."""
        missing = f"there is no store at {path} yet; `watcher run` or `watcher once` creates it"
        if not path.exists():
            raise lost(path, "is missing") if was_made(path.resolve()) else NotFoundError(missing)
        tables = cls(path, _connect(path, quick_check=False))
        try:
            tables._check(missing)
        except BaseException:
            tables.close()
            raise
        return tables

    def _check(self, missing: str) -> None:
        with our_errors(self.path):
            has_tables, is_older = bool(self._db.table_names()), bool(migrations.pending(self._db))
        if not has_tables:
            raise (
                lost(self.path, "has no tables") if was_made(self.path.resolve()) else NotFoundError(missing)
            )
        if is_older:
            message = f"{self.path} is from an older version of watcher; `watcher run` migrates it"
            raise StoreError(message)

    def close(self) -> None:
        """Close the database and release the lock."""
        self._db.close()
        if self._lock is not None:
            self._lock.close()

    def _migrate(self, *, may_be_new: bool) -> None:
        if not may_be_new and not self._db.table_names():
            raise lost(self.path, "has no tables")
        with contextlib.closing(Database(memory=True)) as empty:
            ours = [migration.name for migration in migrations.pending(empty)]
        with our_errors(self.path):
            applied = [migration.name for migration in migrations.applied(self._db)]
        if not set(applied) <= set(ours):
            message = f"{self.path} is from a newer version of watcher; upgrade watcher, or restore a backup"
            raise StoreError(message)
        if applied and applied != ours:
            kept = Path(f"{self.path}.before-{ours[-1]}")
            kept.unlink(missing_ok=True)  # a crash may have left it incomplete
            self.copy(kept)
        with self.transaction():  # other processes see all of it or nothing
            self._db.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            migrations.apply(self._db)

    def checkpoint(self) -> None:
        """Bring what is in the write-ahead log into the file itself, as far as readers allow."""
        with contextlib.suppress(sqlite3.OperationalError):
            self._db.conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def copy(self, target: Path) -> None:
        """Write a consistent copy to a new file, even during writes. Raises StoreUnavailableError."""
        _create(target)
        with self._use():
            self._db.conn.execute("VACUUM INTO ?", [str(target)])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all changes in the `with` block together, or none of them after an exception.

        The write lock is taken first: taken later, it fails at once if another process writes.
        Raises StoreUnavailableError or StoreError; nothing has changed then.
        """
        self._refuse_another_file()
        connection = self._db.conn
        with self._use():
            connection.execute("BEGIN IMMEDIATE")
            self._is_writing = True
            try:
                yield
                connection.commit()
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # SQLite has already rolled back after some failures
                    connection.rollback()
                raise
            finally:
                self._is_writing = False

    def _refuse_another_file(self) -> None:
        """Raise StoreError if the file is not the one that was opened, or was emptied."""
        found = _status(self.path)
        what = "emptied" if self._was_filled and found and not found.st_size else None
        if _file_id(found) != self._file:
            what = "deleted or replaced"
        if what:
            message = f"{self.path} was {what} while watcher was running; put it back and restart"
            raise StoreError(message)
        self._was_filled = bool(found and found.st_size)

    @contextmanager
    def _use(self) -> Iterator[None]:
        """Raise our own errors; first end a transaction that failed and could not be rolled back."""
        with our_errors(self.path):
            if self._db.conn.in_transaction and not self._is_writing:
                self._db.conn.rollback()
            yield

    def rows(self, table: str, where: str = "1", parameters: Sequence[str | int | None] = ()) -> list[Row]:
        """Return rows, all at once: an unfinished reader would keep the write-ahead log from being reset."""
        with self._use():
            return list(self._table(table).rows_where(where, list(parameters)))

    def query(self, sql: str) -> list[Row]:
        """Return the rows of a query, all at once."""
        with self._use():
            return list(self._db.query(sql))

    def objects(
        self,
        read: Callable[[list[Row]], Objects],
        table: str,
        where: str = "1",
        parameters: Sequence[str | int | None] = (),
    ) -> Objects:
        """Return what `read` makes of rows. Raises StoreError if one is damaged: news would be lost."""
        found = self.rows(table, where, parameters)
        try:
            return read(found)
        except BROKEN as error:
            why = f"a row of {table} cannot be read: {error}"
            raise damaged(self.path, why) from error

    def insert(self, table: str, new: Iterable[Row]) -> None:
        """Add rows, except those whose key exists: they are repeats."""
        self._table(table).insert_all(new, ignore=True)

    def upsert(self, table: str, changed: Iterable[Row]) -> None:
        """Add rows, or replace those with the same key."""
        self._table(table).upsert_all(changed)

    def update(self, table: str, key: str | int, changes: Row) -> None:
        """Change columns of one row."""
        self._table(table).update(key, changes)

    def delete(self, table: str, where: str, parameters: Sequence[str]) -> None:
        """Remove rows."""
        self._table(table).delete_where(where, list(parameters))

    def _table(self, name: str) -> Table:
        return cast("Table", self._db[name])


def _status(path: Path) -> os.stat_result | None:
    """Return what the system says of a file; None if there is none."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _file_id(status: os.stat_result | None) -> tuple[int, int] | None:
    """Return device and inode, which differ between two files of the same name; None if there is no file."""
    return (status.st_dev, status.st_ino) if status else None


def _create(path: Path, *, is_lost: bool = False) -> None:
    """Create the file with mode 0600 before SQLite would create it world-readable; refuse if it was lost."""
    if is_lost and not (path.exists() and path.stat().st_size):
        raise lost(path, "is empty" if path.exists() else "is missing")
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE))
    except FileExistsError:
        return
    except OSError as error:
        message = f"cannot create {path}: {error.strerror}"
        raise StoreUnavailableError(message) from None


def _connect(path: Path, *, quick_check: bool = True) -> Database:
    with our_errors(path):  # a folder, or not readable by this user
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)
    try:
        with our_errors(path):
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
    """Return why a database cannot be trusted, None if it can."""
    [check] = connection.execute("PRAGMA quick_check(1)").fetchone() if quick_check else ["ok"]
    [tables] = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    [owner] = connection.execute(
        "PRAGMA application_id"
    ).fetchone()  # last: another process may be creating it right now
    if check != "ok":
        return f"is damaged ({check}); {RESTORE}"
    if tables and owner != APPLICATION_ID:
        return "belongs to another program; choose another `store`"
    return None
