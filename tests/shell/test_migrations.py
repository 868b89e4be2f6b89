import json
import sqlite3
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pytest
from sqlite_utils import Database

from tests.support.catalogs import DAY, FINCH, HOUR, OWL, START, document, priced
from tests.support.sample_stores import polled
from watcher.domain.catalog import Announcement, Aspect
from watcher.store.database import APPLICATION_ID
from watcher.store.migrations import migrations
from watcher.store.rows import dump
from watcher.store.store import Store

LEAVING = OWL | {"expiration_date": "2026-11-20"}
AT = "2026-11-01T08:00:00Z"
INSIDE = {
    "countdown": 30,
    "dates": ["2026-11-13", "2026-11-20"],
    "expiration_told": AT,
    "expiration_before": "2026-11-13",
    "price_told": AT,
    "price_before": {"prompt": "0.000001"},
}
"""What version 2 kept of announcements inside the document."""
LEVELS = '{"prompt":[["0.000001","2026-11-01T08:00:00Z"]]}'


@pytest.fixture
def version_2(tmp_path: Path) -> Path:
    """A store as version 2 left it: one model with announcements, one of which nobody was told."""
    path = tmp_path / "watcher.db"
    observed = dump(asdict(document(LEAVING)))
    announced = json.dumps(asdict(document(LEAVING)) | INSIDE)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database = Database(connection)
        migrations.apply(database, stop_before="v3")
        row = {
            "id": "acme/owl-2",
            "announced": announced,
            "observed": observed,
            "revision": 3,
            "levels": LEVELS,
        }
        untold = {"id": "acme/finch-mini", "announced": None, "observed": dump(asdict(document(FINCH)))}
        database.table("models").insert_all([row, untold | {"revision": 0, "levels": LEVELS}])
        database.table("sources").insert(
            {
                "name": "models",
                "identity": "http://catalog.test/models",
                "last_good": AT,
                "failures": 0,
                "told": 0,
                "episodes": 0,
                "fields": "[]",
            }
        )
        database.table("events").insert(
            {
                "id": "abc",
                "at": AT,
                "kind": "price.changed",
                "subject": "acme/owl-2",
                "fields": "[]",
                "part_of": None,
                "crowd": 0,
                "model": json.dumps(asdict(document(OWL)) | {"aliases": []}),
            }
        )
        connection.commit()
    path.chmod(0o600)
    return path


@pytest.mark.fault("S11", "I18")
def test_version_2_keeps_what_was_announced_and_learns_prices_anew(version_2: Path) -> None:
    with Store.open(version_2) as store:
        state = store.state()
        [event] = store.events()
    assert (event.id, event.provider) == ("abc", None)
    assert state.markets == {}
    owl = state.items["acme/owl-2"]
    assert owl.announced == owl.observed == document(LEAVING)
    assert (owl.revision, owl.countdown, owl.dates) == (3, 30, ("2026-11-13", "2026-11-20"))
    at = START - DAY
    assert owl.last == {
        Aspect.EXPIRATION: Announcement(at, "2026-11-13"),
        Aspect.PRICE: Announcement(at, {"prompt": "0.000001"}),
    }
    assert owl.row is None
    finch = state.items["acme/finch-mini"]
    assert (finch.announced, finch.dates, finch.last) == (None, (), {})


@pytest.mark.fault("I18")
def test_the_first_poll_after_it_tells_nothing_that_was_told_and_the_next_price_counts(
    version_2: Path,
) -> None:
    dearer = priced(LEAVING, "0.000002", "0.00001")
    with Store.open(version_2) as store:
        polled(store, 1, LEAVING)
        polled(store, 2, dearer)
        told = {event.kind.value for event in store.events() if event.id != "abc"}
        assert "price.changed" in told
        assert not told & {"expiration.announced", "expiration.restored", "model.removed"}
        row = store.state().items["acme/owl-2"].row
        assert row
        assert row.reported["prompt"] == "0.000002"
        assert store.state().items["acme/owl-2"].revision > 3
        assert store.state().sources["models"].last_good == START + 2 * HOUR
