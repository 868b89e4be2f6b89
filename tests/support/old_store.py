"""A store as version 1 left it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from tests.support.store_contents import contents_of
from watcher.store.database import APPLICATION_ID
from watcher.store.migrations import migrations
from watcher.store.schema import VERSION_1

ALL_VERSIONS = ["v1", "v2", "v3", "v4"]


def make_version_1(store: Path) -> None:
    """Rewrite a store as version 1 would have written it."""
    found = contents_of(store)
    for end in ("", "-wal", "-shm"):
        Path(f"{store}{end}").unlink(missing_ok=True)
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database = Database(connection)
        migrations.apply(database, stop_before="v2")
        for name, (_, columns) in VERSION_1.items():
            rows = [{column: row[column] for column in columns} for row in map(_as_before, found[name])]
            database.table(name).insert_all(rows)
        connection.commit()


def _as_before(row: dict[str, Any]) -> dict[str, Any]:
    """Put what was announced of a model back inside its document, where it was until version 3."""
    if row.get("announcements") is None or row["announced"] is None:
        return row
    told = json.loads(row["announcements"])
    inside = {"countdown": told["countdown"], "dates": told["dates"]}
    for aspect, (at, before) in told["last"].items():
        inside |= {f"{aspect}_told": at, f"{aspect}_before": before}
    return row | {"announced": json.dumps(json.loads(row["announced"]) | inside)}


def version_of(store: Path) -> list[str]:
    """Return the migrations that a store has seen; its tables must be those that they make."""
    found = contents_of(store)
    names = [row["name"] for row in found["_sqlite_migrations"]]
    assert set(found) == set(_tables(names)), names
    return names


def _tables(names: list[str]) -> list[str]:
    with closing(Database(memory=True)) as empty:
        migrations.apply(empty, stop_before={*ALL_VERSIONS} - set(names))
        return [name for name in empty.table_names() if not name.startswith("sqlite_")]
