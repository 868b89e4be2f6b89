"""Which way a price goes as a whole, and that no change is a rise for one rule and a fall for another."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.catalogs import START, document
from watcher.cli.demo import row
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.messages.crowds import move
from watcher.openrouter import prices
from watcher.openrouter.units import main_unit, output_in, output_of, show_price
from watcher.rules.price_terms import PriceTerms
from watcher.rules.route import Rule, route
from watcher.rules.values import Percent, Price

TENTH = Percent.parse("10%")


def tokens(prompt: str, completion: str, **more: str) -> dict[str, str]:
    return {"prompt": prompt, "completion": completion, **more}


def event(before: dict[str, str], after: dict[str, str]) -> Event:
    return Event(
        "1",
        START,
        Kind.PRICE_CHANGED,
        "acme/owl-2",
        before,
        after,
        model=document(row("acme/owl-2", "0", "0") | {"pricing": after}),
    )


@pytest.mark.parametrize(
    ("before", "after", "way"),
    [
        (tokens("1", "4"), tokens("2", "4"), 1),
        (tokens("1", "4"), tokens("2", "2"), 1),
        (tokens("1", "4"), tokens("2", "0.5"), -1),
        (tokens("1", "4"), tokens("2", "1"), 0),
        (tokens("1", "4"), tokens("1", "4"), 0),
        (tokens("0", "0"), tokens("1", "4"), 1),
        (tokens("1", "4"), tokens("-1", "5"), 1),
        (tokens("1", "4"), {"prompt": "0.5"}, -1),
        (tokens("0", "0", image="0.04"), tokens("0", "0", image="0.05"), 1),
        (tokens("0", "0", image="0.04"), tokens("0", "0"), -1),
        (tokens("0", "0", image="0.04", request="1"), tokens("0", "0", image="0.05", request="1"), 1),
        (tokens("0", "0", image="0.04"), tokens("0", "0", image="0.04"), 0),
        ({}, tokens("1", "4"), 0),
        (None, None, 0),
    ],
)
def test_a_price_goes_the_way_of_what_the_usual_mix_costs(before: Any, after: Any, way: int) -> None:
    assert prices.direction(before, after) == way
    assert prices.direction(after, before) == -way


def test_a_team_may_use_another_mix() -> None:
    before, after = tokens("1", "4"), tokens("2", "3")
    assert prices.direction(before, after) == 1
    assert prices.direction(before, after, mix=(1, 9)) == -1
    assert prices.blend(before, (1, 9)) == 37


def test_a_crowd_counts_a_price_by_the_way_it_went() -> None:
    both_ways = event(tokens("1", "4"), tokens("1.1", "2"))
    assert str(move(both_ways)) == "-0.5"
    assert move(event(tokens("1", "4"), tokens("2", "1"))) is None


@pytest.mark.parametrize(
    ("of", "before", "after", "met"),
    [
        ("either", tokens("1", "4"), tokens("1.2", "4"), "rises"),
        ("either", tokens("1", "4"), tokens("1.2", "2"), "falls"),
        ("either", tokens("1", "4"), tokens("1.02", "4"), None),
        ("prompt", tokens("1", "4"), tokens("1.2", "2"), "rises"),
        ("completion", tokens("1", "4"), tokens("1.2", "2"), "falls"),
        ("prompt", tokens("1", "4"), tokens("1", "2"), None),
    ],
)
def test_a_rule_goes_by_the_whole_or_by_the_price_it_names(
    of: Any, before: dict[str, str], after: dict[str, str], met: str | None
) -> None:
    assert PriceTerms(rises_by=TENTH, of=of).hold(before, after) is (met == "rises")
    assert PriceTerms(falls_by=TENTH, of=of).hold(before, after) is (met == "falls")


def test_a_slow_drift_adds_up_but_a_step_back_is_no_rise() -> None:
    terms, base = PriceTerms(rises_by=TENTH), tokens("1", "4")
    assert terms.hold(base, tokens("1.2", "4"), tokens("1.1", "4"))
    assert not terms.hold(base, tokens("1.2", "4"), tokens("1.3", "4"))


AMOUNTS = st.sampled_from(["0", "0.000001", "0.0000011", "0.000002", "0.00001", "-1"])
PRICES = st.fixed_dictionaries(
    {"prompt": AMOUNTS, "completion": AMOUNTS}, optional={"image": AMOUNTS, "request": AMOUNTS}
)


@given(PRICES, PRICES, PRICES, PRICES, st.sampled_from(["either", "prompt", "completion"]))
def test_no_change_is_dearer_for_one_rule_and_cheaper_for_another(
    before: dict[str, str], after: dict[str, str], one: dict[str, str], other: dict[str, str], of: Any
) -> None:
    dearer = Rule("Dearer", ("dearer",), {"price": PriceTerms(rises_by=TENTH, of=of)})
    cheaper = Rule("Cheaper", ("cheaper",), {"price": PriceTerms(falls_by=TENTH, of=of)})
    bases = {("Dearer", "acme/owl-2"): one, ("Cheaper", "acme/owl-2"): other}
    matches = route([event(before, after)], [dearer, cheaper], bases).matches
    assert len(matches) <= 1


class TestUnits:
    @pytest.mark.parametrize(
        ("output", "pricing", "shown"),
        [
            (["transcription"], tokens("0.0001", "0"), "$0.0001 per second"),
            (["transcription"], tokens("0.1", "0"), "$0.10 per unit"),
            (
                ["transcription"],
                tokens("0.00000125", "0.000005"),
                "$1.25 in, $5.00 out per M tokens",
            ),
            (["speech"], tokens("0.00003", "0"), "$30.00 per M characters"),
            (["speech"], tokens("0", "0.0025"), "$0.0025 per unit"),
            (["speech"], tokens("0.0000005", "0.000009"), "$0.50 in, $9.00 out per M tokens"),
            (["speech"], tokens("0", "0"), "free"),
            (["text"], tokens("0.0001", "0"), "$100.00 in, free out per M tokens"),
            (None, tokens("0.0001", "0"), "$100.00 in, free out per M tokens"),
        ],
    )
    def test_a_model_is_paid_by_what_it_sells(self, output: Any, pricing: dict[str, str], shown: str) -> None:
        assert show_price(pricing, output) == shown

    @pytest.mark.parametrize(
        ("key", "unit"),
        [
            ("video_second", "per second"),
            ("duration", "per second"),
            ("audio_minute", "per minute"),
            ("input_characters", "per M characters"),
            ("video_token", "per M tokens"),
        ],
    )
    def test_a_price_that_is_new_to_us_has_the_unit_in_its_name(self, key: str, unit: str) -> None:
        assert prices.unit_of(key) == unit
        amount = "$1,000,000.00" if " M " in unit else "$1.00"
        assert prices.show({key: "1"}, key) == f"{amount} {unit}"

    @pytest.mark.parametrize("capabilities", [None, {}, {"output": None}, {"output": "text"}, "text"])
    def test_an_unknown_output_is_unknown(self, capabilities: Any) -> None:
        assert output_in(capabilities) is None
        assert output_of(None) is None

    def test_a_rule_about_the_price_of_tokens_is_not_about_seconds(self) -> None:
        whisper = row("acme/whisper", "0.0001", "0")
        heard = whisper | {"architecture": whisper["architecture"] | {"output_modalities": ["transcription"]}}
        assert main_unit(output_of(document(heard)), heard["pricing"]) == "per second"
        rule = Rule("Expensive", ("team",), {"price": PriceTerms(above=Price.parse("$50/M"))})
        added = Event("1", START, Kind.MODEL_ADDED, "acme/whisper", model=document(heard))
        assert not rule.matches(added, {})
        assert rule.matches(Event("1", START, Kind.MODEL_ADDED, "acme/whisper", model=document(whisper)), {})
