from datetime import timedelta

import pytest

from tests.support.catalogs import DAY, HOUR, START
from watcher.domain.catalog import Prices
from watcher.news.holds import Moment
from watcher.news.row_price import begin, due_at, look

HERE, THERE = {"context_length": 1}, {"context_length": 2}
Seen = tuple[float, dict[str, int]]


def price(prompt: float) -> Prices:
    return {"prompt": f"{prompt:.3f}", "completion": f"{prompt:.3f}"} if prompt else {}


def told(*shown: tuple[Seen, int], every: timedelta = HOUR) -> list[tuple[float, str, str, bool]]:
    """Give hour, both prices and whether it is routing; `shown` has what the row showed at so many polls."""
    row, at = begin(price(1), HERE, START), START
    news: list[tuple[float, str, str, bool]] = []
    for (seen, routing), polls in shown:
        for _ in range(polls):
            at += every
            row, shift = look(row, price(seen), routing, Moment(at, at - every), DAY)
            if shift:
                hour = (at - START) / HOUR
                news.append((hour, str(shift.before["prompt"]), str(shift.after["prompt"]), shift.is_routing))
    return news


CHANGED, ROUTED = False, True


@pytest.mark.parametrize(
    ("shown", "news"),
    [
        pytest.param([((1.2, HERE), 40)], [(25, "1.000", "1.200", CHANGED)], id="a-change-after-a-day"),
        pytest.param([((1.2, HERE), 24), ((1, HERE), 40)], [], id="not-before"),
        pytest.param([((1.04, HERE), 99)], [], id="less-than-5-percent-is-no-news"),
        pytest.param(
            [((1.2, THERE), 40)], [(25, "1.000", "1.200", ROUTED)], id="another-provider-shown-is-routing"
        ),
        pytest.param(
            [((1.2, THERE), 30), ((1, HERE), 30)],
            [(25, "1.000", "1.200", ROUTED), (55, "1.200", "1.000", ROUTED)],
            id="and-so-is-the-way-back",
        ),
        pytest.param(
            [((1.2, HERE), 30), ((1, HERE), 30)],
            [(25, "1.000", "1.200", CHANGED), (55, "1.200", "1.000", ROUTED)],
            id="a-price-shown-lately-is-routing",
        ),
        pytest.param(
            [((1.2, HERE), 15 * 24), ((1, HERE), 30)],
            [(25, "1.000", "1.200", CHANGED), (15 * 24 + 25, "1.200", "1.000", CHANGED)],
            id="a-price-not-shown-for-14-days-is-a-change",
        ),
        pytest.param(
            [((1.2, HERE), 3), ((1, HERE), 48), ((1.2, HERE), 40)],
            [(76, "1.000", "1.200", ROUTED)],
            id="a-price-that-waited-in-vain-is-remembered",
        ),
        pytest.param(
            [((1.2, HERE), 3), ((1.5, HERE), 3), ((1.2, HERE), 40)],
            [(31, "1.000", "1.200", ROUTED)],
            id="and-so-is-one-that-gave-way-to-another",
        ),
        pytest.param(
            [((1.2, HERE), 3), ((1.5, HERE), 40)],
            [(28, "1.000", "1.500", CHANGED)],
            id="a-price-on-the-way-to-another-is-no-news",
        ),
        pytest.param(
            [((1.2, HERE), 3), ((1, HERE), 15 * 24), ((1.21, HERE), 40)],
            [(3 + 15 * 24 + 25, "1.000", "1.210", CHANGED)],
            id="what-is-older-than-14-days-is-forgotten",
        ),
        pytest.param(
            [((1.04, HERE), 100), ((1.08, HERE), 40)],
            [(125, "1.000", "1.080", CHANGED)],
            id="a-drift-adds-up",
        ),
        pytest.param([((0, THERE), 99), ((1, HERE), 9)], [], id="a-row-without-a-fixed-price-says-nothing"),
        pytest.param(
            [((1.2, HERE), 3), ((0, HERE), 30), ((1.2, HERE), 1)],
            [(34, "1.000", "1.200", CHANGED)],
            id="and-a-wait-goes-on-meanwhile",
        ),
    ],
)
def test_only_a_new_price_of_the_same_provider_is_a_change(
    shown: list[tuple[Seen, int]], news: list[tuple[float, str, str, bool]]
) -> None:
    assert told(*shown) == news


def test_where_polls_are_far_apart_the_wait_is_shorter_than_two_of_them() -> None:
    assert told(((1.2, HERE), 3), every=DAY) == [(48, "1.000", "1.200", CHANGED)]


def test_what_waits_says_until_when() -> None:
    row = begin(price(1), HERE, START)
    assert due_at(row, Moment(START, START), DAY) is None
    moment = Moment(START + HOUR, START)
    row, _ = look(row, price(1.2), HERE, moment, DAY)
    assert due_at(row, moment, DAY) == moment.at + DAY


def test_what_is_remembered_of_a_row_is_bounded() -> None:
    row = begin(price(1), HERE, START)
    for number in range(1, 400):
        at = START + number * HOUR
        row, _ = look(row, price(1 + number % 50), HERE, Moment(at, at - HOUR), DAY)
    assert len(row.shown) <= 32
    assert len(row.steps) <= 64
