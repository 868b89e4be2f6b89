from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, OWL, priced
from tests.support.sample_stores import run_sql
from tests.support.served_catalog import Catalog, service
from watcher.domain.catalog import FeedEntry
from watcher.domain.polls import Plan, State

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
KEEP = "keep: 30d\nholds: {price_listed: 0s}"


@pytest.mark.fault("S13", "I14")
def test_old_records_are_deleted_but_not_a_models_current_values(tmp_path: Path, catalog: Catalog) -> None:
    clock = [NOW]
    watcher = service(tmp_path, catalog.url, "console://", clock, KEEP)
    for day in range(60):
        clock[0] = NOW + day * DAY
        catalog.shows(priced(OWL, f"0.00000{day + 1}", "0.00001"), FINCH, HERON)
        watcher.poll()
        watcher.deliver()
    store = tmp_path / "watcher.db"
    [(oldest,)] = run_sql(store, "select min(at) from events")
    assert oldest >= f"{NOW + 29 * DAY:%Y-%m-%d}"
    [(number, oldest)] = run_sql(store, "select count(*), min(at) from outbox where state = 'sent'")
    assert number <= 31
    assert oldest >= f"{NOW + 29 * DAY:%Y-%m-%d}"
    assert len(watcher.store.history("acme/owl-2")) < 40
    prices = [e.value for e in watcher.store.history("acme/finch-mini") if e.field == "prompt"]
    assert prices == ["0.00000015"], "a price that has stood for two months is not forgotten"
    watcher.store.close()


@pytest.mark.fault("I2")
def test_waiting_messages_are_kept_however_old(tmp_path: Path, catalog: Catalog) -> None:
    clock = [NOW]
    watcher = service(tmp_path, catalog.url, "json://127.0.0.1:9/", clock, KEEP)
    watcher.poll()
    catalog.shows(OWL, FINCH, HERON, FINCH | {"id": "acme/finch-maxi"})
    watcher.poll()
    clock[0] += 90 * DAY
    watcher.poll()
    assert [message.notification.title for message in watcher.store.outbox.messages()][-1:] == [
        "acme/finch-maxi is new"
    ]
    watcher.store.close()


@pytest.mark.fault("S13")
def test_a_long_history_is_searched_by_index(tmp_path: Path, catalog: Catalog) -> None:
    watcher = service(tmp_path, catalog.url, "console://", [NOW])
    watcher.poll()
    watcher.store.close()
    for sql in (
        "select * from history where model = 'acme/owl-2' order by id",
        "select * from events where at < '2026'",
        "select * from outbox where state = 'waiting' order by id",
    ):
        [plan, *_] = [row[-1] for row in run_sql(tmp_path / "watcher.db", f"explain query plan {sql}")]
        assert "USING INDEX" in plan, f"{sql}: {plan}"


@pytest.mark.fault("V2", "V3")
def test_what_is_forgotten_leaves_no_row_behind(tmp_path: Path, catalog: Catalog) -> None:
    clock = [NOW]
    watcher = service(tmp_path, catalog.url, "console://", clock, KEEP)
    catalog.shows(OWL, FINCH)
    watcher.poll()
    before = watcher.store.state()
    entry = FeedEntry("acme/finch-mini", "Finch", NOW, announced=True)
    price = {("Dearer", "acme/finch-mini"): {"prompt": "1"}}
    filled = replace(before, feed={"finch": entry}, base_prices=price)
    watcher.store.commit(before, Plan(filled))
    watcher.store.commit(filled, Plan(State(items={"acme/owl-2": before.items["acme/owl-2"]})))
    watcher.store.forget(NOW + DAY)
    watcher.store.close()
    store = tmp_path / "watcher.db"
    assert run_sql(store, "select id from models") == [("acme/owl-2",)]
    assert run_sql(store, "select model from raw") == [("acme/owl-2",)]
    assert run_sql(store, "select distinct model from history") == [("acme/owl-2",)]
    assert run_sql(store, "select slug from feed") == []
    assert run_sql(store, "select model from told_prices") == []
