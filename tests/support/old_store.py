"""A store as version 1 left it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from tests.support.store_contents import contents_of
from watcher.store.database import APPLICATION_ID, migrations
from watcher.store.schema import VERSION_1


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
            rows = [{column: row[column] for column in columns} for row in found[name]]
            database.table(name).insert_all(rows)
        connection.commit()


def version_of(store: Path) -> list[str]:
    """Return the migrations that a store has seen; its tables must be those that they make."""
    found = contents_of(store)
    names = [row["name"] for row in found["_sqlite_migrations"]]
    assert set(found) == set(_tables(names)), names
    return names


def _tables(names: list[str]) -> list[str]:
    with closing(Database(memory=True)) as empty:
        migrations.apply(empty, stop_before={"v1", "v2"} - set(names))
        return [name for name in empty.table_names() if not name.startswith("sqlite_")]
