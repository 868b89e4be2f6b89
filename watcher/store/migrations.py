"""How the tables came about: a step for each version of the store."""

import json
import sqlite3
from typing import TYPE_CHECKING, cast

from sqlite_utils import Database, Migrations

from watcher.domain.catalog import Aspect
from watcher.store.schema import (
    COLUMNS_2,
    COLUMNS_3,
    COLUMNS_4,
    INDEXES_1,
    TABLES_2,
    TABLES_3,
    TABLES_4,
    VERSION_1,
    Columns,
    Key,
)

if TYPE_CHECKING:
    from sqlite_utils.db import Table

STRICT_SINCE = (3, 37)
migrations = Migrations("watcher")


@migrations()
def v1(db: Database) -> None:
    """Create the tables and indexes of version 1."""
    for name, table in VERSION_1.items():
        _create_table(db, name, *table)
    for name, indexed in INDEXES_1:
        cast("Table", db[name]).create_index(indexed)


@migrations()
def v2(db: Database) -> None:
    """Add urgent and merged messages, a count of refusals, and watcher's own troubles."""
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


@migrations()
def v4(db: Database) -> None:
    """Keep mutes, the parts of messages, digests, and what readers want to know of an event."""
    for name, table in TABLES_4.items():
        _create_table(db, name, *table)
    for name, column, kind, default in COLUMNS_4:
        cast("Table", db[name]).add_column(column, kind, not_null_default=default)


def _create_table(db: Database, name: str, key: Key, columns: Columns) -> None:
    if sqlite3.sqlite_version_info >= STRICT_SINCE and not db.supports_strict:
        message = "could not create a strict table"  # sqlite-utils would silently create another kind
        raise sqlite3.OperationalError(message)
    db.create_table(name, dict(columns), pk=key, strict=True)


def split_announced(text: str) -> tuple[str, str]:
    """Split a version 2 document into the document and the record of announcements, both as JSON text."""
    document = json.loads(text)
    announcements = {
        "countdown": document.pop("countdown", None),
        "dates": document.pop("dates", []),
        "last": {
            aspect.value: [document.pop(f"{aspect}_told"), document.pop(f"{aspect}_before", None)]
            for aspect in Aspect
            if f"{aspect}_told" in document
        },
    }
    return _json_text(document), _json_text(announcements)


def _json_text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
