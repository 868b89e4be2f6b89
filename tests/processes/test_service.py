import re
import signal
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, OWL, priced
from tests.support.due_messages import due
from tests.support.fork_server import ForkServer
from tests.support.receivers import Answer, free_port, receiving
from tests.support.scripted_server import HANG, Script, serving
from tests.support.served_catalog import Catalog, has_polled_twice_more, service
from tests.support.watcher_process import configure, eventually, finished, running
from watcher.domain.delivery import OutboxState
from watcher.domain.policy import HOLDS, Policy
from watcher.service.loop import Service
from watcher.sources.ask import failures
from watcher.sources.fetch import fetch
from watcher.store.store import Store

DEARER = priced(OWL, "0.0000015", "0.0000125")
LEAVING = HERON | {"expiration_date": f"{datetime.now(UTC) + timedelta(days=200):%Y-%m-%d}"}


@pytest.mark.fault("I15")
def test_a_second_service_on_the_same_store_exits_at_once_and_names_the_first(
    tmp_path: Path, catalog: Catalog
) -> None:
    file = configure(tmp_path, catalog.url, {"console": "console://"})
    with running(file) as first:
        has_polled_twice_more(tmp_path / "watcher.db")
        second = finished(file, "run")
        assert second.returncode == 75
        assert f"another watcher (process {first.pid}) is using" in second.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.fault("X14")
def test_a_signal_ends_the_service_cleanly(tmp_path: Path, catalog: Catalog, number: signal.Signals) -> None:
    file = configure(tmp_path, catalog.url, {"console": "console://"})
    with running(file) as process:
        has_polled_twice_more(tmp_path / "watcher.db")
        process.send_signal(number)
        assert process.wait(10) == 0


@pytest.mark.fault("I17")
def test_a_hanging_source_does_not_delay_the_exit(tmp_path: Path) -> None:
    with serving(Script((HANG,))) as server:
        file = configure(tmp_path, server.url("/models"), {"console": "console://"})
        with running(file) as process:
            eventually(lambda: server.requests, "the service asks")
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
    with Store.read(tmp_path / "watcher.db") as store:
        assert store.state().sources == {}


def test_the_console_needs_no_account(forks: ForkServer, tmp_path: Path, catalog: Catalog) -> None:
    file = configure(tmp_path, catalog.url, {"console": "console://"})
    assert forks.finished("--config", file, "once").returncode == 0
    catalog.shows(OWL, FINCH)
    forks.finished("--config", file, "once")
    catalog.shows(OWL, FINCH, HERON | {"id": "wetland/heron-small"})
    result = forks.finished("--config", file, "once")
    assert "wetland/heron-small is new" in result.stdout
    assert "models: 3 models; feed: 3 models; events: 1, messages: 1, on hold: 1" in result.stderr
    assert forks.finished("--config", file, "once").stdout == ""


@pytest.mark.fault("I9")
def test_the_first_poll_says_that_it_is_the_baseline(
    forks: ForkServer, tmp_path: Path, catalog: Catalog
) -> None:
    file = configure(tmp_path, catalog.url, {"console": "console://"})
    result = forks.finished("--config", file, "once")
    assert "models: 3 models (baseline); feed: 3 models (baseline)" in result.stderr
    assert result.stdout == ""


def test_a_dry_run_shows_everything_and_stores_nothing(
    forks: ForkServer, tmp_path: Path, catalog: Catalog
) -> None:
    file = configure(tmp_path, catalog.url, {"console": "console://"})
    assert "(baseline)" in forks.finished("--config", file, "once", "--dry-run").stderr
    assert not (tmp_path / "watcher.db").exists()
    forks.finished("--config", file, "once")
    catalog.shows(OWL, FINCH, HERON, LEAVING | {"id": "wetland/heron-small"})
    for _ in range(2):
        result = forks.finished("--config", file, "once", "--dry-run")
        assert "model.added            wetland/heron-small is new" in result.stdout
        assert "would send to console (Everything): wetland/heron-small leaves in 200 days (" in result.stdout
    assert '"kind": "model.added"' in forks.finished("--config", file, "once", "--dry-run", "--json").stdout


@pytest.mark.fault("N1")
def test_an_unreadable_source_fails_the_command_and_says_why(
    forks: ForkServer, tmp_path: Path, catalog: Catalog
) -> None:
    dead = configure(tmp_path, "http://127.0.0.1:9/models", {"console": "console://"})
    result = forks.finished("--config", dead, "once")
    assert result.returncode == 1
    assert "models: 127.0.0.1: [Errno 111] Connection refused" in result.stderr
    assert catalog.url


@pytest.mark.fault("W9", "W10")
def test_a_failing_channel_is_retried_until_it_works(tmp_path: Path, catalog: Catalog) -> None:
    clock = [datetime(2026, 11, 2, 8, 0, tzinfo=UTC)]
    with receiving(Answer(500, b"oops"), Answer(200)) as http:
        watcher = service(tmp_path, catalog.url, http.url(), clock)
        watcher.poll()
        catalog.shows(OWL, FINCH, HERON, priced(FINCH, "1", "1") | {"id": "acme/finch-maxi"})
        watcher.poll()
        watcher.deliver()
        [waiting] = watcher.store.outbox.messages([OutboxState.WAITING])
        assert waiting.attempts == 1
        assert "HTTP 500" in (waiting.error or "")
        watcher.deliver()
        assert len(http.requests) == 1
        clock[0] += timedelta(seconds=30)
        watcher.deliver()
        assert len(http.requests) == 2
        watcher.store.close()


@pytest.mark.fault("L4")
def test_messages_to_a_refusing_channel_become_dead_letters(tmp_path: Path, catalog: Catalog) -> None:
    clock = [datetime(2026, 11, 2, 8, 0, tzinfo=UTC)]
    with receiving(Answer(404, b"no_service")) as http:
        watcher = service(tmp_path, catalog.url, http.url(), clock)
        watcher.poll()
        catalog.shows(OWL, FINCH, HERON, FINCH | {"id": "acme/finch-maxi"})
        watcher.poll()
        for _ in range(10):
            watcher.deliver()
            clock[0] += timedelta(hours=1)
        assert len(http.requests) == 3
        [dead] = watcher.store.outbox.messages()
        assert dead.state is OutboxState.DEAD
        assert "no_service" in (dead.error or "")
        watcher.store.close()


def test_a_service_that_is_told_to_stop_sends_nothing_more(tmp_path: Path, catalog: Catalog) -> None:
    clock = [datetime(2026, 11, 2, tzinfo=UTC)]
    watcher = service(tmp_path, catalog.url, "console://", clock)
    watcher.end()
    watcher.run()
    assert watcher.store.state().sources == {}
    watcher.store.close()


@pytest.mark.fault("W2")
def test_an_implausible_answer_is_a_failed_poll_and_changes_nothing(tmp_path: Path, catalog: Catalog) -> None:
    clock = [datetime(2026, 11, 2, 8, 0, tzinfo=UTC)]
    watcher = service(tmp_path, catalog.url, "console://", clock)
    watcher.poll()
    before = watcher.store.state()
    catalog.shows()
    poll = watcher.poll()
    assert {name: answer.reason for name, answer in failures(poll).items()} == {
        "models": "the list of models is empty",
        "feed": "the feed is empty",
    }
    assert watcher.store.state().items == before.items
    watcher.store.close()


@pytest.mark.fault("I16")
def test_an_unforeseen_error_fails_the_poll_and_is_reported_like_any_failure(
    tmp_path: Path, catalog: Catalog
) -> None:
    clock = [datetime(2026, 11, 2, 8, 0, tzinfo=UTC)]
    watcher = service(tmp_path, catalog.url, "console://", clock, "holds: {price_listed: 0s}")
    watcher.poll()
    known, sound = watcher.store.state().items, watcher.config
    broken = Policy({name: hold for name, hold in HOLDS.items() if name != "price_listed"})
    watcher.config = replace(sound, settings=replace(sound.settings, policy=broken))
    catalog.shows(DEARER, FINCH, HERON)
    for _ in range(3):
        clock[0] += timedelta(hours=1)
        reason = failures(watcher.poll())["models"].reason
        assert reason.startswith("bug in watcher (KeyError, settle.py:")
        assert watcher.store.state().items == known
    watcher.config = sound
    watcher.poll()
    assert Counter(event.kind for event in watcher.store.events()) == {
        "source.failing": 2,
        "source.recovered": 2,
        "price.changed": 1,
    }
    watcher.store.close()


@pytest.mark.fault("X22", "C14")
def test_a_start_picks_up_what_an_earlier_run_left_behind(
    tmp_path: Path, catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [datetime(2026, 11, 2, 8, 0, tzinfo=UTC)]
    watcher = service(tmp_path, catalog.url, "console://", clock)
    watcher.poll()
    catalog.shows(OWL, FINCH, HERON, FINCH | {"id": "acme/finch-maxi"})
    watcher.poll()
    watcher.store.outbox.claim(due(watcher.store, clock[0]))
    watcher.resume()
    assert due(watcher.store, clock[0])[0][0].repeat
    renamed = replace(watcher.config, channels={})
    Service(renamed, watcher.store, now=watcher.now).resume()
    assert [message.state for message in watcher.store.outbox.messages()] == [OutboxState.DEAD]
    assert "messages in flight when watcher last stopped: 1;" in caplog.text
    assert "dead letters for channels that are no longer configured: 1;" in caplog.text
    watcher.store.close()


def test_status_knows_the_running_service_and_its_next_poll(tmp_path: Path, catalog: Catalog) -> None:
    file = configure(tmp_path, catalog.url, {"console": "console://"})
    with running(file) as process:
        has_polled_twice_more(tmp_path / "watcher.db")
        result = finished(file, "status")
        assert result.returncode == 0
        assert f"is running as process {process.pid}; store" in result.stdout
        assert re.search(r"models +just now +any moment +ok", result.stdout)
    assert "is not running; store" in finished(file, "status").stdout


@pytest.mark.fault("Z14")
def test_metrics_and_health_are_served_if_configured(tmp_path: Path, catalog: Catalog) -> None:
    port = free_port()
    file = configure(tmp_path, catalog.url, {"console": "console://"}, f"listen: 127.0.0.1:{port}")
    with running(file) as process:
        has_polled_twice_more(tmp_path / "watcher.db")
        page = fetch(f"http://127.0.0.1:{port}/metrics").pages[0].decode()
        assert fetch(f"http://127.0.0.1:{port}/readyz").pages == (b"ready\n",)
        assert b"the main loop last ran" in fetch(f"http://127.0.0.1:{port}/healthz").pages[0]
        file.write_text(file.read_text().replace(f"127.0.0.1:{port}", "127.0.0.1:1"))
        process.send_signal(signal.SIGHUP)
        has_polled_twice_more(tmp_path / "watcher.db")
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=20)
    assert "rules.yaml listen: cannot be changed by a reload; restart watcher" in log
    values = dict(line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
    assert float(values['watcher_polls_total{outcome="good",source="models"}']) >= 2
    assert float(values["watcher_catalog_models"]) == 3
    assert float(values['watcher_outbox_messages{channel="console",state="waiting"}']) == 0
