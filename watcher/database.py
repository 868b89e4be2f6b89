"""The database file: opened by one service at a time, trusted only after a look, migrated as a whole."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self, cast

from sqlite_utils import Database, Migrations
from sqlite_utils.db import Table

from watcher.errors import BusyError, NotFoundError, StoreError
from watcher.schema import INDEXES_1, VERSION_1, Row

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
        cast("Table", db[name]).create_index(indexed)


class Tables:
    """An open database, by table; use in one thread. See `open` and `read`."""

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
            tables = cls(path, _connect(path), lock)
        except BaseException:
            os.close(lock)
            raise
        try:
            tables._migrate()
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
        tables = cls(path, _connect(path))
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
            os.close(self._lock)

    def _migrate(self) -> None:
        with contextlib.closing(Database(memory=True)) as empty:
            ours = {migration.name for migration in migrations.pending(empty)}
        if any(migration.name not in ours for migration in migrations.applied(self._db)):
            message = f"{self.path} was written by a newer version of watcher; upgrade, or restore the backup"
            raise StoreError(message)
        with self.transaction():  # whoever looks meanwhile sees all of it or nothing
            self._db.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            migrations.apply(self._db)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Take the write lock first: taken later, it fails at once where another process writes."""
        self._db.conn.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.conn.rollback()
            raise
        self._db.conn.commit()

    def rows(self, table: str, where: str = "1", parameters: Sequence[str] = ()) -> list[Row]:
        """Read rows, all of them at once: an unfinished reader would hold back the write-ahead log."""
        return list(self._table(table).rows_where(where, list(parameters)))

    def query(self, sql: str) -> list[Row]:
        """Read the rows of a query, all of them at once."""
        return list(self._db.query(sql))

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
