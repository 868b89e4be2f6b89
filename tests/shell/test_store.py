import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, START, Story, feed_of, listing, priced
from tests.support.offers import OWL_ID, asked, endpoint
from tests.support.sample_stores import SETTINGS, polled, run_sql, with_news
from watcher.domain.errors import BusyError, NotFoundError, StoreError
from watcher.domain.policy import HOLDS, Policy
from watcher.domain.polls import Answer, Failure, Poll, State
from watcher.domain.providers import OffersSnapshot
from watcher.news.plan import plan
from watcher.news.settings import Settings
from watcher.store.store import Store

WINDOW = {"overrides": [{"utc_start": "16:00", "utc_end": "00:00", "prompt": "1e-7", "completion": "1e-7"}]}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "watcher.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path) as opened:
        yield opened


@pytest.mark.fault("I6")
def test_what_is_stored_is_what_was_decided(store: Store) -> None:
    feed = feed_of({"acme/owl-2-20260901": "acme/owl-2", "new/one": "new/one"})
    leaving = HERON | {"expiration_date": "2026-11-20"}
    steps: list[tuple[tuple[dict[str, object], ...], dict[str, object]]] = [
        ((OWL, FINCH), {"feed": feed_of({"acme/owl-2-20260901": "acme/owl-2"})}),
        ((priced(OWL, "0.000002", "0.00001"), FINCH), {"feed": feed}),
        ((), {"models": Failure("down"), "feed": feed}),
        ((OWL, leaving), {"feed": Failure("down")}),
        ((priced(OWL, "-1", "-1"),), {}),
    ]
    for hour, (rows, answers) in enumerate(steps):
        assert polled(store, hour, *rows, **answers) == store.state()


@pytest.mark.fault("I6")
def test_what_providers_ask_is_stored_as_it_was_decided(store: Store) -> None:
    heron = endpoint("heron/fp8", "1.25", "10", pricing={"discount": 0.4})
    looks = [
        [heron, endpoint("crane", "2", "12", pricing=WINDOW)],
        [endpoint("heron", "1", "8", quantization=None, supported_parameters=None)],
        [],
        [endpoint("heron", "1", "8"), endpoint("owl", "-1", "-1")],
        [endpoint("heron", "1.5", "9")],
    ]
    polled(store, 0, OWL, FINCH)
    for hour, endpoints in enumerate(looks):
        found = polled(store, 1 + hour / 4, endpoints=asked(*endpoints))
        assert found.markets
        assert store.state() == found
    found = polled(store, 3, endpoints=OffersSnapshot({}, {OWL_ID: "HTTP 404"}))
    assert store.state().markets[OWL_ID].failures == 1
    assert store.state() == found


def test_the_price_in_a_row_is_followed_across_restarts(path: Path) -> None:
    waiting = Settings((), Policy())
    for hour, prompt in enumerate(["0.000001", "0.000002", "0.000003", "0.000001"]):
        with Store.open(path) as store:
            at, before = START + hour * HOUR, store.state()
            decided = plan(
                before, Poll(at, {"models": listing([priced(OWL, prompt, "0.00001")], at)}), waiting
            )
            store.commit(before, decided)
            assert decided.state.items[OWL_ID].row
            assert store.state() == decided.state


def test_what_providers_asked_goes_with_its_model(store: Store, path: Path) -> None:
    waiting = Settings((), Policy({**HOLDS, "added": DAY}))
    steps: list[dict[str, Answer]] = [
        {"models": listing([FINCH])},
        {"models": listing([OWL, FINCH])},
        {"endpoints": asked(endpoint("a", "1", "1"))},
    ]
    gone: dict[str, Answer] = {"models": listing([FINCH])}
    for hour, answers in enumerate([*steps, gone]):
        before = store.state()
        store.commit(before, plan(before, Poll(START + hour * HOUR, answers), waiting))
        assert len(run_sql(path, "select * from markets")) == (hour == 2)


def test_prices_keep_every_digit(store: Store, path: Path) -> None:
    polled(store, 0, priced(OWL, "0.0000010", "0.10"))
    [(prompt,), (completion,)] = run_sql(
        path, "select value from history where field in ('prompt', 'completion') order by field desc"
    )
    assert (prompt, completion) == ("0.000001", "0.1")


@pytest.mark.fault("I1", "X3")
def test_a_poll_is_stored_whole_or_not_at_all(store: Store, path: Path) -> None:
    polled(store, 0, OWL)
    before = store.state()
    run_sql(path, "create trigger refuse before insert on outbox begin select raise(abort, 'full'); end")
    with pytest.raises(sqlite3.Error, match="full"):
        polled(store, 1, OWL, FINCH)
    assert store.state() == before
    assert store.events() == []


def test_an_unreported_model_is_forgotten_when_it_leaves(store: Store) -> None:
    waiting = Settings((), Policy({**HOLDS, "added": DAY}))
    for hour, rows in enumerate(([OWL], [OWL, FINCH], [OWL])):
        at, before = START + hour * HOUR, store.state()
        store.commit(before, plan(before, Poll(at, {"models": listing(rows, at)}), waiting))
    assert list(store.state().items) == ["acme/owl-2"]


def test_the_raw_row_is_kept_as_received(store: Store, path: Path) -> None:
    polled(store, 0, OWL | {"benchmarks": {"score": 5}})
    [(raw,)] = run_sql(path, "select document from raw")
    assert '"benchmarks":{"score":5}' in raw


def test_events_are_found_by_model_and_kind(store: Store) -> None:
    with_news(store)
    polled(store, 2, priced(OWL, "1", "1"), FINCH)
    assert [e.kind for e in store.events()] == ["price.changed", "model.added"]
    assert [e.subject for e in store.events(kinds=["model.added"])] == ["acme/finch-mini"]
    assert [e.kind for e in store.events(subjects=["acme/owl-2"])] == ["price.changed"]
    assert len(store.events(limit=1)) == 1


def test_an_event_reads_back_as_written(store: Store) -> None:
    story = Story(SETTINGS)
    story.shows(OWL, FINCH)
    before = story.state
    told = story.shows(priced(OWL, "1", "1"), HERON)
    store.commit(before, story.plan)
    assert sorted(store.events(), key=lambda e: e.id) == sorted(told, key=lambda e: e.id)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("models", "update models set announced = 'poison'"),
        ("models", "update models set observed = 'poison'"),
        ("models", "update models set levels = '[5]'"),
        ("markets", "update markets set market = '{}'"),
        ("pending", "insert into pending values ('acme/owl-2', 'poison', '2026-11-02T08:00:00Z', 1)"),
        ("sources", "update sources set fields = 5"),
        ("feed", "update feed set since = ''"),
        ("told_prices", "insert into told_prices values ('all', 'acme/owl-2', '{')"),
        ("troubles", "insert into troubles (what, name) values ('channel', 'team')"),
        ("events", "update events set at = 'poison'"),
        ("history", "update history set at = null"),
        ("outbox", "update outbox set rules = 'poison'"),
    ],
)
@pytest.mark.fault("S7", "X21")
def test_a_row_that_cannot_be_read_is_damage(store: Store, path: Path, table: str, change: str) -> None:
    polled(store, 0, OWL, feed=feed_of({"acme/owl-2-20260901": "acme/owl-2"}))
    polled(store, 1, OWL, FINCH)
    polled(store, 2, endpoints=asked(endpoint("heron", "1", "4")))
    run_sql(path, change)
    with pytest.raises(StoreError, match=f"a row of {table} cannot be read: .*; restore a backup"):
        _ = store.state(), store.events(), store.history("acme/owl-2"), store.outbox.messages()


@pytest.mark.fault("X21")
def test_news_that_cannot_be_read_does_not_hold_up_other_news(store: Store, path: Path) -> None:
    polled(store, 0, OWL)
    polled(store, 1, OWL, FINCH, HERON)
    first, second = store.events()
    run_sql(path, f"update events set model = 'poison' where id = '{first.id}'")  # noqa: S608 - our own
    assert store.event(first.id, second.id) == [second]


class TestOpening:
    @pytest.mark.fault("I15", "W24")
    def test_only_one_instance_holds_a_store(self, store: Store, path: Path) -> None:
        with pytest.raises(BusyError, match=r"process \d+\) is using .*watcher\.db; stop it first"):
            Store.open(path)
        assert store.state() == State()

    @pytest.mark.fault("X15")
    def test_the_lock_of_a_dead_process_blocks_nobody(self, path: Path) -> None:
        opened = f"from watcher.store.database import *; Tables.open(Path({str(path)!r})); os._exit(9)"
        assert subprocess.run([sys.executable, "-c", opened], check=False).returncode == 9
        Store.open(path).close()

    @pytest.mark.fault("Z11")
    def test_files_are_private(self, store: Store, path: Path) -> None:
        polled(store, 0, OWL)
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        assert set(modes.values()) == {0o600}, modes

    @pytest.mark.fault("Z11")
    def test_a_link_in_place_of_the_lock_is_not_followed(self, path: Path) -> None:
        Path(f"{path}.lock").symlink_to(path.parent / "elsewhere")
        with pytest.raises(StoreError, match="is a symbolic link; remove it"):
            Store.open(path)

    def test_reading_is_allowed_while_the_service_runs(self, store: Store, path: Path) -> None:
        with_news(store)
        with Store.read(path) as other:
            assert len(other.events()) == 1

    @pytest.mark.parametrize("is_there", [True, False])
    def test_reading_needs_a_store(self, path: Path, *, is_there: bool) -> None:
        if is_there:
            path.touch()
        with pytest.raises(NotFoundError, match="there is no store at"):
            Store.read(path)

    @pytest.mark.fault("S7")
    def test_garbage_is_refused_and_left_alone(self, path: Path) -> None:
        path.write_bytes(b"this is no database" * 100)
        with pytest.raises(StoreError, match=r"is damaged .*; restore a backup, or move the file away"):
            Store.open(path)
        assert path.read_bytes().startswith(b"this is no database")

    @pytest.mark.fault("S7", "W22")
    def test_a_damaged_store_is_refused(self, path: Path) -> None:
        with Store.open(path) as store:
            polled(store, 0, *(OWL | {"id": f"acme/{n}"} for n in range(200)))
        body = bytearray(path.read_bytes())
        body[8192:40960] = b"\xff" * (40960 - 8192)
        path.write_bytes(body)
        with pytest.raises(StoreError, match="restore a backup"):
            Store.open(path)

    def test_a_database_of_another_program_is_refused(self, path: Path) -> None:
        run_sql(path, "create table theirs (id)")
        with pytest.raises(StoreError, match="another program"):
            Store.open(path)

    @pytest.mark.fault("S11", "I18")
    def test_a_store_from_a_newer_version_is_refused(self, path: Path) -> None:
        with Store.open(path):
            pass
        run_sql(
            path,
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('watcher', 'v99', '')",
        )
        with pytest.raises(StoreError, match="newer version"):
            Store.open(path)

    def test_a_store_from_an_older_version_is_not_read(self, path: Path) -> None:
        with Store.open(path):
            pass
        run_sql(path, "delete from _sqlite_migrations")
        with pytest.raises(StoreError, match="older version"):
            Store.read(path)
