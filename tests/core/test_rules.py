from dataclasses import replace
from typing import Any

import pytest

from tests.support.catalogs import OWL, START, document, priced
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.rules.price_terms import PriceTerms
from watcher.rules.route import Routing, Rule, route
from watcher.rules.values import Globs, Percent

TENTH = {"price": PriceTerms(rises_by=Percent.parse("10%"))}


def price_event(before: str, after: str, subject: str = "acme/owl-2", **more: Any) -> Event:
    old, new = ({"prompt": side, "completion": side} for side in (before, after))
    model = document(priced(OWL, after, after))
    return Event("id", START, Kind.PRICE_CHANGED, subject, old, new, model=model, **more)


def told(events: list[Event], *rules: Rule, remembered: Any = None) -> list[tuple[str, str]]:
    return [(match.rule, match.channel) for match in route(events, rules, remembered or {}).matches]


def test_a_rule_notifies_all_its_channels() -> None:
    assert told([price_event("1", "2")], Rule("any", ("team", "ops"))) == [("any", "team"), ("any", "ops")]


def test_every_condition_must_hold() -> None:
    rule = Rule("both", ("team",), {"event": Globs.parse("price.*"), "author": Globs.parse("wetland")})
    assert told([price_event("1", "2")], rule) == []
    assert rule.failing(price_event("1", "2"), {}) == ["author"]


def test_stop_hides_an_event_from_the_rules_below() -> None:
    first = Rule("first", ("team",), {"model": Globs.parse("acme/*")}, stop=True)
    second = Rule("second", ("ops",))
    events = [price_event("1", "2"), price_event("1", "2", "wetland/heron")]
    assert told(events, first, second) == [("first", "team"), ("second", "ops")]


@pytest.mark.fault("W7")
def test_a_slow_drift_reaches_a_rule_once_it_adds_up() -> None:
    rule = Rule("dearer", ("team",), TENTH)
    remembered: Any = {}
    heard = []
    for before, after in [("100", "104"), ("104", "108"), ("108", "112"), ("112", "116"), ("116", "122")]:
        routed = route([price_event(before, after)], [rule], remembered)
        remembered = routed.base_prices
        heard += [after for _ in routed.matches]
    assert heard == ["112"]
    again = route([price_event("122", "124")], [rule], remembered)
    assert len(again.matches) == 1, "10.7 % above the 112 that the rule told"


def test_each_rule_counts_from_what_it_last_reported() -> None:
    small = Rule("small", ("team",), {"price": PriceTerms(rises_by=Percent.parse("3%"))})
    large = Rule("large", ("team",), TENTH)
    remembered = route([price_event("100", "104")], [small, large], {}).base_prices
    assert remembered["small", "acme/owl-2"]["prompt"] == "104"
    assert remembered["large", "acme/owl-2"]["prompt"] == "100"


def test_only_price_changes_are_remembered() -> None:
    event = replace(price_event("1", "2"), kind=Kind.MODEL_ADDED)
    assert route([event], [Rule("dearer", ("team",), TENTH)], {}) == Routing((), {}, ())


def test_a_price_event_without_prices_does_no_harm() -> None:
    event = replace(price_event("1", "2"), before=None, after=None, model=None)
    assert told([event], Rule("dearer", ("team",), TENTH)) == []


@pytest.mark.parametrize("echo", ["acme/owl-2:batch", "~acme/owl-latest"])
@pytest.mark.parametrize(
    ("when", "is_told"),
    [
        ({}, False),
        ({"model": Globs.parse("*")}, False),
        ({"model": Globs.parse("!*:batch")}, False),
        ({"model": Globs.parse(["~*", "*:batch"])}, True),
        ({"variant": Globs.parse(["batch", "none"])}, True),
    ],
)
def test_batch_twins_and_aliases_stay_quiet_unless_asked_for(echo: str, when: Any, *, is_told: bool) -> None:
    assert bool(told([price_event("1", "2", echo)], Rule("rule", ("team",), when))) is is_told


def test_an_alias_that_points_elsewhere_is_news_of_its_own() -> None:
    event = replace(price_event("1", "2", "~acme/owl-latest"), kind=Kind.ALIAS_RETARGETED)
    assert told([event], Rule("rule", ("team",))) == [("rule", "team")]


def test_a_batch_twin_is_reported_with_its_model() -> None:
    events = [
        price_event("1", "2"),
        price_event("1", "2", "acme/owl-2:batch"),
        price_event("1", "2", "acme/x:batch"),
    ]
    matches = route(events, [Rule("rule", ("team",))], {}).matches
    assert [match.event.subject for match in matches] == ["acme/owl-2", "acme/owl-2:batch"]


@pytest.mark.fault("X20", "I10")
def test_a_rule_that_crashes_lets_the_event_through_and_harms_no_other_rule() -> None:
    broken: Any = {"model": "not a condition"}
    routed = route([price_event("1", "2")], [Rule("broken", ("team",), broken), Rule("good", ("ops",))], {})
    assert [(match.rule, match.channel) for match in routed.matches] == [("broken", "team"), ("good", "ops")]
    assert routed.faults == ("rule 'broken' failed on event id (AttributeError)",)


@pytest.mark.fault("L4")
def test_a_channel_is_not_notified_of_its_own_failure() -> None:
    event = replace(price_event("1", "2"), kind=Kind.CHANNEL_FAILING, subject="team")
    assert told([event], Rule("all", ("team", "ops"))) == [("all", "ops")]
