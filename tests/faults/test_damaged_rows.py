"""A store that is damaged inside a row, or has a second name, is refused in words; it is not tried for ever."""

import os
import random
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, HOUR, OWL, START, listing
from tests.support.sample_stores import run_sql
from watcher.domain.errors import BusyError, StoreError
from watcher.domain.polls import Plan, Poll
from watcher.news.plan import plan
from watcher.news.settings import Settings
from watcher.store.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with models, events and history, in one file."""
    path = tmp_path / "watcher.db"
    with Store.open(path) as store:
        for hours, rows in enumerate(([OWL, FINCH], [OWL, FINCH, HERON | {"name": "Zürich"}])):
            before, at = store.state(), START + hours * HOUR
            store.commit(before, plan(before, Poll(at, {"models": listing(rows, at)}), Settings()))
    run_sql(path, "pragma wal_checkpoint(truncate)")
    return path


def used(path: Path) -> Plan:
    """Do what the service does in a poll."""
    with Store.open(path) as store:
        before, at = store.state(), START + 9 * HOUR
        decided = plan(before, Poll(at, {"models": listing([FINCH, HERON], at)}), Settings())
        store.commit(before, decided)
        store.events()
        store.outbox.messages()
        store.forget(START)
    return decided


@pytest.mark.parametrize("column", ["id", "announced", "observed"])
@pytest.mark.fault("V9", "X21")
def test_text_that_is_no_text_any_more_is_damage_and_not_a_passing_trouble(path: Path, column: str) -> None:
    run_sql(path, f"update models set {column} = cast(x'7bff7d' as text) where id = 'acme/owl-2'")  # noqa: S608
    with pytest.raises(StoreError, match="is damaged") as error:
        used(path)
    assert f"Could not decode to UTF-8 column '{column}'); restore a backup" in str(error.value)


@pytest.mark.fault("V9")
def test_a_column_that_is_missing_is_damage(path: Path) -> None:
    run_sql(path, "alter table history rename column at to was")
    with pytest.raises(StoreError, match=r"is damaged \(.*no "):
        used(path)


@pytest.mark.fault("V9", "S7")
def test_damage_anywhere_is_noticed_or_harmless_and_never_called_temporary(path: Path) -> None:
    whole, chance = path.read_bytes(), random.Random(7)  # noqa: S311 - damage, no secret
    places = [place for place, byte in enumerate(whole) if byte > 31]  # what is used of the pages
    for _ in range(150):
        damaged = bytearray(whole)
        damaged[chance.choice(places)] = chance.randrange(256)
        for file in path.parent.glob("copy.db*"):
            file.unlink()
        copy = path.with_name("copy.db")
        copy.write_bytes(damaged)
        with suppress(StoreError):  # any other error would be retried, or be a traceback
            used(copy)


@pytest.mark.fault("V10", "X15")
def test_a_store_with_a_second_name_is_refused(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "other.db"
    other.parent.mkdir()
    os.link(path, other)
    for name in (path, other):
        with pytest.raises(StoreError, match=r"is one of 2 names \(hard links\) of the same file") as error:
            Store.open(name)
        assert "remove the others, and copy it with `watcher backup`" in str(error.value)
    other.unlink()
    Store.open(path).close()


@pytest.mark.fault("V10", "X15")
def test_a_second_name_does_not_let_a_second_instance_in_while_one_runs(path: Path, tmp_path: Path) -> None:
    with Store.open(path):
        os.link(path, tmp_path / "other.db")
        with pytest.raises((StoreError, BusyError)):
            Store.open(tmp_path / "other.db")
