"""What `watcher log` and `watcher explain` say of messages, from a real store."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, listing
from tests.support.due_messages import due
from tests.support.own_folder import answered, configured
from tests.support.sample_stores import run_sql
from watcher.cli.main import main
from watcher.config import load
from watcher.domain.delivery import Outcome, Verdict
from watcher.domain.polls import Poll
from watcher.news.plan import plan
from watcher.service.clock import utc_now
from watcher.store.store import Store

RULES = """\
channels: {team: "json://127.0.0.1:9/x", ops: "json://127.0.0.1:9/y"}
sources: {feed: off}
rules:
  - {name: New models, when: {event: model.added}, notify: team}
  - {name: Gone, when: {event: model.removed, author: nobody}, notify: ops}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return configured(tmp_path, RULES)


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    """A store with two messages for one channel, from two polls of the last hours."""
    settings, now = load.load(file, {}).settings, utc_now()
    with Store.open(file.parent / "watcher.db") as opened:
        for hours, rows in ((3, [OWL]), (2, [OWL, FINCH]), (1, [OWL, FINCH, HERON])):
            at = now - hours * HOUR
            answered(opened, settings, at, listing(rows, at))
        yield opened


def called(*arguments: str, columns: int = 200) -> Result:
    environment = {"WATCHER_CONFIG": None, "STATE_DIRECTORY": None, "COLUMNS": str(columns)}
    return CliRunner().invoke(main, arguments, env=environment)


def tried(store: Store, outcome: Outcome, *, again: bool = False) -> None:
    """Try to send all that waits, as one message."""
    now = utc_now()
    for batch in store.outbox.claim(due(store, now + DAY)):
        next_at = now + HOUR if again else None
        store.outbox.finish(batch, outcome, now, [next_at] * len(batch))


def event_of(store: Store, subject: str) -> str:
    [event] = store.events([subject])
    return event.id


class TestLog:
    def test_what_was_not_tried_yet_is_not_in_it(self, store: Store) -> None:
        assert store.outbox.messages() != []
        assert called("log").stderr == "Nothing was sent yet.\n"

    def test_it_says_what_arrived_with_the_words_of_the_provider(self, store: Store) -> None:
        tried(store, Outcome(Verdict.SENT, "HTTP 200: queued as 4711"))
        first, second, third = called("log").stdout.splitlines()[1:]
        assert first.split()[-6:] == ["1", "team", "sent", "acme/finch-mini", "is", "new"]
        assert second.strip() == "wetland/heron-large is new"
        assert third.strip() == "messages 1, 2, sent as one; HTTP 200: queued as 4711"

    def test_what_failed_is_tried_again_and_given_up_in_the_end(self, store: Store) -> None:
        tried(store, Outcome(Verdict.RETRY, "HTTP 500", unsure=True), again=True)
        shown = called("log").stdout
        assert shown.count(" failed ") == 2
        assert shown.count("; HTTP 500") == 2
        assert "possible repeat; next attempt " in shown
        run_sql(Path("watcher.db"), "update outbox set next_at = '2020-01-01T00:00:00Z'")
        tried(store, Outcome(Verdict.REFUSED, "HTTP 404 no_service"))
        shown = called("log").stdout
        assert shown.count("dead letter") == 2
        assert "2 attempts; possible repeat; HTTP 404 no_service" in shown

    def test_it_can_be_of_one_channel_or_since_a_time(self, store: Store) -> None:
        tried(store, Outcome(Verdict.SENT))
        assert "team" in called("log", "--channel", "team").stdout
        assert called("log", "--channel", "ops").stderr == "Nothing was sent yet.\n"
        tomorrow = f"{utc_now() + DAY:%Y-%m-%d}"
        assert called("log", "--since", tomorrow).stderr == "Nothing was sent since then.\n"
        yesterday = f"{utc_now() - DAY:%Y-%m-%d}"
        assert "team" in called("log", "--since", yesterday).stdout
        wrong = called("log", "--channel", "taem")
        assert (wrong.exit_code, wrong.stderr) == (
            1,
            "watcher: nothing was ever sent to a channel named 'taem'; did you mean team?\n",
        )

    def test_machines_get_an_object_for_each_message_that_was_sent(self, store: Store) -> None:
        tried(store, Outcome(Verdict.SENT, "ok"))
        [found] = [json.loads(line) for line in called("log", "--json").stdout.splitlines()]
        assert (found["type"], found["result"], found["messages"]) == ("sending", "sent", [1, 2])
        assert (found["channel"], found["attempts"], found["error"]) == ("team", 1, "ok")
        assert len(found["events"]) == 2
        assert found["sent_at"] is not None

    def test_no_secret_is_in_it(self, store: Store) -> None:
        tried(store, Outcome(Verdict.SENT))
        assert "127.0.0.1" not in called("log").stdout + called("log", "--json").stdout


class TestExplain:
    def test_what_was_sent_was_told_and_when(self, store: Store) -> None:
        tried(store, Outcome(Verdict.SENT))
        shown = called("explain", event_of(store, "wetland/heron-large")).stdout
        assert "What became of it:\n  team told on " in shown
        assert "as one with message 1" in shown

    def test_what_waits_is_not_told(self, store: Store) -> None:
        shown = called("explain", event_of(store, "acme/finch-mini")).stdout
        assert "  team waits: it is due, and is sent within a minute if watcher runs" in shown
        assert " told on " not in shown

    def test_quiet_hours_say_until_when(self, file: Path, store: Store) -> None:
        now = utc_now()
        hours = f"{now - HOUR:%H:00}-{now + 2 * HOUR:%H:00}"
        quiet = f'channels: {{team: {{url: "json://127.0.0.1:9/x", quiet: "{hours}"}}, ops: "json://h/y"}}'
        file.write_text("\n".join([quiet, "timezone: UTC", *RULES.splitlines()[1:]]))
        shown = called("explain", event_of(store, "acme/finch-mini")).stdout
        assert f"  team held until {(now + 2 * HOUR).day} " in shown
        assert f"quiet hours of the channel, {hours}" in shown

    def test_what_failed_says_why_and_when_it_is_tried_again(self, store: Store) -> None:
        tried(store, Outcome(Verdict.RETRY, "HTTP 500"), again=True)
        shown = called("explain", event_of(store, "acme/finch-mini")).stdout
        assert "  team held until " in shown
        assert ": it failed (HTTP 500) and is tried again" in shown

    def test_a_dead_letter_says_why_and_the_way_out(self, store: Store) -> None:
        tried(store, Outcome(Verdict.REFUSED, "HTTP 404"))
        shown = called("explain", event_of(store, "acme/finch-mini")).stdout
        assert "  team not told, given up on " in shown
        assert ": HTTP 404; see `watcher outbox --retry 1`" in shown

    def test_what_was_muted_says_by_what(self, file: Path, store: Store) -> None:
        called("mute", "acme/*", "--for", "7d", "--why", "planned")
        at, before = utc_now(), store.state()
        rows = [OWL, FINCH, HERON, OWL | {"id": "acme/owl-3"}]
        store.commit(
            before, plan(before, Poll(at, {"models": listing(rows, at)}), load.load(file, {}).settings)
        )
        number = event_of(store, "acme/owl-3")
        assert (
            "  team not told: the mute of acme/* held it back (planned)" in called("explain", number).stdout
        )
        called("unmute", "acme/*")
        assert "held it back" in called("explain", number).stdout, "also when the mute has ended"

    def test_what_no_rule_reports_says_so(self, file: Path, store: Store) -> None:
        run_sql(file.parent / "watcher.db", "delete from outbox")
        number = event_of(store, "acme/finch-mini")
        assert (
            "  team not told: its rule matches the event today, but no message was written when it happened"
        ) in called("explain", number).stdout
        file.write_text(RULES.replace("model.added", "price.changed"))
        shown = called("explain", number).stdout
        assert "Nobody was told: no rule reports it." in shown
        assert "What became of it" not in shown

    def test_machines_get_the_channels(self, store: Store) -> None:
        tried(store, Outcome(Verdict.SENT))
        lines = called("explain", event_of(store, "acme/finch-mini"), "--json").stdout.splitlines()
        [channel] = json.loads(lines[-1])["channels"]
        assert (channel["channel"], channel["fate"], channel["message"]) == ("team", "told", 1)

    def test_a_damaged_message_harms_no_other(self, store: Store) -> None:
        run_sql(Path("watcher.db"), "update outbox set events = '[' where id = 2")
        shown = called("explain", event_of(store, "acme/finch-mini"))
        assert "a row of outbox cannot be read" in shown.stderr or "team waits" in shown.stdout
