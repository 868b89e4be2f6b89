import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, OWL, Row
from tests.support.receivers import receiving
from tests.support.sample_stores import make_older, run_sql
from tests.support.served_catalog import Catalog, has_polled_twice_more, service
from tests.support.small_disks import fill, needs_mounts, run, small_disk
from tests.support.watcher_process import configure, eventually, finished, running
from watcher.domain.delivery import OutboxState
from watcher.domain.errors import StoreError, StoreUnavailableError
from watcher.service.loop import Service

MAXI: Row = FINCH | {"id": "acme/finch-maxi"}
NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def long_news(number: int) -> list[Row]:
    """Return models whose raw rows need more room than a small disk has left."""
    return [FINCH | {"id": f"acme/long-{n}", "description": "long " * 20_000} for n in range(number)]


@needs_mounts
@pytest.mark.fault("S1", "L23")
def test_on_a_full_disk_nothing_is_sent_one_alert_says_so_and_it_recovers_by_itself(
    tmp_path: Path, catalog: Catalog
) -> None:
    with small_disk(tmp_path / "disk") as disk, receiving() as http:
        file = configure(disk, catalog.url, {"hook": http.url()})
        with running(file):
            has_polled_twice_more(disk / "watcher.db")
            filler = fill(disk)
            catalog.shows(OWL, FINCH, HERON, *long_news(3))
            eventually(lambda: http.requests, "the trouble is told")
            time.sleep(6)
            assert [b"cannot use its store" in request.body for request in http.requests] == [True]
            filler.unlink()
            eventually(lambda: len(http.requests) == 3, "it is over and the news told")
        assert b"can use its store again" in http.requests[1].body
        assert b"acme/long-1 is new" in http.requests[2].body


@needs_mounts
@pytest.mark.fault("S2", "L23")
def test_an_outcome_that_cannot_be_written_is_kept_and_nothing_is_sent_twice(
    tmp_path: Path, catalog: Catalog
) -> None:
    with small_disk(tmp_path / "disk") as disk, receiving(meanwhile=lambda: fill(disk)) as http:
        watcher = with_news(disk, catalog, http.url())
        run_sql(disk / "watcher.db", "pragma wal_checkpoint(truncate)")  # else there is room in the old log
        with pytest.raises(StoreUnavailableError, match=r"disk is full|disk I/O error"):
            watcher.deliver()
        for _ in range(3):
            with pytest.raises(StoreUnavailableError):
                watcher.deliver()
        (disk / "filler").unlink()
        watcher.deliver()
        [message] = watcher.store.outbox.messages()
        assert (message.state, len(http.requests)) == (OutboxState.SENT, 1)
        watcher.store.close()


def with_news(folder: Path, catalog: Catalog, url: str) -> Service:
    """Return a service with one message to send."""
    watcher = service(folder, catalog.url, url, [NOW])
    watcher.poll()
    catalog.shows(OWL, FINCH, HERON, MAXI)
    watcher.poll()
    return watcher


@needs_mounts
@pytest.mark.fault("S3", "I5")
def test_a_disk_that_fills_up_during_a_transaction_rolls_it_back_and_the_next_poll_finds_the_same(
    tmp_path: Path, catalog: Catalog
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        watcher = service(disk, catalog.url, "console://", [NOW])
        watcher.poll()
        before = watcher.store.state()
        catalog.shows(OWL, FINCH, HERON, *long_news(30))
        with pytest.raises(StoreUnavailableError, match=r"watcher\.db is temporarily unusable"):
            watcher.poll()
        assert (watcher.store.state(), watcher.store.events()) == (before, [])
        run("mount", "-o", "remount,size=16m", str(disk))
        watcher.poll()
        assert len(watcher.store.events()) == 30
        watcher.store.close()


@pytest.mark.fault("S4")
def test_a_file_that_may_not_grow_leaves_no_half_poll(tmp_path: Path, catalog: Catalog) -> None:
    file = configure(tmp_path, catalog.url, {"console": "console://"})
    assert finished(file, "once").returncode == 0
    catalog.shows(OWL, FINCH, HERON, *long_news(30))
    limited = finished(file, "once", before="ulimit -f 300;")
    assert limited.returncode == 74
    assert "temporarily unusable" in limited.stderr
    assert finished(file, "events").stderr == "No events yet.\n"
    assert "30 models are new" in finished(file, "once").stdout


class TestLocked:
    @pytest.mark.fault("S5")
    def test_a_short_lock_by_another_program_is_waited_for(self, tmp_path: Path, catalog: Catalog) -> None:
        watcher = service(tmp_path, catalog.url, "console://", [NOW])
        watcher.poll()
        locker = sqlite3.connect(tmp_path / "watcher.db", check_same_thread=False)
        locker.execute("BEGIN IMMEDIATE")
        release = threading.Timer(1, locker.rollback)
        release.start()
        watcher.poll()
        release.join()
        locker.close()
        watcher.store.close()

    @pytest.mark.fault("S5")
    def test_an_endless_lock_is_a_failed_poll_and_leaves_nothing_half_done(
        self, tmp_path: Path, catalog: Catalog
    ) -> None:
        watcher = service(tmp_path, catalog.url, "console://", [NOW])
        watcher.poll()
        catalog.shows(OWL, FINCH, HERON, MAXI)
        with closing(sqlite3.connect(tmp_path / "watcher.db")) as locker:
            locker.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailableError, match="database is locked"):
                watcher.poll()
        assert watcher.store.events() == []
        watcher.poll()
        assert [event.kind for event in watcher.store.events()] == ["model.added"]
        watcher.store.close()


@needs_mounts
@pytest.mark.fault("S6")
def test_a_read_only_disk_is_refused_with_its_path(tmp_path: Path, catalog: Catalog) -> None:
    with small_disk(tmp_path / "disk") as disk:
        file = configure(disk, catalog.url, {"console": "console://"})
        assert finished(file, "once").returncode == 0
        run("mount", "-o", "remount,ro", str(disk))
        told = finished(file, "once")
        assert told.returncode == 74
        assert f"watcher: cannot write {disk}/watcher.db.lock: Read-only file system\n" in told.stderr


@needs_mounts
@pytest.mark.fault("S6", "X15")
def test_a_folder_that_is_read_only_from_the_start_is_refused_with_its_path(
    tmp_path: Path, catalog: Catalog
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        file = configure(disk, catalog.url, {"console": "console://"})
        run("mount", "-o", "remount,ro", str(disk))
        assert finished(file, "once").returncode == 74


def unlink(store: Path) -> None:
    store.unlink()


def without_tables(store: Path) -> None:
    """Leave what a main file is whose write-ahead log, with all that was written, is gone."""
    store.unlink()
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA user_version = 1")
    assert store.stat().st_size


def replace(store: Path) -> None:
    shutil.copy(store, f"{store}.copy")
    Path(f"{store}.copy").replace(store)


def empty(store: Path) -> None:
    store.write_bytes(b"")


@pytest.mark.parametrize(
    ("lose", "state"), [(unlink, "is missing"), (empty, "is empty"), (without_tables, "has no tables")]
)
@pytest.mark.fault("S8", "W22", "I9", "Q12")
def test_a_lost_store_is_not_a_first_run(
    tmp_path: Path, catalog: Catalog, lose: Callable[[Path], None], state: str
) -> None:
    file = configure(tmp_path, catalog.url, {"console": "console://"})
    finished(file, "once")
    lose(tmp_path / "watcher.db")
    told = finished(file, "once")
    assert told.returncode == 65
    assert (
        f"watcher.db {state}, although watcher created it before; restore a backup, or start over with --init"
        in (told.stderr)
    )
    for reading in (["status"], ["once", "--dry-run"]):
        assert finished(file, *reading).returncode == 65
    anew = finished(file, "once", "--init")
    assert anew.returncode == 0
    assert "(baseline)" in anew.stderr
    assert finished(file, "once").returncode == 0


@pytest.mark.parametrize(
    "lose",
    [
        pytest.param(unlink, id="deleted"),
        pytest.param(lambda store: shutil.move(store, f"{store}.away"), id="moved"),
        pytest.param(replace, id="replaced"),
        pytest.param(lambda store: os.truncate(store, 0), id="emptied"),
    ],
)
@pytest.mark.fault("S9")
def test_a_store_that_disappears_ends_the_running_service(
    tmp_path: Path, catalog: Catalog, lose: Callable[[Path], object]
) -> None:
    with receiving() as http:
        watcher = service(tmp_path, catalog.url, http.url(), [NOW])
        watcher.turn()
        lose(tmp_path / "watcher.db")
        with pytest.raises(StoreError, match=r"was (deleted or replaced|emptied) while watcher was running"):
            watcher.turn()
        assert [b"cannot use its store" in request.body for request in http.requests] == [True]
        watcher.store.close()


@pytest.mark.parametrize("what", ["wal deleted", "copied without wal"])
@pytest.mark.fault("S10")
def test_a_store_without_its_write_ahead_log_is_older_but_sound(
    tmp_path: Path, catalog: Catalog, what: str
) -> None:
    clock = [NOW]
    watcher = service(tmp_path, catalog.url, "console://", clock)
    watcher.poll()
    watcher.store.close()
    copied = tmp_path / "copied"
    copied.mkdir()
    watcher = service(tmp_path, catalog.url, "console://", clock)
    catalog.shows(OWL, FINCH, HERON, MAXI)
    watcher.poll()
    assert (tmp_path / "watcher.db-wal").stat().st_size
    shutil.copy(tmp_path / "watcher.db", copied)
    if what == "wal deleted":
        shutil.copy(tmp_path / "watcher.db-shm", copied)
    watcher.store.close()
    again = service(copied, catalog.url, "console://", clock)
    again.poll()
    assert [event.subject for event in again.store.events()] == ["acme/finch-maxi"]
    again.store.close()


@pytest.mark.parametrize("lose", ["the log", "all but the main file"])
@pytest.mark.fault("S10", "Q12")
def test_a_main_file_alone_never_makes_a_silent_new_baseline(
    tmp_path: Path, catalog: Catalog, lose: str
) -> None:
    file = configure(tmp_path, catalog.url, {"console": "console://"})
    store = tmp_path / "watcher.db"
    with running(file):
        has_polled_twice_more(store)
        shutil.copy(store, tmp_path / "copied")
    for name in ("watcher.db-wal", "watcher.db-shm", "watcher.db.lock"):
        if lose == "all but the main file" or name.endswith("wal"):
            (tmp_path / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "copied", store)
    catalog.shows(OWL, FINCH, HERON, MAXI)
    after = finished(file, "once")
    assert "acme/finch-maxi is new" in after.stdout
    assert "baseline" not in after.stderr


@pytest.mark.fault("S11", "I18")
def test_a_store_from_an_older_version_is_copied_then_migrated(tmp_path: Path, catalog: Catalog) -> None:
    file = configure(tmp_path, catalog.url, {"console": "console://"})
    finished(file, "once")
    store = tmp_path / "watcher.db"
    make_older(store)
    run_sql(store, "create table ours (note text)")
    catalog.shows(OWL, FINCH, HERON, MAXI)
    assert "acme/finch-maxi is new" in finished(file, "once").stdout
    assert run_sql(store, "select count(*) from ours") == [(0,)], "what is not ours is kept"
    kept = tmp_path / "watcher.db.before-v4"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert run_sql(kept, "select count(*) from events") == [(0,)]
    with pytest.raises(sqlite3.OperationalError, match="no such table: troubles"):
        run_sql(kept, "select * from troubles")


@pytest.mark.fault("S14")
def test_an_endless_reader_does_not_make_the_log_grow_without_bound(tmp_path: Path, catalog: Catalog) -> None:
    clock = [NOW]
    watcher = service(tmp_path, catalog.url, "console://", clock)
    for number in range(400):
        clock[0] += timedelta(minutes=5)
        catalog.shows(*(OWL | {"id": f"acme/owl-{n}", "context_length": 8192 + number} for n in range(10)))
        watcher.poll()
    wal = (tmp_path / "watcher.db-wal").stat().st_size
    assert wal <= 2 * 1000 * 4096 + 100_000, "twice what SQLite lets it grow to before it tidies up"
    watcher.store.close()
