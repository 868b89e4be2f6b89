from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from tests.support.catalogs import DAY, HOUR, START
from watcher.domain.catalog import Step
from watcher.domain.providers import Belief, Floor, Market
from watcher.news.asking import Wish, due, next_at

MINUTES = timedelta(minutes=5)
ROW = {"prompt": "1", "completion": "4"}
OTHER_ROW = {"prompt": "2", "completion": "4"}


def known(providers: int = 2, *, waits: bool = False, **more: object) -> Market:
    """Give what is remembered of a model with so many providers."""
    floor = Floor("1", "4", "heron", "Heron", providers=providers)
    steps = (Step({"prompt": "2", "completion": "4"}, START),) if waits else ()
    market = Market(floor=Belief(floor, floor, steps), row=ROW)
    return replace(market, **more)  # type: ignore[arg-type]


@dataclass
class Month:
    """Polls that ask and are answered; `count` has the requests of each poll."""

    models: Mapping[str, Market]
    named: frozenset[str] = frozenset()
    asks_all: bool = False
    is_down: bool = False
    at: datetime = START
    count: dict[datetime, int] = field(default_factory=dict)
    asked: dict[str, list[datetime]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows: dict[str, dict[str, str]] = {model: dict(ROW) for model in self.models}
        self.markets: dict[str, Market] = {}

    def lasts(self, time: timedelta, every: timedelta = MINUTES) -> None:
        for _ in range(int(time / every)):
            self.poll()
            self.at += every

    def poll(self) -> list[str]:
        models = due(self.markets, Wish(self.at, self.rows, self.named, self.asks_all))
        self.count[self.at] = len(models)
        for model in models:
            self.asked.setdefault(model, []).append(self.at)
            market = self.markets.get(model, Market()).asked(self.at)
            answer = self.models[model]
            self.markets[model] = (
                replace(market, failures=market.failures + 1)
                if self.is_down
                else replace(market, floor=answer.floor, row=self.rows[model], failures=0)
            )
        return models

    def most_in_an_hour(self) -> int:
        polls = sorted(self.count.items())
        first = most = total = 0
        for at, asked in polls:
            total += asked
            while at - polls[first][0] >= HOUR:
                total -= polls[first][1]
                first += 1
            most = max(most, total)
        return most

    def gaps(self, model: str) -> list[timedelta]:
        times = self.asked[model]
        return [after - before for before, after in pairwise(times)]


def catalog(several: int = 167, single: int = 293) -> dict[str, Market]:
    counts = [2] * several + [1] * single
    return {f"acme/model-{number:03}": known(providers) for number, providers in enumerate(counts)}


def test_a_catalog_is_asked_about_evenly_and_never_too_much() -> None:
    month = Month(catalog())
    month.lasts(8 * DAY, HOUR)
    assert len(month.asked) == 460
    month.count.clear()
    month.lasts(DAY)
    assert 165 <= sum(month.count.values()) <= 260
    assert max(month.count.values()) <= 8, "spread, not in bursts"
    assert month.most_in_an_hour() <= 30


def test_the_first_round_takes_a_working_day_and_stays_within_the_allowance() -> None:
    month = Month(catalog())
    month.lasts(12 * HOUR)
    assert len(month.asked) == 460
    assert max(month.count.values()) == 20
    assert month.most_in_an_hour() == 60


@pytest.mark.parametrize(("providers", "days"), [(2, 1), (1, 7)])
def test_a_model_is_asked_once_a_day_or_with_one_provider_once_a_week(providers: int, days: int) -> None:
    month = Month({"acme/owl-2": known(providers)})
    month.lasts(30 * DAY, 15 * MINUTES)
    first, *gaps = month.gaps("acme/owl-2")
    assert days * DAY / 4 <= first <= 1.25 * days * DAY
    assert all(abs(gap - days * DAY) <= 15 * MINUTES for gap in gaps)


def test_all_are_asked_once_a_day_where_that_is_wanted() -> None:
    month = Month({"acme/owl-2": known(1)}, asks_all=True)
    month.lasts(5 * DAY, HOUR)
    assert len(month.asked["acme/owl-2"]) in {5, 6}


@pytest.mark.parametrize(
    ("named", "every"),
    [(1, timedelta(minutes=30)), (10, timedelta(minutes=30)), (20, HOUR)],
)
def test_models_that_rules_name_are_asked_each_half_hour_or_rarer_where_there_are_many(
    named: int, every: timedelta
) -> None:
    models = {f"acme/model-{number}": known() for number in range(named)}
    month = Month(models, named=frozenset(models))
    month.lasts(6 * HOUR)
    assert {gap for model in models for gap in month.gaps(model)} == {every}


def test_what_waits_is_asked_again_each_two_hours() -> None:
    month = Month({"acme/owl-2": known(waits=True)})
    month.lasts(DAY)
    assert set(month.gaps("acme/owl-2")) == {2 * HOUR}


def test_a_row_that_moved_is_asked_about_at_once_but_not_at_each_poll() -> None:
    month = Month({"acme/owl-2": known()})
    month.poll()
    month.at += HOUR
    assert month.poll() == []
    asked = 0
    for number in range(12):
        month.at += MINUTES
        month.rows["acme/owl-2"] = [OTHER_ROW, ROW][number % 2]
        asked += len(month.poll())
    assert asked in {3, 4}


def test_rows_that_moved_come_before_all_others_and_none_starves() -> None:
    month = Month(catalog(100, 100))
    for model in list(month.models)[-30:]:
        month.markets[model] = known(1, asked_at=START - HOUR)
        month.rows[model] = OTHER_ROW
    assert set(month.poll()) <= set(list(month.models)[-30:])
    month.lasts(6 * HOUR)
    assert len(month.asked) == 200


@pytest.mark.parametrize("models", [10, 40, 100])
def test_rows_that_move_at_each_poll_stay_within_the_allowance(models: int) -> None:
    month = Month(catalog(models, 0))
    for number in range(60):
        month.rows = {model: ROW | {"prompt": str(number)} for model in month.rows}
        month.poll()
        month.at += MINUTES
    assert max(month.count.values()) <= 20
    assert month.most_in_an_hour() <= 60


def test_a_model_that_gives_no_answer_is_asked_ever_more_rarely() -> None:
    month = Month({"acme/owl-2": known()}, is_down=True)
    month.lasts(4 * DAY, 6 * MINUTES)
    assert [gap / HOUR for gap in month.gaps("acme/owl-2")] == [1, 2, 4, 8, 16, 24, 24]
    month.is_down = False
    month.lasts(3 * DAY, 6 * MINUTES)
    assert month.gaps("acme/owl-2")[-1] == DAY


def test_after_a_long_outage_the_allowance_still_holds() -> None:
    month = Month(catalog(100, 100))
    month.lasts(DAY)
    month.at += 10 * DAY
    month.lasts(DAY)
    assert max(month.count.values()) <= 20
    assert month.most_in_an_hour() <= 60


def test_a_model_that_is_not_listed_is_not_asked_about() -> None:
    wish = Wish(START, {}, frozenset({"acme/owl-2"}))
    assert due({"acme/owl-2": known(asked_at=START - 30 * DAY)}, wish) == []


def test_where_nothing_is_remembered_a_model_is_asked_now() -> None:
    wish = Wish(START, {"acme/owl-2": ROW})
    assert next_at("acme/owl-2", Market(), wish) == START
    assert due({}, wish) == ["acme/owl-2"]
