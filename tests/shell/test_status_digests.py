import json
from datetime import UTC, datetime, time
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.catalogs import FINCH, HERON, OWL, START, listing
from tests.support.sample_stores import AT_ONCE, run_sql
from watcher.cli.main import main
from watcher.config import load
from watcher.domain.polls import Poll
from watcher.domain.schedule import Schedule
from watcher.news.plan import plan
from watcher.news.settings import Settings
from watcher.reports.digests import NextDigest, next_digests
from watcher.rules.route import Rule
from watcher.store.store import Store

DUE = "2026-11-03T08:00:00Z"
CONFIG = """\
timezone: Europe/Berlin
channels:
  team: {url: "console://", deliver: daily at 09:00}
  ops: console://
rules:
  - {name: All, notify: [team, ops]}
  - {name: Weekly, notify: ops, when: {event: model.added}, deliver: weekly on Monday at 09:00}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a configuration whose store holds two events for the digest of `team`, and one of `old`."""
    file = tmp_path / "rules.yaml"
    file.write_text(CONFIG)
    schedule = Schedule(time(8))
    settings = Settings((Rule("All", ("team", "old")),), AT_ONCE, deliver={"team": schedule, "old": schedule})
    with Store.open(tmp_path / "watcher.db") as store:
        for number, rows in enumerate([(OWL,), (OWL, FINCH), (OWL, FINCH, HERON)]):
            at = START.replace(hour=9 + number)
            before = store.state()
            store.commit(before, plan(before, Poll(at, {"models": listing(rows, at)}), settings))
    return file


def test_the_next_digest_of_each_channel_is_known_with_what_waits_for_it(file: Path) -> None:
    now = datetime(2026, 11, 2, 12, tzinfo=UTC)
    with Store.read(file.parent / "watcher.db") as store:
        found = next_digests(load.load(file, {}), store.outbox, now)
    assert found == {
        "team": (
            NextDigest("daily at 08:00", datetime.fromisoformat(DUE), 2),
            NextDigest("daily at 09:00", datetime.fromisoformat(DUE), 0),
        ),
        "ops": (NextDigest("weekly on Monday at 09:00", datetime(2026, 11, 9, 8, tzinfo=UTC), 0),),
    }


def test_status_tells_people_and_machines(file: Path) -> None:
    shown = CliRunner().invoke(main, ["--config", str(file), "status"]).stdout
    assert "team: the next digest (daily at 08:00) comes on 3 Nov 2026 09:00 CET" in shown
    assert "2 events wait for it" in shown
    report = json.loads(CliRunner().invoke(main, ["--config", str(file), "status", "--json"]).stdout)
    assert report["channels"]["team"]["digests"][0] == {"schedule": "daily at 08:00", "at": DUE, "events": 2}


def test_what_is_held_for_a_digest_does_not_count_as_waiting(file: Path) -> None:
    path = file.parent / "watcher.db"
    with Store.read(path) as store:
        assert store.outbox.channels()["team"].waiting == 0
        assert store.outbox.channels()["team"].oldest is None
    run_sql(path, "update outbox set attempts = 1, error = 'busy' where channel = 'team'")
    with Store.read(path) as store:
        assert store.outbox.channels()["team"].waiting == 2
        assert store.outbox.held().keys() == {"old"}


def test_a_damaged_row_hides_no_digest(file: Path) -> None:
    path = file.parent / "watcher.db"
    run_sql(path, "update outbox set events = 'x' where id = (select min(id) from outbox)")
    with Store.read(path) as store:
        assert sum(len(rows) for held in store.outbox.held().values() for rows in held.values()) == 3
