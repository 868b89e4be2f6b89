from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, START, Row, Story, listing, priced
from watcher.cli.demo import row
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.domain.policy import HOLDS, Policy
from watcher.domain.polls import Poll
from watcher.news.plan import plan
from watcher.news.settings import Settings
from watcher.rules.route import Rule
from watcher.rules.values import Globs

AT_ONCE = Policy(dict.fromkeys(HOLDS, timedelta(0)))
EVERYTHING = Rule("Everything", ("team",))
MANY = [row(f"acme/model-{number:02}", "0.000001", "0.000002") for number in range(40)]


def telling(*rules: Rule) -> Story:
    return Story(Settings(rules or (EVERYTHING,), AT_ONCE))


class TestMessages:
    @pytest.mark.fault("L16")
    def test_a_channel_gets_one_message_a_poll_however_many_events(self) -> None:
        story = telling()
        story.shows(OWL, FINCH)
        story.shows(priced(OWL, "1", "1"), priced(FINCH, "1", "1"), HERON)
        [message] = story.plan.notifications
        assert message.channel == "team"
        assert len(message.events) == 3
        assert set(message.events) == {event.id for event in story.plan.events}

    @pytest.mark.fault("L17", "W16")
    def test_an_event_matched_by_several_rules_is_one_message_that_names_them(self) -> None:
        by_kind = Rule("By kind", ("team", "ops"), {"event": Globs.parse("price.*")})
        by_author = Rule("By author", ("ops",), {"author": Globs.parse("acme")})
        story = telling(by_kind, by_author)
        story.shows(OWL)
        story.shows(priced(OWL, "1", "1"))
        told = {message.channel: message for message in story.plan.notifications}
        assert told["team"].rules == ("By kind",)
        assert told["ops"].rules == ("By kind", "By author")
        assert len(told["ops"].events) == 1

    def test_without_news_there_is_no_message(self) -> None:
        story = telling()
        story.shows(OWL)
        story.shows(OWL)
        assert story.plan.notifications == ()


class TestMassChanges:
    @pytest.mark.fault("P13", "P21", "W19")
    def test_however_many_change_each_is_told_to_every_rule_that_matches_it(self) -> None:
        story = telling(EVERYTHING, Rule("Mine", ("me",), {"model": Globs.parse("acme/model-07")}))
        story.shows(*MANY)
        dearer = [priced(row, "0.000002", "0.000004") for row in MANY]
        events = story.shows(*dearer)
        assert [event.kind for event in events] == [Kind.PRICE_CHANGED] * 40
        told = {message.channel: message.events for message in story.plan.notifications}
        assert set(told["team"]) == {event.id for event in events}
        assert [event.subject for event in events if event.id in told["me"]] == ["acme/model-07"]

    @pytest.mark.fault("P8", "W6")
    def test_a_new_field_on_every_model_is_one_event_and_only_once(self) -> None:
        story = telling()
        story.shows(*MANY)
        [event] = story.shows(*(row | {"shiny": True} for row in MANY))
        assert event.cause == "The model list has a new field: shiny"
        assert story.shows(*MANY) == []
        assert story.shows(*(row | {"shiny": True} for row in MANY)) == []

    def test_several_new_fields_are_still_one_event(self) -> None:
        story = telling()
        story.shows(*MANY)
        [event] = story.shows(*(row | {"shiny": True, "bright": 1} for row in MANY))
        assert event.cause == "The model list has new fields: bright, shiny"


def test_history_keeps_every_charted_value_reported_or_not() -> None:
    story = Story()
    story.shows(OWL)
    first = {(entry.field, entry.value) for entry in story.plan.history}
    assert ("prompt", "0.00000125") in first
    assert ("context", "131072") in first
    story.shows(priced(OWL, "0.000002", "0.00001"))
    assert [(e.model, e.field, e.value) for e in story.plan.history] == [("acme/owl-2", "prompt", "0.000002")]
    story.shows(FINCH)
    assert ("acme/owl-2", "listed", "False") in {(e.model, e.field, e.value) for e in story.plan.history}


def test_a_plan_needs_no_feed_and_no_list() -> None:
    decided = plan(Story().state, Poll(START, {}), Settings())
    assert decided.events == ()


PRICES = st.sampled_from(["0.000001", "0.000002", "0.000003"])
CATALOGS = st.lists(
    st.fixed_dictionaries(
        {
            "prompt": PRICES,
            "context": st.sampled_from([1000, 2000]),
            "date": st.sampled_from([None, "2026-11-09", "2026-11-30"]),
            "is_listed": st.booleans(),
        }
    ),
    min_size=3,
    max_size=3,
)


def rows_of(catalog: Any) -> list[Row]:
    ids = ("acme/one", "acme/two", "acme/three")
    rows = [
        row(model, state["prompt"], "0.00001", context_length=state["context"], expiration_date=state["date"])
        for model, state in zip(ids, catalog, strict=True)
        if state["is_listed"]
    ]
    return [*rows, OWL]


def told(
    story: Story, catalogs: list[Any], every: timedelta = HOUR, *, backwards: bool = False
) -> list[Event]:
    events: list[Event] = []
    for catalog in catalogs:
        rows = rows_of(catalog)
        events += story.shows(*(reversed(rows) if backwards else rows), after=every)
    return events


@given(st.lists(CATALOGS, min_size=2, max_size=8))
@pytest.mark.fault("I7")
def test_the_order_of_the_list_never_matters_and_ids_are_reproducible(catalogs: list[Any]) -> None:
    forwards, backwards = told(Story(), catalogs, 8 * HOUR), told(Story(), catalogs, 8 * HOUR, backwards=True)
    assert forwards == backwards
    assert len({event.id for event in forwards}) == len(forwards)


@given(st.lists(CATALOGS, min_size=2, max_size=6))
@pytest.mark.fault("I6")
def test_whatever_lasts_is_announced_in_the_end(catalogs: list[Any]) -> None:
    story = Story()
    told(story, catalogs, 5 * HOUR)
    last = rows_of(catalogs[-1])
    for _ in range(4):
        story.shows(*last, after=3 * DAY)
    for model, document in listing(last, story.at).documents.items():
        announced = story.state.items[model].announced
        for aspect in ("listed", "price", "context", "expiration"):
            assert getattr(announced, aspect) == getattr(document, aspect)
        assert story.state.items[model].pending == {}


@given(CATALOGS, CATALOGS, st.integers(min_value=2, max_value=6))
def test_polling_more_often_loses_no_lasting_change(before: Any, after: Any, times: int) -> None:
    def news(every: timedelta) -> set[tuple[str, str, str]]:
        story = Story()
        told(story, [before])
        polls = int(4 * DAY / every)
        events = told(story, [after] * polls, every)
        return {(e.kind, e.subject, str(e.after)) for e in events if e.kind != "expiration.reminder"}

    assert news(12 * HOUR) == news(12 * HOUR / times)


@pytest.mark.fault("X2")
def test_the_same_event_has_the_same_id_after_a_crash() -> None:
    story = telling()
    story.shows(OWL)
    rows = [listing([priced(OWL, "1", "1")], START + DAY)]
    ids = [
        plan(story.state, Poll(START + DAY + late, {"models": rows[0]}), story.settings).events[0].id
        for late in (timedelta(0), HOUR)
    ]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("reminders", [(30, 14, 7, 1, 0), (3,), ()])
def test_reminders_are_as_configured(reminders: tuple[int, ...]) -> None:
    story = Story(Settings((EVERYTHING,), Policy(HOLDS, reminders)))
    leaving = OWL | {"expiration_date": "2026-12-05"}
    story.shows(FINCH, OWL)
    kinds = [event.kind for _ in range(33) for event in story.shows(FINCH, leaving, after=DAY)]
    assert kinds == ["expiration.announced", *["expiration.reminder"] * len(reminders)]
