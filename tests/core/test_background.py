"""What a reader wants to know of an event besides what happened."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.core.test_market import Watched, begun
from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, START, Row, Story, document, listing, priced
from tests.support.offers import endpoint
from watcher.domain.kinds import Kind
from watcher.domain.news import Event, HistoryEntry
from watcher.domain.polls import Poll
from watcher.news.background import Known, with_facts
from watcher.news.plan import plan
from watcher.news.settings import Settings

SMALL = endpoint("heron", "1.25", "10")
CHEAPER = endpoint("heron", "1", "8")
CRANE = endpoint("crane", "1.25", "10")


class Remembering(Mapping[str, Sequence[HistoryEntry]]):
    """Past values that know for which models they were asked."""

    def __init__(self, entries: Sequence[HistoryEntry] = ()) -> None:
        self.entries, self.asked = entries, list[str]()

    def __getitem__(self, model: str) -> Sequence[HistoryEntry]:
        self.asked.append(model)
        return [entry for entry in self.entries if entry.model == model]

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def leaving(day: str | None = "2026-11-20", **more: Any) -> Row:
    return HERON | {"expiration_date": day, **more}


def only(events: list[Event], kind: Kind) -> Event:
    [event] = [event for event in events if event.kind is kind]
    return event


def test_a_poll_without_news_asks_for_no_past_values() -> None:
    charts = Remembering()
    story = Story()
    story.shows(OWL, FINCH)
    state = replace(story.state, charts=charts)
    quiet = plan(state, Poll(story.at + HOUR, {"models": listing([OWL, FINCH])}), Settings())
    assert (quiet.events, charts.asked) == ((), [])
    assert quiet.state.charts is charts
    news = plan(state, Poll(story.at + HOUR, {"models": listing([OWL, FINCH, HERON])}), Settings())
    assert [event.kind for event in news.events] == [Kind.MODEL_ADDED]
    assert charts.asked == []


def test_a_price_that_moved_has_its_trend_its_record_and_a_chart() -> None:
    story = begun(SMALL, CRANE)
    old = [
        HistoryEntry(START - 40 * DAY, str(OWL["id"]), f"floor.{key}", price)
        for key, price in (("prompt", "0.00000125"), ("completion", "0.00001"))
    ]
    story.state = replace(story.state, charts=Remembering(old))
    before = [*story.asks(CHEAPER, CRANE)]
    story.state = replace(story.state, charts=Remembering([*old, *story.plan.history]))
    event = only([*before, *story.asks_for(10 * HOUR, CHEAPER, CRANE)], Kind.PRICE_CHANGED)
    assert event.facts["trend"] == "████████▁"
    assert event.facts["record"] == "lowest in the 5 weeks seen"
    assert event.facts["notes"] == ["1 of 2 providers still asks the old price"]
    chart = event.facts["chart"]
    assert isinstance(chart, dict)
    assert chart["series"]["prompt"][-1][1] == "1"


def test_the_trend_of_a_provider_is_its_own() -> None:
    story = begun(SMALL, CRANE)
    story.asks(CHEAPER, CRANE)
    first = story.plan.history
    story.state = replace(story.state, charts=Remembering(first))
    event = only(story.asks_for(10 * HOUR, CHEAPER, CRANE), Kind.PROVIDER_PRICE_CHANGED)
    assert {entry.field for entry in first} == {
        f"{of}.{k}" for of in ("floor", "heron") for k in ("prompt", "completion")
    }
    assert "trend" not in event.facts, "one level is no trend"
    assert "record" not in event.facts


def test_a_price_that_only_the_list_shows_has_the_trend_of_its_row() -> None:
    entries: list[HistoryEntry] = []
    story = Story()
    for hours, price in ((0, "0.00000125"), (1, "0.000002"), (30, "0.000002")):
        story.state = replace(story.state, charts=Remembering(entries))
        events = story.shows(priced(OWL, price, "0.00001"), FINCH, after=hours * HOUR)
        entries += story.plan.history
    [event] = events
    assert (event.kind, event.facts["trend"]) == (Kind.PRICE_CHANGED, "▁████")
    assert event.facts["notes"] == ["since 2 Nov"]


@pytest.mark.parametrize(
    ("offers", "note"),
    [
        ([CHEAPER], []),
        ([CHEAPER, endpoint("crane", "1", "8")], ["2 of 2 providers ask this"]),
        ([CHEAPER, endpoint("crane", "1.1", "8.8")], ["the next cheapest of 2 providers asks 10 % more"]),
        ([CHEAPER, CRANE, endpoint("owl", "-1", "-1")], ["1 of 2 providers still asks the old price"]),
        ([CHEAPER, CRANE, endpoint("owl", "1.25", "10")], ["2 of 3 providers still ask the old price"]),
        ([endpoint("heron", "0", "0"), CRANE], []),
    ],
)
def test_what_the_other_providers_ask_is_said(offers: list[dict[str, Any]], note: list[str]) -> None:
    story = begun(SMALL, CRANE) if len(offers) > 1 else begun(SMALL)
    cheaper = only(story.asks_for(10 * HOUR, *offers), Kind.PRICE_CHANGED)
    assert cheaper.facts.get("notes", []) == note


def test_another_host_in_the_list_says_what_the_cheapest_asks() -> None:
    story = begun(SMALL, endpoint("crane", "2.5", "20"))
    event = only(story.shows_for(30 * HOUR, priced(OWL, "0.0000025", "0.00002"), FINCH), Kind.PRICE_ROUTED)
    assert (event.cause, event.provider) == ("the host Crane now serves it", "crane")
    assert event.facts["notes"] == ["Heron, the cheapest, asks $1.25 in, $10.00 out per M tokens"]


def test_the_list_may_come_to_show_the_cheapest() -> None:
    story = Watched()
    story.shows(priced(OWL, "0.0000025", "0.00002"), FINCH)
    story.asks(SMALL, CRANE, endpoint("owl", "2.5", "20"))
    event = only(story.shows_for(30 * HOUR, OWL, FINCH), Kind.PRICE_ROUTED)
    assert event.cause == "another host now serves it", "two ask this price"
    assert event.facts["notes"] == ["that is the price of the cheapest provider"]


def test_without_providers_nothing_is_said_of_them() -> None:
    routed = Event("1", START, Kind.PRICE_ROUTED, "acme/owl-2", {}, {})
    [found], faults = with_facts([routed], Known({}))
    assert (found, faults) == (routed, [])


def test_a_model_that_leaves_has_successors() -> None:
    story = Story()
    story.shows(HERON, OWL)
    [event] = story.shows(leaving(), OWL)
    assert event.facts["successors"] == [
        {"model": "acme/owl-2", "name": "Acme: Owl 2", "price": "1.8 % cheaper", "lost": []}
    ]
    story.shows(OWL)
    removed = only([*story.shows(OWL, after=2 * DAY)], Kind.MODEL_REMOVED)
    assert removed.facts["successors"] == event.facts["successors"]
    assert removed.facts["notes"] == ["not listed since 2 Nov"]


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (Kind.EXPIRATION_DESCRIBED, {"after": None, "model": document(HERON)}),
        (Kind.EXPIRATION_WITHDRAWN, {"before": "2026-11-20", "model": document(HERON)}),
        (Kind.EXPIRATION_ANNOUNCED, {"after": "2026-11-20", "model": None}),
        (Kind.EXPIRATION_ANNOUNCED, {"subject": "~wetland/heron-latest", "model": document(HERON)}),
        (Kind.EXPIRATION_ANNOUNCED, {"subject": "wetland/heron:batch", "model": document(HERON)}),
        (Kind.SOURCE_FAILING, {"subject": "models"}),
    ],
)
def test_nothing_is_proposed_for_what_stays_or_is_no_model_of_its_own(
    kind: Kind, more: dict[str, Any]
) -> None:
    story = Story()
    story.shows(HERON, OWL)
    event = Event(**{"id": "1", "at": START, "kind": kind, "subject": "wetland/heron-large", **more})
    [found], _ = with_facts([event], Known(story.state.items))
    assert "successors" not in found.facts


def test_an_event_whose_facts_cannot_be_found_is_news_without_them() -> None:
    class Broken(Remembering):
        def __getitem__(self, model: str) -> Sequence[HistoryEntry]:
            raise OSError(model)

    event = Event("1", START, Kind.PRICE_CHANGED, "acme/owl-2", facts={"started": "now"})
    assert with_facts([event], Known({}, charts=Broken())) == ([event], ["no facts for event 1 (OSError)"])


def test_the_id_of_an_event_does_not_depend_on_its_facts() -> None:
    def told(charts: Remembering) -> Event:
        story = Story()
        story.shows(OWL, FINCH)
        story.state = replace(story.state, charts=charts)
        story.shows(priced(OWL, "0.000002", "0.00001"), FINCH)
        [event] = story.shows(priced(OWL, "0.000002", "0.00001"), FINCH, after=timedelta(hours=30))
        return event

    past = [
        HistoryEntry(START - 50 * DAY, "acme/owl-2", key, price)
        for key, price in (("prompt", "0.000009"), ("completion", "0.00001"))
    ]
    past.append(HistoryEntry(START - 9 * DAY, "acme/owl-2", "prompt", "0.000001"))
    one, other = told(Remembering(past)), told(Remembering())
    assert one.facts != other.facts
    assert one.id == other.id
