"""A feed is read in a process of its own, which is ended at its deadline."""

import sys
from pathlib import Path
from threading import Event as Flag
from threading import Timer
from time import monotonic

import pytest

from tests.support.catalogs import OWL, START
from watcher.cli.demo import feed as feed_page
from watcher.domain.catalog import FeedItem
from watcher.domain.errors import RefusedError
from watcher.sources import feed, feed_child
from watcher.sources.feed_process import READER, convert

IMPATIENT = (*READER[:-1], "1")
LINES = b"\n" * 400_000 + feed_page([OWL])
AUTHOR = feed_page([OWL]).replace(b"</item>", b"<author>" + b"a" * 80_000 + b"</author></item>")
UNANSWERED = "the process that reads the feed ended without an answer"
HANG = (sys.executable, "-I", "-c", "import time; time.sleep(60)")


def refusal(page: bytes, **options: object) -> str:
    with pytest.raises(RefusedError) as error:
        convert([page], **{"stop": Flag(), **options})  # type: ignore[arg-type]
    return str(error.value)


def test_a_feed_is_read_as_in_this_process() -> None:
    page = feed_page([OWL])
    [converted] = convert([page], Flag())
    assert converted == feed_child.read(page)
    slug = OWL["canonical_slug"]
    assert feed.parse([converted], START, "query").items == {slug: FeedItem("acme/owl-2", OWL["name"])}


@pytest.mark.parametrize("page", [LINES, AUTHOR], ids=["400,000 lines", "an endless author"])
@pytest.mark.fault("V1")
def test_a_feed_that_would_take_hours_is_refused_after_a_second_of_cpu_and_then_at_once(page: bytes) -> None:
    stop = Flag()
    assert refusal(page, stop=stop, reader=IMPATIENT) == "the feed takes too long to read"
    began = monotonic()
    assert refusal(page, stop=stop, reader=IMPATIENT) == "the feed takes too long to read"
    assert monotonic() - began < 0.1


@pytest.mark.fault("V1")
def test_a_reader_that_sleeps_is_left_at_the_deadline() -> None:
    assert refusal(b"<rss/>", reader=HANG, deadline=0.3) == "the feed takes too long to read"


@pytest.mark.fault("V1", "I17")
def test_stopping_ends_the_reading_of_a_feed() -> None:
    stop = Flag()
    Timer(0.3, stop.set).start()
    began = monotonic()
    assert refusal(b"<rss/>", stop=stop, reader=HANG) == "watcher stopped before the feed was read"
    assert monotonic() - began < 5


@pytest.mark.fault("F10")
def test_a_feed_that_is_too_large_is_not_even_read() -> None:
    assert "larger than 4,000,000 bytes" in refusal(b"<rss>" + b"x" * 4_000_001, reader=HANG)


@pytest.mark.parametrize(
    "program", ["print('nonsense')", "import os; os.kill(os.getpid(), 9)", "raise MemoryError"]
)
@pytest.mark.fault("V1", "X18")
def test_a_reader_that_dies_is_a_failed_poll_and_the_page_is_read_again(program: str) -> None:
    stop = Flag()
    assert refusal(b"<rss/>", stop=stop, reader=(sys.executable, "-I", "-c", program)) == UNANSWERED
    assert refusal(b"<rss/>", stop=stop, reader=(sys.executable, "-I", "-c", program)) == UNANSWERED


@pytest.mark.fault("X17")
def test_a_reader_that_cannot_be_started_is_a_failed_poll(tmp_path: Path) -> None:
    words = refusal(b"<rss/>", reader=(str(tmp_path / "missing"),))
    assert words == "the process that reads the feed could not be started: No such file or directory"


@pytest.mark.fault("I12")
def test_the_reader_does_not_get_the_secrets_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHER_SLACK_URL", "slack://secret")
    program = "import json, os; print(json.dumps([*os.environ]))"
    [names] = convert([b"<rss/>"], Flag(), reader=(sys.executable, "-I", "-c", program))
    assert b"WATCHER_SLACK_URL" not in names
