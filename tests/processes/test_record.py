import gzip
import json
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support import sample_history
from tests.support.catalogs import DAY, HOUR, START, answer, listing
from tests.support.served_catalog import Catalog, service
from tests.support.watcher_process import SOON, command, configure, environment, eventually
from watcher.cli.main import main
from watcher.config import load
from watcher.config.config import Record
from watcher.domain.errors import ConfigError
from watcher.domain.news import Event
from watcher.domain.polls import Answer, Failure, Plan, Poll, State
from watcher.domain.providers import OffersSnapshot
from watcher.news.plan import plan
from watcher.news.settings import Settings
from watcher.reports.replay import Recording, replay
from watcher.service.recorder import Recorder
from watcher.sources import endpoints
from watcher.sources.recording import offers_page

PAGE = answer(sample_history.rows(0))


def polls(hours: int) -> Iterator[tuple[datetime, dict[str, Answer]]]:
    """Poll the made-up history each half hour, and its providers a minute later."""
    for half in range(2 * hours):
        at = sample_history.START + half * HOUR / 2
        yield at, {"models": listing(sample_history.rows(half // 2), at)}
        offers = {model: endpoints.read(rows) for model, rows in sample_history.offers(half // 2).items()}
        some = {model: offers[model] for number, model in enumerate(offers) if number % 4 == half % 4}
        yield at + timedelta(minutes=1), {"endpoints": OffersSnapshot(some)}


def recorded(record: Record, hours: int) -> list[Event]:
    state, recorder, told = State(), Recorder(), list[Event]()
    for at, answers in polls(hours):
        decided = plan(state, poll := Poll(at, answers), Settings())
        recorder.keep(record, poll, decided)
        state = decided.state
        told += decided.events
    return told


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def keep(recorder: Recorder, record: Record, at: datetime, answer_: Answer) -> None:
    recorder.keep(record, Poll(at, {"models": answer_}), Plan(State()))


def test_what_was_recorded_replays_to_the_same_events(tmp_path: Path) -> None:
    told = recorded(Record(tmp_path), 7 * 24)
    again = [event for _, decided in replay(Recording.open(tmp_path), Settings()) for event in decided.events]
    assert {"price.changed", "price.routed", "provider.added", "model.removed"} <= {e.kind for e in told}
    assert [(e.at, e.id, e.kind) for e in again] == [(e.at, e.id, e.kind) for e in told]


def test_an_unchanged_list_is_not_written_again_for_half_a_day(tmp_path: Path) -> None:
    recorder, record = Recorder(), Record(tmp_path)
    for hour in range(14):
        keep(recorder, record, START + hour * HOUR, listing(sample_history.rows(0)))
    keep(recorder, record, START + 14 * HOUR, Failure("no answer"))
    assert names(tmp_path) == ["2026-11-02T08-00-00Z.json.gz", "2026-11-02T20-00-00Z.json.gz"]
    keep(recorder, record, START + 15 * HOUR, listing(sample_history.rows(100)))
    assert names(tmp_path)[2:] == ["2026-11-02T23-00-00Z.json.gz"]


def test_what_is_too_old_goes_and_so_does_what_a_crash_left(tmp_path: Path) -> None:
    (tmp_path / ".2026-11-01T08-00-00Z.json.gz.part").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("mine")
    recorder, record = Recorder(), Record(tmp_path, keep=2 * DAY)
    for day in range(5):
        keep(recorder, record, START + day * DAY, listing(sample_history.rows(0)))
    assert [name[:10] for name in names(tmp_path)] == ["2026-11-04", "2026-11-05", "2026-11-06", "notes.txt"]


def test_the_oldest_goes_first_where_there_is_too_much(tmp_path: Path) -> None:
    recorded(Record(tmp_path), 48)
    everything = names(tmp_path)
    size = sum(file.stat().st_size for file in tmp_path.iterdir())
    later = sample_history.START + 2 * DAY
    keep(Recorder(), Record(tmp_path, limit=size // 2), later, listing(sample_history.rows(0)))
    left = names(tmp_path)
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= size // 2
    assert left == [*everything, left[-1]][-len(left) :]
    assert len(left) > 10


def test_a_folder_that_cannot_be_written_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    recorder, record = Recorder(), Record(tmp_path / "file")
    for hour in range(3):
        keep(recorder, record, START + hour * HOUR, listing(sample_history.rows(0)))
    assert [line.partition(" in ")[0] for line in caplog.messages] == ["cannot keep answers"]


def test_offers_are_read_back_as_they_were() -> None:
    windows = [{"utc_start": "09:00", "min_tokens": 200000, "prompt": "0.000002", "completion": "0.000009"}]
    price = {
        "prompt": "0.000001",
        "completion": "0.000004",
        "input_cache_read": "0.0000001",
        "overrides": windows,
    }
    row = sample_history.offer("Marsh Cloud", "0", "0") | {"pricing": price | {"discount": 0.25}}
    offers = {"acme/owl-2": endpoints.read([row, sample_history.offer("Acme", "-1", "-1", status=-2)])}
    assert endpoints.parse_recorded(offers_page(offers)) == offers


def test_a_service_keeps_its_answers_if_the_configuration_says_so(tmp_path: Path, catalog: Catalog) -> None:
    more = "record: {folder: kept, keep: 7d, limit: 1GB}\n"
    watcher = service(tmp_path, catalog.url, "json://127.0.0.1:9/x", [START], more)
    assert watcher.config.record == Record(tmp_path / "kept", 7 * DAY, 1_000_000_000)
    with watcher.store:
        watcher.poll()
    [file] = (tmp_path / "kept").iterdir()
    models = [row["id"] for row in json.loads(gzip.decompress(file.read_bytes()))["data"]]
    assert models == ["acme/finch-mini", "acme/owl-2", "wetland/heron-large"]


def test_the_command_polls_without_rules_until_it_is_stopped(tmp_path: Path, catalog: Catalog) -> None:
    config = configure(tmp_path, catalog.url, {"hook": "json://127.0.0.1:9/x"})
    kept = tmp_path / "kept"
    arguments = ("record", str(kept), "--every", "1s", "--keep", "2d", "--limit", "5MB")
    process = subprocess.Popen(command(config, *arguments), env=environment(), stderr=subprocess.PIPE)
    try:
        eventually(lambda: [*kept.glob("*.json.gz")] or None, "a list is kept")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SOON)
    assert process.returncode == 0
    assert len(Recording.open(kept).answers) == 1


@pytest.mark.parametrize("wrong", [("--limit", "5 bytes"), ("--keep", "long")])
def test_bounds_that_are_none_are_refused(tmp_path: Path, wrong: tuple[str, str]) -> None:
    result = CliRunner().invoke(main, ["record", str(tmp_path), *wrong])
    assert result.exit_code == 2
    assert "takes a" in result.stderr


@pytest.mark.parametrize("wrong", ["{folder: x, limit: 5}", "{limit: 5MB}", "{folder: x, keep: 1h}", '""'])
def test_a_record_key_that_cannot_be_used_is_a_mistake(tmp_path: Path, wrong: str) -> None:
    file = configure(tmp_path, "http://127.0.0.1:9/", {"hook": "json://127.0.0.1:9/x"}, f"record: {wrong}\n")
    with pytest.raises(ConfigError, match="record"):
        load.load(file, {})


@pytest.mark.parametrize("every", ["0s", "2d"])
def test_it_polls_no_more_often_than_a_service_may(tmp_path: Path, every: str) -> None:
    done = CliRunner().invoke(main, ["record", str(tmp_path / "kept"), "--every", every])
    assert done.exit_code == 2
    assert "must be between 1s and 1d" in done.output
