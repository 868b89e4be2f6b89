"""What one server asks for does not hold up the other sources."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, OWL, START, answer
from tests.support.receivers import receiving
from tests.support.scripted_server import answering, reply
from tests.support.served_catalog import service
from watcher.cli.demo import feed
from watcher.domain.polls import Failure, Poll
from watcher.sources.ask import next_tries
from watcher.sources.pauses import Pauses

MINUTES = timedelta(minutes=5)
BUSY = reply(b"", "429 Slow down", "Retry-After: 3600")
GOOD = {"models": reply(answer([OWL, FINCH, HERON])), "feed": reply(feed([OWL, FINCH, HERON]))}
SOURCES = {"models": "https://a.test/", "feed": "https://b.test/"}


def asked(folder: Path, busy: str, minutes: range, more: str = "") -> dict[str, list[int]]:
    """Run a service on whose source `busy` asks for an hour; return at which minutes which source was asked."""
    clock, minute = [START], [0]
    requests: dict[str, list[int]] = {"models": [], "feed": []}

    def site(request: str) -> object:
        name = "feed" if "use_rss" in request else "models"
        requests[name].append(minute[0])
        return BUSY if name == busy else GOOD[name]

    with answering(site) as server:  # type: ignore[arg-type]
        watcher = service(
            folder, server.url("/models"), "console://", clock, more, elapsed=lambda: minute[0] * 60.0
        )
        next_poll = 0.0
        for minute[0] in minutes:
            clock[0] = START + timedelta(minutes=minute[0])
            next_poll, _ = watcher.turn(next_poll)
        watcher.store.close()
    return requests


@pytest.mark.fault("V4", "H2")
def test_a_feed_that_asks_for_an_hour_does_not_stop_the_list(tmp_path: Path) -> None:
    found = asked(tmp_path, "feed", range(0, 70, 5))
    assert len(found["models"]) >= 12
    assert found["feed"][0] == 0
    assert 60 <= found["feed"][1] <= 66


@pytest.mark.fault("V4", "H2")
def test_a_list_that_asks_for_an_hour_gets_it_and_the_heartbeat_stays_away(tmp_path: Path) -> None:
    with receiving() as heart:
        found = asked(
            tmp_path, "models", range(0, 50, 5), f"heartbeat: {heart.url('/ping').replace('json', 'http')}"
        )
    assert found["models"] == [0]
    assert len(found["feed"]) >= 8
    assert heart.requests == []


@pytest.mark.fault("V4")
def test_a_pause_belongs_to_an_address_and_ends() -> None:
    pauses = Pauses()
    pauses.note(SOURCES, Poll(START, {"feed": Failure("busy", 900.0), "models": Failure("down")}), 100.0)
    assert pauses.due(SOURCES, 999.0) == {"models": "https://a.test/"}
    assert pauses.due(SOURCES, 1000.0) == SOURCES
    assert pauses.due({"feed": "https://c.test/"}, 100.0) == {"feed": "https://c.test/"}


def test_each_failed_source_is_tried_again_after_the_interval_or_as_it_asked() -> None:
    poll = Poll(START, {"models": Failure("down", 10.0), "feed": Failure("busy", 900.0)})
    assert next_tries(MINUTES, poll) == {"models": MINUTES, "feed": 3 * MINUTES}


@pytest.mark.fault("V4")
def test_the_log_says_when_each_source_is_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with answering(lambda request: BUSY if "rss" in request else reply(b"", "503 No")) as server:
        watcher = service(tmp_path, server.url("/models"), "console://", [START], elapsed=lambda: 0.0)
        watcher.end()
        watcher.run()
        watcher.stop.clear()
        watcher.poll()
        watcher.store.close()
    [line] = [text for text in caplog.messages if "HTTP 503" in text]
    assert line.endswith("next try of models in 1 minute, of feed in 1 hour")
