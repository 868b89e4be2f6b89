"""Mutes and acknowledgements in the store and on the command line."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, listing, priced
from tests.support.own_folder import configured
from tests.support.sample_stores import run_sql
from watcher.cli.main import main
from watcher.config import load
from watcher.domain.mutes import Mute
from watcher.domain.polls import Plan, Poll
from watcher.news.plan import plan
from watcher.service.clock import utc_now
from watcher.store.store import Store

RULES = """\
channels: {hook: "json://127.0.0.1:9/x"}
sources: {feed: off}
holds: {price_listed: 0s, withdrawn: 0s}
rules: [{name: Everything, when: {event: "*.*"}, notify: hook}]
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return configured(tmp_path, RULES)


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    with Store.open(file.parent / "watcher.db") as opened:
        yield opened


def leaving(days: int) -> dict[str, object]:
    return OWL | {"expiration_date": f"{utc_now() + days * DAY:%Y-%m-%d}"}


def polled(store: Store, *rows: dict[str, object], after: timedelta = timedelta(0)) -> Plan:
    """Poll as the service does, some time from now."""
    at, settings = utc_now() + after, load.load(Path("rules.yaml"), {}).settings
    before = store.state()
    decided = plan(before, Poll(at, {"models": listing(rows, at)}), settings)
    store.commit(before, decided)
    return decided


def called(*arguments: str) -> Result:
    return CliRunner().invoke(
        main, arguments, env={"WATCHER_CONFIG": None, "STATE_DIRECTORY": None, "COLUMNS": "200"}
    )


def status() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(called("status", "--json").stdout)["mutes"]
    return found


class TestMute:
    def test_what_is_muted_is_not_told_until_its_end_which_is(self, store: Store) -> None:
        polled(store, OWL, HERON)
        made = called("mute", "acme/*", "--for", "7d", "--why", "the move is planned")
        assert made.exit_code == 0, made.output
        assert made.stderr.startswith("muted acme/* (1 model today) until ")
        assert made.stderr.endswith("as number 1\n")
        polled(store, priced(OWL, "1", "1"), HERON, after=HOUR)
        assert store.outbox.messages() == []
        assert [event.kind for event in store.events()] == ["price.changed"]
        assert [(mute["pattern"], mute["held"], mute["why"]) for mute in status()] == [
            ("acme/*", 1, "the move is planned")
        ]
        polled(store, priced(OWL, "1", "1"), HERON, after=8 * DAY)
        assert [message.notification.title for message in store.outbox.messages()] == [
            "The mute of acme/* ended"
        ]
        assert status() == []

    def test_status_shows_it_in_words(self, store: Store) -> None:
        polled(store, leaving(5), HERON)
        called("mute", "wetland/*", "--until", f"{utc_now() + DAY:%Y-%m-%dT%H:%MZ}", "--why", "noise")
        called("ack", "acme/owl-2")
        lines = [" ".join(line.split()) for line in called("status").stdout.splitlines()]
        assert "NO HELD BACK UNTIL EVENTS WHY" in lines
        assert any(line.startswith("1 wetland/* ") and line.endswith(" UTC 0 noise") for line in lines)
        assert "2 reminders of acme/owl-2 the date changes 0" in lines

    def test_to_mute_the_same_pattern_again_changes_its_end_and_keeps_its_count(self, store: Store) -> None:
        polled(store, OWL)
        called("mute", "acme/*", "--for", "1d")
        polled(store, priced(OWL, "1", "1"), after=HOUR)
        called("mute", "acme/*", "--for", "9d", "--why", "longer")
        [mute] = status()
        assert (mute["id"], mute["held"], mute["why"]) == (1, 1, "longer")
        polled(store, priced(OWL, "2", "2"), after=2 * DAY)
        assert status()[0]["held"] == 2

    def test_it_can_be_ended_by_pattern_or_number(self, store: Store) -> None:
        polled(store, leaving(5), HERON)
        called("mute", "acme/*", "--for", "1d")
        called("mute", "wetland/*", "--for", "1d")
        called("ack", "acme/owl-2")
        assert called("unmute", "acme/*").stderr == "ended the mute of acme/*; it held back 0 events\n"
        assert "ended the mute of wetland/*" in called("unmute", "2").stderr
        wrong = called("unmute", "nobody/*")
        assert (wrong.exit_code, wrong.stderr) == (
            1,
            "watcher: no mute or acknowledgement of 'nobody/*'; there are: acme/owl-2\n",
        )
        assert "ended the acknowledgement of acme/owl-2" in called("unmute", "acme/owl-2").stderr
        assert called("unmute", "1").stderr.endswith("there are none\n")

    def test_a_pattern_that_matches_nothing_known_is_a_warning(self, store: Store) -> None:
        polled(store, OWL, HERON)
        said = called("mute", "acne/*", "--for", "1d").stderr
        assert 'warning: no model of the 2 known matches "acne/*"; did you mean "acme/*"?' in said
        assert "muted acne/* (0 models today)" in said

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            ([], "say how long: either --for 7d or --until 2026-12-24"),
            (["--for", "7d", "--until", "2099-01-01"], "say how long"),
            (["--for", "soon"], "takes a duration such as 5m, 6h or 30d"),
            (["--for", "0d"], "takes a length of time above zero"),
            (["--until", "2020-01-01"], "1 Jan 2020 00:00 UTC is over"),
            (["--until", "tomorrow"], "does not match the formats"),
        ],
    )
    def test_a_wrong_time_is_one_line(self, store: Store, arguments: list[str], words: str) -> None:
        polled(store, OWL)
        result = called("mute", "acme/*", *arguments)
        assert (result.exit_code, status()) == (2, [])
        assert words in result.stderr

    def test_a_wrong_pattern_is_one_line(self, store: Store) -> None:
        polled(store, OWL)
        assert "takes a pattern such as openai/*" in called("mute", "!", "--for", "1d").stderr
        assert "is longer than 200 characters" in called("mute", "x" * 201, "--for", "1d").stderr

    def test_what_would_control_a_terminal_is_harmless(self, store: Store) -> None:
        polled(store, OWL)
        called("mute", "\x1b[31macme/*", "--for", "1d", "--why", "red\x1b[31m")
        assert "\x1b" not in called("status").stdout
        assert "\x1b" not in called("unmute", "2").stderr


class TestAcknowledgement:
    def test_reminders_stop_and_what_changes_is_told(self, store: Store) -> None:
        polled(store, leaving(20), HERON)
        made = called("ack", "acme/owl-2", "--why", "planned")
        assert made.stderr.startswith("acknowledged that acme/owl-2 leaves on ")
        polled(store, leaving(20), HERON, after=7 * DAY)
        assert (store.outbox.messages(), status()[0]["held"]) == ([], 1)
        polled(store, leaving(60), HERON, after=8 * DAY)
        [message] = store.outbox.messages()
        assert "now leaves" in message.notification.title
        assert status() == []

    def test_an_event_stands_for_its_model(self, store: Store) -> None:
        polled(store, OWL, HERON)
        [event] = polled(store, leaving(5), HERON).events
        assert called("ack", event.id, "--until", "2099-01-01").exit_code == 0
        [mute] = status()
        assert (mute["type"], mute["pattern"], mute["until"]) == (
            "acknowledgement",
            "acme/owl-2",
            "2099-01-01T00:00:00Z",
        )

    @pytest.mark.parametrize(
        ("name", "words"),
        [
            ("wetland/heron-large", "wetland/heron-large has no expiration date to acknowledge"),
            ("acme/owl-3", "no model or event named 'acme/owl-3'; did you mean acme/owl-2?"),
        ],
    )
    def test_what_cannot_be_acknowledged_is_one_clear_line(self, store: Store, name: str, words: str) -> None:
        polled(store, OWL, HERON)
        result = called("ack", name)
        assert result.exit_code == 1
        assert words in result.stderr
        assert len(result.stderr.splitlines()) == 1

    def test_trouble_of_watcher_itself_cannot_be_acknowledged(self, store: Store) -> None:
        polled(store, OWL, HERON)
        [event] = polled(store, OWL | {"shiny": 1}, HERON | {"shiny": 1}).events
        assert f"event {event.id} is about no model; only a model's" in called("ack", event.id).stderr


class TestBesideAService:
    """A command may write between the moments when a poll reads the state and when it commits."""

    def test_a_mute_made_during_a_poll_is_kept(self, store: Store) -> None:
        polled(store, OWL)
        at, settings = utc_now() + HOUR, load.load(Path("rules.yaml"), {}).settings
        before = store.state()
        decided = plan(before, Poll(at, {"models": listing([OWL], at)}), settings)
        called("mute", "acme/*", "--for", "1d")
        store.commit(before, decided)
        assert [mute["pattern"] for mute in status()] == ["acme/*"]

    def test_a_mute_ended_during_a_poll_stays_ended(self, store: Store) -> None:
        polled(store, OWL)
        called("mute", "acme/*", "--for", "1d")
        at, settings = utc_now() + HOUR, load.load(Path("rules.yaml"), {}).settings
        before = store.state()
        decided = plan(before, Poll(at, {"models": listing([priced(OWL, "1", "1")], at)}), settings)
        called("unmute", "acme/*")
        store.commit(before, decided)
        assert status() == []
        [[event, mute]] = run_sql(Path("watcher.db"), "select event, mute from held")
        assert (event, mute) == (decided.events[0].id, 1)

    def test_a_mute_extended_during_the_poll_that_would_end_it_goes_on(self, store: Store) -> None:
        polled(store, OWL)
        called("mute", "acme/*", "--for", "1h")
        at, settings = utc_now() + 2 * HOUR, load.load(Path("rules.yaml"), {}).settings
        before = store.state()
        decided = plan(before, Poll(at, {"models": listing([OWL], at)}), settings)
        called("mute", "acme/*", "--for", "9d")
        store.commit(before, decided)
        assert [mute.id for mute in decided.ended] == [1]
        assert [mute["id"] for mute in status()] == [1]

    def test_a_poll_that_is_repeated_after_a_crash_counts_what_it_held_once(self, store: Store) -> None:
        polled(store, OWL)
        called("mute", "acme/*", "--for", "1d")
        at, settings = utc_now() + HOUR, load.load(Path("rules.yaml"), {}).settings
        before = store.state()
        decided = plan(before, Poll(at, {"models": listing([priced(OWL, "1", "1")], at)}), settings)
        for _ in range(2):
            store.commit(before, decided)
        assert status()[0]["held"] == 1


def test_mutes_that_ended_long_ago_are_forgotten_with_what_they_held_back(store: Store) -> None:
    polled(store, OWL, FINCH)
    for pattern in ("acme/*", "wetland/*"):
        store.mutes.add(Mute(0, pattern, utc_now()))
    [event] = polled(store, priced(OWL, "1", "1"), FINCH, after=HOUR).events
    assert [mute.pattern for mute in store.mutes.of_event(event.id)] == ["acme/*"]
    store.mutes.end("acme/*", utc_now() - DAY)
    assert [mute.ended is None for mute in store.mutes.of_event(event.id)] == [False]
    store.forget(utc_now() - 2 * DAY)
    assert store.mutes.of_event(event.id) != ()
    store.forget(utc_now())
    assert store.mutes.of_event(event.id) == ()
    assert run_sql(Path("watcher.db"), "select * from held") == []
    assert [mute.pattern for mute in store.mutes.going_on()] == ["wetland/*"]
