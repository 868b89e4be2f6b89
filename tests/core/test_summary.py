"""The state on demand: what leaves, what changed, what waits."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, START, Row, Story, feed_of, priced
from watcher.domain.letter import Letter
from watcher.domain.mutes import Mute
from watcher.domain.news import Event
from watcher.domain.policy import HOLDS, Policy
from watcher.forms.as_text import as_text
from watcher.news.causes import LISTED
from watcher.news.holds import Moment
from watcher.news.outlook import outlook
from watcher.news.settings import Settings
from watcher.reports.summary import MOST, Situation, earlier, summary

AT_ONCE = Settings(policy=Policy(dict.fromkeys(HOLDS, timedelta(0))))


def reported(*polls: list[Row], policy: Settings = AT_ONCE, **more: Any) -> tuple[str, Letter]:
    """Report the state after some polls, an hour apart."""
    story, events = Story(policy), list[Event]()
    for rows in polls:
        events += story.shows(*rows)
    waits = [
        wait
        for model, item in story.state.items.items()
        for wait in outlook(model, item, Moment(story.at, story.at - HOUR), policy.policy)
    ]
    return summary(Situation(story.at, START, story.state.items, events, waits, **more))


def lines(letter: Letter) -> list[str]:
    return [line for line in as_text(letter).splitlines() if not line.startswith("  ")]


def expiring(day: str, name: str = "acme/owl-2") -> Row:
    return OWL | {"id": name, "expiration_date": day}


def test_what_leaves_is_a_countdown() -> None:
    title, letter = reported(
        [expiring("2026-12-20"), expiring("2026-11-04", "acme/b"), expiring("2026-11-01", "acme/c")]
    )
    assert title == "OpenRouter on Mon 2 Nov 2026: 3 leave"
    assert letter.preview == "3 leave"
    assert lines(letter)[:4] == [
        "LEAVING OPENROUTER",
        "• acme/c was to leave on Sun 1 Nov 2026; still listed",
        "• acme/b leaves in 2 days (Wed 4 Nov 2026)",
        "• acme/owl-2 leaves in 48 days (Sun 20 Dec 2026)",
    ]
    assert [entry.severity for entry in letter.sections[0].entries] == ["critical", "critical", "warning"]
    assert letter.severity == "critical"
    assert letter.sections[0].entries[0].link == "https://openrouter.ai/acme/c"


def test_what_was_acknowledged_says_so_and_is_less_urgent() -> None:
    _, letter = reported(
        [expiring("2026-11-04")], mutes=[Mute(1, "acme/owl-2", START, fact="2026-11-04", held=1)]
    )
    shown = lines(letter)
    assert shown[1] == "• acme/owl-2 leaves in 2 days (Wed 4 Nov 2026); acknowledged"
    assert "• Reminders of acme/owl-2 are held back; 1 event so far" in shown
    assert letter.severity == "warning"


def test_a_batch_variant_with_the_same_date_and_an_alias_are_no_lines_of_their_own() -> None:
    alias = expiring("2026-11-20", "~acme/owl-latest")
    twin, other = expiring("2026-11-20", "acme/owl-2:batch"), expiring("2026-11-21", "acme/x:batch")
    title, _ = reported([expiring("2026-11-20"), twin, other, alias])
    assert title.endswith("2 leave")


def test_prices_are_net_and_the_largest_move_comes_first() -> None:
    title, letter = reported(
        [OWL, HERON],
        [priced(OWL, "0.000002", "0.00001"), HERON],
        [priced(OWL, "0.0000025", "0.00001"), priced(HERON, "0.000002", "0.000004")],
    )
    assert title.endswith("2 prices changed")
    assert lines(letter)[1:3] == [
        "• acme/owl-2: prompt $1.25 → $2.50 (+100 %) per M tokens, in 2 steps",
        f"• wetland/heron-large: completion $8.00 → $4.00 (-50 %) per M tokens ({LISTED})",
    ]
    assert len(letter.data) == 3


def test_a_price_that_came_back_to_where_it_was_is_left_out() -> None:
    story = Story(AT_ONCE)
    story.shows(OWL)
    [rise] = story.shows(priced(OWL, "1", "1"))
    fall = replace(rise, before=rise.after, after=rise.before)
    situation = Situation(START, START, story.state.items, [rise, fall])
    assert summary(situation)[0].endswith("nothing leaves, nothing changed")


def test_a_price_event_that_lost_its_prices_does_no_harm() -> None:
    story = Story(AT_ONCE)
    story.shows(OWL)
    [event] = story.shows(priced(OWL, "1", "1"))
    situation = Situation(START, START, story.state.items, [replace(event, before=None)])
    assert summary(situation)[0].endswith("nothing leaves, nothing changed")


def test_what_is_there_is_new_and_what_is_not_is_gone() -> None:
    title, letter = reported([OWL], [OWL, FINCH, HERON], [OWL, HERON], [OWL, HERON])
    assert title.endswith("1 new, 1 gone")
    assert [line.split()[1] for line in lines(letter) if line.startswith("•")][:2] == [
        "wetland/heron-large",
        "acme/finch-mini",
    ]
    title, letter = reported([OWL, FINCH, HERON], [OWL, FINCH], [OWL, FINCH], [OWL, FINCH])
    assert title.endswith("1 gone")
    title, _ = reported([OWL, FINCH], [OWL], [OWL], [OWL, FINCH])
    assert title.endswith("1 new")


def test_what_left_so_long_ago_that_it_is_forgotten_is_gone() -> None:
    story = Story(AT_ONCE)
    story.shows(OWL, FINCH)
    story.shows(OWL)
    events = story.shows(OWL)
    items = {"acme/owl-2": story.state.items["acme/owl-2"]}
    assert summary(Situation(story.at, START, items, events))[0].endswith("1 gone")


def test_what_only_the_feed_shows_is_new() -> None:
    story = Story(AT_ONCE)
    story.shows(OWL)
    story.answers(HOUR, feed=feed_of({"acme/owl-2-20260901": "acme/owl-2"}, story.at))
    events = story.answers(
        HOUR, feed=feed_of({"acme/owl-2-20260901": "acme/owl-2", "new-1": "acme/new"}, story.at)
    )
    events += story.answers(
        HOUR, feed=feed_of({"acme/owl-2-20260901": "acme/owl-2", "new-1": "acme/new"}, story.at)
    )
    assert [event.subject for event in events] == ["acme/new"]
    assert summary(Situation(story.at, START, story.state.items, events))[0].endswith("1 new")


def test_what_waits_says_until_when() -> None:
    _, letter = reported(
        [OWL],
        [OWL | {"context_length": 5}],
        policy=Settings(),
        queues={"team": 2, "ops": 0},
        mutes=[Mute(1, "acme/*", START, START + DAY)],
    )
    assert lines(letter)[:4] == [
        "WAITING",
        "• acme/owl-2: context 131,072 → 5 tokens; news on 3 Nov 2026 10:00 UTC if it lasts",
        "• 2 messages for team; see `watcher outbox`",
        "• acme/* is muted until 3 Nov 2026 08:00 UTC; 0 events so far",
    ]


def test_what_is_wrong_with_watcher_comes_first() -> None:
    title, letter = reported([expiring("2026-12-20")], problems=["channel team is failing"])
    assert title.endswith(": 1 problem of watcher, 1 leaves")
    assert lines(letter)[:2] == ["WATCHER ITSELF", "• channel team is failing"]
    assert letter.severity == "critical"


def test_where_nothing_happened_it_says_so_and_that_watcher_is_healthy() -> None:
    title, letter = reported([OWL], zone=ZoneInfo("Europe/Berlin"))
    assert title == "OpenRouter on Mon 2 Nov 2026: nothing leaves, nothing changed"
    assert lines(letter) == [
        "WATCHER ITSELF",
        "• Healthy; 1 model listed",
        "",
        "Since 2 Nov 2026 09:00 CET · 2 Nov 2026 10:00 CET · dates are UTC days",
    ]
    assert letter.severity == "info"


def test_a_crowd_is_cut_and_says_how_many_there_are() -> None:
    title, letter = reported([expiring("2026-12-20", f"acme/m-{number}") for number in range(MOST + 5)])
    assert title.endswith("105 leave")
    assert (len(letter.sections[0].entries), letter.sections[0].count) == (MOST, "the first 100 of 105")


@pytest.mark.parametrize("name", ["~acme/owl-latest", "acme/owl-2:batch"])
def test_what_repeats_another_model_is_left_out(name: str) -> None:
    twin = OWL | {"id": name}
    title, _ = reported([OWL, FINCH], [OWL, FINCH, twin], [OWL, FINCH], [OWL, FINCH])
    assert title.endswith("nothing leaves, nothing changed")


def test_it_is_about_the_last_week_unless_asked() -> None:
    assert earlier(START) == START - 7 * DAY
