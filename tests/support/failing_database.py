"""A database of which one operation fails, or all from one on, as in SQLite's own tests."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from watcher.store.database import Tables
from watcher.store.store import Store


class FailingConnection(sqlite3.Connection):
    """Raises from its operation number `first` on, `times` times; `done` counts the operations."""

    first, times, done = 0, 0, 0
    words = "database or disk is full"

    def _operate(self) -> None:
        self.done += 1
        if self.first <= self.done < self.first + self.times:
            raise sqlite3.OperationalError(self.words)

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        self._operate()
        return super().execute(*arguments)

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        self._operate()
        return super().executemany(*arguments)

    def commit(self) -> None:
        self._operate()
        super().commit()

    def rollback(self) -> None:
        self._operate()
        super().rollback()

    def fail(self, first: int, times: int, words: str) -> None:
        """Start counting, and fail like this."""
        self.done, self.first, self.times, self.words = 0, first, times, words

    @property
    def has_failed(self) -> bool:
        return self.done >= self.first


@contextmanager
def failing_store(
    path: Path, first: int, times: int, words: str
) -> Iterator[tuple[Store, FailingConnection]]:
    """Open an existing store on such a connection."""
    connection = sqlite3.connect(path, isolation_level=None, factory=FailingConnection)
    with Store(Tables(path, Database(connection))) as store:
        connection.fail(first, times, words)
        yield store, connection
