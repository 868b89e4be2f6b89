"""Prices of other units than tokens: an image, a request, a search. Nothing that costs is free."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.catalogs import DAY, FINCH, HERON, HOUR, OWL, START, Row, Story, document, priced
from watcher.cli.demo import row
from watcher.domain.catalog import FieldChange
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.messages.lines import describe, title
from watcher.news.settings import Settings
from watcher.openrouter import prices
from watcher.openrouter.pricing import comparable
from watcher.rules.price_terms import PriceTerms
from watcher.rules.route import Rule
from watcher.rules.values import Globs, Percent, Price

ZERO = {"prompt": "0", "completion": "0"}
UNITS = (
    "audio",
    "audio_output",
    "image",
    "image_output",
    "image_token",
    "input_audio_cache",
    "input_cache_read",
    "input_cache_write",
    "input_cache_write_1h",
    "internal_reasoning",
    "request",
    "web_search",
)
"""Every price in the API's reference but prompt and completion."""
WEEK = timedelta(days=7)


def painter(image: str, prompt: str = "0") -> Row:
    """Give a model that charges for images."""
    base = row("acme/painter", prompt, "0")
    return base | {"pricing": base["pricing"] | {"image": image}}


class TestFree:
    @pytest.mark.parametrize("key", [*UNITS, "video_of_the_future"])
    def test_a_model_that_charges_for_any_unit_is_not_free(self, key: str) -> None:
        assert not prices.is_free({**ZERO, key: "0.04"})
        assert not prices.is_free({**ZERO, key: "-1"})
        assert prices.is_free({**ZERO, key: "0"})

    def test_a_price_at_times_or_for_long_prompts_is_a_price(self) -> None:
        assert not prices.is_free({**ZERO, "overrides": {"min_prompt_tokens=200000": {"prompt": "0.01"}}})
        assert prices.is_free({**ZERO, "overrides": {"min_prompt_tokens=200000": {"prompt": "0"}}})

    def test_a_discount_is_no_price(self) -> None:
        assert prices.is_free({**ZERO, "discount": "0.75"})

    @pytest.mark.parametrize("pricing", [None, {}, {"prompt": "0"}, {"image": "0"}, "free"])
    def test_what_is_not_known_is_not_free(self, pricing: Any) -> None:
        assert not prices.is_free(pricing)


class TestWords:
    @pytest.mark.parametrize(
        ("pricing", "shown"),
        [
            ({"image": "0.04"}, "$0.04 per image"),
            ({"request": "0.005"}, "$0.005 per request"),
            ({"image_output": "0.08"}, "$0.08 per output image"),
            ({"web_search": "0.01"}, "$0.01 per search"),
            ({"image": "0.04", "request": "0.005"}, "$0.005 per request, $0.04 per image"),
            ({"image": "0.0000003"}, "$0.30 per M image tokens"),
            ({"image_output": "0.00003"}, "$30.00 per M image output tokens"),
            ({"image_token": "0.000001"}, "$1.00 per M image tokens"),
            ({"audio": "0.000001"}, "$1.00 per M audio tokens"),
            ({"audio_output": "0.000064"}, "$64.00 per M audio output tokens"),
            ({"input_audio_cache": "0.000001"}, "$1.00 per M cached audio tokens"),
            ({"input_cache_read": "0.000001"}, "$1.00 per M cache-read tokens"),
            ({"input_cache_write": "0.000001"}, "$1.00 per M cache-write tokens"),
            ({"input_cache_write_1h": "0.000001"}, "$1.00 per M 1-hour cache-write tokens"),
            ({"internal_reasoning": "0.000001"}, "$1.00 per M reasoning tokens"),
            ({"discount": "0.75"}, "free"),
            ({"image": "0"}, "free"),
            ({"prompt": "0.000001", "image": "0.04"}, "$1.00 in, free out per M tokens"),
            (
                {"prompt": "0.000001", "request": "0.005"},
                "$1.00 in, free out per M tokens, $0.005 per request",
            ),
        ],
    )
    def test_what_a_model_costs_is_said_in_its_unit(self, pricing: dict[str, str], shown: str) -> None:
        assert prices.show_main({**ZERO, **pricing}) == shown

    def test_a_unit_is_the_same_on_both_sides(self) -> None:
        event = Event(
            "1",
            START,
            Kind.PRICE_DETAIL,
            "acme/painter",
            {**ZERO, "image": "0.0001"},
            {**ZERO, "image": "0.04"},
            (FieldChange("image", "0.0001", "0.04"),),
        )
        assert describe(event) == "acme/painter: image $0.0001 → $0.04 (+39,900 %) per image"


TENTH = Percent.parse("10%")


class TestRules:
    @pytest.mark.parametrize(
        ("terms", "before", "after", "hold"),
        [
            (PriceTerms(rises_by=TENTH), {"image": "0.04"}, {"image": "0.05"}, True),
            (PriceTerms(rises_by=TENTH), {"image": "0.04"}, {"image": "0.041"}, False),
            (PriceTerms(rises_by=TENTH), {"request": "0.005"}, {"request": "0.01"}, True),
            (PriceTerms(rises_by=TENTH), {}, {"image": "0.04"}, True),
            (PriceTerms(falls_by=TENTH), {"image": "0.04"}, {"image": "0.03"}, True),
            (PriceTerms(falls_by=TENTH), {"image": "0.04"}, {}, True),
            (PriceTerms(falls_by=TENTH), {}, {"image": "0.04"}, False),
            (PriceTerms(rises_by=TENTH), {"image": "0.04"}, {"image": "0.04", "request": "0.01"}, False),
            (PriceTerms(rises_by=TENTH, of="prompt"), {"image": "0.04"}, {"image": "0.05"}, False),
            (PriceTerms(below=Price.parse("$2/M")), {}, {"image": "0.04"}, False),
            (PriceTerms(above=Price.parse("$2/M")), {}, {"image": "0.04"}, False),
            (PriceTerms(below=Price.parse("$2/M")), {}, {"audio": "0.000001"}, True),
            (PriceTerms(below=Price.parse("$2/M")), {}, {}, True),
        ],
    )
    def test_where_tokens_cost_nothing_the_other_units_rise_and_fall(
        self, terms: PriceTerms, before: dict[str, str], after: dict[str, str], *, hold: bool
    ) -> None:
        assert terms.hold({**ZERO, **before}, {**ZERO, **after}) is hold

    def test_where_tokens_have_a_price_the_other_units_do_not_count(self) -> None:
        tokens = {"prompt": "0.000001", "completion": "0.000002"}
        assert not PriceTerms(rises_by=TENTH).hold({**tokens, "image": "0.04"}, {**tokens, "image": "0.08"})


class TestNews:
    def test_a_price_of_an_image_that_rises_is_a_change_of_the_price(self) -> None:
        rule = Rule("Dearer", ("team",), {"price": PriceTerms(rises_by=TENTH)})
        story = Story(Settings((rule,)))
        story.shows(OWL, painter("0.04"))
        assert story.shows(OWL, painter("0.05")) == []
        [event] = story.shows(OWL, painter("0.05"), after=2 * DAY)
        assert (event.kind, event.cause) == (Kind.PRICE_CHANGED, "as OpenRouter lists it")
        assert title(event) == "acme/painter 25 % dearer"
        assert describe(event).startswith("acme/painter: image $0.04 → $0.05 (+25 %) per image")
        assert [message.events for message in story.plan.notifications] == [(event.id,)]

    def test_a_free_model_that_charges_for_images_is_no_longer_free(self) -> None:
        story = Story()
        story.shows(OWL, painter("0"))
        story.shows(OWL, painter("0.04"))
        [event] = story.shows(OWL, painter("0.04"), after=2 * DAY)
        assert (event.kind, title(event)) == (Kind.PRICE_CHANGED, "acme/painter is no longer free")

    @pytest.mark.parametrize("unit", ["image", "request"])
    @pytest.mark.parametrize(
        ("before", "after", "name", "line"),
        [
            ("0.04", "0", "now free", "{} $0.04 per {} → free (-100 %)"),
            ("0.04", None, "now free", "{} $0.04 per {} → free (-100 %)"),
            ("0.04", "0.02", "50 % cheaper", "{} $0.04 → $0.02 (-50 %)"),
            ("0.02", "0.04", "100 % dearer", "{} $0.02 → $0.04 (+100 %)"),
            (None, "0.04", "no longer free", "{} free → $0.04 per {}"),
        ],
    )
    def test_what_is_sold_instead_of_tokens_is_told_and_judged(
        self, unit: str, before: str | None, after: str | None, name: str, line: str
    ) -> None:
        def selling(price: str | None) -> Row:
            base = painter("0")
            others = {key: text for key, text in base["pricing"].items() if key != unit}
            return base | {"pricing": others | ({unit: price} if price else {})}

        dearer = Rule("Dearer", ("dearer",), {"price": PriceTerms(rises_by=TENTH)})
        cheaper = Rule("Cheaper", ("cheaper",), {"price": PriceTerms(falls_by=TENTH)})
        story = Story(Settings((dearer, cheaper)))
        story.shows(OWL, selling(before))
        story.shows(OWL, selling(after))
        [event] = story.shows(OWL, selling(after), after=2 * DAY)
        assert name in title(event)
        assert line.replace("{}", unit) in describe(event)
        channel = "dearer" if (before or "0") < (after or "0") else "cheaper"
        assert [message.channel for message in story.plan.notifications] == [channel]

    def test_the_price_of_a_token_of_an_image_that_is_no_longer_listed_is_no_news(self) -> None:
        story = Story()
        story.shows(OWL, painter("0.0000001"))
        hidden = painter("0")
        assert [*story.shows(OWL, hidden), *story.shows(OWL, hidden, after=2 * WEEK)] == []

    def test_a_new_model_that_charges_for_images_is_not_said_to_be_free(self) -> None:
        story = Story(Settings((Rule("Free", ("team",), {"free": True}),)))
        old = painter("0.02") | {"id": "acme/old-painter"}
        story.shows(OWL, old)
        found = [*story.shows(OWL, old, painter("0.04")), *story.shows(OWL, old, painter("0.04"), after=DAY)]
        assert [describe(event) for event in found] == [
            "acme/painter is new: $0.04 per image, 131,072 tokens context"
        ]
        assert story.plan.notifications == ()

    def test_what_a_provider_asks_for_tokens_does_not_make_a_model_free(self) -> None:
        sides = {"prompt": "0.000001", "completion": "0"}, ZERO
        charges = document(painter("0.04", "0.000001"))
        event = Event("1", START, Kind.PRICE_CHANGED, "acme/painter", *sides, model=charges)
        assert title(event) == "acme/painter 100 % cheaper"

    def test_a_discount_is_no_news(self) -> None:
        assert "discount" not in comparable({**ZERO, "discount": 0.75})[0]
        story = Story()
        story.shows(FINCH | {"pricing": FINCH["pricing"] | {"discount": 0}}, OWL)
        discounted = OWL | {"pricing": OWL["pricing"] | {"discount": 0.75}}
        assert [*story.shows(FINCH, discounted), *story.shows(FINCH, discounted, after=2 * WEEK)] == []

    def test_a_paid_row_that_shows_zero_for_one_poll_is_doubted(self) -> None:
        rule = Rule("Free now", ("team",), {"event": Globs.parse("price.*"), "free": True})
        story = Story(Settings((rule,)))
        story.shows(OWL, FINCH, HERON)
        assert story.shows(priced(OWL, "0", "0"), FINCH, HERON) == []
        assert story.plan.notifications == ()
        for hours in (1, 12, 30):
            assert story.shows(OWL, FINCH, HERON, after=hours * HOUR) == []


def test_a_move_of_the_price_is_that_of_what_is_paid() -> None:
    assert prices.largest_move({**ZERO, "image": "0.04"}, {**ZERO, "image": "0.05"}) == Decimal("0.25")
    assert prices.largest_move(ZERO, {**ZERO, "image": "0.05"}) is None
    tokens = {"prompt": "1", "completion": "1"}
    assert prices.largest_move({**tokens, "image": "1"}, {**tokens, "image": "2"}) is None
