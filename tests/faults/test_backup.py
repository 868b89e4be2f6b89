import shutil
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Flag

import pytest

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.due_messages import due
from tests.support.receivers import receiving
from tests.support.sample_stores import run_sql
from tests.support.served_catalog import Catalog, has_polled_twice_more, service
from tests.support.watcher_process import configure, finished, running
from watcher.domain.delivery import OutboxState
from watcher.domain.errors import StoreError
from watcher.store.store import Store

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def models(*names: str) -> list[dict[str, object]]:
    return [FINCH | {"id": f"acme/{name}"} for name in names]


@pytest.mark.fault("S15")
def test_a_backup_is_whole_and_private_while_the_service_writes(tmp_path: Path, catalog: Catalog) -> None:
    file = configure(tmp_path, catalog.url, {"console": "console://"})
    done = Flag()

    def change() -> None:
        number = 0
        while not done.wait(0.05):
            number += 1
            catalog.shows(*(OWL | {"id": f"acme/{n}", "context_length": number} for n in range(300)))

    with running(file):
        has_polled_twice_more(tmp_path / "watcher.db")
        changing = threading.Thread(target=change)
        changing.start()
        copies = [tmp_path / f"copy-{number}" for number in range(5)]
        told = [finished(file, "backup", str(copy)) for copy in copies]
        done.set()
        changing.join()
    assert [one.returncode for one in told] == [0] * 5
    assert "copy-0: backup complete," in told[0].stderr
    for copy in copies:
        assert run_sql(copy, "pragma integrity_check") == [("ok",)]
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.part"))


def test_an_existing_file_is_not_overwritten(tmp_path: Path, catalog: Catalog) -> None:
    file = configure(tmp_path, catalog.url, {"console": "console://"})
    finished(file, "once")
    told = finished(file, "backup", str(file))
    assert told.returncode == 2
    assert "rules.yaml already exists; choose another name" in told.stderr
    assert finished(file, "backup", "/nowhere/copy").returncode == 2


def restored(folder: Path, backup: Path) -> None:
    """Put a backup in a store's place, as `watcher backup --help` says."""
    shutil.copy(backup, folder / "watcher.db")
    for log in ("-wal", "-shm"):
        Path(f"{folder}/watcher.db{log}").unlink(missing_ok=True)


@pytest.mark.fault("S15", "I3")
def test_a_restored_backup_sends_nothing_twice(tmp_path: Path, catalog: Catalog) -> None:
    with receiving() as http:
        clock = [NOW]
        watcher = service(tmp_path, catalog.url, http.url(), clock)
        watcher.poll()
        catalog.shows(OWL, FINCH, HERON, *models("one"))
        watcher.poll()
        watcher.deliver()
        watcher.store.backup(tmp_path / "copy")
        watcher.store.close()
        restored(tmp_path, tmp_path / "copy")
        again = service(tmp_path, catalog.url, http.url(), clock)
        again.resume()
        again.poll()
        again.deliver()
        assert len(http.requests) == 1
        again.store.close()


@pytest.mark.fault("S16", "N11")
def test_an_old_backup_reports_what_happened_since_as_one_message_that_says_so(
    tmp_path: Path, catalog: Catalog
) -> None:
    with receiving() as http:
        clock = [NOW]
        watcher = service(tmp_path, catalog.url, http.url(), clock)
        watcher.poll()
        watcher.store.backup(tmp_path / "yesterday")
        for names in (["one"], ["one", "two"], ["one", "two", "three"]):
            clock[0] += DAY / 3
            catalog.shows(OWL, FINCH, HERON, *models(*names))
            watcher.poll()
            watcher.deliver()
        assert len(http.requests) == 3
        watcher.store.close()
        restored(tmp_path, tmp_path / "yesterday")
        again = service(tmp_path, catalog.url, http.url(), clock)
        again.poll()
        again.deliver()
        [message] = [request.body.decode() for request in http.requests[3:]]
        assert all(f"acme/{name} is new" in message for name in ("one", "two", "three"))
        assert "covers everything since 2 Nov 2026 08:00 UTC" in message
        again.store.close()


def test_what_waits_in_a_backup_may_have_been_sent_since_and_says_so(
    tmp_path: Path, catalog: Catalog
) -> None:
    watcher = service(tmp_path, catalog.url, "console://", [NOW])
    watcher.poll()
    catalog.shows(OWL, FINCH, HERON, *models("one"))
    watcher.poll()
    watcher.store.outbox.claim(due(watcher.store, NOW))
    watcher.store.backup(tmp_path / "copy")
    watcher.store.close()
    with Store.open(tmp_path / "copy") as copy:
        [message] = copy.outbox.messages()
        assert (message.state, message.repeat) == (OutboxState.WAITING, True)


def test_an_interrupted_backup_leaves_no_file(tmp_path: Path, catalog: Catalog) -> None:
    watcher = service(tmp_path, catalog.url, "console://", [NOW])
    watcher.poll()
    (tmp_path / "copy.part").write_bytes(b"cut short")
    watcher.store.backup(tmp_path / "copy")
    with pytest.raises(StoreError, match="already exists"):
        watcher.store.backup(tmp_path / "copy")
    watcher.store.close()
    assert [path.name for path in tmp_path.glob("copy*")] == ["copy"]
