"""A digest comes exactly once, whatever happens to the clock, the channel, the service or the configuration."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.growing_catalog import BASE, HOUR, MINUTE, GrowingCatalog, model, states, told
from tests.support.receivers import Answer, receiving
from tests.support.sample_stores import run_sql
from tests.support.served_catalog import Catalog, has_polled_twice_more
from tests.support.watcher_process import command, configure, environment, eventually
from watcher.domain.delivery import OutboxState
from watcher.domain.schedule import Pace

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
DOWN = Answer(503)
CALM = 'rules: [{name: All, when: {event: "*.*"}, notify: hook, severity: info}]'


def digests(url: str, schedule: str = "daily at 09:00") -> str:
    return f'{{url: "{url}", deliver: {schedule}}}'


def growing(folder: Path, catalog: Catalog, channel: str, more: str = "") -> GrowingCatalog:
    return GrowingCatalog(
        folder, catalog, channel, f"timezone: Europe/Berlin\nholds: {{removed: 0s}}\n{more}"
    )


def heron_leaves(one: GrowingCatalog, catalog: Catalog) -> None:
    """Have the list lack a model until it counts as removed, and send what is due."""
    catalog.shows(OWL, FINCH, model(0))
    for _ in range(3):
        one.clock[0] += MINUTE
        one.watcher.poll()
    one.deliver()


@pytest.mark.parametrize("start", ["2027-03-26", "2027-10-29"])
@pytest.mark.fault("T2", "T3")
def test_over_a_change_of_the_clock_there_is_one_digest_a_day_with_all_of_it(
    tmp_path: Path, catalog: Catalog, start: str
) -> None:
    with receiving() as server:
        one = growing(tmp_path, catalog, digests(server.url()), CALM)
        one.clock[0] = datetime.fromisoformat(start).replace(hour=12, tzinfo=UTC)
        arrived = []
        for hour in range(4 * 24):
            before = len(server.requests)
            one.add_model(HOUR) if hour % 7 == 0 else one.deliver(HOUR)
            one.deliver()
            arrived += [f"{one.clock[0].astimezone(BERLIN):%d %H:%M}"] * (len(server.requests) - before)
        assert [at.partition(" ")[2] for at in arrived] == ["09:00"] * 4
        assert len(set(arrived)) == 4
        text = "\n".join(message["message"] for message in told(server))
        assert [text.count(f"acme/new-{number} is new") for number in range(13)] == [1] * 13
        one.watcher.store.close()


def test_a_waiting_digest_delays_no_other_message(tmp_path: Path, catalog: Catalog) -> None:
    rules = """rules:
  - {name: Calm, when: {event: model.added}, notify: hook, deliver: weekly on Monday at 09:00}
  - {name: Rest, when: {event: model.removed}, notify: hook}"""
    with receiving() as server:
        one = growing(tmp_path, catalog, server.url(), rules)
        one.add_model()
        one.deliver()
        assert told(server) == []
        heron_leaves(one, catalog)
        assert [message["title"] for message in told(server)] == ["wetland/heron-large is gone"]
        assert one.watcher.store.outbox.channels()["hook"].waiting == 0
        one.deliver(8 * DAY)
        assert [message["title"] for message in told(server)[1:]] == ["Weekly digest, 10 Nov: 1 new"]
        one.watcher.store.close()


def test_what_is_critical_is_told_at_once_and_in_no_digest(tmp_path: Path, catalog: Catalog) -> None:
    with receiving() as server:
        one = growing(tmp_path, catalog, digests(server.url()))
        one.models = 1
        heron_leaves(one, catalog)
        assert [message["title"] for message in told(server)] == ["wetland/heron-large is gone"]
        one.deliver(DAY)
        assert [message["title"] for message in told(server)[1:]] == ["Daily digest, 3 Nov: 1 new"]
        one.watcher.store.close()


@pytest.mark.fault("T4")
def test_a_digest_of_quiet_hours_comes_after_them_and_what_is_critical_within(
    tmp_path: Path, catalog: Catalog
) -> None:
    with receiving() as server:
        channel = f'{{url: "{server.url()}", deliver: daily at 09:00, quiet: "08:00-12:00"}}'
        one = growing(tmp_path, catalog, channel)  # it is 09:00 in Berlin
        heron_leaves(one, catalog)
        assert [message["title"] for message in told(server)] == ["wetland/heron-large is gone"]
        for _ in range(30):
            one.deliver(HOUR)
        [_, digest] = told(server)
        assert digest["title"] == "Daily digest, 3 Nov: 1 new"
        assert "3 Nov 2026 12:0" in digest["message"]
        one.watcher.store.close()


@pytest.mark.fault("L15", "W13")
def test_after_an_outage_of_days_the_missed_digests_are_one(tmp_path: Path, catalog: Catalog) -> None:
    with receiving(*[DOWN] * 14, Answer()) as server:
        one = growing(tmp_path, catalog, digests(server.url()), CALM)
        for _ in range(3):
            one.add_model(20 * HOUR)
            one.deliver()
        for _ in range(40):
            one.deliver(HOUR)
        [*failed, whole] = told(server)
        assert len(failed) == 14
        assert whole["title"].endswith("digest, 5 Nov: 3 new")
        assert set(states(one.watcher)) == {OutboxState.SENT}
        one.watcher.store.close()


def test_a_digest_whose_news_was_undone_is_not_sent(tmp_path: Path, catalog: Catalog) -> None:
    with receiving() as server:
        one = growing(tmp_path, catalog, digests(server.url()), CALM)
        one.add_model()
        catalog.shows(*BASE)
        for _ in range(3):
            one.clock[0] += MINUTE
            one.watcher.poll()
        one.deliver(DAY)
        assert told(server) == []
        messages = one.watcher.store.outbox.messages()
        assert [(one.state, one.error, one.sent_at) for one in messages] == [
            (OutboxState.SENT, "everything in it was undone meanwhile", None)
        ] * 2
        counts = one.watcher.store.outbox.channels()["hook"]
        assert (counts.waiting, counts.last_sent, counts.last_state, counts.error) == (0, None, None, None)
        one.watcher.store.close()


@pytest.mark.fault("T1", "S17")
def test_a_digest_that_was_planned_by_a_clock_years_ahead_is_not_lost(
    tmp_path: Path, catalog: Catalog
) -> None:
    with receiving() as server:
        one = growing(tmp_path, catalog, digests(server.url()), CALM)
        one.add_model(1000 * DAY)
        one.deliver(-1000 * DAY)
        assert len(told(server)) == 1
        one.watcher.store.close()


@pytest.mark.parametrize("pacing", ["each poll", "now", "daily at 18:00"])
def test_what_waits_comes_when_it_was_planned_though_the_schedule_is_changed(
    tmp_path: Path, catalog: Catalog, pacing: str
) -> None:
    with receiving() as server:
        one = growing(tmp_path, catalog, digests(server.url()), CALM)
        one.add_model()
        settings = one.watcher.config.settings
        deliver = {} if pacing == Pace.EACH_POLL else {"hook": settings.deliver["hook"]}
        one.watcher.config = replace(one.watcher.config, settings=replace(settings, deliver=deliver))
        one.deliver(23 * HOUR)
        assert told(server) == []
        one.deliver(HOUR)
        assert [message["title"] for message in told(server)] == ["Daily digest, 3 Nov: 1 new"]
        one.watcher.store.close()


@contextmanager
def killed(file: Path) -> Iterator[None]:
    """Run the service, and kill it at the end of the block."""
    with subprocess.Popen(command(file, "run"), stdout=subprocess.DEVNULL, env=environment()) as process:
        try:
            yield
        finally:
            process.kill()


@pytest.mark.fault("I3", "I4")
def test_a_digest_comes_once_however_often_the_service_is_killed(tmp_path: Path, catalog: Catalog) -> None:
    store = tmp_path / "watcher.db"
    later = datetime.now(UTC) + 12 * HOUR
    with receiving() as server:
        channel = digests(server.url(), f"daily at {later:%H:%M}")
        file = configure(tmp_path, catalog.url, {"hook": channel}, CALM)
        with killed(file):
            has_polled_twice_more(store)
            catalog.shows(OWL, FINCH, HERON, model(0))
            eventually(lambda: run_sql(store, "select 1 from outbox"), "it is held")
        run_sql(store, "update outbox set next_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+3 seconds')")
        for _ in range(2):
            with killed(file):
                eventually(lambda: server.requests, "the digest comes")
                eventually(lambda: run_sql(store, "select 1 from outbox where state = 'sent'"), "it is noted")
    [digest] = told(server)
    assert digest["title"].endswith(": 1 new")
