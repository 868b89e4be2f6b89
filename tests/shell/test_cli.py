import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, START, listing, priced
from tests.support.due_messages import due
from tests.support.receivers import Answer, receiving
from watcher import __version__
from watcher.cli.main import main
from watcher.config import load, schema
from watcher.domain.delivery import Outcome, Verdict
from watcher.domain.polls import Poll
from watcher.news.plan import plan
from watcher.reports.providers import GONE
from watcher.service.clock import utc_now
from watcher.store.store import Store

RULES = """\
channels: {{console: "console://", hook: "{hook}"}}
holds: {{price_listed: 0s}}
rules:
  - {{name: Everything, notify: hook}}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "rules.yaml"
    path.write_text(RULES.format(hook="json://127.0.0.1:9/x"))
    path.chmod(0o600)
    return path


def called(*arguments: str) -> Result:
    return CliRunner().invoke(
        main, arguments, env={"WATCHER_CONFIG": None, "STATE_DIRECTORY": None, "COLUMNS": "200"}
    )


@pytest.fixture
def told(file: Path) -> Path:
    """A store with a few polls in it, the last one just now."""
    settings = load.load(file, {})
    now = utc_now()
    with Store.open(settings.store) as store:
        for hours, rows in [
            (3, [OWL, FINCH]),
            (2, [OWL, FINCH, HERON]),
            (0, [priced(OWL, "0.0000015", "0.00001"), HERON]),
        ]:
            at = now - hours * HOUR
            before = store.state()
            store.commit(before, plan(before, Poll(at, {"models": listing(rows, at)}), settings.settings))
    return file


def test_help_says_what_there_is_with_examples_and_exit_codes() -> None:
    shown = called("--help").output
    for words in ("watcher demo ", "Exit codes:", "78  the configuration is invalid", "replay", "outbox"):
        assert words in shown
    assert called("run", "-h").exit_code == 0


def test_the_version_is_told() -> None:
    assert called("--version").output == f"watcher, version {__version__}\n"


def test_a_command_that_does_not_exist_is_a_usage_error() -> None:
    assert called("rnu").exit_code == 2


def test_without_a_configuration_every_command_says_how_to_name_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("run", "once", "check", "events", "status"):
        result = called(command)
        assert result.exit_code == 78
        assert f"watcher: {tmp_path}/rules.yaml does not exist; use --config" in result.stderr


def test_check_tells_every_mistake_and_touches_nothing(file: Path) -> None:
    file.write_text("pol: 5m\nchannels: {console: 'console://'}\nrules: [{name: A, notify: consol}]\n")
    result = called("check")
    assert result.exit_code == 78
    assert [line.split(" ", 2)[1].rpartition("rules.yaml")[2] for line in result.stderr.splitlines()] == [
        ":1:1",
        ":3:19",
    ]
    assert [path.name for path in file.parent.iterdir()] == ["rules.yaml"]


@pytest.mark.usefixtures("file")
def test_check_explains_a_good_configuration() -> None:
    result = called("check")
    assert result.exit_code == 0
    assert "Everything: reports to hook if" in result.output
    assert "console: no rule uses this channel" in result.stderr
    assert "The configuration is valid." in result.output


@pytest.mark.fault("C12")
def test_check_finds_a_channel_that_cannot_be_used_without_showing_it(file: Path) -> None:
    file.write_text(RULES.format(hook="tgram://cAnArY-secret/"))
    result = called("check")
    assert result.exit_code == 78
    assert "hook: " in result.stderr
    assert "cAnArY" not in result.output + result.stderr


def test_a_sample_shows_what_alerts_look_like(file: Path) -> None:
    with receiving(Answer()) as hook:
        file.write_text(RULES.format(hook=hook.url()))
        result = called("test", "hook")
        assert (result.exit_code, result.stderr) == (0, "hook: delivered\n")
        assert b"Test: hook receives messages from watcher" in hook.requests[0].body


@pytest.mark.usefixtures("file")
def test_a_sample_that_does_not_arrive_says_why() -> None:
    result = called("test", "hook")
    assert result.exit_code == 1
    assert "watcher: hook: not delivered: " in result.stderr


@pytest.mark.usefixtures("file")
def test_a_channel_that_is_not_there_is_named_with_those_that_are() -> None:
    assert "no channel named 'tem'; configured channels: console, hook" in called("test", "tem").stderr


class TestRecord:
    @pytest.mark.usefixtures("file")
    def test_there_is_none_before_the_first_poll(self) -> None:
        for command in ("events", "outbox", "status", "history x"):
            result = called(*command.split())
            assert result.exit_code == 1
            assert "there is no store at" in result.stderr

    @pytest.mark.usefixtures("told")
    def test_events_are_a_table_for_people_the_newest_last(self) -> None:
        lines = called("events").output.splitlines()
        assert lines[0].split() == ["WHEN", "ID", "WHAT"]
        assert "wetland/heron-large is new: $2.00 in, $8.00 out per M tokens" in lines[1]
        assert "acme/owl-2: prompt $1.25 → $1.50 (+20 %) per M tokens" in lines[2]

    @pytest.mark.usefixtures("told")
    def test_events_are_objects_for_machines(self) -> None:
        events = [
            json.loads(line) for line in called("events", "--json", "--kind", "price.*").output.splitlines()
        ]
        [event] = events
        assert event["type"] == "event"
        assert (event["kind"], event["subject"]) == ("price.changed", "acme/owl-2")
        assert event["before"]["prompt"] == "0.00000125"
        assert event["after"]["completion"] == "0.00001"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["at"])
        assert called("events", "--model", "nobody/*").stderr == "No events about nobody/* yet.\n"

    @pytest.mark.usefixtures("told")
    def test_a_pattern_for_events_means_what_it_means_in_a_rule(self) -> None:
        others = called("events", "--json", "--kind", "!price.*").output.splitlines()
        assert [json.loads(line)["kind"] for line in others] == ["model.added"]
        assert called("events", "--kind", "!").exit_code == 2

    @pytest.mark.usefixtures("told")
    def test_history_shows_what_the_list_showed(self) -> None:
        shown = called("history", "acme/owl-2").output
        assert "prompt      $1.25 per M tokens" in shown
        assert "prompt      $1.50 per M tokens" in shown
        assert "context     131,072 tokens" in shown
        assert "listed      yes" in shown
        objects = [json.loads(line) for line in called("history", "acme/owl-2", "--json").output.splitlines()]
        assert {"prompt": "0.0000015"} in [{entry["field"]: entry["value"]} for entry in objects]

    @pytest.mark.usefixtures("told")
    def test_a_model_that_is_not_known_is_met_with_one_that_is(self) -> None:
        assert (
            "no model or event named 'acme/owl2'; did you mean acme/owl-2?"
            in called("history", "acme/owl2").stderr
        )
        assert "no model or event named 'zzz'\n" in called("history", "zzz").stderr

    def test_the_outbox_shows_where_messages_stand_and_queues_dead_ones_again(self, told: Path) -> None:
        with Store.open(told.parent / "watcher.db") as store:
            [first] = store.outbox.claim([due(store, utc_now() + DAY)[0][:1]])
            store.outbox.finish(first, Outcome(Verdict.REFUSED, "HTTP 404 no_service"), utc_now(), [None])
        shown = called("outbox").output
        assert re.search(r"1 +\d.* hook +dead +1 +wetland/heron-large is new", shown)
        assert "HTTP 404 no_service" in shown
        assert [json.loads(line)["state"] for line in called("outbox", "--json").output.splitlines()] == [
            "dead",
            "waiting",
        ]
        assert called("outbox", "--retry", "1").stderr.startswith("requeued 1;")
        assert called("outbox", "--retry", "all").stderr == "No dead letters.\n"
        assert "there is no dead letter 1" in called("outbox", "--retry", "1").stderr
        assert called("outbox", "--retry", "one").exit_code == 2

    def test_a_store_without_messages_says_so(self, file: Path) -> None:
        with Store.open(file.parent / "watcher.db"):
            pass
        assert called("outbox").stderr == "No messages yet.\n"
        assert called("events").stderr == "No events yet.\n"


class TestExplain:
    @pytest.mark.usefixtures("told")
    def test_a_model_shows_what_waits_its_last_news_and_every_rule(self) -> None:
        shown = called("explain", "acme/finch-mini").output
        assert "On hold: acme/finch-mini was removed without notice (was $0.15 in, $0.60 out" in shown
        assert re.search(
            r"since .* \(just now\); reported at .* if it lasts:\s+this is the usual hold for such a change",
            shown,
        )
        assert "  + Everything: reports to hook" in shown
        owl = called("explain", "acme/owl-2")
        assert "acme/owl-2: prompt $1.25 → $1.50 (+20 %) per M tokens" in owl.output
        assert owl.stderr == "No changes on hold.\n"

    @pytest.mark.usefixtures("told")
    def test_an_event_is_explained_by_its_number(self) -> None:
        number = json.loads(called("events", "--json", "--kind", "price.*").output)["id"]
        assert "Event of " in called("explain", number).output
        found = json.loads(called("explain", number, "--json").output)
        assert found["rules"] == [{"rule": "Everything", "tells": True, "channels": ["hook"], "unmet": []}]

    @pytest.mark.usefixtures("told")
    def test_what_waits_is_an_object_for_machines(self) -> None:
        lines = called("explain", "acme/finch-mini", "--json").output.splitlines()
        providers, found, *_ = map(json.loads, lines)
        assert (providers["type"], providers["note"], providers["offers"]) == ("providers", GONE, [])
        assert (found["type"], found["kind"]) == ("waiting", "model.removed")
        assert found["due_at"] > found["since"]
        assert found["reason"] == "this is the usual hold for such a change"

    def test_a_condition_that_is_not_met_is_named(self, told: Path) -> None:
        told.write_text(
            RULES.format(hook="json://127.0.0.1:9/x").replace("notify", "when: {author: nobody}, notify")
        )
        assert (
            "  - Everything: does not match: the author is nobody" in called("explain", "acme/owl-2").output
        )

    @pytest.mark.usefixtures("told")
    def test_what_is_not_known_is_met_with_what_is(self) -> None:
        assert (
            "no model or event named 'acme/owl3'; did you mean acme/owl-2?"
            in called("explain", "acme/owl3").stderr
        )


class TestStatus:
    def test_a_good_watcher_is_healthy(self, told: Path) -> None:
        told.write_text(told.read_text() + "sources: {feed: off}\n")
        result = called("status")
        assert result.exit_code == 0, result.output
        assert re.search(r"models +just now +- +ok", result.output)
        assert re.search(r"hook +never +2 \(oldest .*\) +0 +no data yet", result.output)
        assert "2 models, 1 change on hold" in result.output
        assert result.output.endswith("Healthy.\n")

    @pytest.mark.usefixtures("told")
    def test_a_source_that_never_answered_is_not_healthy(self) -> None:
        result = called("status", "--json")
        assert result.exit_code == 3
        found = json.loads(result.output)
        assert found["healthy"] is False
        assert found["problems"] == ["no good answer from the feed source yet"]
        assert found["sources"]["models"]["last_good"].endswith("Z")

    @pytest.mark.fault("I16")
    def test_a_source_that_fails_for_too_long_is_not_healthy(self, told: Path) -> None:
        settings = load.load(told, {})
        with Store.open(settings.store) as store:
            before = store.state()
            sources = {"models": type(before.sources["models"])("q", START, START + DAY, "timed out", 3)}
            store.commit(
                before,
                plan(type(before)(before.items, sources), Poll(START + 2 * DAY, {}), settings.settings),
            )
        result = called("status")
        assert result.exit_code == 3
        assert re.search(
            r"models +\d+ days ago +- +failing since 3 Nov 2026 08:00 UTC: timed out", result.output
        )
        assert "no good answer from the models source since 2 Nov 2026 08:00 UTC: timed out" in result.output

    @pytest.mark.fault("L22")
    def test_a_channel_that_gives_up_is_not_healthy(self, told: Path) -> None:
        told.write_text(told.read_text() + "sources: {feed: off}\n")
        with Store.open(told.parent / "watcher.db") as store:
            [first] = store.outbox.claim([due(store, utc_now() + DAY)[0][:1]])
            store.outbox.finish(first, Outcome(Verdict.REFUSED, "no"), utc_now(), [None])
        result = called("status")
        assert result.exit_code == 3
        assert "channel hook is failing; see `watcher outbox`" in result.output


def test_the_schema_is_printed_for_editors() -> None:
    assert json.loads(called("schema").output) == schema.schema()


@pytest.mark.usefixtures("told")
def test_colours_are_for_terminals_only() -> None:
    assert "\x1b" not in called("status").output
