"""Trouble of watcher's own: since when, what it means, what waits; its end, after how long."""

from datetime import timedelta

import pytest

from tests.support.catalogs import HOUR, OWL, START, Row, Story, listing
from watcher.domain.catalog import Json
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.domain.polls import Failure, Part, Poll, State, Trouble
from watcher.messages.lines import describe
from watcher.news.events import of_part
from watcher.news.plan import plan
from watcher.news.settings import Settings
from watcher.rules.route import Rule

AGO = START - 3 * HOUR


@pytest.mark.parametrize(
    ("part", "line"),
    [
        (
            ("source", "models"),
            (
                "No good answer from the model list since 2 Nov 2026 05:00 UTC, for 3 hours: timed out. "
                "Changes of prices, dates and models go unseen until it answers"
            ),
        ),
        (
            ("source", "feed"),
            (
                "No good answer from the feed since 2 Nov 2026 05:00 UTC, for 3 hours: timed out. "
                "New models are still seen in the model list"
            ),
        ),
        (
            ("source", "other"),
            "No good answer from the other source since 2 Nov 2026 05:00 UTC, for 3 hours: timed out",
        ),
        (
            ("channel", "ops"),
            (
                "Channel ops has been failing since 2 Nov 2026 05:00 UTC, for 3 hours: timed out; "
                "see `watcher outbox`"
            ),
        ),
        (
            ("store", "store"),
            (
                "watcher has not been able to use its store since 2 Nov 2026 05:00 UTC, for 3 hours, "
                "and reports nothing until it can: timed out"
            ),
        ),
        (
            ("list", "catalog"),
            "The model list has been incomplete since 2 Nov 2026 05:00 UTC, for 3 hours: timed out",
        ),
        (
            ("row", "acme/owl-2"),
            (
                "acme/owl-2: its row in the model list has not been readable since 2 Nov 2026 05:00 UTC, "
                "for 3 hours, so its changes may go unseen: timed out"
            ),
        ),
    ],
)
def test_a_trouble_says_since_when_and_what_it_means(part: Part, line: str) -> None:
    assert describe(of_part(part, "failing", START, 1, "timed out", since=AGO)) == line


@pytest.mark.parametrize(
    ("part", "line"),
    [
        (("channel", "ops"), "Channel ops is failing: full; see `watcher outbox`"),
        (("store", "store"), "watcher cannot use its store and reports nothing until it can: full"),
        (("list", "catalog"), "The model list is incomplete: full"),
        (
            ("row", "acme/owl-2"),
            "acme/owl-2: its row in the model list cannot be read, so its changes may go unseen: full",
        ),
    ],
)
def test_a_trouble_that_just_began_says_no_time(part: Part, line: str) -> None:
    assert describe(of_part(part, "failing", START, 1, "full", since=START)) == line


@pytest.mark.parametrize(
    ("part", "line"),
    [
        (("source", "models"), "The model list answers again"),
        (("source", "endpoints"), "The source of providers' prices answers again"),
        (("channel", "ops"), "Channel ops works again"),
        (("configuration", "rules.yaml"), "rules.yaml is valid and used again"),
        (("store", "store"), "watcher can use its store again"),
        (("row", "acme/owl-2"), "acme/owl-2 can be read again"),
    ],
)
def test_its_end_says_after_how_long(part: Part, line: str) -> None:
    assert describe(of_part(part, "recovered", START, 1, None)) == line
    assert describe(of_part(part, "recovered", START, 1, None, since=AGO)) == f"{line} after 3 hours"
    short = of_part(part, "recovered", START, 1, None, since=START - timedelta(seconds=9))
    assert describe(short) == f"{line} after less than a minute"


def test_a_list_that_is_complete_again_says_after_how_long() -> None:
    over = of_part(("list", "catalog"), "recovered", START, 1, None, since=AGO)
    assert describe(over) == "The model list is no longer incomplete, after 3 hours"


def test_a_source_that_fails_says_how_many_changes_wait_for_it() -> None:
    story = Story()
    story.shows(OWL)
    story.shows(OWL | {"context_length": 1000})
    for _ in range(3):
        events = story.answers(HOUR, models=Failure("timed out"))
        for event in events:
            assert event.facts == {"started": "2026-11-02T11:00:00Z", "waiting": 1}
            assert describe(event).endswith("go unseen until it answers; 1 change on hold waits for it")
        if events:
            break
    assert [event.kind for event in events] == [Kind.SOURCE_FAILING]
    [end] = story.shows(OWL | {"context_length": 1000})
    assert end.kind is Kind.SOURCE_RECOVERED
    assert describe(end).startswith("The model list answers again after ")


def test_a_channel_that_fails_says_how_many_messages_wait_for_it() -> None:
    row: Row = OWL
    trouble = {("channel", "ops"): Trouble("HTTP 404", is_final=True, waiting=3)}
    settings = Settings((Rule("Mine", ("ops",)),))
    [event] = plan(State(), Poll(START, {"models": listing([row])}, trouble), settings).events
    assert describe(event) == "Channel ops is failing: HTTP 404; 3 messages wait for it; see `watcher outbox`"


def test_facts_that_are_no_numbers_or_times_are_not_said() -> None:
    odd: dict[str, Json] = {"started": 5, "lasted": "long", "waiting": "many"}
    event = Event("1", START, Kind.CHANNEL_FAILING, "ops", cause="full", facts=odd)
    assert describe(event) == "Channel ops is failing: full; see `watcher outbox`"
    end = Event("1", START, Kind.CHANNEL_RECOVERED, "ops", facts=odd)
    assert describe(end) == "Channel ops works again"
