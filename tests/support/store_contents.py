"""The contents of a store as a dead process left it, read without touching it."""

import re
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PASSING = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|\+00:00)|[0-9a-f]{64}")
"""Times, and what tells one test's server from another's."""
DECIDED = ("models", "raw", "pending", "feed", "told_prices", "sources", "troubles", "history", "events")
StoreContents = dict[str, list[dict[str, Any]]]


def contents_of(store: Path) -> StoreContents:
    """Return every row by table, from a copy; the database must be sound."""
    with TemporaryDirectory() as folder:
        copy = Path(folder, store.name)
        for end in ("", "-wal"):
            if Path(f"{store}{end}").exists():
                shutil.copy(f"{store}{end}", f"{copy}{end}")
        with closing(sqlite3.connect(copy)) as database:
            database.row_factory = sqlite3.Row
            [[sound]] = database.execute("pragma integrity_check").fetchall()
            assert sound == "ok"
            return {name: _rows(database, name) for name in _tables(database)}


def _tables(database: sqlite3.Connection) -> list[str]:
    found = database.execute(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'"
    )
    return [name for [name] in found]


def _rows(database: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    return [dict(row) for row in database.execute(f"select * from [{table}] order by rowid")]  # noqa: S608 - our tables


def decisions(found: StoreContents) -> dict[str, list[str]]:
    """Return what was decided, in a form that can be compared between runs."""
    return {
        table: sorted(PASSING.sub("...", _words(table, row)) for row in found[table]) for table in DECIDED
    }


def _words(table: str, row: Mapping[str, Any]) -> str:
    passing = {"history": "id", "events": "facts"}.get(table)  # facts depend on when they are looked up
    return str({column: value for column, value in row.items() if column != passing})


def messages_in(found: StoreContents) -> list[tuple[str, ...]]:
    """Return what was to be sent to whom."""
    return sorted((row["channel"], row["title"], row["events"], row["rules"]) for row in found["outbox"])
