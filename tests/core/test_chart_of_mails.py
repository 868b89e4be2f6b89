from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.catalogs import DAY, START
from tests.support.mail_pages import CHART, NEW, PRICE, since, told
from watcher.domain.kinds import Kind
from watcher.domain.news import Event
from watcher.forms.chart import in_words, read_history
from watcher.messages.as_data import as_data
from watcher.openrouter.prices import dollars


def test_a_history_has_the_steps_of_each_price() -> None:
    history = read_history(CHART)
    assert history
    assert (history.start, history.end) == (START - 90 * DAY, START)
    assert list(history.series) == ["prompt", "completion"]
    assert history.series["prompt"][-1] == (START - timedelta(days=0.2), Decimal("1.5"))


@pytest.mark.parametrize(
    "chart",
    [
        {},
        {"from": since(9), "to": since(0), "series": {}},
        {"from": since(9), "to": since(0), "series": {"prompt": [[since(9), None]], "completion": []}},
    ],
)
def test_where_nothing_is_known_there_is_no_history(chart: dict[str, Any]) -> None:
    assert read_history(chart) is None


def test_who_does_not_see_the_picture_is_told_its_numbers() -> None:
    history = read_history(CHART)
    assert history
    assert in_words(history) == (
        "Price in USD per million tokens from 4 Aug to 2 Nov 2026: "
        "prompt $1.00, then $1.25 from 23 Sep, then $1.50 from 2 Nov; completion $10.00, then $12.50 from 2 Nov"
    )


def test_many_steps_are_summed_up() -> None:
    steps = [[since(90 - number), str(number % 5 + 1)] for number in range(20)]
    history = read_history({**CHART, "series": {"prompt": steps}})
    assert history
    assert in_words(history).endswith("prompt $1.00, then from $1.00 to $5.00, now $5.00")


@pytest.mark.parametrize(
    ("price", "text"), [("1.5", "$1.50"), ("0.0375", "$0.0375"), ("1250", "$1,250.00"), ("1E+2", "$100.00")]
)
def test_a_price_has_cents_and_as_many_digits_as_it_needs(price: str, text: str) -> None:
    assert dollars(Decimal(price)) == text


TWIN = Event("t", START, Kind.PRICE_CHANGED, "acme/heron", PRICE.before, PRICE.after, PRICE.fields)
GONE = Event("g", START, Kind.MODEL_REMOVED, "acme/owl-2")


@pytest.mark.parametrize(
    ("events", "has_chart"),
    [
        pytest.param([PRICE], True, id="alone"),
        pytest.param([PRICE, GONE], True, id="one-model"),
        pytest.param([PRICE, NEW], False, id="two-models"),
        pytest.param([PRICE, TWIN], False, id="two-prices"),
        pytest.param([NEW], False, id="no-price"),
        pytest.param([TWIN], False, id="no-history"),
    ],
)
def test_only_the_change_of_one_models_price_has_a_chart(events: list[Event], has_chart: bool) -> None:  # noqa: FBT001
    letter = told(*events).letter
    assert letter
    assert letter.chart == (CHART if has_chart else {})


def test_machines_get_the_facts_but_not_the_picture() -> None:
    event = Event("1", START, Kind.PRICE_CHANGED, "acme/owl-2", facts={"chart": CHART, "record": "highest"})
    assert as_data(event)["facts"] == {"record": "highest"}
    assert "facts" not in as_data(PRICE)
