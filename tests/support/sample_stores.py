"""A store as the service leaves it after some polls."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.support.catalogs import FINCH, HOUR, OWL, START, listing
from watcher.domain.policy import HOLDS, Policy
from watcher.domain.polls import Poll, State
from watcher.news.plan import plan
from watcher.news.settings import Settings
from watcher.rules.price_terms import PriceTerms
from watcher.rules.route import Rule
from watcher.rules.values import Percent
from watcher.store.schema import COLUMNS_2, TABLES_2
from watcher.store.store import Store

AT_ONCE = Policy(dict.fromkeys(HOLDS, timedelta(0)))
DEARER = {"price": PriceTerms(rises_by=Percent.parse("10%"))}
SETTINGS = Settings((Rule("all", ("team", "ops")), Rule("dearer", ("team",), DEARER)), AT_ONCE)


def run_sql(path: Path, sql: str) -> list[Any]:
    """Run SQL behind the store's back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(sql).fetchall()


def polled(store: Store, at_hour: float, *rows: dict[str, object], **answers: object) -> State:
    """Poll as the service does, through the store."""
    at = START + at_hour * HOUR
    before = store.state()
    found = {"models": listing(rows, at)} if rows else {}
    decided = plan(before, Poll(at, found | answers), SETTINGS)  # type: ignore[arg-type]
    store.commit(before, decided)
    return decided.state


def make_older(path: Path) -> None:
    """Make the database one of the first version."""
    for table in TABLES_2:
        run_sql(path, f"drop table {table}")
    for table, column, *_ in COLUMNS_2:
        run_sql(path, f"alter table {table} drop column {column}")
    run_sql(path, "delete from _sqlite_migrations where name = 'v2'")


def with_news(store: Store) -> None:
    """Add a waiting message for each of two channels."""
    polled(store, 0, OWL)
    polled(store, 1, OWL, FINCH)
