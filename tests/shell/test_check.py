import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support.catalogs import FINCH, HERON, OWL, listing
from watcher.cli.main import main
from watcher.config import load
from watcher.domain.polls import Poll
from watcher.news.plan import plan
from watcher.service.clock import utc_now
from watcher.store import database
from watcher.store.store import Store

RULES = """\
channels: {console: "console://"}
rules:
  - name: Birds
    when:
      model: ["Acme/*", "owl-*"]
      parameter: [tool, "!nothing"]
    notify: console
  - {name: Cheap, when: {price: {below: $1/M}}, notify: console}
  - {name: Itself, when: {event: source.*}, notify: console}
"""
EXPLAINED = """\
Birds: reports to console if
  - the model is Acme/* or owl-*
  - the model supports tool, except nothing, or did before this change
  matches 0 of 3 models today
Cheap: reports to console if
  - the prompt or completion price is below $1.00 per M tokens
  matches 1 of 3 models today
Itself: reports to console if
  - the event is source.*
The configuration is valid.
"""
NOT_COUNTED = "warning: the models that rules match are not counted: "


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    path.chmod(0o600)
    return path


@pytest.fixture
def watched(file: Path) -> Path:
    """A configuration whose store has seen three models."""
    settings, now = load.load(file, {}), utc_now()
    with Store.open(settings.store) as store:
        before = store.state()
        poll = Poll(now, {"models": listing([OWL, FINCH, HERON], now)})
        store.commit(before, plan(before, poll, settings.settings))
    return file


def check(file: Path) -> Result:
    found = CliRunner().invoke(
        main, ["--config", str(file), "check"], env={"STATE_DIRECTORY": None, "COLUMNS": "200"}
    )
    assert found.exit_code == 0, found.output
    return found


def test_with_a_store_each_rule_about_models_says_how_many_it_matches(watched: Path) -> None:
    found = check(watched)
    assert found.stdout.endswith(EXPLAINED)
    assert found.stderr.replace(f"{watched}:", "") == (
        'warning: 5:25 rules[0].when.model[1]: no model of the 3 known matches "owl-*"; did you mean "acme/owl-*"?\n'
        'warning: 6:19 rules[0].when.parameter[0]: no parameter of the 3 known matches "tool"; did you mean "tools"?\n'
    )


def test_without_a_store_nothing_is_said_about_models(file: Path) -> None:
    found = check(file)
    assert "today" not in found.output
    assert found.stderr == ""
    assert list(file.parent.iterdir()) == [file]


def test_an_empty_store_matches_nothing_and_is_no_reason_to_say_so(file: Path) -> None:
    Store.open(load.load(file, {}).store).close()
    found = check(file)
    assert "today" not in found.output
    assert found.stderr == ""


def of_an_older_version(store: Path) -> None:
    with sqlite3.connect(store) as connection:
        connection.execute("delete from _sqlite_migrations where name = 'v3'")
    connection.close()


def damaged(store: Path) -> None:
    store.write_bytes(b"no database at all" * 1000)


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (of_an_older_version, "is from an older version of watcher; `watcher run` migrates it"),
        (damaged, "is damaged"),
    ],
)
def test_a_store_that_cannot_be_read_is_a_warning(
    watched: Path, harm: Callable[[Path], None], reason: str
) -> None:
    harm(watched.with_name("watcher.db"))
    found = check(watched)
    assert "today" not in found.stdout
    assert found.stdout.endswith("The configuration is valid.\n")
    assert found.stderr.startswith(NOT_COUNTED)
    assert reason in found.stderr


def test_a_store_that_is_busy_is_a_warning(watched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT", 0.1)
    other = sqlite3.connect(watched.with_name("watcher.db"), isolation_level=None)
    other.execute("pragma locking_mode = exclusive")
    other.execute("begin exclusive")
    found = check(watched)
    other.close()
    assert NOT_COUNTED in found.stderr
    assert "locked" in found.stderr


def test_a_service_that_runs_does_not_disturb_the_check(watched: Path) -> None:
    with Store.open(watched.with_name("watcher.db")):
        assert check(watched).stdout.endswith(EXPLAINED)
