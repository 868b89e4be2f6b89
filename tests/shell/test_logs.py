import io
import json
import logging
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.catalogs import FINCH, HERON, OWL
from tests.support.full_pipes import fill
from tests.support.served_catalog import Catalog, service
from watcher.service.logs import PATIENCE, Journal, Json, Lossy, Plain

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
REMOTE = "models: acme/owl\n2026-11-23T08:00:00Z ERROR forged \x1b[31mred\x1b[0m \u202eevil"


def entry(level: int = logging.WARNING) -> logging.LogRecord:
    record = logging.LogRecord("watcher.service", level, "", 0, "%s", (REMOTE,), None)
    record.created = NOW.timestamp()
    return record


@pytest.mark.fault("Z4", "Z5")
def test_a_log_entry_is_one_line_whatever_remote_text_it_contains() -> None:
    said = "models: acme/owl 2026-11-23T08:00:00Z ERROR forged  [31mred [0m  evil"
    assert Plain().format(entry()) == f"2026-11-02T08:00:00Z WARNING {said}"
    assert Journal().format(entry()) == f"<4>{said}"
    assert json.loads(Json().format(entry())) == {
        "at": "2026-11-02T08:00:00Z",
        "level": "warning",
        "logger": "watcher.service",
        "message": said,
    }


@pytest.mark.parametrize(
    ("level", "priority"),
    [(logging.ERROR, 3), (logging.INFO, 6), (logging.DEBUG, 7), (logging.CRITICAL, 3)],
)
def test_the_journal_reads_the_priority(level: int, priority: int) -> None:
    assert Journal().format(entry(level)).startswith(f"<{priority}>")


@pytest.mark.fault("Q9")
def test_a_log_that_nobody_reads_loses_lines_and_says_how_many_when_it_is_read_again() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", 0) as reader, os.fdopen(writing, "w") as stream:
        handler = Lossy(stream)
        handler.setFormatter(Plain())
        filled = fill(writing)
        began = time.monotonic()
        for _ in range(1000):
            handler.handle(entry())
        assert time.monotonic() - began < 3 * PATIENCE
        assert handler.lost == 1000
        while filled > 0:
            filled -= len(reader.read(filled))
        handler.handle(entry())
        said, new = reader.read(10_000).decode().splitlines()
    assert said == "2026-11-02T08:00:00Z WARNING 1000 log lines were lost: nobody read them"
    assert "forged" in new


@pytest.mark.fault("Q9")
def test_a_log_line_that_was_cut_in_the_middle_is_ended_before_the_next() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", 0) as reader, os.fdopen(writing, "w") as stream:
        handler = Lossy(stream)
        fill(writing)
        reader.read(4096)
        handler.handle(logging.makeLogRecord({"msg": "x" * 6000}))
        reader.read(1_000_000)
        handler.handle(logging.makeLogRecord({"msg": "next"}))
        lines = reader.read(1_000_000).decode().splitlines()
    assert lines[-2:] == ["1 log lines were lost: nobody read them", "next"]


@pytest.mark.fault("X14")
def test_a_log_that_is_closed_is_no_error() -> None:
    stream = io.StringIO()
    handler = Lossy(stream)
    handler.handle(entry())
    stream.close()
    handler.handle(entry())
    assert handler.lost == 1


def test_while_nothing_happens_there_is_one_line_an_hour(
    tmp_path: Path, catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "watcher.service")
    clock = [NOW]
    watcher = service(tmp_path, catalog.url, "console://", clock)
    for _ in range(36):
        watcher.poll()
        clock[0] += timedelta(minutes=5)
    catalog.shows(OWL, FINCH, HERON, FINCH | {"id": "acme/finch-maxi"})
    watcher.poll()
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert len(lines) == 37, "in the debug log a line a poll"
    told = [line for level, line in lines if level == "INFO"]
    assert len(told) == 4, "the first look, twice an hour later, and the news"
    assert told[-1].startswith("models: 4 models; feed: 3 models; events: 1, messages: 1")
    watcher.store.close()
