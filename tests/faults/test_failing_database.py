"""Each database operation fails in turn, alone or with all after it, and the service recovers as if nothing happened."""

import io
import re
import shutil
import sqlite3
import tempfile
from contextlib import closing, redirect_stdout, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlite_utils import Database

from tests.support.catalogs import HOUR, START
from tests.support.crash_scenario import STORY
from tests.support.delivered_messages import DeliveredMessage, flat, tally
from tests.support.failing_database import FailingConnection, failing_store
from tests.support.sample_stores import AT_ONCE
from tests.support.served_catalog import Catalog
from tests.support.store_contents import StoreContents, contents_of, decisions, messages_in
from watcher.config.config import Config
from watcher.domain.delivery import Channel, Secret
from watcher.domain.errors import StoreUnavailableError
from watcher.news.settings import Settings
from watcher.rules.route import Rule
from watcher.service.loop import STORE_PAUSE, Service
from watcher.store import message_rows
from watcher.store.database import Tables
from watcher.store.migrations import migrations
from watcher.store.store import Store

CHANNELS = ("one", "two")
CONSOLE = Secret("console://")
MESSAGE = re.compile(r"\n(?P<title>.+)\n(?P<body>(?:.*\n)*?Rule: for (?P<channel>\w+) · .*\n)")
FULL, BROKEN, LOCKED = "database or disk is full", "disk I/O error", "database is locked"
OURSELVES = "WATCHER ITSELF"  # the heading of what the service tells of its store
FOR_A_WHILE = 1_000  # operations, more than a turn has


@dataclass
class Watch:
    """A service on a store with a baseline, while the list shows news; `said` is what it sent."""

    config: Config
    said: io.StringIO = field(default_factory=io.StringIO)
    turns: int = 0

    def on(self, store: Store) -> Service:
        return Service(self.config, store, now=lambda: START + self.turns * HOUR)

    def turn(self, service: Service) -> bool:
        """Do what is due; returns whether the store was usable."""
        self.turns += 1
        with redirect_stdout(self.said):
            _, wait = service.turn()
        return wait != STORE_PAUSE

    @property
    def delivered(self) -> dict[str, list[DeliveredMessage]]:
        found: dict[str, list[DeliveredMessage]] = {name: [] for name in CHANNELS}
        for message in MESSAGE.finditer(self.said.getvalue()):
            if OURSELVES not in message["body"]:
                found[message["channel"]].append(DeliveredMessage(message["title"], flat(message["body"])))
        return found

    def assert_same_as(self, undisturbed: StoreContents) -> int:
        """Check that everything was sent and stored; returns how many messages arrived more than once."""
        found = contents_of(self.config.store)
        assert decisions(found) == decisions(undisturbed)
        assert messages_in(found) == messages_in(undisturbed)
        assert {row["state"] for row in found["outbox"]} == {"sent"}
        told = [
            tally(came, [message_rows.event_of(row) for row in found["events"]])
            for came in self.delivered.values()
        ]
        assert not any(one.lost for one in told)
        return sum(one.repeats for one in told)


@pytest.fixture
def watch(tmp_path: Path, catalog: Catalog) -> Watch:
    config = Config(
        path=tmp_path / "rules.yaml",
        poll=timedelta(minutes=5),
        store=tmp_path / "watcher.db",
        sources={"models": catalog.url},
        channels={name: Channel(name, CONSOLE) for name in CHANNELS},
        settings=Settings(tuple(Rule(f"for {name}", (name,)) for name in CHANNELS), AT_ONCE),
    )
    made = Watch(config)
    with Store.open(config.store) as store:
        assert made.turn(made.on(store))
    catalog.shows(*STORY[1])
    return made


@pytest.fixture
def undisturbed(watch: Watch) -> StoreContents:
    """Return what is stored when nothing fails."""
    alone = replace(watch, config=replace(watch.config, store=copied(watch.config.store)))
    with Store.open(alone.config.store) as store:
        assert alone.turn(alone.on(store))
    assert alone.assert_same_as(contents_of(alone.config.store)) == 0
    watch.said.truncate(0)
    return contents_of(alone.config.store)


def copied(store: Path) -> Path:
    """Return a copy of a closed store."""
    return Path(shutil.copy(store, Path(tempfile.mkdtemp(dir=store.parent), store.name)))


@dataclass(frozen=True)
class Fault:
    """An error of the database, how many operations fail with it, and the step between the operations tried."""

    words: str
    times: int = 1
    every: int = 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(FULL), id="full-once", marks=pytest.mark.fault("S1", "S2", "S3")),
        pytest.param(Fault(BROKEN, FOR_A_WHILE, 2), id="broken-for-a-while", marks=pytest.mark.fault("S4")),
        pytest.param(Fault(LOCKED, FOR_A_WHILE, 3), id="locked-for-a-while", marks=pytest.mark.fault("S5")),
    ],
)
@pytest.mark.fault("I1", "I2", "I3")
def test_whichever_operation_fails_nothing_is_lost_or_sent_twice(
    watch: Watch, undisturbed: StoreContents, fault: Fault
) -> None:
    for number in count(1, fault.every):
        now = Watch(replace(watch.config, store=copied(watch.config.store)), turns=watch.turns)
        with failing_store(now.config.store, number, fault.times, fault.words) as (store, connection):
            service = now.on(store)
            went_well = now.turn(service)
            if not connection.has_failed:
                break
            assert not (went_well and fault.times > 1), f"operation {number} failed unnoticed"
            connection.times = 0
            assert now.turn(service)
        assert now.assert_same_as(undisturbed) == 0, f"operation {number}"
        assert now.said.getvalue().count(OURSELVES) == (0 if went_well else 2 * len(CHANNELS)), number
    assert went_well
    assert number > 100


@pytest.mark.fault("I3")
def test_a_restart_after_a_failure_repeats_at_most_one_message_per_channel(
    watch: Watch, undisturbed: StoreContents
) -> None:
    repeats = list[int]()
    for number in count(1, 2):
        now = Watch(replace(watch.config, store=copied(watch.config.store)), turns=watch.turns)
        with failing_store(now.config.store, number, FOR_A_WHILE, FULL) as (store, connection):
            now.turn(now.on(store))
            if not connection.has_failed:
                break
        with Store.open(now.config.store) as store:
            service = now.on(store)
            service.resume()
            assert now.turn(service)
        repeats.append(now.assert_same_as(undisturbed))
    assert set(repeats) == {0, 1, 2}


@pytest.mark.fault("S12", "X12")
def test_whichever_operation_of_a_migration_fails_the_tables_are_complete_or_absent(
    tmp_path: Path,
) -> None:
    whole = schema_of(made(tmp_path / "whole.db"))
    for number in count(1):
        path = tmp_path / f"{number}.db"
        with closing(sqlite3.connect(path, isolation_level=None, factory=FailingConnection)) as connection:
            database = Database(connection)
            connection.fail(number, 1, FULL)
            with suppress(StoreUnavailableError), Tables(path, database).transaction():
                migrations.apply(database)
            has_failed = connection.has_failed
        assert schema_of(path) in ([], whole), f"operation {number}"
        if not has_failed:
            break
    assert number > 100


def made(store: Path) -> Path:
    Store.open(store).close()
    return store


def schema_of(store: Path) -> list[str]:
    with closing(sqlite3.connect(store)) as database:
        return sorted(str(sql) for [sql] in database.execute("select sql from sqlite_master"))
