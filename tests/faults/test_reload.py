import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.receivers import receiving
from tests.support.sample_stores import run_sql
from tests.support.served_catalog import Catalog, has_polled_twice_more, service
from tests.support.watcher_process import configure, eventually, running
from watcher.domain.delivery import OutboxState
from watcher.store.store import Store

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


def told(store: Path) -> list[str]:
    return [title for (title,) in run_sql(store, "select title from outbox where state = 'sent' order by id")]


@pytest.mark.fault("C15")
def test_a_signal_loads_new_rules_which_apply_to_new_events_only(tmp_path: Path, catalog: Catalog) -> None:
    store = tmp_path / "watcher.db"
    with receiving() as old, receiving() as new:
        file = configure(tmp_path, catalog.url, {"old": old.url()})
        with running(file) as process:
            has_polled_twice_more(store)
            catalog.shows(OWL, FINCH, HERON, FINCH | {"id": "acme/one"})
            eventually(lambda: old.requests, "the first is told")
            configure(tmp_path, catalog.url, {"old": old.url(), "new": new.url()})
            process.send_signal(signal.SIGHUP)
            has_polled_twice_more(store)
            catalog.shows(OWL, FINCH, HERON, FINCH | {"id": "acme/one"}, FINCH | {"id": "acme/two"})
            eventually(lambda: new.requests, "the second is told")
        assert [b"acme/two" in request.body for request in new.requests] == [True]


@pytest.mark.fault("C13")
def test_a_broken_file_leaves_the_old_rules_in_force_and_is_reported_once(
    tmp_path: Path, catalog: Catalog
) -> None:
    store = tmp_path / "watcher.db"
    with receiving() as http:
        file = configure(tmp_path, catalog.url, {"hook": http.url()})
        good = file.read_text()
        with running(file) as process:
            has_polled_twice_more(store)
            file.write_text(good.replace("notify:", "notfy:"))
            for _ in range(2):
                process.send_signal(signal.SIGHUP)
                has_polled_twice_more(store)
            catalog.shows(OWL, FINCH, HERON, FINCH | {"id": "acme/one"})
            eventually(lambda: len(told(store)) == 2, "the old rules are at work")
            file.write_text(good)
            process.send_signal(signal.SIGHUP)
            eventually(lambda: len(told(store)) == 3, "the recovery is told")
            process.send_signal(signal.SIGTERM)
            _, log = process.communicate(timeout=20)
        assert told(store) == [
            "rules.yaml is invalid",
            "acme/one is new",
            "rules.yaml is valid again",
        ]
        assert 'unknown key; did you mean "notify"?' in http.requests[0].body.decode().replace('\\"', '"')
        assert 'rules[0].notfy: unknown key; did you mean "notify"?' in log


def test_another_store_needs_a_restart(tmp_path: Path, catalog: Catalog) -> None:
    watcher = service(tmp_path, catalog.url, "console://", [NOW])
    file = watcher.config.path
    file.write_text("store: other.db\n" + file.read_text())
    watcher.store.close()
    with running(configure(tmp_path, catalog.url, {"console": "console://"})) as process:
        has_polled_twice_more(tmp_path / "watcher.db")
        file.write_text("store: other.db\n" + file.read_text())
        process.send_signal(signal.SIGHUP)
        has_polled_twice_more(tmp_path / "watcher.db")
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=20)
    assert "rules.yaml store: cannot be changed by a reload; restart watcher" in log


@pytest.mark.fault("C14")
def test_messages_for_a_removed_channel_become_dead_letters(tmp_path: Path, catalog: Catalog) -> None:
    store = tmp_path / "watcher.db"
    dead_end = "json://127.0.0.1:9/"
    file = configure(tmp_path, catalog.url, {"console": "console://", "gone": dead_end})
    with running(file) as process:
        has_polled_twice_more(store)
        catalog.shows(OWL, FINCH, HERON, FINCH | {"id": "acme/one"})
        eventually(lambda: "acme/one is new" in told(store), "the other channel is told")
        configure(tmp_path, catalog.url, {"console": "console://"})
        process.send_signal(signal.SIGHUP)
        eventually(lambda: run_sql(store, "select 1 from outbox where state = 'dead'"), "it is buried")
    with Store.read(store) as opened:
        [dead] = opened.outbox.messages([OutboxState.DEAD])
        assert (dead.notification.channel, dead.error) == ("gone", "the channel is no longer configured")
