"""Which models to ask about their providers at a poll: few requests, spread evenly, urgent ones first.

At once: a model whose row moved. Each 30 minutes: one that a price rule names outright. Each 2 hours: one
with a move that waits. Once a day: one with several providers; once a week: one with a single provider.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.domain.catalog import Item, Json
from watcher.domain.providers import HOUR, Market
from watcher.openrouter.ids import BATCH, is_alias, variant
from watcher.openrouter.prices import main_prices

NAMED = timedelta(minutes=30)
NAMED_EACH = timedelta(minutes=3)  # so that all named models take a third of the allowance at most
WAITING = timedelta(hours=2)
SEVERAL = timedelta(days=1)
SINGLE = timedelta(days=7)
SOONEST = timedelta(minutes=20)  # a row that moves at each poll does not ask at each poll
LONGEST = timedelta(days=1)  # between two tries at a model that gives no answer
MOST_DOUBLINGS = 8
NEVER = 4.0  # a model never asked counts as this many periods overdue
AT_ONE_POLL = 20
AN_HOUR = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be asked at a poll.

    `rows` has the price in each model's row as the list shows it now, `named` the models that price rules
    name outright; `asks_all`: each model once a day, however many providers it has.
    """

    at: datetime
    rows: Mapping[str, Mapping[str, object]]
    named: frozenset[str] = frozenset()
    asks_all: bool = False


def rows_of(items: Mapping[str, Item]) -> dict[str, dict[str, Json]]:
    """Return the models that may be asked, each with its row's price: aliases and batch variants may not."""
    return {
        model: main_prices(item.listed.price)
        for model, item in items.items()
        if item.listed and not is_alias(model) and variant(model) != BATCH
    }


def due(markets: Mapping[str, Market], wish: Wish) -> list[str]:
    """Choose the models to ask now, most urgent first, as many as the allowance leaves.

    The allowance is AN_HOUR requests in any hour and AT_ONE_POLL in one poll. A model that is not asked for
    want of it stays due, and is more urgent at the next poll.
    """
    asked_lately = sum(wish.at - time < HOUR for market in markets.values() for time in market.asked_lately)
    states = {model: markets.get(model, Market()) for model in wish.rows}
    ready = sorted(
        (_urgency(model, market, wish), model)
        for model, market in states.items()
        if wish.at >= next_at(model, market, wish)
    )
    return [model for _, model in ready[: max(0, min(AT_ONE_POLL, AN_HOUR - asked_lately))]]


def next_at(model: str, market: Market, wish: Wish) -> datetime:
    """Return when a model is to be asked next (UTC)."""
    if market.asked_at is None:
        return wish.at
    period = _period(model, market, wish)
    if market.failures or period < SEVERAL:
        return market.asked_at + period
    return _slot(model, market.asked_at, period)


def _period(model: str, market: Market, wish: Wish) -> timedelta:
    """Return how often a model is asked; one that gives no answer ever more rarely."""
    if market.failures:
        return min(LONGEST, HOUR * (1 << min(market.failures - 1, MOST_DOUBLINGS)))
    if _has_moved(model, market, wish):
        return SOONEST
    if model in wish.named:
        return max(NAMED, NAMED_EACH * len(wish.named))
    if market.floor and market.floor.steps:
        return WAITING
    is_single = market.floor is not None and market.floor.seen.providers == 1
    return SINGLE if is_single and not wish.asks_all else SEVERAL


def _has_moved(model: str, market: Market, wish: Wish) -> bool:
    return bool(market.row) and market.row != wish.rows[model]


def _slot(model: str, asked_at: datetime, period: timedelta) -> datetime:
    """Return the next of the model's own times, which spread all models evenly over the period.

    What was asked out of turn is not asked again within a quarter of the period.
    """
    origin = datetime.min.replace(tzinfo=asked_at.tzinfo) + _share(model) * period
    turns = -(-(asked_at + period / 4 - origin) // period)
    return origin + turns * period


def _share(model: str) -> float:
    """Return a number from 0 to 1 that is always the same for a model."""
    return int.from_bytes(hashlib.sha256(model.encode()).digest()[:6]) / 2**48


def _urgency(model: str, market: Market, wish: Wish) -> tuple[bool, float]:
    """Order what is due: rows that moved come first, then the most overdue by its own period."""
    if market.asked_at is None:
        return True, -NEVER - (model in wish.named)
    overdue = (wish.at - market.asked_at) / _period(model, market, wish)
    return not _has_moved(model, market, wish), -overdue
