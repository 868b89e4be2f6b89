from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Flag

import pytest

from tests.support.catalogs import FINCH, HERON, OWL, answer
from tests.support.sample_stores import run_sql
from tests.support.scripted_server import Script, reply, serving
from tests.support.served_catalog import Catalog, service
from watcher.domain.polls import Failure
from watcher.sources.ask import ask, look

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
LEAVING = HERON | {"expiration_date": "2026-12-01"}
POLL = 60.0
DAY = timedelta(days=1)


def no_feed(url: str) -> str:
    return f'sources: {{models: "{url}", feed: off}}'


def dated(at: datetime, *headers: str) -> Script:
    return reply(answer([OWL]), "200 OK", f"Date: {at:%a, %d %b %Y %H:%M:%S} GMT", *headers)


@pytest.mark.parametrize(
    ("ours", "is_believed"),
    [
        pytest.param(NOW, True, id="right"),
        pytest.param(NOW + timedelta(hours=5), True, id="a little off"),
        pytest.param(NOW + timedelta(days=365), False, id="a year ahead", marks=pytest.mark.fault("T1")),
        pytest.param(NOW - timedelta(days=1), False, id="a day behind", marks=pytest.mark.fault("T1")),
        pytest.param(
            datetime(1970, 1, 1, tzinfo=UTC), False, id="no clock at boot", marks=pytest.mark.fault("T7")
        ),
    ],
)
def test_a_clock_far_from_the_servers_is_a_failed_poll(ours: datetime, *, is_believed: bool) -> None:
    with serving(dated(NOW)) as server:
        got = ask("models", server.url(), ours)
    assert isinstance(got, Failure) is not is_believed
    if isinstance(got, Failure):
        assert got.reason.startswith("this machine's clock is wrong: it says")


@pytest.mark.fault("T9")
def test_an_answer_from_a_cache_was_dated_when_it_went_in() -> None:
    with serving(dated(NOW - timedelta(hours=2), "Age: 7200")) as server:
        assert not isinstance(ask("models", server.url(), NOW + timedelta(hours=5)), Failure)


@pytest.mark.fault("I16")
def test_a_bug_of_ours_while_reading_is_a_failure_that_says_where() -> None:
    with serving(dated(NOW)) as server:
        got = ask("models", server.url(), NOW.replace(tzinfo=None))
    assert isinstance(got, Failure)
    assert got.reason.startswith("bug in watcher (TypeError, ask.py:")


@pytest.mark.fault("T1", "T7")
def test_while_the_clock_is_wrong_nothing_is_sent_and_then_everything_due_is(
    tmp_path: Path,
) -> None:
    clock = [NOW]
    with serving(dated(NOW)) as server:
        watcher = service(tmp_path, server.url(), "console://", clock, no_feed(server.url()))
        watcher.poll()
        before = watcher.store.state().items
        clock[0] += timedelta(days=365)
        watcher.poll()
        assert (watcher.store.state().items, watcher.store.events()) == (before, [])
        clock[0] = NOW + timedelta(minutes=5)
        watcher.poll()
        assert watcher.store.events() == []
        watcher.store.close()


@pytest.mark.fault("Q10")
def test_a_clock_that_the_answers_contradict_forgets_nothing(tmp_path: Path) -> None:
    clock, kept = [NOW], tmp_path / "kept"
    more = f"keep: 30d\nrecord: {{folder: {kept}, keep: 7d, limit: 1GB}}"
    with serving(dated(NOW)) as server:
        watcher = service(tmp_path, server.url(), "console://", clock, f"{no_feed(server.url())}\n{more}")
        watcher.poll()
        charted, recorded = watcher.store.history("acme/owl-2"), sorted(kept.iterdir())
        run_sql(tmp_path / "watcher.db", "update history set at = '2026-10-04T08:00:00Z'")
        run_sql(
            tmp_path / "watcher.db",
            "insert into history select 100 + id, at, model, field, value from history",
        )
        clock[0] += timedelta(days=730)
        watcher.turn()
        assert len(watcher.store.history("acme/owl-2")) == 2 * len(charted)
        assert sorted(kept.iterdir()) == recorded != []
        watcher.store.close()


@pytest.mark.fault("Q10")
def test_a_clock_that_the_answers_contradict_asks_no_provider(tmp_path: Path) -> None:
    clock = [NOW]
    with serving(dated(NOW)) as server:
        sources = f'sources: {{models: "{server.url("/models")}", feed: off, endpoints: all}}'
        watcher = service(tmp_path, server.url("/models"), "console://", clock, sources)
        watcher.poll()
        clock[0] += timedelta(days=730)
        watcher.turn()
        assert [request for request in server.requests if "endpoints" in request] == []
        watcher.store.close()


@pytest.mark.parametrize(
    "jump",
    [
        pytest.param(timedelta(days=365), id="forward"),
        pytest.param(timedelta(days=-1), id="back"),
        pytest.param(timedelta(seconds=-2), id="step"),
    ],
)
@pytest.mark.fault("T1")
def test_the_rhythm_of_polls_does_not_follow_the_wall_clock(
    tmp_path: Path, catalog: Catalog, jump: timedelta
) -> None:
    clock, seconds = [NOW], [0.0]
    watcher = service(
        tmp_path, catalog.url, "console://", clock, no_feed(catalog.url), elapsed=lambda: seconds[0]
    )
    following, _ = watcher.turn()
    assert 0 < following <= POLL * 1.1
    clock[0] += jump
    seconds[0] = 0.5
    looks = catalog.stage.looks
    again, wait = watcher.turn(following)
    assert (again, catalog.stage.looks) == (following, looks), "it is not time yet"
    assert 0 < wait <= 60
    seconds[0] = following
    watcher.turn(following)
    assert catalog.stage.looks == looks + 1
    watcher.store.close()


@pytest.mark.fault("T6")
def test_a_machine_that_slept_eight_hours_polls_once(tmp_path: Path, catalog: Catalog) -> None:
    clock, seconds = [NOW], [0.0]
    watcher = service(
        tmp_path, catalog.url, "console://", clock, no_feed(catalog.url), elapsed=lambda: seconds[0]
    )
    following, _ = watcher.turn()
    clock[0] += timedelta(hours=8)
    seconds[0] += 8 * 3600
    looks = catalog.stage.looks
    following, _ = watcher.turn(following)
    watcher.turn(following)
    assert catalog.stage.looks == looks + 1
    watcher.store.close()


@pytest.mark.fault("T1", "L15")
def test_a_failing_channel_is_not_given_up_early_if_the_clock_jumps(tmp_path: Path, catalog: Catalog) -> None:
    clock = [NOW]
    watcher = service(tmp_path, catalog.url, "json://127.0.0.1:9/", clock)
    watcher.poll()
    catalog.shows(OWL, FINCH, HERON, FINCH | {"id": "acme/one"})
    watcher.poll()
    for jump in (timedelta(days=365), timedelta(days=-365)):
        watcher.deliver()
        clock[0] += jump
    [message] = watcher.store.outbox.messages()
    assert (message.state, message.attempts) == ("waiting", 2)
    watcher.store.close()


@pytest.mark.fault("T8")
def test_a_reminder_is_sent_once_across_restarts(tmp_path: Path, catalog: Catalog) -> None:
    clock = [datetime(2026, 11, 1, 8, tzinfo=UTC)]
    catalog.shows(OWL, FINCH, LEAVING)
    reminded = []
    for _ in range(4 * 35):
        watcher = service(tmp_path, catalog.url, "console://", clock, no_feed(catalog.url))
        watcher.poll()
        reminded = [event.kind for event in watcher.store.events(kinds=["expiration.reminder"])]
        watcher.store.close()
        clock[0] += timedelta(hours=6)
    assert len(reminded) == 4, "14, 7, 1 days before, and on the day"


@pytest.mark.fault("I17")
def test_setting_stop_cuts_every_wait_short(catalog: Catalog) -> None:
    stop = Flag()
    stop.set()
    assert all(
        isinstance(got, Failure) for got in look({"models": catalog.url}, NOW, stop=stop).answers.values()
    )
