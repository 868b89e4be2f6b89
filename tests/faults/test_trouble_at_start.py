"""A store that cannot be used at the start: whoever can be reached is told, once, however often it is tried."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.receivers import HttpReceiver, receiving
from tests.support.served_catalog import Catalog
from tests.support.small_disks import fill, needs_mounts, run, small_disk
from tests.support.watcher_process import SOON, configure, eventually, finished, running
from watcher.store.trouble_mark import TroubleMark


@pytest.fixture
def http() -> Iterator[HttpReceiver]:
    with receiving() as receiver:
        yield receiver


def told(http: HttpReceiver) -> list[bool]:
    """Return for each alert whether it says that the store cannot be used (or that it can be again)."""
    for request in http.requests:
        assert b"its store" in request.body
    return [b"cannot use its store" in request.body for request in http.requests]


def damage(store: Path) -> None:
    store.write_bytes(b"SQLite format 3\0" + b"x" * 20_000)


def unlink(store: Path) -> None:
    store.unlink()


def empty(store: Path) -> None:
    store.write_bytes(b"")


def foreign(store: Path) -> None:
    store.write_bytes(b"a letter to somebody else" * 1000)


@pytest.mark.parametrize("break_it", [damage, unlink, empty, foreign])
@pytest.mark.fault("Q6")
def test_a_store_that_is_no_good_at_the_start_is_told_once_and_so_is_its_end(
    tmp_path: Path, catalog: Catalog, http: HttpReceiver, break_it: Callable[[Path], None]
) -> None:
    file = configure(tmp_path, catalog.url, {"hook": http.url()})
    store = tmp_path / "watcher.db"
    assert finished(file, "once").returncode == 0
    shutil.copy(store, tmp_path / "kept")
    break_it(store)
    for attempt in ("run", "once", "run"):
        assert finished(file, attempt).returncode == 65
    assert told(http) == [True]
    assert finished(file, "status").returncode == 65
    shutil.copy(tmp_path / "kept", store)
    assert finished(file, "once").returncode == 0
    assert told(http) == [True, False]
    assert finished(file, "once").returncode == 0
    assert told(http) == [True, False]


@needs_mounts
@pytest.mark.fault("Q6")
def test_restarts_on_a_full_disk_tell_once_and_the_end_as_well(
    tmp_path: Path, catalog: Catalog, http: HttpReceiver
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        file = configure(disk, catalog.url, {"hook": http.url()})
        assert finished(file, "once").returncode == 0
        filler = fill(disk)
        for attempt in ("run", "run", "once"):
            assert finished(file, attempt).returncode == 74
        assert told(http) == [True]
        filler.unlink()
        with running(file):
            eventually(lambda: told(http) == [True, False], "its end is told")


@needs_mounts
@pytest.mark.fault("Q6")
def test_a_first_start_on_a_disk_without_room_is_told_once(
    tmp_path: Path, catalog: Catalog, http: HttpReceiver
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        file = configure(disk, catalog.url, {"hook": http.url()})
        fill(disk)
        for _ in range(2):
            assert finished(file, "once").returncode == 74
        assert told(http) == [True]


@needs_mounts
@pytest.mark.fault("Q6")
def test_a_read_only_disk_is_told_once_with_the_mark_elsewhere(
    tmp_path: Path, catalog: Catalog, http: HttpReceiver
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        file = configure(disk, catalog.url, {"hook": http.url()})
        assert finished(file, "once").returncode == 0
        run("mount", "-o", "remount,ro", str(disk))
        for _ in range(2):
            assert finished(file, "once").returncode == 74
        assert told(http) == [True]
        run("mount", "-o", "remount,rw", str(disk))
        assert finished(file, "once").returncode == 0
        assert told(http) == [True, False]


@needs_mounts
@pytest.mark.fault("Q7")
def test_status_is_not_healthy_as_soon_as_the_service_finds_the_disk_full(
    tmp_path: Path, catalog: Catalog, http: HttpReceiver
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        file = configure(disk, catalog.url, {"hook": http.url()})
        with running(file):
            eventually(lambda: finished(file, "status").returncode == 0, "it is healthy")
            filler = fill(disk)
            eventually(lambda: http.requests, "the trouble is told", 2 * SOON)
            shown = finished(file, "status")
            assert shown.returncode == 3
            assert "watcher cannot use its store since" in shown.stdout
            filler.unlink()
            eventually(lambda: len(http.requests) == 2, "its end is told", 2 * SOON)
            assert finished(file, "status").returncode == 0


def test_a_mark_that_has_no_place_next_to_the_store_is_made_elsewhere(tmp_path: Path) -> None:
    mark = TroubleMark(tmp_path / "missing" / "watcher.db", tmp_path)
    assert mark.set()
    assert mark.since
    mark.clear()
    assert mark.since is None
