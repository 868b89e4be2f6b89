"""`watcher report` on a real store, in each of its forms."""

import json
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support.catalogs import DAY, FINCH, HOUR, OWL, listing, priced
from tests.support.own_folder import answered, configured
from watcher.cli.main import main
from watcher.config import load
from watcher.domain.letter import read_letter
from watcher.domain.polls import Poll
from watcher.forms.as_text import as_text
from watcher.news.plan import plan
from watcher.service.clock import utc_now
from watcher.store.store import Store

RULES = """\
channels: {team: "json://127.0.0.1:9/x"}
sources: {feed: off}
holds: {price_listed: 0s}
rules: [{name: Everything, notify: team}]
"""


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a store that saw a price change ten days ago, and now one that waits."""
    monkeypatch.chdir(tmp_path)
    settings, now = load.load(configured(tmp_path, RULES), {}).settings, utc_now()
    leaving = priced(OWL, "0.000002", "0.00001") | {"expiration_date": f"{now + 5 * DAY:%Y-%m-%d}"}
    with Store.open(tmp_path / "watcher.db") as store:
        for days, rows in (
            (11, [OWL, FINCH]),
            (10, [priced(OWL, "0.000002", "0.00001"), FINCH]),
            (0, [leaving, FINCH | {"context_length": 5}]),
        ):
            at = now - days * DAY
            answered(store, settings, at, listing(rows, at))


def called(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env={"WATCHER_CONFIG": None, "STATE_DIRECTORY": None})


def test_it_says_what_leaves_and_what_waits() -> None:
    shown = called("report")
    assert shown.exit_code == 0
    assert shown.stdout.splitlines()[0].endswith(": 1 leaves")
    assert "• acme/owl-2 leaves in 5 days" in shown.stdout
    assert "• acme/finch-mini: context 131,072 → 5 tokens; news on " in shown.stdout
    assert "messages for team; see `watcher outbox`" in shown.stdout
    assert "• Healthy; 2 models listed" in shown.stdout


def test_it_goes_back_as_far_as_asked() -> None:
    assert "prompt $1.25 → $2.00" not in called("report").stdout
    since = f"{utc_now() - 20 * DAY:%Y-%m-%d}"
    assert "• acme/owl-2: prompt $1.25 → $2.00 (+60 %)" in called("report", "--since", since).stdout


def test_machines_get_the_letter() -> None:
    found = json.loads(called("report", "--format", "json").stdout)
    assert (found.pop("type"), found["preview"]) == ("report", "1 leaves")
    assert found.pop("title").endswith(": 1 leaves")
    assert as_text(read_letter(found)).startswith("LEAVING OPENROUTER\n")
    assert {event["kind"] for event in found["data"]} == {"expiration.announced"}


def test_it_can_be_a_page() -> None:
    page = called("report", "--format", "html").stdout
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "leaves in 5 days" in unescape(page).replace("\u00a0", " ")


def test_what_is_wrong_with_watcher_is_in_it_and_no_failure_of_the_command() -> None:
    with Store.open(Path("watcher.db")) as store:
        before, at = store.state(), utc_now() + 3 * HOUR
        rules = load.load(Path("rules.yaml"), {}).settings
        store.commit(before, plan(before, Poll(at, {"models": listing([OWL], at)}), rules))
    Path("rules.yaml").write_text(RULES.replace("feed: off", "feed: 'http://127.0.0.1:9/'"))
    shown = called("report")
    assert shown.exit_code == 0
    assert "1 problem of watcher" in shown.stdout
    assert "• no good answer from the feed source yet" in shown.stdout


def test_a_wrong_form_is_a_usage_error() -> None:
    assert called("report", "--format", "pdf").exit_code == 2
