from dataclasses import replace
from datetime import datetime, timedelta

from tests.support.catalogs import DAY, HOUR, OWL, START, Row, Story
from tests.support.sample_history import offer
from watcher.domain.catalog import Item
from watcher.domain.kinds import Kind
from watcher.domain.policy import HOLDS
from watcher.domain.providers import Market, OffersSnapshot
from watcher.news.holds import Reason
from watcher.news.market import outlook
from watcher.news.outlook import Waiting
from watcher.reports.providers import GONE, NOT_ASKED, OFF, UNKNOWN, Providers, providers
from watcher.sources import endpoints

NAME = "acme/owl-2"
ACME = offer("Acme", "0.00000125", "0.00001")
MARSH = offer("Marsh Cloud", "0.000001", "0.000008")
DEARER = offer("Marsh Cloud", "0.0000012", "0.0000096")


def asked(story: Story, *rows: Row, after: timedelta = HOUR) -> None:
    story.answers(after, endpoints=OffersSnapshot({NAME: endpoints.read(rows)}))


def told(*looks: tuple[Row, ...]) -> Story:
    story = Story()
    story.shows(OWL)
    for rows in looks:
        asked(story, *rows)
    return story


def waits(story: Story) -> list[Waiting]:
    return outlook(NAME, story.state.markets[NAME], story.state.items[NAME], story.at, HOLDS)


def known(story: Story, *, is_off: bool = False, model: str = NAME) -> Providers:
    item = story.state.items.get(model, Item())
    return providers(model, item, story.state.markets.get(model, Market()), None, is_off=is_off)


def test_a_floor_that_waits_says_since_when_until_when_and_why() -> None:
    found = {wait.event.kind: wait for wait in waits(told((ACME, MARSH), (ACME, DEARER)))}
    floor = found[Kind.PRICE_CHANGED]
    assert (floor.since, floor.due_at, floor.reason) == (
        START + 3 * HOUR,
        START + 11 * HOUR,
        Reason.STEADY,
    )
    assert floor.event.after == {"prompt": "0.0000012", "completion": "0.0000096"}
    assert floor.event.at == START + 3 * HOUR
    assert found[Kind.PROVIDER_PRICE_CHANGED].due_at == floor.due_at


def test_a_restless_floor_says_so() -> None:
    story = told((ACME, MARSH), (ACME, DEARER), (ACME, MARSH), (ACME, DEARER))
    assert {(wait.reason, wait.due_at - wait.since) for wait in waits(story)} == {(Reason.RESTLESS, DAY)}


def test_providers_and_limits_that_wait_have_their_own_holds() -> None:
    story = told((ACME,), (ACME | {"context_length": 5}, MARSH | {"pricing": ACME["pricing"]}))
    assert {(w.event.kind, w.due_at - w.since, w.reason) for w in waits(story)} == {
        ("provider.added", 6 * HOUR, Reason.USUAL),
        ("provider.limits_changed", DAY, Reason.USUAL),
    }


def test_what_waits_is_reported_exactly_then() -> None:
    story = told((ACME, MARSH), (ACME, DEARER))
    foretold = {wait.event.id: wait.due_at for wait in waits(story)}
    reported = dict[str, datetime]()
    while story.at < START + 2 * DAY:
        asked(story, ACME, DEARER)
        reported |= {event.id: event.at for event in story.plan.events}
    assert reported == foretold


def test_nothing_waits_where_nothing_moved_or_nothing_is_known() -> None:
    story = told((ACME, MARSH), (ACME, MARSH))
    assert waits(story) == []
    assert outlook(NAME, Market(), story.state.items[NAME], story.at, HOLDS) == []


def test_offers_are_listed_cheapest_first_with_the_floor_and_who_asks_what_the_list_shows() -> None:
    found = known(told((ACME, MARSH)))
    assert [offer.provider for offer in found.offers] == ["Marsh Cloud", "Acme"]
    assert found.floor is not None
    assert (found.floor.seen.provider, found.since, found.shown_by) == ("Marsh Cloud", None, ("Acme",))
    assert found.note is None
    assert known(told((ACME, MARSH), (ACME, DEARER))).since == START + 3 * HOUR


def test_machines_get_every_offer_and_every_time() -> None:
    found = known(told((ACME, MARSH), (ACME, DEARER))).as_json(NAME)
    assert (found["type"], found["model"], found["asked_at"]) == ("providers", NAME, "2026-11-02T11:00:00Z")
    floor, offers = found["floor"], found["offers"]
    assert isinstance(floor, dict)
    assert isinstance(offers, list)
    assert (floor["prompt"], floor["since"]) == ("0.0000012", "2026-11-02T11:00:00Z")
    assert floor["reported"] == {
        "prompt": "0.000001",
        "completion": "0.000008",
        "provider": "Marsh Cloud",
        "tag": "marsh-cloud",
    }
    assert [(entry["tag"], entry["context"], entry["status"]) for entry in offers] == [
        ("marsh-cloud", 131072, 0),
        ("acme", 131072, 0),
    ]


def test_it_says_why_nothing_is_known() -> None:
    story = told()
    assert known(story).note == UNKNOWN
    assert known(story, is_off=True).note == OFF
    assert known(story, model=f"{NAME}:batch").note == NOT_ASKED
    assert known(story, model="acme/gone").note == GONE
    assert known(story).as_json(NAME)["floor"] is None


def test_requests_without_an_answer_are_counted_beside_what_is_known() -> None:
    story = told((ACME, MARSH))
    market = replace(story.state.markets[NAME], failures=3)
    found = providers(NAME, story.state.items[NAME], market, None, is_off=False)
    assert found.note == "requests without an answer since then: 3"
    assert len(found.offers) == 2
