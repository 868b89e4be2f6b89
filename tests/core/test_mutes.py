"""What is muted or acknowledged is recorded but not reported, and comes back by itself."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, START, Story, priced
from watcher.domain.kinds import About, Kind
from watcher.domain.mutes import Mute
from watcher.domain.news import Event
from watcher.domain.policy import HOLDS, Policy
from watcher.domain.polls import Failure, Plan
from watcher.messages.lines import describe, title
from watcher.news.settings import Settings
from watcher.rules.mutes import covers, held_back
from watcher.rules.price_terms import PriceTerms
from watcher.rules.route import Rule, route
from watcher.rules.values import Globs, Percent

AT_ONCE = Policy(dict.fromkeys(HOLDS, timedelta(0)))
EVERYTHING = Rule("Everything", ("team",))
WEEK = 7 * DAY
MUTE = Mute(1, "acme/*", START, START + WEEK)
DATE = "2026-11-20"
ACK = Mute(1, "acme/owl-2", START, fact=DATE)
LEAVING = OWL | {"expiration_date": DATE}


def event(kind: Kind = Kind.PRICE_CHANGED, subject: str = "acme/owl-2", after: Any = None) -> Event:
    return Event("e", START, kind, subject, None, after)


class Muted(Story):
    """A catalog over time, with mutes; what a poll holds back is counted as the store does."""

    def __init__(self, *rules: Rule) -> None:
        super().__init__(Settings(rules or (EVERYTHING,), AT_ONCE))

    def mute(self, *mutes: Mute) -> None:
        self.state = replace(self.state, mutes=mutes)

    def told(self) -> list[str]:
        events = {event.id: event for event in self.plan.events}
        return [events[number].kind for message in self.plan.notifications for number in message.events]

    def count_held(self) -> None:
        held = [mute for _, mute in self.plan.held]
        mutes = (replace(mute, held=mute.held + held.count(mute.id)) for mute in self.state.mutes)
        self.state = replace(self.state, mutes=tuple(mutes))


@pytest.mark.parametrize(
    ("pattern", "subject", "is_covered"),
    [
        ("acme/owl-2", "acme/owl-2", True),
        ("ACME/*", "acme/owl-2", True),
        ("acme/owl-2", "acme/owl-2:batch", True),
        ("acme/owl-2", "acme/owl-2:free", False),
        ("acme/owl-2:batch", "acme/owl-2", False),
        ("wetland/*", "acme/owl-2", False),
        ("!wetland/*", "acme/owl-2", True),
        ("acme/*", "~acme/owl-latest", False),
    ],
)
def test_a_mute_covers_what_its_pattern_matches_in_rules(
    pattern: str, subject: str, *, is_covered: bool
) -> None:
    assert covers(replace(MUTE, pattern=pattern), event(subject=subject)) is is_covered


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind.row.about is not About.MODEL])
def test_what_is_wrong_with_watcher_or_the_catalog_cannot_be_muted(kind: Kind) -> None:
    assert not covers(replace(MUTE, pattern="*"), event(kind, "models"))


@pytest.mark.parametrize(
    ("kind", "subject", "date", "is_covered"),
    [
        (Kind.EXPIRATION_REMINDER, "acme/owl-2", DATE, True),
        (Kind.EXPIRATION_OVERDUE, "acme/owl-2", DATE, True),
        (Kind.EXPIRATION_REMINDER, "acme/owl-2:batch", DATE, True),
        (Kind.EXPIRATION_REMINDER, "acme/owl-2:free", DATE, False),
        (Kind.EXPIRATION_REMINDER, "acme/owl-2", "2026-11-21", False),
        (Kind.EXPIRATION_MOVED, "acme/owl-2", DATE, False),
        (Kind.MODEL_REMOVED, "acme/owl-2", None, False),
    ],
)
def test_an_acknowledgement_covers_only_what_repeats_its_date(
    kind: Kind, subject: str, date: str | None, *, is_covered: bool
) -> None:
    assert covers(ACK, event(kind, subject, date)) is is_covered


@pytest.mark.parametrize(
    ("mute", "after", "held"),
    [
        (MUTE, timedelta(0), {"e": 1}),
        (MUTE, WEEK - timedelta(seconds=1), {"e": 1}),
        (MUTE, WEEK, {}),
        (replace(MUTE, ended=START), HOUR, {}),
        (replace(MUTE, until=None), 100 * WEEK, {"e": 1}),
    ],
)
def test_it_holds_back_until_its_end(mute: Mute, after: timedelta, held: Mapping[str, int]) -> None:
    assert held_back([event()], [mute], START + after) == held


def test_the_oldest_of_several_mutes_counts_what_all_of_them_hold_back() -> None:
    assert held_back([event()], [MUTE, replace(MUTE, id=2)], START) == {"e": 1}


class TestMute:
    def test_events_are_recorded_but_not_told_and_counted_once(self) -> None:
        story = Muted(EVERYTHING, Rule("Prices", ("ops",), {"event": Globs.parse("price.*")}))
        story.shows(OWL, HERON)
        story.mute(MUTE)
        events = story.shows(priced(OWL, "1", "1"), priced(HERON, "1", "1"))
        assert len(events) == 2
        assert {number for message in story.plan.notifications for number in message.events} == {
            event.id for event in events if event.subject == "wetland/heron-large"
        }
        assert story.plan.held == tuple((event.id, 1) for event in events if event.subject == "acme/owl-2")
        assert all(event.subject != "acme/owl-2" for _, event in story.plan.matches)

    def test_what_no_rule_reports_is_not_held_back(self) -> None:
        story = Muted(Rule("Others", ("team",), {"author": Globs.parse("wetland")}))
        story.shows(OWL)
        story.mute(MUTE)
        story.shows(priced(OWL, "1", "1"))
        assert story.plan.held == ()

    def test_a_batch_variant_is_held_back_with_its_model(self) -> None:
        events = [event(), replace(event(subject="acme/owl-2:batch"), id="batch")]
        held = held_back(events, [replace(MUTE, pattern="acme/owl-2")], START)
        routed = route(events, [EVERYTHING], {}, held)
        assert (routed.matches, [match.event for match in routed.held]) == ((), events)

    def test_its_end_is_told_once_with_what_it_held_back(self) -> None:
        story = Muted()
        story.shows(OWL)
        story.mute(replace(MUTE, why="the move is planned"))
        story.shows(priced(OWL, "1", "1"))
        story.count_held()
        [ended] = story.shows(priced(OWL, "1", "1"), after=WEEK)
        assert story.told() == ["mute.ended"]
        assert title(ended) == "The mute of acme/* ended"
        assert describe(ended) == (
            "The mute of acme/* ended; 1 event was held back: "
            "`watcher events --since 2026-11-02T08:00Z --model 'acme/*'` (the move is planned)"
        )
        assert [(mute.id, mute.ended) for mute in story.plan.ended] == [(1, story.at)]
        assert story.state.mutes == ()
        assert story.shows(priced(OWL, "1", "1")) == []

    def test_one_that_held_nothing_back_ends_without_a_word(self) -> None:
        story = Muted()
        story.shows(OWL)
        story.mute(MUTE)
        assert story.shows(OWL, after=WEEK) == []
        assert [mute.id for mute in story.plan.ended] == [1]
        assert story.state.mutes == ()

    def test_what_happens_at_its_end_is_told(self) -> None:
        story = Muted()
        story.shows(OWL)
        story.mute(MUTE)
        story.shows(priced(OWL, "1", "1"), after=WEEK)
        assert story.told() == ["price.changed"]

    def test_a_clock_that_no_list_confirms_ends_none(self) -> None:
        story = Muted()
        story.shows(OWL)
        story.mute(replace(MUTE, held=1))
        assert story.answers(100 * WEEK, models=Failure("the clock is wrong", is_clock=True))[1:] == []
        assert [mute.id for mute in story.state.mutes] == [1]

    def test_how_much_was_held_back_is_said_only_if_it_is_known(self) -> None:
        assert describe(event(Kind.MUTE_ENDED, "acme/*")) == "The mute of acme/* ended"
        several = replace(event(Kind.MUTE_ENDED, "acme/owl-2", {"held": 3, "date": DATE}), since=START)
        assert describe(several) == (
            "The acknowledgement of acme/owl-2 ended; 3 events were held back: "
            "`watcher events --since 2026-11-02T08:00Z --model acme/owl-2`"
        )
        assert describe(replace(several, since=None)) == describe(several)


class TestBasePrice:
    DEARER = Rule("Dearer", ("team",), {"price": PriceTerms(rises_by=Percent.parse("10%"))})

    def prices(self, *prices: str, muted: int) -> list[str]:
        """Return the prices that are told, if a mute covers the change to the one of this number."""
        story, told = Muted(self.DEARER), []
        story.shows(priced(OWL, prices[0], prices[0]))
        for number, price in enumerate(prices[1:], 1):
            story.mute(*([replace(MUTE, until=story.at + 2 * HOUR)] if number == muted else []))
            story.shows(priced(OWL, price, price))
            told += [price for _ in story.plan.notifications]
        return told

    def test_a_price_that_was_held_back_is_none_from_which_a_rule_counts(self) -> None:
        assert self.prices("100", "150", "160", muted=1) == ["160"], "60 % above the 100 that was told"
        assert self.prices("100", "150", "160", muted=0) == ["150"]

    def test_a_price_that_fell_back_while_muted_is_no_rise(self) -> None:
        assert self.prices("100", "200", "102", muted=1) == []

    def test_a_rule_goes_on_counting_from_what_it_told_before_the_mute(self) -> None:
        assert self.prices("100", "120", "130", "138", muted=2) == ["120", "138"], "15 % above 120"


class TestAcknowledgement:
    def plan(self, *rows: Any, after: timedelta = HOUR) -> Plan:
        story = Muted()
        story.shows(LEAVING, FINCH)
        story.mute(ACK)
        story.shows(*rows, FINCH, after=after)
        self.story = story
        return story.plan

    def test_reminders_of_the_same_date_are_held_back(self) -> None:
        plan = self.plan(LEAVING, after=11 * DAY)
        assert [event.kind for event in plan.events] == ["expiration.reminder"]
        assert (len(plan.held), plan.notifications, plan.ended) == (1, (), ())
        self.story.shows(LEAVING, FINCH, after=WEEK)
        assert self.story.told() == []
        assert [event.kind for event in self.story.plan.events] == ["expiration.reminder"]
        self.story.shows(LEAVING, FINCH, after=2 * DAY)
        assert (self.story.told(), [event.kind for event in self.story.plan.events]) == (
            [],
            ["expiration.overdue"],
        )

    @pytest.mark.parametrize(
        ("row", "kind"),
        [
            ([OWL | {"expiration_date": "2026-11-25"}], "expiration.moved"),
            ([OWL], "expiration.withdrawn"),
        ],
    )
    def test_a_date_that_moves_or_is_withdrawn_is_told_and_ends_it(self, row: Any, kind: str) -> None:
        plan = self.plan(*row)
        assert kind in self.story.told()
        assert [mute.id for mute in plan.ended] == [1]
        assert self.story.state.mutes == ()

    def test_a_removal_is_told_and_ends_it(self) -> None:
        self.plan(after=11 * DAY)
        assert list(self.story.state.mutes) == [ACK], "a single answer proves no removal"
        self.story.shows(FINCH, after=2 * DAY)
        assert self.story.told() == ["model.removed"]
        assert list(self.story.state.mutes) == []

    def test_reminders_of_a_new_date_come_as_always(self) -> None:
        self.plan(OWL | {"expiration_date": "2026-11-25"})
        self.story.shows(OWL | {"expiration_date": "2026-11-25"}, FINCH, after=18 * DAY)
        assert self.story.told() == ["expiration.reminder"]

    def test_it_can_end_at_a_time_and_then_says_what_it_held_back(self) -> None:
        self.plan(LEAVING)
        self.story.mute(replace(ACK, until=START + 12 * DAY))
        self.story.shows(LEAVING, FINCH, after=11 * DAY)
        self.story.count_held()
        self.story.shows(LEAVING, FINCH, after=DAY)
        assert self.story.told() == ["mute.ended"]

    def test_one_that_ends_by_time_as_the_facts_change_lets_the_facts_speak(self) -> None:
        self.plan(LEAVING)
        self.story.mute(replace(ACK, until=START + WEEK, held=2))
        self.story.shows(OWL | {"expiration_date": "2026-11-25"}, FINCH, after=WEEK)
        assert self.story.told() == ["expiration.moved"]
        assert len(self.story.plan.ended) == 1
