from typing import Any

import pytest

from tests.support.catalogs import HOUR, START
from tests.support.offers import Endpoint, endpoint, offers
from watcher.domain.policy import HOLDS
from watcher.news.providers import begin, look

HERON, OWL, CRANE = (endpoint(name, "2", "8") for name in ("heron", "owl", "crane"))


def told(first: list[Endpoint], *looks: tuple[float, list[Endpoint]]) -> list[tuple[float, str, str, Any]]:
    """Give hour, kind, provider and cause of what is told; each look is an hour and what it found."""
    known, news = begin(offers(*first).values()), list[tuple[float, str, str, Any]]()
    for hour, found in looks:
        known, said = look(known, offers(*found).values(), START + hour * HOUR, HOLDS)
        news += [(hour, one.kind, one.provider, one.cause) for one in said]
    return news


def hourly(*found: tuple[list[Endpoint], int]) -> list[tuple[float, list[Endpoint]]]:
    """Give a look each hour; each of `found` stands for so many hours."""
    looks: list[tuple[float, list[Endpoint]]] = []
    for endpoints, hours in found:
        looks += [(float(len(looks) + hour), endpoints) for hour in range(hours)]
    return looks


@pytest.mark.parametrize(
    ("first", "looks", "news"),
    [
        pytest.param([HERON, OWL], hourly(([HERON, OWL], 99)), [], id="the-first-look-is-the-baseline"),
        pytest.param(
            [HERON],
            hourly(([HERON], 1), ([HERON, OWL], 50)),
            [(7, "provider.added", "owl", None)],
            id="added-after-6-hours",
        ),
        pytest.param(
            [HERON],
            hourly(([HERON, OWL], 5), ([HERON], 5), ([HERON, OWL], 5), ([HERON], 50)),
            [],
            id="who-comes-for-5-hours-at-a-time-is-never-added",
        ),
        pytest.param(
            [HERON, OWL, CRANE],
            hourly(([HERON, OWL], 50)),
            [(24, "provider.removed", "crane", "2 providers remain")],
            id="removed-after-a-day",
        ),
        pytest.param(
            [HERON, OWL],
            hourly(([HERON], 50)),
            [(24, "provider.removed", "owl", "down to one provider")],
            id="removed-down-to-one-provider",
        ),
        pytest.param(
            [HERON, OWL],
            hourly(([HERON], 23), ([HERON, OWL], 1), ([HERON], 23), ([HERON, OWL], 9)),
            [],
            id="who-is-back-within-a-day-was-never-removed",
        ),
        pytest.param(
            [HERON, OWL],
            hourly(([HERON], 30), ([HERON, OWL], 30)),
            [
                (24, "provider.removed", "owl", "down to one provider"),
                (36, "provider.added", "owl", None),
            ],
            id="who-is-back-later-is-added",
        ),
        pytest.param([HERON, OWL], hourly(([], 99)), [], id="an-answer-without-offers-says-nothing"),
        pytest.param(
            [endpoint("heron", "2", "8")],
            hourly(([endpoint("heron/fp8", "2", "8")], 99)),
            [],
            id="a-tag-that-gains-a-suffix-is-the-same-provider",
        ),
        pytest.param(
            [HERON, OWL],
            hourly(([HERON, endpoint("owl", "3", "8")], 30)),
            [(8, "provider.price_changed", "owl", None)],
            id="a-price-after-8-hours",
        ),
        pytest.param(
            [HERON],
            hourly(([endpoint("heron", "3", "8")], 3), ([HERON], 3), ([endpoint("heron", "3", "8")], 30)),
            [(30, "provider.price_changed", "heron", None)],
            id="a-restless-price-after-a-day",
        ),
        pytest.param(
            [HERON],
            hourly(([endpoint("heron", "2.04", "8")], 99)),
            [],
            id="less-than-5-percent-is-no-news",
        ),
        pytest.param(
            [HERON],
            hourly(([HERON, endpoint("heron/flex", "1", "4")], 30)),
            [(8, "provider.price_changed", "heron", None)],
            id="the-price-of-a-provider-is-the-least-it-asks",
        ),
        pytest.param(
            [endpoint("heron", "-1", "-1")],
            hourly(([HERON], 30), ([endpoint("heron", "3", "8")], 30)),
            [(38, "provider.price_changed", "heron", None)],
            id="a-price-that-becomes-known-is-no-news",
        ),
    ],
)
def test_providers_that_come_leave_or_change_their_price_are_news_once_it_lasts(
    first: list[Endpoint], looks: list[tuple[float, list[Endpoint]]], news: list[tuple[float, str, str, Any]]
) -> None:
    assert told(first, *looks) == news


@pytest.mark.parametrize(
    ("before", "after", "is_news"),
    [
        pytest.param({}, {"context_length": 32768}, True, id="context"),
        pytest.param({}, {"max_completion_tokens": 8192}, True, id="maximal-output"),
        pytest.param({}, {"quantization": "fp4"}, True, id="quantization"),
        pytest.param({}, {"quantization": "unknown"}, False, id="becoming-unknown"),
        pytest.param({"context_length": None}, {}, False, id="becoming-known"),
        pytest.param({}, {"supported_parameters": []}, False, id="not-a-limit"),
    ],
)
def test_limits_that_change_are_news_after_a_day(before: Any, after: Any, *, is_news: bool) -> None:
    first, now = [endpoint("heron", "2", "8", **before)], [endpoint("heron", "2", "8", **after)]
    news = [(24.0, "provider.limits_changed", "heron", None)]
    assert told(first, *hourly((now, 50))) == news * is_news
    assert told(first, *hourly((now, 24), (first, 30))) == []


def test_a_limit_that_was_unknown_for_a_while_still_counts() -> None:
    looks = [{"quantization": "unknown"}, {"quantization": "fp4"}]
    first = [endpoint("heron", "2", "8")]
    found = told(first, *hourly(*(([endpoint("heron", "2", "8", **seen)], 30) for seen in looks)))
    assert found == [(54, "provider.limits_changed", "heron", None)]


def test_news_about_a_provider_has_both_ends() -> None:
    known = begin(offers(HERON, OWL).values())
    cheaper = endpoint("heron", "1", "8", context_length=32768)
    news: dict[str, Any] = {}
    for hour in range(25):
        known, said = look(known, offers(cheaper, CRANE).values(), START + hour * HOUR, HOLDS)
        news |= {one.kind.value: (one.before, one.after, one.since) for one in said}
    price = {"prompt": "0.000002", "completion": "0.000008"}
    limits = {"context": 131072, "max_output": 16384, "quantization": "fp8"}
    assert news == {
        "provider.added": (None, price, START),
        "provider.removed": (price, {"providers": 2}, START),
        "provider.price_changed": (price, price | {"prompt": "0.000001"}, START),
        "provider.limits_changed": (limits, limits | {"context": 32768}, START),
    }
    assert known.keys() == {"heron", "crane"}
