from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.catalogs import DAY, FINCH, HOUR, OWL, Story, listing, priced
from tests.support.offers import OWL_ID, Endpoint, asked, endpoint
from watcher.domain.news import Event, Notification
from watcher.domain.polls import Failure
from watcher.domain.providers import Market, OffersSnapshot
from watcher.news.floor import floor_of
from watcher.news.market import is_current
from watcher.news.settings import Settings
from watcher.openrouter.prices import apart
from watcher.rules.price_terms import PriceTerms
from watcher.rules.route import Rule
from watcher.rules.values import Percent

HERON, CRANE = endpoint("heron", "1.25", "10"), endpoint("crane", "1.5", "12")
CHEAPER = endpoint("heron", "1", "8")
DEARER = priced(OWL, "0.0000015", "0.000012")


class Watched(Story):
    """A catalog whose providers are asked too."""

    def asks(self, *endpoints: Endpoint, after: timedelta = HOUR, model: str = OWL_ID) -> list[Event]:
        return self.answers(after, endpoints=asked(*endpoints, model=model))

    def asks_for(self, time: timedelta, *endpoints: Endpoint) -> list[Event]:
        return [event for _ in range(int(time / HOUR)) for event in self.asks(*endpoints)]

    def shows_for(self, time: timedelta, *rows: Any) -> list[Event]:
        return [event for _ in range(int(time / HOUR)) for event in self.shows(*rows)]

    @property
    def market(self) -> Market:
        return self.state.markets[OWL_ID]


def begun(*endpoints: Endpoint) -> Watched:
    story = Watched()
    story.shows(OWL, FINCH)
    assert story.asks(*endpoints) == []
    return story


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


def test_the_first_look_at_a_model_is_the_baseline() -> None:
    story = begun(HERON, CRANE)
    assert story.market.floor
    assert story.market.floor.reported.tag == "heron"
    assert list(story.market.providers) == ["crane", "heron"]
    assert story.asks_for(2 * DAY, HERON, CRANE) == []


@pytest.mark.fault("Q1")
def test_a_provider_whose_price_cannot_be_read_has_neither_left_nor_changed() -> None:
    story = begun(HERON, CRANE)
    odd = {**HERON, "pricing": {"prompt": "cheap", "completion": "1"}}
    assert story.asks_for(3 * DAY, odd, CRANE) == []
    assert story.market.floor
    assert story.market.floor.seen.tag == "heron"
    assert story.asks_for(3 * DAY, HERON, CRANE) == []


def test_a_floor_that_moved_and_lasted_is_told_with_its_cause_and_who_asks_it() -> None:
    story = begun(HERON, CRANE)
    told = {event.kind.value: event for event in story.asks_for(10 * HOUR, CHEAPER, CRANE)}
    assert told.keys() == {"price.changed", "provider.price_changed"}
    event = told["price.changed"]
    assert event.subject == OWL_ID
    assert event.before == {"prompt": "0.00000125", "completion": "0.00001"}
    assert event.after == {"prompt": "0.000001", "completion": "0.000008"}
    assert [change.path for change in event.fields] == ["completion", "prompt"]
    assert (event.cause, event.provider) == ("Heron lowered its price", "heron")
    assert event.since == story.at - 9 * HOUR
    assert event.model
    assert event.model.price == event.after, "rules judge what is asked, not what the list shows"


@pytest.mark.parametrize(
    ("terms", "times"),
    [
        pytest.param(PriceTerms(rises_by=Percent.parse("10%")), 0, id="rises"),
        pytest.param(PriceTerms(falls_by=Percent.parse("10%")), 1, id="falls"),
    ],
)
def test_a_rule_judges_what_is_asked_whatever_the_list_shows(terms: PriceTerms, times: int) -> None:
    story = Watched(Settings((Rule("Mine", ("team",), {"price": terms}),)))
    story.shows(priced(OWL, "0.00001", "0.00008"), FINCH)
    story.asks(HERON, CRANE)
    told: list[Notification] = []
    for _ in range(10):
        story.asks(CHEAPER, CRANE)
        told += story.plan.notifications
    assert len(told) == times


def test_providers_that_come_and_leave_are_told_by_themselves() -> None:
    story = begun(HERON, CRANE)
    assert [(event.kind, event.provider, event.cause) for event in story.asks_for(2 * DAY, HERON)] == [
        ("provider.removed", "crane", "down to one provider")
    ]
    assert kinds(story.asks_for(DAY, HERON, CRANE)) == ["provider.added"]


def test_when_the_cheapest_leaves_both_that_and_the_price_are_told() -> None:
    story = begun(HERON, CRANE)
    told = story.asks_for(2 * DAY, CRANE)
    assert kinds(told) == ["price.changed", "provider.removed"]
    assert told[0].cause == "Heron, the cheapest so far, stopped offering it; Crane is now the cheapest"


def test_with_providers_known_another_price_in_the_row_is_another_provider_shown() -> None:
    story = begun(HERON, CRANE)
    [event] = story.shows_for(30 * HOUR, DEARER, FINCH)
    assert (event.kind, event.cause) == ("price.routed", "the host Crane now serves it")


def test_with_providers_known_a_price_is_told_once_not_by_the_list_too() -> None:
    story = begun(HERON)
    dearer = endpoint("heron", "1.5", "12")
    told = [
        event
        for _ in range(48)
        for event in [*story.shows(DEARER, FINCH), *story.asks(dearer, after=timedelta(0))]
    ]
    assert sorted(kinds(told)) == ["price.changed", "provider.price_changed"]


@pytest.mark.parametrize(
    ("endpoints", "days"),
    [pytest.param((HERON, CRANE), 2, id="several"), pytest.param((HERON,), 14, id="single")],
)
def test_when_looks_stop_for_long_the_list_takes_over(endpoints: tuple[Endpoint, ...], days: int) -> None:
    story = begun(*endpoints)
    assert is_current(story.market, story.at + days * DAY)
    assert not is_current(story.market, story.at + days * DAY + HOUR)
    story.shows_for(days * DAY, OWL, FINCH)
    [event] = story.shows_for(30 * HOUR, DEARER, FINCH)
    assert (event.kind, event.cause) == ("price.changed", "as OpenRouter lists it")


def test_without_a_fixed_price_of_any_provider_the_list_speaks() -> None:
    story = begun(endpoint("heron", "-1", "-1"))
    assert not is_current(story.market, story.at)
    assert kinds(story.shows_for(30 * HOUR, DEARER, FINCH)) == ["price.changed"]


def test_a_price_that_becomes_fixed_is_a_baseline_too() -> None:
    story = begun(endpoint("heron", "-1", "-1"))
    assert story.asks_for(2 * DAY, HERON) == []
    assert is_current(story.market, story.at)


def test_an_answer_without_any_offer_says_nothing() -> None:
    story = begun(HERON, CRANE)
    before = story.market
    assert story.asks_for(3 * DAY) == []
    assert (story.market.floor, story.market.providers) == (before.floor, before.providers)
    assert story.market.answered_at == before.answered_at
    assert story.market.asked_at == story.at


def test_a_model_that_gave_no_answer_is_noted_and_keeps_what_is_known() -> None:
    story = begun(HERON)
    known = story.market.floor
    for number in (1, 2):
        story.answers(HOUR, endpoints=OffersSnapshot({}, {OWL_ID: "HTTP 404", "acme/ghost": "HTTP 404"}))
        assert (story.market.failures, story.market.floor) == (number, known)
    assert list(story.state.markets) == [OWL_ID], "only what the list knows"
    story.asks(HERON)
    assert story.market.failures == 0


def test_aliases_and_unknown_models_are_set_aside() -> None:
    story = Watched()
    alias = OWL | {"id": "~acme/owl-latest", "alias_target": {"slug": OWL_ID}}
    story.shows(OWL, alias)
    for model in ("~acme/owl-latest", "acme/ghost"):
        story.asks(HERON, model=model)
    assert story.state.markets == {}


def test_what_was_known_of_a_model_that_is_forgotten_goes_with_it() -> None:
    story = Watched(settings=None)
    story.shows(OWL)
    story.answers(HOUR, models=listing([OWL, FINCH], story.at, "http://other.test/"))
    story.asks(HERON)
    items = {model: item for model, item in story.state.items.items() if model != OWL_ID}
    story.state = type(story.state)(items, story.state.sources, markets=story.state.markets)
    story.shows(FINCH)
    assert story.state.markets == {}


@pytest.mark.fault("I16")
def test_a_source_that_refuses_is_told_once_and_so_is_its_end() -> None:
    story = begun(HERON)
    down = OffersSnapshot({}, reason="HTTP 403 Forbidden")
    told = [event for _ in range(20) for event in story.answers(HOUR / 2, endpoints=down)]
    assert [(event.kind, event.subject, event.cause) for event in told] == [
        ("source.failing", "endpoints", "HTTP 403 Forbidden")
    ]
    assert story.market.failures == 0, "it is not this model's failure"
    assert kinds(story.asks(HERON)) == ["source.recovered"]


def test_a_source_that_breaks_off_keeps_what_was_answered_before() -> None:
    story = begun(HERON)
    found = asked(CHEAPER)
    story.answers(HOUR, endpoints=OffersSnapshot(found.offers, reason="timed out"))
    assert story.market.floor
    assert story.market.floor.seen.prompt == "0.000001"


PRICES = st.sampled_from(["0", "-1", "1", "1.02", "1.04", "1.5", "2", "2.02", "3"])
TAGS = st.sampled_from(["heron", "heron/fp8", "owl", "crane"])
ENDPOINTS = st.lists(
    st.builds(
        lambda tag, prompt, completion, discount, context: endpoint(
            tag, prompt, completion, context_length=context, pricing={"discount": discount}
        ),
        TAGS,
        PRICES,
        PRICES,
        st.sampled_from([0, 0.25, 0.5]),
        st.sampled_from([1000, 2000, None]),
    ),
    max_size=3,
)
LISTS = st.lists(st.tuples(PRICES, st.sampled_from([1000, 2000])), max_size=1)
STEPS = st.lists(
    st.tuples(
        st.sampled_from([timedelta(minutes=5), HOUR, 6 * HOUR, DAY, 9 * DAY]),
        st.one_of(
            ENDPOINTS.map(lambda found: ("endpoints", asked(*found))),
            st.just(("endpoints", OffersSnapshot({}, {OWL_ID: "HTTP 404"}))),
            st.just(("endpoints", OffersSnapshot({}, reason="HTTP 403"))),
            LISTS.map(lambda shown: ("models", shown)),
            st.just(("models", Failure("down"))),
        ),
    ),
    min_size=1,
    max_size=25,
)


def row_of(prompt: str, context: int) -> dict[str, Any]:
    price = prompt if prompt.startswith("-") else f"{prompt}e-6"
    return priced(OWL, price, price) | {"top_provider": {"context_length": context}}


def after_all(steps: list[Any]) -> tuple[Watched, list[Event]]:
    story, events = Watched(), list[Event]()
    story.shows(OWL, FINCH)
    for after, (source, found) in steps:
        if source == "models" and isinstance(found, list):
            events += story.shows(FINCH, *(row_of(*shown) for shown in found), after=after)
        else:
            events += story.answers(after, **{source: found})
    return story, events


@given(STEPS)
@pytest.mark.fault("I7")
def test_whatever_providers_and_list_say_ids_are_distinct_and_a_replay_gives_the_same(
    steps: list[Any],
) -> None:
    _, events = after_all(steps)
    assert len({event.id for event in events}) == len(events)
    assert events == after_all(steps)[1]


@given(STEPS, ENDPOINTS)
@pytest.mark.fault("I6")
def test_a_floor_that_was_steady_for_two_days_has_been_told(steps: list[Any], last: list[Endpoint]) -> None:
    story, events = after_all(steps)
    for _ in range(9):
        events += story.asks(*last, after=6 * HOUR)
    floor = floor_of(asked(*last).offers[OWL_ID].values())
    if floor is None or OWL_ID not in story.state.markets:
        return
    assert story.market.floor
    assert apart(story.market.floor.reported.price, floor.price) < 0.05
    assert story.market.floor.steps == ()
    by_floor = [event for event in events if event.kind == "price.changed" and event.provider]
    if by_floor:
        assert by_floor[-1].after == story.market.floor.reported.price
