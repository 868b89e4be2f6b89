from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.support.catalogs import DAY, HOUR, START
from tests.support.offers import Endpoint, endpoint, offers
from watcher.domain.policy import HOLDS
from watcher.domain.providers import Belief, Floor
from watcher.news.floor import Move, due_at, floor_of, floors_of, look
from watcher.news.holds import Reason

WINDOW = {"overrides": [{"utc_start": "16:00", "utc_end": "00:00", "prompt": "1e-7", "completion": "1e-7"}]}
TIER = {"overrides": [{"min_prompt_tokens": 200000, "prompt": "1e-9", "completion": "1e-9"}]}
DEAR = endpoint("dear", "9", "9")


@pytest.mark.parametrize(
    ("endpoints", "tag"),
    [
        pytest.param([endpoint("a", "1", "5"), endpoint("b", "2", "1")], "b", id="3-x-prompt-+-completion"),
        pytest.param([endpoint("a", "1", "5"), endpoint("b", "2", "3")], "a", id="prompt-counts-thrice"),
        pytest.param([DEAR, endpoint("b", "1", "1", status=-2)], "b", id="unhealthy-offers-count"),
        pytest.param([DEAR, endpoint("b", "-1", "-1")], "dear", id="variable-prices-do-not-count"),
        pytest.param([DEAR, endpoint("b", "1", "-1")], "dear", id="nor-half-variable-ones"),
        pytest.param([DEAR, endpoint("b", "1", "1", pricing=WINDOW)], "dear", id="nor-those-by-the-clock"),
        pytest.param(
            [endpoint("a", "2", "2"), endpoint("b", "3", "3", pricing=TIER)], "a", id="tiers-do-not-count"
        ),
        pytest.param(
            [endpoint("a", "2", "2"), endpoint("b", "3", "3", pricing={"discount": 0.9})],
            "a",
            id="a-discount-is-in-the-price",
        ),
        pytest.param([endpoint("b", "0", "0"), endpoint("a", "1", "1")], "b", id="free-is-cheapest"),
        pytest.param([endpoint("b", "1", "1"), endpoint("a", "1", "1")], "a", id="the-tag-breaks-a-tie"),
    ],
)
def test_the_floor_is_what_the_cheapest_provider_asks(endpoints: list[Endpoint], tag: str) -> None:
    floor = floor_of(offers(*endpoints).values())
    assert floor
    assert floor.tag == tag


def test_the_floor_says_who_asks_it_at_what_discount_and_how_many_providers_there_are() -> None:
    cheapest = endpoint("heron/fp8", "1", "5", pricing={"discount": 0.4})
    found = offers(cheapest, endpoint("heron/flex", "2", "5"), DEAR)
    assert floor_of(found.values()) == Floor("0.000001", "0.000005", "heron/fp8", "Heron", "0.4", 2)


@pytest.mark.parametrize(
    "endpoints", [[], [endpoint("a", "-1", "-1")], [endpoint("a", "1", "1", pricing=WINDOW)]]
)
def test_without_a_fixed_price_there_is_no_floor(endpoints: list[Endpoint]) -> None:
    assert floor_of(offers(*endpoints).values()) is None


def test_each_provider_has_a_floor_of_its_own() -> None:
    found = offers(
        endpoint("heron/fp8", "2", "2"), endpoint("heron/flex", "1", "1"), endpoint("owl", "-1", "-1")
    )
    assert {owner: floor.tag for owner, floor in floors_of(found.values()).items()} == {"heron": "heron/flex"}


def floor_at(prompt: float, completion: float | None = None, tag: str = "heron") -> Floor:
    asked = 4 * prompt if completion is None else completion
    return Floor(f"{prompt:.4f}", f"{asked:.4f}", tag, tag.title())


def told(looks: Sequence[tuple[Any, float]], begin: Floor | None = None) -> list[tuple[float, str, str]]:
    """Give hour, price before and after of what is told; a look is a prompt price, or floor, and its hour."""
    first = begin or floor_at(1)
    belief, found = Belief(first, first), list[tuple[float, str, str]]()
    for seen, hour in looks:
        floor = floor_at(seen) if isinstance(seen, float | int) else seen
        belief, move = look(belief, floor, START + hour * HOUR, HOLDS)
        if move:
            found.append((hour, move.before.prompt, move.after.prompt))
    return found


def hourly(*prices: tuple[float, float]) -> list[tuple[float, float]]:
    """Give a look each hour; `prices` are (price, hours for which it stands)."""
    looks: list[tuple[float, float]] = []
    for price, hours in prices:
        looks += [(price, len(looks) + hour) for hour in range(int(hours))]
    return looks


@pytest.mark.parametrize(
    ("looks", "news"),
    [
        pytest.param(hourly((1, 2), (1.2, 9)), [(10, "1.0000", "1.2000")], id="a-rise-after-8-hours"),
        pytest.param(hourly((1, 2), (0.5, 9)), [(10, "1.0000", "0.5000")], id="a-fall-likewise"),
        pytest.param(hourly((1, 2), (1.2, 8)), [], id="not-before"),
        pytest.param(hourly((1, 2), (1.2, 8), (1, 50)), [], id="what-goes-back-is-no-news"),
        pytest.param(hourly((1, 2), (1.04, 99)), [], id="less-than-5-percent-is-no-news"),
        pytest.param(
            hourly((1, 200), (1.04, 200), (1.08, 20)),
            [(408, "1.0000", "1.0800")],
            id="a-slow-drift-adds-up",
        ),
        pytest.param(
            hourly((1, 2), (1.5, 3), (1.2, 30)),
            [(29, "1.0000", "1.2000")],
            id="another-price-begins-to-wait-anew-and-is-restless",
        ),
        pytest.param(
            hourly((1, 2), (1.5, 1), (1, 5), (1.2, 30)),
            [(32, "1.0000", "1.2000")],
            id="after-a-flap-within-a-week-24-hours",
        ),
        pytest.param(
            hourly((1, 2), (1.01, 5), (1.2, 30)),
            [(31, "1.0000", "1.2000")],
            id="a-move-of-any-size-makes-restless",
        ),
        pytest.param(
            hourly((1, 2), (1.5, 1), (1, 7 * 24), (1.2, 30)),
            [(7 * 24 + 11, "1.0000", "1.2000")],
            id="after-a-quiet-week-8-hours-again",
        ),
        pytest.param(
            hourly((1, 2), (1.2, 4), (1.22, 30)),
            [(26, "1.0000", "1.2200")],
            id="a-small-move-meanwhile-does-not-begin-anew",
        ),
        pytest.param(
            hourly((1, 2), (1.2, 20), (1.4, 30)),
            [(10, "1.0000", "1.2000"), (46, "1.2000", "1.4000")],
            id="the-next-move-counts-from-what-was-told",
        ),
        pytest.param(
            hourly(*[(1 + number % 2, 3) for number in range(60)]),
            [],
            id="what-never-settles-is-never-told",
        ),
        pytest.param([(1.2, 1), (1.2, 60)], [(60, "1.0000", "1.2000")], id="a-wait-goes-on-over-a-gap"),
        pytest.param([(1.2, 60)], [], id="one-look-proves-nothing"),
        pytest.param([(1.2, 0), (None, 4), (1.2, 8)], [(8, "1.0000", "1.2000")], id="no-floor-says-nothing"),
    ],
)
def test_a_move_of_5_percent_that_lasts_is_news_once(
    looks: list[tuple[Any, float]], news: list[tuple[float, str, str]]
) -> None:
    assert told(looks) == news


@pytest.mark.parametrize(
    ("before", "after", "is_news"),
    [
        pytest.param((1, 4), (0.94, 4.3), True, id="one-up-and-one-down"),
        pytest.param((1, 4), (1, 4.4), True, id="completion-alone"),
        pytest.param((1, 4), (1.03, 4.12), False, id="both-a-little"),
        pytest.param((0, 0), (0, 0), False, id="free-stays-free"),
        pytest.param((1, 4), (0, 0), True, id="free-now"),
        pytest.param((0, 0), (1, 4), True, id="free-no-longer"),
    ],
)
def test_5_percent_is_by_prompt_or_completion(
    before: tuple[float, float], after: tuple[float, float], *, is_news: bool
) -> None:
    looks = [(floor_at(*after), hour) for hour in (0, 8)]
    assert bool(told(looks, floor_at(*before))) is is_news


def test_another_provider_at_the_same_price_is_no_news() -> None:
    assert told([(floor_at(1, tag="owl"), hour) for hour in range(48)]) == []


def test_news_says_since_when_and_both_floors() -> None:
    first, belief = floor_at(1), Belief(floor_at(1), floor_at(1))
    for hour in (5, 9):
        belief, _ = look(belief, floor_at(1.2), START + hour * HOUR, HOLDS)
    belief, move = look(belief, floor_at(1.21), START + 40 * HOUR, HOLDS)
    assert move == Move(first, floor_at(1.21), START + 5 * HOUR)
    assert (belief.reported, belief.steps) == (floor_at(1.21), ())


@pytest.mark.parametrize(
    ("moves", "hold", "reason"),
    [
        pytest.param([1.2], 8 * HOUR, Reason.STEADY, id="steady-until-now"),
        pytest.param([1.5, 1.2], DAY + HOUR, Reason.RESTLESS, id="moved-twice"),
    ],
)
def test_what_waits_says_until_when_and_why(moves: list[float], hold: timedelta, reason: Reason) -> None:
    belief = Belief(floor_at(1), floor_at(1))
    assert due_at(belief, START, HOLDS) is None
    for number, price in enumerate(moves):
        belief, _ = look(belief, floor_at(price), START + number * HOUR, HOLDS)
    due = due_at(belief, START + HOUR, HOLDS)
    assert due
    assert (due.at - START, due.reason) == (hold, reason)


def test_the_memory_of_a_price_that_never_rests_is_bounded() -> None:
    belief = Belief(floor_at(1), floor_at(1))
    for number in range(500):
        belief, _ = look(belief, floor_at(2 + number % 7), START + number * HOUR, HOLDS)
    assert len(belief.steps) <= 64
    assert len(belief.moves) == 2
