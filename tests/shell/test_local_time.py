"""Commands print times in the time zone of the configuration, and name it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.support.catalogs import DAY, FINCH, OWL, START, listing
from tests.support.own_folder import answered, configured
from watcher.cli.main import main
from watcher.config.load import load
from watcher.domain.polls import Answer, Failure
from watcher.store.store import Store

RULES = """\
channels: {team: "json://127.0.0.1:9/x"}
sources: {feed: off}
timezone: Asia/Kolkata
rules: [{name: Everything, notify: team}]
"""


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a store with news, a failing source and a change on hold, all at 8:00 UTC."""
    monkeypatch.chdir(tmp_path)
    settings = load(configured(tmp_path, RULES), {}).settings
    answers: tuple[Answer, ...] = (
        listing([OWL]),
        listing([OWL, FINCH]),
        listing([FINCH]),
        Failure("timed out"),
    )
    with Store.open(tmp_path / "watcher.db") as store:
        for days, answer in enumerate(answers):
            answered(store, settings, START + days * DAY, answer)


@pytest.mark.parametrize(
    ("command", "time"),
    [
        pytest.param(("events",), "3 Nov 2026 13:30 IST", id="events"),
        pytest.param(("history", "acme/owl-2"), "2 Nov 2026 13:30 IST", id="history"),
        pytest.param(("outbox",), "3 Nov 2026 13:30 IST", id="outbox"),
        pytest.param(("explain", "acme/owl-2"), "4 Nov 2026 13:30 IST", id="explain"),
        pytest.param(("status",), "since 4 Nov 2026 13:30 IST", id="status"),
    ],
)
def test_each_command_names_the_zone_of_its_times(command: tuple[str, ...], time: str) -> None:
    result = CliRunner().invoke(main, command, env={"WATCHER_CONFIG": None, "STATE_DIRECTORY": None})
    assert time in result.stdout
    assert "UTC" not in result.stdout
