"""Past values are read from the store when they are asked for, and only then."""

import contextlib
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HOUR, OWL, START, listing, priced
from watcher.domain.polls import Poll
from watcher.news.plan import plan
from watcher.news.settings import Settings
from watcher.store.store import Store


def polled(store: Store, *rows: dict[str, object], hours: int) -> None:
    before = store.state()
    at = START + timedelta(hours=hours)
    store.commit(before, plan(before, Poll(at, {"models": listing(rows, at)}), Settings()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def test_a_stored_price_is_part_of_the_trend_of_a_later_event(path: Path) -> None:
    with Store.open(path) as store:
        polled(store, OWL, FINCH, hours=0)
        for hours in (1, 40):
            polled(store, priced(OWL, "0.000002", "0.00001"), FINCH, hours=hours)
        [event] = store.events()
    assert event.facts["trend"] == "▁████"
    assert isinstance(event.facts["chart"], dict)


def test_each_model_has_its_own_values_oldest_first(path: Path) -> None:
    with Store.open(path) as store:
        polled(store, OWL, FINCH, hours=0)
        polled(store, priced(OWL, "0.000002", "0.00001"), FINCH, hours=1)
        charts = store.state().charts
        assert [*charts] == ["acme/finch-mini", "acme/owl-2"]
        assert len(charts) == 2
        prompts = [(entry.at, entry.value) for entry in charts["acme/owl-2"] if entry.field == "prompt"]
        assert prompts == [(START, "0.00000125"), (START + HOUR, "0.000002")]
        assert charts.get("acme/unknown", ()) == ()


def test_a_damaged_value_is_left_out(path: Path) -> None:
    with Store.open(path) as store:
        polled(store, OWL, hours=0)
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute("update history set at = 'never' where field = 'prompt'")
        charts = store.state().charts
        assert "prompt" not in {entry.field for entry in charts["acme/owl-2"]}
        assert "completion" in {entry.field for entry in charts["acme/owl-2"]}
