"""`watcher preview` shows what a message will look like, and sends nothing."""

import json
from pathlib import Path

import html5lib
import pytest
from click.testing import CliRunner, Result

from tests.support.catalogs import DAY, HOUR, OWL, listing, priced
from tests.support.own_folder import answered, configured
from watcher.cli.main import main
from watcher.config.load import load
from watcher.reports.preview import FORMS
from watcher.service.clock import utc_now
from watcher.store.store import Store

RULES = """\
channels:
  team: slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ
  hook: json://127.0.0.1:9/x
  chat: {url: "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js"}
  mail: mailtos://u:p@mail.example.com?to=a@example.com
  own: {url: "json://127.0.0.1:9/y", template: {title: "{{ severity }}!"}}
sources: {feed: off}
holds: {price_listed: 0s}
timezone: Europe/Berlin
rules: [{name: Everything, notify: [team, hook, chat, mail, own]}]
"""


@pytest.fixture(autouse=True)
def _file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    configured(tmp_path, RULES)


@pytest.fixture
def event(tmp_path: Path) -> str:
    """The id of a change of the price that a store knows."""
    settings, now = load(tmp_path / "rules.yaml", {}).settings, utc_now()
    with Store.open(tmp_path / "watcher.db") as store:
        for ago, rows in ((3 * DAY, [OWL]), (DAY, [priced(OWL, "0.000002", "0.00001")])):
            for at in (now - ago, now - ago + 2 * HOUR):
                answered(store, settings, at, listing(rows, at))
        [told] = store.events(kinds=["price.changed"])
    return told.id


def called(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["preview", *arguments], env={"WATCHER_CONFIG": None})


def test_without_options_it_shows_a_message_about_several_things() -> None:
    shown = called().stdout
    assert shown.startswith("wetland/heron-large leaves in 5 days (")
    assert "NEW MODELS\n• acme/condor-3 is new" in shown
    assert shown.rstrip().endswith(("CET · dates are UTC days", "CEST · dates are UTC days"))


def test_one_kind_or_a_digest_can_be_chosen() -> None:
    assert called("--kind", "store.failing").stdout.startswith("watcher cannot use its store\n")
    assert called("--digest").stdout.startswith("Daily digest, ")


def test_news_that_was_reported_is_shown_as_it_would_be_today(event: str) -> None:
    assert called("--event", event).stdout.startswith("acme/owl-2 dearer: prompt +60 %\n")


@pytest.mark.parametrize(
    ("channel", "holds"),
    [
        pytest.param("team", '"type": "header"', id="slack"),
        pytest.param("hook", '"type": "watcher.message"', id="webhook"),
        pytest.param("chat", '"embeds"', id="discord"),
    ],
)
def test_a_channel_shows_what_its_service_is_sent(channel: str, holds: str) -> None:
    shown = called("--channel", channel, "--kind", "price.changed").stdout
    assert holds in shown
    assert "acme/owl-2" in json.dumps(json.loads(shown))


def test_a_channel_that_is_sent_text_or_has_a_template_shows_that() -> None:
    assert "PRICES\n• acme/owl-2" in called("--channel", "mail", "--kind", "price.changed").stdout
    assert called("--channel", "own", "--kind", "price.changed").stdout.startswith("warning!\n")


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        pytest.param(
            ("--channel", "tem"), 1, "no channel named 'tem'; configured channels: team", id="channel"
        ),
        pytest.param(("--event", "x"), 1, "there is no store at", id="no-store"),
        pytest.param(("--event", "x", "--digest"), 2, "choose one of --kind, --event and --digest", id="two"),
        pytest.param(("--kind", "price.chnged"), 2, "price.changed", id="kind"),
    ],
)
def test_what_cannot_be_shown_is_one_line(arguments: tuple[str, ...], code: int, why: str) -> None:
    result = called(*arguments)
    assert result.exit_code == code
    assert why in result.stderr


@pytest.mark.usefixtures("event")
def test_an_event_that_nobody_knows_is_one_line() -> None:
    assert called("--event", "x").stderr == "watcher: no event 'x'; see `watcher events`\n"


@pytest.mark.parametrize("more", [(), ("--digest",), ("--kind", "price.changed")])
def test_the_page_is_valid_and_shows_every_service(tmp_path: Path, more: tuple[str, ...]) -> None:
    page = tmp_path / "preview.html"
    assert called("--html", str(page), *more).exit_code == 0
    text = page.read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True).parse(text)
    assert all(f"{service} is sent" in text for service in FORMS)
    assert 'srcdoc="&lt;!' in text
