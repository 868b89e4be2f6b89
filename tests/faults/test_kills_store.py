"""SIGKILL while a store is created, migrated, copied, or being written by SQLite itself."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.catalogs import OWL
from tests.support.crash_scenario import AT_ONCE, KILLED, STORY, CrashScenario
from tests.support.due_messages import due
from tests.support.fork_server import Failpoint
from tests.support.old_store import ALL_VERSIONS, make_version_1, version_of
from tests.support.served_catalog import service
from tests.support.store_contents import StoreContents, contents_of, decisions
from watcher.service.clock import utc_now
from watcher.store.schema import VERSION_1

FIRST_STEPS = {
    "file_made": 1,
    "creating": 1,
    "table_made": 3,
    "created": 1,
    "migrating": 1,
    "column_added": 3,
    "migrated": 1,
    "before_migrations_commit": 1,
    "migrations_committed": 1,
    "before_fetch": 2,
    "parsed": 2,
    "transaction_begun": 1,
    "table_written": 2,
    "before_commit": 1,
    "committed": 1,
    "closing": 1,
}
UPGRADE_STEPS = {
    "copying_before_migration": 1,
    "copied_before_migration": 1,
    "migrating": 1,
    "table_made": 1,
    "column_added": 3,
    "migrated": 1,
    "before_migrations_commit": 1,
    "migrations_committed": 1,
    "recovering": 1,
}
OLD = [("2001-01-01T00:00:00Z", f"old/model-{number % 50}", str(number)) for number in range(30_000)]
BACKUP_STEPS = ("backing_up", "backup_copied", "marking_backup", "backup_marked", "before_backup_is_named")


def hits(steps: dict[str, int], *faults: str) -> list[object]:
    return [
        pytest.param(Failpoint(point, hit), id=f"{point}-{hit}", marks=pytest.mark.fault(*faults))
        for point, times in steps.items()
        for hit in range(1, times + 1)
    ]


@pytest.mark.parametrize("failpoint", hits(FIRST_STEPS, "X12", "W18", "S12"))
@pytest.mark.fault("I9")
def test_a_kill_before_the_baseline_leaves_a_silent_baseline(
    scenario: CrashScenario, failpoint: Failpoint
) -> None:
    scenario.catalog.shows(*STORY[0])
    assert scenario.once(failpoint) == 1
    scenario.once()
    found = contents_of(scenario.store)
    assert len(found["models"]) == len(STORY[0])
    assert found["events"] == found["outbox"] == []
    assert "made" in Path(f"{scenario.store}.lock").read_text()


def leave_messages(scenario: CrashScenario) -> None:
    """Leave a store with one message in flight and another one waiting."""
    clock = [utc_now()]
    channels = {name: receiver.url() for name, receiver in scenario.receivers.items()}
    watcher = service(scenario.folder, scenario.catalog.url, channels, clock, AT_ONCE)
    for version in STORY[:2]:
        scenario.catalog.shows(*version)
        watcher.poll()
    watcher.store.outbox.claim(due(watcher.store, clock[0])[:1])
    watcher.store.close()


@pytest.fixture
def old(scenario: CrashScenario) -> StoreContents:
    """Return the contents of such a store in version 1."""
    leave_messages(scenario)
    make_version_1(scenario.store)
    assert version_of(scenario.store) == ["v1"]
    return contents_of(scenario.store)


@pytest.mark.parametrize(
    "failpoint",
    [*hits(UPGRADE_STEPS, "S12"), pytest.param(None, id="not-killed", marks=pytest.mark.fault("X22"))],
)
@pytest.mark.fault("I18")
def test_an_upgrade_that_is_killed_is_done_or_not_done_and_loses_no_message(
    scenario: CrashScenario, old: StoreContents, failpoint: Failpoint | None
) -> None:
    kept = Path(f"{scenario.store}.before-v4")
    if failpoint:
        assert scenario.run("once", failpoint=failpoint) in KILLED
        assert version_of(scenario.store) in (["v1"], ALL_VERSIONS)
        assert as_before(contents_of(scenario.store)) == old["events"]
    scenario.once()
    assert version_of(scenario.store) == ALL_VERSIONS
    assert version_of(kept) == ["v1"]
    assert contents_of(kept) == old
    assert {name: [arrival.is_marked for arrival in came] for name, came in scenario.delivered.items()} == {
        "hook": [True],
        "ops": [False],
    }
    assert as_before(contents_of(scenario.store)) == old["events"]


def as_before(contents: StoreContents) -> list[dict[str, Any]]:
    """Return the events with the columns that version 1 had."""
    _, columns = VERSION_1["events"]
    return [{column: event[column] for column in columns} for event in contents["events"]]


@pytest.fixture
def waiting(scenario: CrashScenario) -> StoreContents:
    """Return the contents of a store with one message in flight and another one waiting."""
    leave_messages(scenario)
    return contents_of(scenario.store)


@pytest.mark.parametrize("point", BACKUP_STEPS)
@pytest.mark.fault("S15", "X11")
def test_a_backup_that_is_killed_harms_nothing_and_can_be_made_again(
    scenario: CrashScenario, waiting: StoreContents, point: str
) -> None:
    copy = scenario.folder / "copy.db"
    assert scenario.run("backup", copy, failpoint=Failpoint(point)) in KILLED
    assert not copy.exists()
    assert contents_of(scenario.store) == waiting
    assert scenario.run("backup", copy) == 0
    found = contents_of(copy)
    assert decisions(found) == decisions(waiting)
    assert [(row["state"], row["repeat"]) for row in found["outbox"]] == [("waiting", 1)] * 2
    assert [file.name for file in scenario.folder.glob("copy.db*")] == ["copy.db"]


LONG = OWL | {"description": "A model with much to say. " * 2_000}
LATE = (0.0002, 0.0005, 0.001, 0.002, 0.006)  # seconds
INSIDE_SQLITE = ("before_commit", "forgetting", "closing", "backing_up")


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize("point", INSIDE_SQLITE)
@pytest.mark.fault("I6", "X11")
def test_a_kill_while_sqlite_is_working_leaves_a_sound_store(scenario: CrashScenario, point: str) -> None:
    with closing(sqlite3.connect(scenario.store)) as database, database:
        database.executemany("insert into history (at, model, field, value) values (?, ?, 'prompt', ?)", OLD)
    copy, kills = scenario.folder / "copy.db", 0
    command = ["backup", copy] if point == "backing_up" else ["once"]
    for number, late in enumerate(LATE):
        scenario.catalog.shows(*STORY[1], *(LONG | {"id": f"acme/long-{number}-{k}"} for k in range(30)))
        failpoint = Failpoint(point, deed="SIGALRM", late=late)
        kills += scenario.run(*command, failpoint=failpoint) in KILLED
        old = [row for row in contents_of(scenario.store)["history"] if row["model"].startswith("old/")]
        assert len(old) in {len(OLD), len({row["model"] for row in old})}
        copy.unlink(missing_ok=True)
    assert kills > 1
    scenario.once()
    found = contents_of(scenario.store)
    assert {row["state"] for row in found["outbox"]} == {"sent"}
    assert len(found["models"]) >= len(STORY[1])
